//! RON files beside scenarios: a server block, own entries of the catalogue.

use super::Diagnostic;
use super::notation::options;
use super::pointing::Source;
use super::referred::ReferredFiles;
use super::text_file::read;
use crate::fault::Fault;
use serde::de::DeserializeOwned;
use std::path::Path;

/// A value that a RON file holds, and the text for pointing into it.
#[derive(Debug, Clone)]
pub struct RonFile<T> {
    /// The value.
    pub value: T,
    source: Source,
}

impl<T: DeserializeOwned> RonFile<T> {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read; syntax errors, unknown or missing fields, wrong types.
    pub fn read(file: &Path) -> Result<Self, Diagnostic> {
        Self::parse(&read(file)?, file)
    }

    /// Reads a text; `file` names it in errors.
    ///
    /// # Errors
    /// Syntax errors, unknown or missing fields, wrong types.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Diagnostic> {
        let source = Source {
            file: file.to_owned(),
            text: text.into(),
            overrides: Vec::new(),
            referred: ReferredFiles::on_disk(),
        };
        match options().from_str(text) {
            Ok(value) => Ok(Self { value, source }),
            Err(error) => Err(source.ron_error::<T>(&error)),
        }
    }
}

impl<T> RonFile<T> {
    /// A value of the file that cannot be used, shown where it stands.
    pub fn fault(&self, fault: &Fault) -> Diagnostic {
        self.source.fault(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{Catalog, ServerBlock};

    fn read(text: &str) -> Result<RonFile<ServerBlock>, Diagnostic> {
        RonFile::parse(text, Path::new("block.ron"))
    }

    #[test]
    fn faults_are_shown_where_they_stand() {
        let text = "(model: \"llama-3.1-8b\",\n law: Roofline(tflops: 0, gb_per_s: 1, step_ms: 0), kv_tokens: 64)";
        let block = read(text).unwrap();
        let fault = block.value.resolve(&Catalog::default()).unwrap_err();
        let place = block.fault(&fault).place.expect("a place");
        assert_eq!(place.line_and_column(), (2, 24));
        assert_eq!(&place.text[place.span.clone()], "0");
    }

    #[test]
    fn unknown_fields_name_the_nearest() {
        let error = read("(model: \"llama-3.1-8b\", max_runing: 3)").unwrap_err();
        assert_eq!(error.message, "max_runing: unknown field `max_runing`");
        assert!(
            error
                .help
                .unwrap()
                .starts_with("did you mean `max_running`?")
        );
        let error = read("(card: \"l4\", order: Fifo)").unwrap_err();
        assert!(
            error.message.contains("unknown name `Fifo`"),
            "{}",
            error.message
        );
        let error = read("(card: \"l4\", max_running: -3)").unwrap_err();
        assert!(
            error.message.starts_with("max_running: "),
            "{}",
            error.message
        );
        assert_eq!(error.place.unwrap().line_and_column().0, 1);
    }
}

//! The small model's hardware as an entry of the catalogue.

use super::Args;
use crate::cli::Failure;
use crate::cli::catalog::with_own_entries;
use crate::llm::LanguageModel;
use crate::profile::rates::Speed;
use crate::profile::{Summary, record};
use crate::report::catalog::hardware_file;
use crate::scenario::Diagnostic;
use std::path::Path;

/// An entry that is to be written.
pub(super) struct Wanted<'a> {
    file: &'a Path,
    model: LanguageModel,
}

impl<'a> Wanted<'a> {
    /// What is wanted, before anything is asked.
    pub fn new(args: &'a Args) -> Result<Option<Self>, Failure> {
        let (Some(file), Some(name)) = (&args.hardware, &args.slm_entry) else {
            return Ok(None);
        };
        let catalog = with_own_entries(args.catalog.as_deref())?;
        let model = catalog.find_model("--slm-entry", name);
        let model = model.map_err(|fault| Diagnostic::new(fault.to_string()))?;
        Ok(Some(Self {
            file,
            model: model.model(),
        }))
    }

    /// Writes it, if the server told enough.
    pub fn write(&self, args: &Args, summary: &Summary<'_>) -> Result<(), Failure> {
        let Some(speed) = Speed::of_slm(&summary.records) else {
            tell!(
                "no hardware is written: the small model's server told of fewer than eight \
                 answers how long they took"
            );
            return Ok(());
        };
        let failed = |error: String| {
            Failure::Failed(format!(
                "{} cannot be written: {error}",
                self.file.display()
            ))
        };
        let table = args.out.file_name().unwrap_or_default().to_string_lossy();
        let comment = format!(
            "As fast as the small model of {table} was; measured by edgelm {}.",
            env!("CARGO_PKG_VERSION")
        );
        let name = self.file.file_stem().unwrap_or_default().to_string_lossy();
        let entry = speed.hardware(&self.model, &name);
        let text = hardware_file(&entry, &comment).map_err(|error| failed(error.to_string()))?;
        record::write(self.file, &text).map_err(|error| failed(error.to_string()))?;
        let rate = |ms: f64| 1e3 / ms;
        tell!(
            "{}: {:.1} tokens/s of prompts, {:.1} tokens/s of answers",
            self.file.display(),
            rate(speed.prompt.ms),
            rate(speed.answer.ms)
        );
        Ok(())
    }
}

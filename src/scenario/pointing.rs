//! From an error to the place in the text that it is about.

use super::diagnostic::{Diagnostic, Place};
use super::notation::options;
use super::overriding::{Override, same_field};
use super::referred::ReferredFiles;
use super::syntax;
use super::text_place::byte_offset;
use super::wording::{message_about, ron_message, suggestion};
use crate::fault::Fault;
use crate::uncertainty::TableError;
use ron::error::{Error as RonError, SpannedError};
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// The text that a scenario was read from, for pointing into it, and what it refers to.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub file: PathBuf,
    pub text: Arc<str>,
    pub overrides: Vec<Override>,
    pub referred: ReferredFiles,
}

impl Source {
    /// An unusable value, shown where it stands.
    pub fn fault(&self, fault: &Fault) -> Diagnostic {
        let message = fault.to_string();
        let culprit = self
            .overrides
            .iter()
            .rev()
            .find(|one| same_field(&one.field, &fault.field));
        match culprit {
            Some(one) => self.blame(one, Diagnostic::new(message)),
            None => Diagnostic {
                message,
                field: Some(fault.field.clone()),
                place: self.place(&fault.field),
                help: None,
            },
        }
    }

    /// An error that an override caused.
    pub fn blame(&self, one: &Override, diagnostic: Diagnostic) -> Diagnostic {
        if one.source.starts_with("--") {
            return Diagnostic {
                message: format!("{}: {}", one.source, diagnostic.message),
                ..diagnostic
            };
        }
        Diagnostic {
            message: format!("{} = {}: {}", one.field, one.value, diagnostic.message),
            place: self.place(&one.source).or_else(|| self.place("sweep")),
            field: Some(one.source.clone()),
            ..diagnostic
        }
    }

    /// Where a field stands in the file, or the nearest thing around it.
    pub fn place(&self, field: &str) -> Option<Box<Place>> {
        let tree = syntax::parse(&self.text)?;
        let steps = syntax::steps(field)?;
        let (node, taken) = tree.descend(&steps);
        if taken == 0 && !steps.is_empty() {
            return None;
        }
        Some(Box::new(self.at(node.span.clone())))
    }

    fn at(&self, span: Range<usize>) -> Place {
        Place {
            file: self.file.clone(),
            text: Arc::clone(&self.text),
            span,
        }
    }

    /// A syntax or type error of a `T`, with the field it is in.
    pub fn ron_error<T: DeserializeOwned>(&self, error: &SpannedError) -> Diagnostic {
        let span = self.ron_span(error);
        let tree = syntax::parse(&self.text);
        let here = tree.as_ref().and_then(|tree| tree.innermost(span.start));
        let field =
            serde_path::<T>(&self.text).or_else(|| here.as_ref().map(|(path, _)| path.clone()));
        // A name that is wrong is best shown itself, a value by its field's place.
        let about_names = matches!(
            error.code,
            RonError::NoSuchStructField { .. }
                | RonError::NoSuchEnumVariant { .. }
                | RonError::MissingStructField { .. }
                | RonError::DuplicateStructField { .. }
        );
        let by_field = field
            .as_deref()
            .filter(|_| !about_names)
            .and_then(|field| self.place(field));
        let what = match here {
            Some((_, node)) => message_about(&error.code, &self.text[node.span.clone()]),
            None => ron_message(&error.code),
        };
        Diagnostic {
            message: match &field {
                Some(field) => format!("{field}: {what}"),
                None => what,
            },
            field,
            place: Some(by_field.unwrap_or_else(|| Box::new(self.at(span)))),
            help: suggestion(&error.code),
        }
    }

    /// What the RON reader could not use. It stops behind it: step back onto it.
    fn ron_span(&self, error: &SpannedError) -> Range<usize> {
        let start = byte_offset(&self.text, error.span.start.line, error.span.start.col);
        let end = byte_offset(&self.text, error.span.end.line, error.span.end.col);
        if end > start {
            return start..end;
        }
        let blank = |c: char| c.is_whitespace() || c == ',';
        if self.text[start..].starts_with(|c: char| !blank(c) && c != ')' && c != ']') {
            return start..start + self.text[start..].chars().next().map_or(0, char::len_utf8);
        }
        let before = self.text[..start].trim_end_matches(blank);
        let word = before
            .rfind(|c: char| !(c.is_alphanumeric() || "_.-+".contains(c)))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        let last = before.char_indices().next_back().map_or(0, |(at, _)| at);
        word.min(last)..before.len()
    }
}

/// The path of the field at which reading a `T` fails.
fn serde_path<T: DeserializeOwned>(text: &str) -> Option<String> {
    let mut reader = ron::Deserializer::from_str_with_options(text, &options()).ok()?;
    let error = serde_path_to_error::deserialize::<_, T>(&mut reader).err()?;
    let path = error.path().to_string();
    (path != "." && !path.contains('?')).then_some(path)
}

/// An error in an uncertainty table, shown where it stands in its file.
pub(crate) fn table_error(error: &TableError, file: PathBuf, text: &str) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(format!("{}: {error}", file.display()));
    diagnostic.field.clone_from(&error.field);
    match error.line {
        Some(line) => {
            let start = byte_offset(text, line, error.column.unwrap_or(1));
            let rest = &text[start..];
            let length = rest.find([',', '\n', '\r']).unwrap_or(rest.len()).max(1);
            diagnostic.at(Place {
                file,
                text: text.into(),
                span: start..(start + length).min(text.len()),
            })
        }
        None => diagnostic,
    }
}

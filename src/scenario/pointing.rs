//! From an error to the place in the text that it is about.

use super::Scenario;
use super::diagnostic::{Diagnostic, Place};
use super::notation::options;
use super::overriding::{Override, same_field};
use super::referred::ReferredFiles;
use super::syntax;
use crate::fault::{Fault, nearest};
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

/// What the RON reader says, in the words of all other messages.
pub(super) fn ron_message(error: &RonError) -> String {
    match error {
        RonError::NoSuchStructField { found, .. } => format!("unknown field `{found}`"),
        RonError::NoSuchEnumVariant { found, .. } => format!("unknown name `{found}`"),
        RonError::MissingStructField { field, .. } => format!("missing field `{field}`"),
        RonError::SuggestRawIdentifier(found) => format!("found `{found}` where a name is wanted"),
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            letters.next().map_or(String::new(), |first| {
                first.to_lowercase().collect::<String>() + letters.as_str()
            })
        }
    }
}

/// The same about a value.
pub(super) fn message_about(error: &RonError, value: &str) -> String {
    match error {
        // Where a whole number is wanted, RON stops at the decimal point.
        RonError::ExpectedComma if value.parse::<f64>().is_ok() => {
            format!("found {value}, allowed is a whole number")
        }
        _ => ron_message(error),
    }
}

/// What to write for a field that is there no more.
pub(super) fn written_now(error: &RonError) -> Option<&'static str> {
    let RonError::NoSuchStructField { found, outer, .. } = error else {
        return None;
    };
    match (outer.as_deref()?, found.as_str()) {
        ("GaussMarkov", "doppler_hz") => Some(
            "`GaussMarkov` has a coherence time now, `coherence_ms`: for a Doppler frequency \
             write `Jakes(doppler_hz: ..)`",
        ),
        _ => None,
    }
}

/// The valid names where one was not valid.
pub(super) fn suggestion(error: &RonError) -> Option<String> {
    if let Some(help) = written_now(error) {
        return Some(help.to_owned());
    }
    match error {
        RonError::NoSuchStructField {
            expected, found, ..
        }
        | RonError::NoSuchEnumVariant {
            expected, found, ..
        } => {
            let allowed = format!("allowed are {}", expected.join(", "));
            if let Some(place) = elsewhere(found).filter(|_| expected.contains(&"policies")) {
                return Some(format!("did you mean `{place}`? {allowed}"));
            }
            Some(match nearest(found, expected.iter().copied()) {
                Some(name) => format!("did you mean `{name}`? {allowed}"),
                None => allowed,
            })
        }
        RonError::SuggestRawIdentifier(found) if found.parse::<f64>().is_ok() => Some(format!(
            "a number needs the name of its field, as in `tau: {found}`, or of its kind, as in \
             `Fixed({found})`"
        )),
        _ => None,
    }
}

/// The field inside of another section that a name at the top of a scenario stands for.
fn elsewhere(name: &str) -> Option<String> {
    let all = "(users: (count: 1), policies: [])";
    let text = Scenario::from_ron(all).ok()?.to_ron();
    let mut paths = Vec::new();
    syntax::parse(&text)?.numeric_paths(&text, "", &mut paths);
    let mut found = paths
        .into_iter()
        .filter(|path| path.split('.').next_back() == Some(name));
    found.next()
}

/// Where a line and a column, both counted from one, are in a text.
pub(super) fn byte_offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    text[start.min(text.len())..]
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(text.len(), |(at, _)| start + at)
}

/// The beginning of the character that a byte of a text belongs to.
pub(super) fn character_at(text: &str, byte: usize) -> usize {
    let mut start = byte.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    start
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

//! Rows of files of comma-separated values, and what is wrong with them.

use std::fmt::Display;

/// What is wrong with a file of rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {field}: found {found}, allowed is {allowed}")]
pub struct RowError {
    /// The line, from 1.
    pub line: usize,
    /// The column's name.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What is allowed there.
    pub allowed: &'static str,
}

impl RowError {
    pub(crate) fn new(
        line: usize,
        field: &str,
        found: impl Display,
        allowed: &'static str,
    ) -> Self {
        Self {
            line,
            field: field.to_owned(),
            found: found.to_string(),
            allowed,
        }
    }

    /// What the reader cannot read.
    pub(crate) fn unreadable(error: &csv::Error, allowed: &'static str) -> Self {
        let line = error.position().map_or(1, |at| at.line() as usize);
        Self::new(line, "row", error, allowed)
    }
}

/// What reads files of rows: spaces around values do not count, lines that begin with `#` are
/// comments.
pub(crate) fn reader() -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.trim(csv::Trim::All).comment(Some(b'#'));
    builder
}

/// The line that a row stands in, from 1: the reader tells where it went on, which may be a
/// comment or an empty line before it.
pub(crate) fn line_of(text: &str, row: &csv::StringRecord) -> usize {
    let Some(at) = row.position() else {
        return 0;
    };
    let begun = text.get(at.byte() as usize..).unwrap_or("");
    let passed = begun.lines().take_while(|line| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with('#')
    });
    at.line() as usize + passed.count()
}

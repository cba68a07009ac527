//! What is wrong with a table, and where.

use std::fmt;

/// A table that cannot be used: the place, what stands there, what may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// Line of the text, from 1; `None` for a table that did not come from text.
    pub line: Option<usize>,
    /// Character within the line, from 1, where it is known.
    pub column: Option<usize>,
    /// Name of the column, or path of the field, at fault.
    pub field: Option<String>,
    /// What was found.
    pub found: String,
    /// What is allowed instead.
    pub allowed: String,
    /// The valid name nearest to the one found.
    pub nearest: Option<&'static str>,
}

impl TableError {
    pub(super) fn new(found: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            field: None,
            found: found.into(),
            allowed: allowed.into(),
            nearest: None,
        }
    }

    pub(super) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(super) fn at(mut self, line: usize, column: Option<usize>) -> Self {
        self.line = Some(line);
        self.column = column;
        self
    }

    pub(super) fn nearest(mut self, nearest: Option<&'static str>) -> Self {
        self.nearest = nearest;
        self
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            _ => {}
        }
        if let Some(field) = &self.field {
            write!(f, "`{field}`: ")?;
        }
        write!(f, "found {}; allowed: {}", self.found, self.allowed)?;
        if let Some(nearest) = &self.nearest {
            write!(f, " (did you mean `{nearest}`?)")?;
        }
        Ok(())
    }
}

impl std::error::Error for TableError {}

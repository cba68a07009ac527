//! The files that a scenario names, read: its table, its trace, its gains.

use super::diagnostic::{Diagnostic, Place};
use super::pointing::{Source, table_error};
use super::text_place::byte_offset;
use super::{Scenario, TableSource};
use crate::uncertainty::{Synthetic, Table};
use crate::world::arrivals::Arrivals;
use crate::world::channel::MeasuredGains;
use crate::world::csv_rows::RowError;
use crate::world::trace::Trace;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Source {
    pub(super) fn trace(&self, scenario: &Scenario) -> Result<Option<Arc<Trace>>, Diagnostic> {
        let Arrivals::Trace { file, .. } = &scenario.workload.arrivals else {
            return Ok(None);
        };
        let (path, text) = self.referred_text("workload.arrivals.file", file)?;
        let trace = Trace::parse(&text);
        trace
            .map(|trace| Some(Arc::new(trace)))
            .map_err(|error| row_error(&error, path, &text))
    }

    pub(super) fn gains(
        &self,
        scenario: &Scenario,
    ) -> Result<Option<Arc<MeasuredGains>>, Diagnostic> {
        let Some(file) = &scenario.channel.gains else {
            return Ok(None);
        };
        let (path, text) = self.referred_text("channel.gains", file)?;
        let gains = MeasuredGains::parse(&text, scenario.users.count, scenario.servers.number());
        gains
            .map(|gains| Some(Arc::new(gains)))
            .map_err(|error| row_error(&error, path, &text))
    }

    /// Where a file that a field names lies, and its text.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn referred_text(
        &self,
        field: &str,
        written: &Path,
    ) -> Result<(PathBuf, String), Diagnostic> {
        let path = self.file.parent().unwrap_or(Path::new("")).join(written);
        let text = self.referred.read(written, &path);
        let text = text.map_err(|diagnostic| Diagnostic {
            place: self.place(field),
            field: Some(field.to_owned()),
            ..diagnostic
        })?;
        Ok((path, text))
    }

    pub(super) fn table(&self, scenario: &Scenario) -> Result<Table, Diagnostic> {
        match &scenario.workload.uncertainty.table {
            TableSource::PaperShape => Ok(Table::default()),
            TableSource::Inline(table) => Ok(table.clone()),
            TableSource::File(written) => {
                let (path, text) = self.referred_text("workload.uncertainty.table", written)?;
                Table::parse(&text).map_err(|error| table_error(&error, path, &text))
            }
            &TableSource::Synthetic {
                slm_accuracy,
                llm_accuracy,
                auroc,
                correlation,
            } => {
                let pair = Synthetic {
                    slm_accuracy,
                    llm_accuracy,
                    auroc,
                    correlation,
                };
                pair.table()
                    .map_err(|error| Diagnostic::new(error.to_string()))
            }
        }
    }
}

/// Reads a trace that no scenario names.
///
/// # Errors
/// It cannot be read, or a row of it cannot be used.
#[cfg(all(feature = "cli", feature = "http"))]
pub(crate) fn read_trace(path: &Path) -> Result<Trace, Diagnostic> {
    let text = super::read(path)?;
    Trace::parse(&text).map_err(|error| row_error(&error, path.to_owned(), &text))
}

/// A row of a file that cannot be used, shown where it stands.
pub(super) fn row_error(error: &RowError, path: PathBuf, text: &str) -> Diagnostic {
    let start = byte_offset(text, error.line, 1);
    let length = text[start..].find(['\n', '\r']).unwrap_or(0);
    Diagnostic::new(format!("{}: {error}", path.display())).at(Place {
        file: path,
        span: start..start + length,
        text: text.into(),
    })
}

//! The table of measured tokens that a scenario names.

use super::named_files::row_error;
use super::pointing::Source;
use super::{Diagnostic, Scenario};
use crate::plan::TokenTable;

impl Source {
    /// Puts the tokens that a file holds in place of its name, their uncertainty by the
    /// metric of the workload.
    ///
    /// # Errors
    /// It cannot be read or used.
    pub(super) fn read_tokens(&self, scenario: &mut Scenario) -> Result<(), Diagnostic> {
        let metric = scenario.workload.uncertainty.metric.name();
        let Some(process) = &mut scenario.workload.token_process else {
            return Ok(());
        };
        if let Some(TokenTable::File(file)) = &process.table {
            let (path, text) = self.referred_text("workload.token_process.table", file)?;
            let table = TokenTable::parse(&text, metric);
            process.table = Some(table.map_err(|error| row_error(&error, path, &text))?);
        }
        Ok(())
    }
}

//! `batches.png` and `batches.svg`: batches of servers over time, at the last point.

use super::super::plot::batches::{Batches, draw};
use super::super::plot::figure_files;
use super::super::streamed::StreamedFile;
use super::super::{DirectoryError, Format, OutputDirectory, ReportError};
use crate::engine::SystemState;
use crate::station::StationId;
use crate::units::Seconds;
use std::io::Write;

/// The curves of the first replication of every policy at one point.
#[derive(Debug, Default)]
pub(super) struct BatchCurves {
    policies: Vec<(String, Vec<Batches>)>,
    records: bool,
}

impl BatchCurves {
    /// What follows is of this policy, and is drawn or not.
    pub fn begin(&mut self, policy: &str, records: bool) {
        self.records = records;
        if records {
            self.policies.push((policy.to_owned(), Vec::new()));
        }
    }

    /// The system at an instant.
    pub fn sampled(&mut self, now: Seconds, state: &SystemState) {
        let Some((_, curve)) = self.policies.last_mut().filter(|_| self.records) else {
            return;
        };
        let loads = state.loads(StationId::Compute);
        let servers = loads.len().max(1) as f64;
        let mean = |of: &dyn Fn(usize) -> f64| (0..loads.len()).map(of).sum::<f64>() / servers;
        curve.push(Batches {
            time_s: now.0,
            running: mean(&|at| loads[at].in_service as f64),
            waiting: mean(&|at| loads[at].queued as f64),
            memory: mean(&|at| state.memory_in_use[at].unwrap_or_default()),
        });
    }

    /// Draws them in the formats that are figures.
    ///
    /// # Errors
    /// [`ReportError`], or a file that cannot be written.
    pub fn files(
        &self,
        title: &str,
        formats: &[Format],
        directory: &OutputDirectory,
    ) -> Result<Vec<StreamedFile>, super::DetailError> {
        let drawn = draw(title, &self.policies).map_err(ReportError::from)?;
        let Some(figure) = drawn else {
            return Ok(Vec::new());
        };
        let files = figure_files("batches", &figure, formats).map_err(ReportError::from)?;
        let written = files.into_iter().map(|file| {
            let path = directory.work().join(&file.name);
            let mut out = StreamedFile::create(&path)?;
            match out.write_all(&file.bytes) {
                Ok(()) => Ok(out),
                Err(reason) => Err(DirectoryError::Write { path, reason }.into()),
            }
        });
        written.collect()
    }
}

//! Options that ask for single replications in detail beside the results.

use super::Failure;
use crate::experiment::{Experiment, RunError};
use crate::report::detail::{DetailError, DetailRequest, details};
use crate::report::{Format, OutputDirectory, StreamedFile};
use crate::units::Seconds;
use std::sync::atomic::AtomicBool;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Write queries.csv, too: every query with its stages, works and link
    #[arg(long)]
    queries: bool,
    /// Write time_series.csv, too: the state of every station and tau, sampled every MS
    /// milliseconds of simulated time; of servers that batch a figure as well
    #[arg(long, value_name = "MS", value_parser = period_ms)]
    time_series: Option<f64>,
    /// Write these of the first N replications of every point and policy
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    detail_replications: u32,
}

impl Options {
    /// Writes what was asked for beside its place in the folder.
    pub fn write(
        &self,
        experiment: &Experiment,
        formats: &[Format],
        directory: &OutputDirectory,
        stop: &AtomicBool,
    ) -> Result<Vec<StreamedFile>, Failure> {
        let request = DetailRequest {
            queries: self.queries,
            sample_every: self.time_series.map(|ms| Seconds(ms * 1e-3)),
            replications: self.detail_replications,
        };
        details(experiment, &request, formats, directory, stop).map_err(failure)
    }
}

pub(super) fn failure(error: DetailError) -> Failure {
    match error {
        DetailError::Run(RunError::Interrupted) => Failure::Interrupted,
        other => Failure::Failed(other.to_string()),
    }
}

/// A sampling period. Much below a microsecond the samples would drown the run.
pub(super) fn period_ms(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(ms) if (1e-3..=1e9).contains(&ms) => Ok(ms),
        _ => Err("allowed is a number of milliseconds from 0.001 to 1e9".to_owned()),
    }
}

//! Single replications in detail: every query, the state of all stations over time,
//! and the timeline as a trace. Replications are simulated once more for it and
//! written as they go, so that memory does not grow with them.
//!
//! | file | what it holds |
//! |---|---|
//! | `queries.csv` | a row per query: its stages, where it was answered, whether right, over which link |
//! | `time_series.csv` | a row per station and sampling instant |
//! | `batches.png`, `batches.svg` | of servers that batch, at the last point: their batches over time |
//! | a trace | one replication's timeline in the Trace Event Format |

#[cfg(feature = "plots")]
mod batches;
mod life;
mod queries;
mod time_series;
mod trace;

pub use trace::{TraceBounds, TraceCounts, TraceSelection, trace};

use super::directory::{DirectoryError, OutputDirectory};
use super::number::shortest;
use super::rows::Rows;
use super::streamed::StreamedFile;
use super::{Format, ReportError, swept};
use crate::engine::{CompletedQuery, Recorder, SystemState};
use crate::experiment::{Experiment, RunError};
use crate::units::Seconds;
use queries::QueryRows;
use std::sync::atomic::{AtomicBool, Ordering};
use time_series::SeriesRows;

/// What a run is to write beside its results.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DetailRequest {
    /// Whether to write `queries.csv`.
    pub queries: bool,
    /// How often to sample for `time_series.csv`, if it is to be written.
    pub sample_every: Option<Seconds>,
    /// The first so many replications of every point and policy.
    pub replications: u32,
}

/// Why details could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetailError {
    /// The file cannot be created or written.
    #[error(transparent)]
    File(#[from] DirectoryError),
    /// The replication could not be simulated.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A figure could not be drawn.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// Which replication rows are of; the first columns of every row.
#[derive(Debug, Clone, PartialEq, Default)]
struct Origin {
    /// The swept fields and their values, the policy and the replication.
    fields: Vec<String>,
    users: usize,
}

impl Origin {
    /// The columns, by the swept fields.
    fn columns(fields: &[String]) -> Vec<String> {
        let mut columns = swept::columns(fields);
        columns.extend(["policy", "replication"].map(str::to_owned));
        columns
    }
}

/// Simulates the replications asked for once more, point by point and policy by
/// policy, and writes what was asked for, figures in those of the formats that are. The files
/// lie beside their places; give them to [`OutputDirectory::write_with`].
///
/// # Errors
/// [`DetailError`]; [`RunError::Interrupted`] once `stop` is set.
pub fn details(
    experiment: &Experiment,
    request: &DetailRequest,
    formats: &[Format],
    directory: &OutputDirectory,
    stop: &AtomicBool,
) -> Result<Vec<StreamedFile>, DetailError> {
    let new = |name: &str| StreamedFile::create(directory.work().join(name));
    let scenario = &experiment.loaded().scenario;
    let fields = scenario.swept_fields();
    let mut recorder = DetailRecorder {
        queries: match request.queries {
            true => Some(QueryRows::new(new("queries.csv")?, &fields)),
            false => None,
        },
        series: match request.sample_every {
            Some(_) => Some(SeriesRows::new(new("time_series.csv")?, &fields)),
            None => None,
        },
        #[cfg(feature = "plots")]
        batches: batches::BatchCurves::default(),
        stop,
    };
    if recorder.queries.is_none() && recorder.series.is_none() {
        return Ok(Vec::new());
    }
    let (last, mut title) = (experiment.point_count().saturating_sub(1), String::new());
    for (at, point) in experiment.points().enumerate() {
        if at == last {
            title = swept::title(&fields, point.values);
        }
        for (policy, label) in point.policies.iter().enumerate() {
            for replication in 0..request.replications.min(scenario.replications) {
                if stop.load(Ordering::Relaxed) {
                    return Err(RunError::Interrupted.into());
                }
                let mut origin = swept::cells(&fields, point.values);
                origin.extend([(*label).to_owned(), replication.to_string()]);
                recorder.begin(&Origin {
                    fields: origin,
                    users: point.scenario.users.count,
                });
                #[cfg(feature = "plots")]
                recorder.batches.begin(
                    label,
                    at == last && replication == 0 && scenario.servers.serving.is_some(),
                );
                let every = request.sample_every;
                experiment.replay(at, policy, replication, every, &mut recorder)?;
            }
        }
    }
    #[cfg(feature = "plots")]
    let figures = {
        let names = [scenario.title.as_str(), title.as_str()];
        let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
        recorder
            .batches
            .files(&names.join(": "), formats, directory)?
    };
    #[cfg(not(feature = "plots"))]
    let figures = {
        let _ = (formats, last, title);
        Vec::new()
    };
    let mut files = recorder.finish()?;
    files.extend(figures);
    Ok(files)
}

/// Hands what it is shown to those who write it down.
struct DetailRecorder<'a> {
    queries: Option<QueryRows<StreamedFile>>,
    series: Option<SeriesRows<StreamedFile>>,
    #[cfg(feature = "plots")]
    batches: batches::BatchCurves,
    /// Gives the replication up once it is set.
    stop: &'a AtomicBool,
}

impl DetailRecorder<'_> {
    fn begin(&mut self, origin: &Origin) {
        if let Some(queries) = &mut self.queries {
            queries.begin(origin.clone());
        }
        if let Some(series) = &mut self.series {
            series.begin(origin.clone());
        }
    }

    fn finish(self) -> Result<Vec<StreamedFile>, DirectoryError> {
        let queries = self.queries.map(QueryRows::finish).transpose()?;
        let series = self.series.map(SeriesRows::finish).transpose()?;
        Ok(queries.into_iter().chain(series).collect())
    }
}

impl Recorder for DetailRecorder<'_> {
    fn stop_asked(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        if let Some(queries) = &mut self.queries {
            queries.on_departure(query, measured);
        }
    }

    fn wants_circumstances(&self) -> bool {
        self.queries
            .as_ref()
            .is_some_and(Recorder::wants_circumstances)
    }

    fn sampled(&mut self, now: Seconds, state: &SystemState) {
        if let Some(series) = &mut self.series {
            series.sampled(now, state);
        }
        #[cfg(feature = "plots")]
        self.batches.sampled(now, state);
    }
}

/// An instant or a duration without the noise of a clock's last bits: to the
/// picosecond.
fn seconds(time: Seconds) -> String {
    shortest((time.0 * 1e12).round() / 1e12)
}

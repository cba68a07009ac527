//! `replications.csv`: a row per point, replication and policy, streamed, for statistics
//! of one's own. It is tidy as `results.csv` is.

use super::csv::quantile_names;
use super::directory::{DirectoryError, OutputDirectory};
use super::number::{optional, shortest};
use super::rows::Rows;
use super::streamed::StreamedFile;
use crate::experiment::{Experiment, Replication, ReplicationMeans};
use crate::station::stage::Stage;
use std::io::Write;

/// Writes the rows of replications, in their order, beside their place in a folder; give
/// the file to [`OutputDirectory::write_with`].
///
/// # Errors
/// [`DirectoryError`].
pub fn replications<'r>(
    experiment: &Experiment,
    replications: impl Iterator<Item = Replication<'r>>,
    directory: &OutputDirectory,
) -> Result<StreamedFile, DirectoryError> {
    let file = StreamedFile::create(directory.work().join("replications.csv"))?;
    write(experiment, replications, file).into_file()
}

fn write<'r, W: Write>(
    experiment: &Experiment,
    replications: impl Iterator<Item = Replication<'r>>,
    out: W,
) -> Rows<W> {
    let points: Vec<_> = experiment.points().collect();
    let sweep = experiment.loaded().scenario.sweep.as_ref();
    let sweep = sweep.map_or("", |sweep| &*sweep.field);
    let header = header(experiment);
    let mut rows = Rows::new(out, header.iter().map(String::as_str));
    for replication in replications {
        let point = &points[replication.point];
        let means = ReplicationMeans::of(point.scenario, replication.record);
        let mut row = vec![
            sweep.to_owned(),
            optional(point.value),
            point.policies[replication.policy].to_owned(),
            replication.replication.to_string(),
        ];
        row.extend(fields(&means));
        rows.write(row);
    }
    rows
}

fn header(experiment: &Experiment) -> Vec<String> {
    let mut names: Vec<String> = [
        "sweep",
        "value",
        "policy",
        "replication",
        "queries",
        "dropped",
        "missed_deadline",
        "delay_mean_ms",
        "delay_variance_ms2",
    ]
    .map(str::to_owned)
    .to_vec();
    names.extend(quantile_names().map(|q| format!("delay_{q}_ms")));
    names.extend(["accuracy", "offloaded_share", "objective_s"].map(str::to_owned));
    names.extend(Stage::ALL.map(|stage| format!("{}_mean_ms", stage.name())));
    // Every point has the same measures.
    let measures = ReplicationMeans::measure_names(&experiment.loaded().scenario);
    names.extend(measures.into_iter().map(str::to_owned));
    names.push("tau_at_end".to_owned());
    names
}

fn fields(means: &ReplicationMeans) -> Vec<String> {
    let counts = [means.queries, means.dropped, means.missed_deadline];
    let mut row = counts.map(|count| count.to_string()).to_vec();
    let mut add = |values: &[f64]| row.extend(values.iter().copied().map(shortest));
    add(&[means.delay_mean_ms, means.delay_variance_ms2]);
    add(&means.delay_quantiles_ms);
    add(&[means.accuracy, means.offloaded_share, means.objective_s]);
    add(&means.stages_mean_ms);
    for (_, value) in &means.measures {
        add(&[*value]);
    }
    row.push(optional(means.threshold_at_end));
    row
}

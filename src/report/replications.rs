//! `replications.csv`: a row per point, replication and policy, streamed, for statistics
//! of one's own. It is tidy as `results.csv` is.

use super::csv::quantile_names;
use super::directory::{DirectoryError, OutputDirectory};
use super::number::{optional, shortest};
use super::rows::Rows;
use super::streamed::StreamedFile;
use super::swept;
use crate::experiment::{Experiment, PointOutline, Replication, ReplicationMeans};
use crate::station::stage::Stage;

/// The rows of a run's replications, written as they come beside their place in a folder.
pub struct ReplicationRows<'e> {
    points: Vec<PointOutline<'e>>,
    fields: Vec<String>,
    rows: Rows<StreamedFile>,
}

impl<'e> ReplicationRows<'e> {
    /// Begins the file.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub fn begin(
        experiment: &'e Experiment,
        directory: &OutputDirectory,
    ) -> Result<Self, DirectoryError> {
        let file = StreamedFile::create(directory.work().join("replications.csv"))?;
        let header = header(experiment);
        Ok(Self {
            points: experiment.points().collect(),
            fields: experiment.loaded().scenario.swept_fields(),
            rows: Rows::new(file, header.iter().map(String::as_str)),
        })
    }

    /// Writes the next row. That it cannot be written says [`ReplicationRows::finish`].
    pub fn write(&mut self, replication: Replication<'_>) {
        let point = &self.points[replication.point];
        let means = ReplicationMeans::of(point.scenario, replication.record);
        let mut row = swept::cells(&self.fields, point.values);
        row.push(point.policies[replication.policy].to_owned());
        row.push(replication.replication.to_string());
        row.extend(fields(&means));
        self.rows.write(row);
    }

    /// The whole file; give it to [`OutputDirectory::write_with`].
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub fn finish(self) -> Result<StreamedFile, DirectoryError> {
        self.rows.into_file()
    }
}

fn header(experiment: &Experiment) -> Vec<String> {
    let mut names = swept::columns(&experiment.loaded().scenario.swept_fields());
    names.extend(
        [
            "policy",
            "replication",
            "queries",
            "dropped",
            "missed_deadline",
            "delay_mean_ms",
            "delay_variance_ms2",
        ]
        .map(str::to_owned),
    );
    names.extend(quantile_names().map(|q| format!("delay_{q}_ms")));
    names.extend(["accuracy", "offloaded_share", "objective_s"].map(str::to_owned));
    let stages = Stage::ALL.map(|stage| format!("{}_mean_ms", stage.name()));
    let (inner, last) = stages.split_at(Stage::INNER_COLUMNS);
    names.extend_from_slice(inner);
    // Every point has the same measures.
    let measures = ReplicationMeans::measure_names(&experiment.loaded().scenario);
    names.extend(measures.into_iter().map(str::to_owned));
    names.push("tau_at_end".to_owned());
    names.extend_from_slice(last);
    names
}

fn fields(means: &ReplicationMeans) -> Vec<String> {
    let counts = [means.queries, means.dropped, means.missed_deadline];
    let mut row = counts.map(|count| count.to_string()).to_vec();
    let mut add = |values: &[f64]| row.extend(values.iter().copied().map(shortest));
    add(&[means.delay_mean_ms, means.delay_variance_ms2]);
    add(&means.delay_quantiles_ms);
    add(&[means.accuracy, means.offloaded_share, means.objective_s]);
    let (inner, last) = means.stages_mean_ms.split_at(Stage::INNER_COLUMNS);
    add(inner);
    for (_, value) in &means.measures {
        add(&[*value]);
    }
    row.push(optional(means.threshold_at_end));
    row.extend(last.iter().copied().map(shortest));
    row
}

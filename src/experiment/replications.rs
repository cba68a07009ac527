//! What each replication found by itself, for statistics of one's own.

use super::ReplicationRecord;
use super::measures::measures;
use super::record_means::{accuracy, mean_delay_ms, offloaded_share, per_query};
use super::results::QUANTILES;
use crate::scenario::Scenario;
use crate::station::stage::Stage;

/// One replication of one policy at one point.
#[derive(Debug, Clone, Copy)]
pub struct Replication<'r> {
    /// The point's index.
    pub point: usize,
    /// The policy's index, in the order of the results.
    pub policy: usize,
    /// The replication's number, from 0.
    pub replication: u32,
    /// Its sums.
    pub record: &'r ReplicationRecord,
}

/// The means of one replication of one policy. What there is none of is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicationMeans {
    /// Queries answered.
    pub queries: u64,
    /// Queries given up at their deadline.
    pub dropped: u64,
    /// Queries not answered by their deadline, dropped ones included.
    pub missed_deadline: u64,
    /// Mean delay, in milliseconds.
    pub delay_mean_ms: f64,
    /// Mean squared difference of the delays to that mean, in milliseconds squared.
    pub delay_variance_ms2: f64,
    /// The quantiles of delay named by [`QUANTILES`], in milliseconds, with three
    /// significant digits.
    pub delay_quantiles_ms: [f64; QUANTILES.len()],
    /// Share of queries answered right.
    pub accuracy: f64,
    /// Share of queries answered at the edge.
    pub offloaded_share: f64,
    /// Eq. 10, in seconds.
    pub objective_s: f64,
    /// Mean time of a query in each stage, in milliseconds, in the order of
    /// [`Stage::ALL`].
    pub stages_mean_ms: [f64; Stage::COUNT],
    /// What the scenario asks for beyond that: the names of
    /// [`PolicyResult::measures`](super::PolicyResult::measures).
    pub measures: Vec<(&'static str, f64)>,
    /// The policy's threshold at the end of the run, where it has one.
    pub threshold_at_end: Option<f64>,
}

impl ReplicationMeans {
    /// The means of a replication of this scenario. Those over replications of what
    /// results give as means are the results.
    pub fn of(scenario: &Scenario, record: &ReplicationRecord) -> Self {
        let quantile = |q| match record.queries {
            0 => f64::NAN,
            _ => record.delays.value_at_quantile(q) as f64 * 1e-6,
        };
        Self {
            queries: record.queries,
            dropped: record.dropped,
            missed_deadline: record.missed,
            delay_mean_ms: mean_delay_ms(record),
            delay_variance_ms2: per_query(record, record.delay_squares_s2) * 1e6,
            delay_quantiles_ms: QUANTILES.map(quantile),
            accuracy: accuracy(record),
            offloaded_share: offloaded_share(record),
            objective_s: record.objective_s,
            stages_mean_ms: Stage::ALL.map(|stage| per_query(record, record.stages[stage]) * 1e3),
            measures: measures(scenario, record),
            threshold_at_end: record.threshold_at_end,
        }
    }

    /// The names of the measures of a scenario's replications.
    pub fn measure_names(scenario: &Scenario) -> Vec<&'static str> {
        let none = ReplicationRecord::default();
        let measures = Self::of(scenario, &none).measures;
        measures.into_iter().map(|(name, _)| name).collect()
    }
}

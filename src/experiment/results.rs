//! What an experiment found.

use super::{DelayCounts, Estimate, QuantileEstimate};
use crate::scenario::SweptValue;
use crate::station::stage::Stage;

/// The quantiles of delay that are reported.
pub const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Results of all points, in the order of the sweep.
#[derive(Debug, Clone)]
pub struct Results {
    /// The swept fields, none without a sweep.
    pub swept_fields: Vec<String>,
    /// A name for each policy that holds at every point: as the scenario writes
    /// it, or its kind where the sweep changes its parameters.
    pub series: Vec<String>,
    /// What is doubtful about the scenario as a whole, one line each.
    pub warnings: Vec<String>,
    /// One entry a point.
    pub points: Vec<PointResult>,
}

/// Results of all policies at one point.
#[derive(Debug, Clone)]
pub struct PointResult {
    /// The values of the swept fields.
    pub values: Vec<SweptValue>,
    /// One entry a policy, in the scenario's order.
    pub policies: Vec<PolicyResult>,
}

/// Results of one policy at one point.
#[derive(Debug, Clone)]
pub struct PolicyResult {
    /// The policy as the scenario writes it.
    pub policy: String,
    /// Independent replications.
    pub replications: u32,
    /// Queries completed, in all replications.
    pub queries: u64,
    /// Mean delay, in milliseconds.
    pub delay_mean_ms: Estimate,
    /// Variance of delay over all queries, in milliseconds squared.
    pub delay_variance_ms2: Estimate,
    /// Quantiles of delay, in milliseconds; those of [`QUANTILES`].
    pub delay_quantiles: Vec<QuantileEstimate>,
    /// Many more quantiles, increasing, for a band around the distribution; none
    /// for a batch, whose replications are single instants.
    pub delay_band: Vec<QuantileEstimate>,
    /// Share of queries answered right.
    pub accuracy: Estimate,
    /// Share of queries answered at the edge.
    pub offloaded_share: Estimate,
    /// Eq. 10 per replication, in seconds.
    pub objective_s: Estimate,
    /// Where the mean delay goes.
    pub stages_ms: StageMeans,
    /// The same for the slowest 1 % of the queries: what makes the tail.
    pub slowest_stages_ms: StageMeans,
    /// What a scenario asks for beyond that, the same measures in every result:
    /// deadlines missed, energy per query, loads; see `docs/timeline.md`.
    pub measures: Vec<(&'static str, Estimate)>,
    /// What is doubtful about these results, one line each.
    pub warnings: Vec<String>,
    /// What was measured of runs in time; `None` for a batch, measured to its end.
    pub window: Option<MeasuredWindow>,
    /// The difference to the first policy on the same draws; `None` for the first.
    pub difference: Option<PairedDifference>,
    /// All delays.
    pub histogram: DelayCounts,
    /// Where tokens are told apart, all of their times.
    pub token_times: Option<TokenTimes>,
}

/// Distributions of the times of tokens, one value a query.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenTimes {
    /// To the first token (TTFT).
    pub first: DelayCounts,
    /// Per later token (TPOT), of answers of more than one.
    pub later: DelayCounts,
}

impl PolicyResult {
    /// One of the measures that the scenario asks for, by its name.
    pub fn measure(&self, name: &str) -> Option<Estimate> {
        let found = self.measures.iter().find(|measure| measure.0 == name);
        found.map(|measure| measure.1)
    }
}

/// The part of the virtual time of a run that is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasuredWindow {
    /// The warm-up before it: where it begins, in seconds, in every replication.
    pub begin_s: f64,
    /// Its length in seconds; it varies where `run.queries` ends it.
    pub length_s: Estimate,
}

/// Mean time of a query in each stage, in milliseconds, over all queries: those
/// that skip a stage count with zero, so that the stages sum to the mean delay.
#[derive(Debug, Clone, PartialEq)]
pub struct StageMeans(pub Vec<(Stage, Estimate)>);

/// This policy minus the first one, replication by replication on the same draws.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedDifference {
    /// The first policy.
    pub to: String,
    /// Mean delay, in milliseconds.
    pub delay_mean_ms: Estimate,
    /// Accuracy.
    pub accuracy: Estimate,
    /// Share of queries answered at the edge.
    pub offloaded_share: Estimate,
    /// Eq. 10, in seconds.
    pub objective_s: Estimate,
}

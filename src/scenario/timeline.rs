//! What a scenario says of a run in time: how long it lasts, what is measured of
//! it, what it costs.

use crate::engine::AfterWindow;
use crate::world::distribution::Distribution;
use serde::{Deserialize, Serialize};

/// How long a run with arrivals over time lasts, and what is measured of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunSpec {
    /// The measured window ends at this time, in seconds from the beginning of the
    /// run. With arrivals over time this or `queries` must be given, but for a trace
    /// that stops.
    pub duration_s: Option<f64>,
    /// The measured window ends when this many queries have arrived, those of the
    /// warm-up among them.
    pub queries: Option<u64>,
    /// The measured window begins when this is over.
    pub warm_up: WarmUp,
    /// What follows the window, until all that arrived in it has left.
    pub after: AfterWindow,
}

/// How much of a run's beginning is simulated but not measured.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum WarmUp {
    /// Nothing.
    #[default]
    None,
    /// Queries that arrive in the first seconds.
    Seconds(f64),
    /// As much as MSER-5 finds in ten pilot replications that are not measured: one
    /// cut for all policies and replications of a point.
    Mser5,
}

/// Sizes and works from token counts; takes the place of `query_bits`,
/// `slm_gflop` and `llm_gflop`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenSpec {
    /// Tokens of a prompt; a trace's own counts go before it.
    pub prompt_tokens: Distribution,
    /// Tokens of an answer; a trace's own counts go before it.
    pub output_tokens: Distribution,
    /// Bits on the uplink per token of the prompt: about four characters of text.
    pub bits_per_token: f64,
    /// Operations per parameter and token, of prompt and answer.
    pub flop_per_parameter: f64,
    /// Parameters of the small model, in billions.
    pub slm_parameters_billion: f64,
    /// Parameters of the large model, in billions.
    pub llm_parameters_billion: f64,
    /// What policies know of the length of an answer to come: its `Mean`, or `Exact`ly.
    #[serde(skip_serializing_if = "super::is_default")]
    pub foresight: ForesightSpec,
}

/// What policies know of the length of an answer before it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ForesightSpec {
    /// The mean of all answers: what a deployed policy can know.
    #[default]
    Mean,
    /// Its length.
    Exact,
}

impl Default for TokenSpec {
    fn default() -> Self {
        Self {
            prompt_tokens: Distribution::Fixed(40.0),
            output_tokens: Distribution::Fixed(1.0),
            bits_per_token: 32.0,
            flop_per_parameter: 2.0,
            slm_parameters_billion: 1.236,
            llm_parameters_billion: 8.03,
            foresight: ForesightSpec::Mean,
        }
    }
}

/// What computing costs in energy. Transmitting costs transmit power times time on
/// the uplink.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnergySpec {
    /// Of a device, in joules per GFLOP.
    pub device_j_per_gflop: f64,
    /// Of a server, in joules per GFLOP.
    pub server_j_per_gflop: f64,
}

/// A stopping rule: replications go on until every policy's estimate is precise
/// enough, at each point by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// What is to be precise.
    pub metric: WatchedMetric,
    /// Half-width of its 95 % interval over its estimate, at most.
    pub relative_half_width: f64,
    /// Replications at most; `replications` is how many there are at least.
    pub max_replications: u32,
}

/// What a stopping rule watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchedMetric {
    /// Mean delay.
    DelayMean,
    /// A quantile of delay.
    DelayP50,
    /// A quantile of delay.
    DelayP90,
    /// A quantile of delay.
    DelayP95,
    /// A quantile of delay.
    DelayP99,
    /// A quantile of delay.
    DelayP999,
    /// Share of queries answered right.
    Accuracy,
    /// Eq. 10.
    Objective,
}

impl WatchedMetric {
    /// The quantile that a metric of delay names.
    pub fn quantile(self) -> Option<f64> {
        match self {
            Self::DelayP50 => Some(0.5),
            Self::DelayP90 => Some(0.9),
            Self::DelayP95 => Some(0.95),
            Self::DelayP99 => Some(0.99),
            Self::DelayP999 => Some(0.999),
            Self::DelayMean | Self::Accuracy | Self::Objective => None,
        }
    }
}

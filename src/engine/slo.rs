//! Objectives of service.

use crate::units::Seconds;
use serde::{Deserialize, Serialize};

/// What an answer has to keep: its first token and its later tokens in time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// From the query's arrival to its answer's first token (TTFT), in milliseconds.
    pub ttft_ms: f64,
    /// Mean time of a later token (TPOT), in milliseconds.
    pub tpot_ms: f64,
}

impl Slo {
    /// Whether an answer keeps both; one of a single token has no later ones.
    pub fn is_met(&self, first: Seconds, per_later_token: Seconds) -> bool {
        first.as_ms() <= self.ttft_ms && per_later_token.as_ms() <= self.tpot_ms
    }
}

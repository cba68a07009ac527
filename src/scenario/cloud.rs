//! What is behind the edge.

use crate::llm::ServerBlock;
use crate::station::backhaul::Backhaul;
use serde::{Deserialize, Serialize};

/// The cloud, to which every edge server may pass queries on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloudSpec {
    /// Share of queries that its model answers right.
    pub accuracy: f64,
    /// `Batching(..)`, where queries have tokens; without it a query is a lump of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<ServerBlock>,
    /// Its capacity for lumps of work, in TFLOP/s.
    #[serde(default = "capacity")]
    pub capacity_tflops: f64,
    /// The most of it that one query gets, in TFLOP/s.
    #[serde(default = "max_per_user")]
    pub max_per_user_tflops: f64,
    /// The way from an edge server and back.
    #[serde(default)]
    pub backhaul: Backhaul,
}

/// A hundred of the paper's edge servers.
fn capacity() -> f64 {
    1513.0
}

/// The paper's C_max ten times over.
fn max_per_user() -> f64 {
    15.13
}

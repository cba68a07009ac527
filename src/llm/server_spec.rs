//! What a server that batches is, in the numbers that it works with.

use super::StepLaw;
use serde::{Deserialize, Serialize};

/// A server that batches continuously: how long its steps take and what fits into them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServerSpec {
    /// How long a step takes.
    pub law: StepLaw,
    /// Greatest number of queries in a batch.
    pub max_running: usize,
    /// Greatest number of tokens that a step computes.
    pub token_budget: u64,
    /// Tokens of keys and values in a block.
    pub block_tokens: u64,
    /// Blocks for keys and values.
    pub kv_blocks: u64,
    /// Who of those that wait is admitted first.
    pub order: Order,
}

/// In which order queries that wait are admitted; the last in it is put back first where
/// memory runs short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Order {
    /// First come, first served.
    #[default]
    Fcfs,
    /// By priority, the lowest number first.
    Priority,
    /// The shortest prompt first.
    ShortestPrompt,
    /// The shortest expected answer first.
    ShortestExpected,
}

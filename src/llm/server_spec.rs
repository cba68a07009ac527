//! What a server that batches is, in the numbers that it works with.

use super::StepLaw;
use crate::units::Seconds;
use serde::{Deserialize, Serialize};

/// A server that batches continuously: how long its steps take and what fits into them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServerSpec {
    /// How long a step takes.
    pub law: StepLaw,
    /// Fixed time of a request before it waits for a seat: parsing, tokens of its text.
    pub request: Seconds,
    /// Greatest number of queries in a batch.
    pub max_running: usize,
    /// Greatest number of tokens that a step computes.
    pub token_budget: u64,
    /// Tokens of keys and values in a block.
    pub block_tokens: u64,
    /// Blocks for keys and values.
    pub kv_blocks: u64,
    /// Greatest number of tokens of prompt and answer that a request may have.
    pub max_model_len: u64,
    /// Who of those that wait is admitted first.
    pub order: Order,
}

impl ServerSpec {
    /// Tokens of keys and values that fit into the memory.
    pub fn kv_tokens(&self) -> u64 {
        self.kv_blocks * self.block_tokens
    }

    /// Tokens of prompt and answer beyond which a request is refused: more than is allowed, or
    /// more than memory can ever hold.
    pub fn most_tokens(&self) -> u64 {
        self.max_model_len.min(self.kv_tokens())
    }

    /// How long a query keeps a server busy whose seats are all taken by its like: its
    /// prompt's tokens, and its share of the steps that decode.
    pub fn saturated_time(&self, prompt: u64, answer: u64) -> Seconds {
        let (prompt, answer) = (prompt as f64, answer as f64);
        let seats = self.max_running.min(self.token_budget as usize) as f64;
        let contexts = seats * (prompt + 0.5 * answer);
        // As many as memory holds at a time, if seats are more than that.
        let memory = self.kv_tokens() as f64;
        let members = seats * (memory / contexts).min(1.0);
        let step_s =
            self.law.base_s(members, members) + self.law.per_context_token_s * contexts.min(memory);
        Seconds(prompt * self.law.per_token_s + (answer - 1.0) * step_s / members)
    }
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

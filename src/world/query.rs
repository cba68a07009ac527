//! The queries: what each asks for, and how sure the small model is of it.

use super::World;
use super::distribution::Scaled;
use crate::uncertainty::{Metric, Table};
use crate::units::{Bits, Flop};

/// The law of the queries.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Size on the uplink (D), in bits.
    pub query_bits: Scaled,
    /// Work of the small model (W_SLM), in FLOP.
    pub slm_flop: Scaled,
    /// Work of the large model (W_LLM), in FLOP.
    pub llm_flop: Scaled,
    /// What uncertainty says of correctness.
    pub uncertainty: Table,
    /// The uncertainty metric that policies see.
    pub metric: Metric,
}

/// One query as drawn, before anybody decided where to answer it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Query {
    /// Whose it is.
    pub user: usize,
    /// Token-level uncertainty of the small model (alpha, Eq. 9), in 0..=1.
    pub uncertainty: f64,
    /// Size on the uplink (D).
    pub bits: Bits,
    /// Work of the small model (W_SLM).
    pub slm_work: Flop,
    /// Work of the large model (W_LLM).
    pub llm_work: Flop,
    /// Whether the small model's answer would be right.
    pub slm_correct: bool,
    /// Whether the large model's answer would be right.
    pub llm_correct: bool,
}

impl World<'_> {
    /// Draws the `number`-th query of a user.
    pub fn query(&self, user: usize, number: u64) -> Query {
        let key = self.key().named("query").index(user as u64).index(number);
        let workload = &self.model().workload;
        let sample = workload
            .uncertainty
            .draw(self.metric, &mut key.named("uncertainty").stream());
        Query {
            user,
            uncertainty: sample.uncertainty,
            bits: Bits(workload.query_bits.draw(&mut key.named("bits").stream())),
            slm_work: Flop(workload.slm_flop.draw(&mut key.named("slm").stream())),
            llm_work: Flop(workload.llm_flop.draw(&mut key.named("llm").stream())),
            slm_correct: sample.slm_correct,
            llm_correct: sample.llm_correct,
        }
    }
}

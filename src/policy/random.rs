//! The paper's uncertainty-unaware baseline of equal size.

use super::greedy::{Until, Weight, place};
use super::{Policy, PolicyError};
use crate::snapshot::{Decision, Load, View};

/// `Random(like)`: offloads as many queries as another policy would on the same
/// draw, but chosen uniformly, placed by Algorithm 2 without its stopping rule.
pub struct Random {
    /// The policy whose number of offloaded queries it copies.
    pub like: Box<dyn Policy>,
}

impl Policy for Random {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let offloaded = self.like.decide(view)?.offloaded();
        let mut stream = view.key.named("random-policy").stream();
        let mut chosen =
            rand::seq::index::sample(&mut stream, view.queries.len(), offloaded).into_vec();
        chosen.sort_unstable();
        let mut decision = Decision::all_local(view.queries.len());
        place(
            &mut Load::new(view),
            chosen,
            Weight::One,
            Until::AllPlaced,
            &mut decision,
        );
        Ok(decision)
    }

    fn begin_replication(&mut self) {
        self.like.begin_replication();
    }

    fn threshold(&self) -> Option<f64> {
        self.like.threshold()
    }
}

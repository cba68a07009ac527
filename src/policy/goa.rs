//! The paper's Greedy Offloading Algorithm (Algorithm 1).

use super::greedy::{Until, Weight, place};
use super::{Policy, PolicyError};
use crate::snapshot::{Decision, Load, View};

/// `Goa(tau)`: queries more uncertain than tau must be offloaded; then others
/// follow while that shortens their weighted delay.
#[derive(Debug, Clone, Copy)]
pub struct Goa {
    /// The uncertainty threshold, in 0..=1.
    pub tau: f64,
}

impl Policy for Goa {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let mut decision = Decision::all_local(view.queries.len());
        let mut load = Load::new(view);
        for (forced, until) in [(true, Until::AllPlaced), (false, Until::NoGain)] {
            let queries = (0..view.queries.len())
                .filter(|&query| (view.queries[query].uncertainty > self.tau) == forced);
            place(
                &mut load,
                queries,
                Weight::Uncertainty,
                until,
                &mut decision,
            );
        }
        Ok(decision)
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.tau)
    }
}

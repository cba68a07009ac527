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
        let (forced, free): (Vec<usize>, Vec<usize>) =
            (0..view.queries.len()).partition(|&query| view.queries[query].uncertainty > self.tau);
        place(
            &mut load,
            forced,
            Weight::Uncertainty,
            Until::AllPlaced,
            &mut decision,
        );
        place(
            &mut load,
            free,
            Weight::Uncertainty,
            Until::NoGain,
            &mut decision,
        );
        Ok(decision)
    }
}

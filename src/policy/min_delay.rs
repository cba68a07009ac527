//! The paper's delay minimisation without uncertainty (Algorithm 2).

use super::greedy::{Until, Weight, place};
use super::{Policy, PolicyError};
use crate::snapshot::{Decision, Load, View};

/// `MinDelay`: the query that gains most goes next, until none gains.
#[derive(Debug, Clone, Copy, Default)]
pub struct MinDelay;

impl Policy for MinDelay {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let mut decision = Decision::all_local(view.queries.len());
        place(
            &mut Load::new(view),
            0..view.queries.len(),
            Weight::One,
            Until::NoGain,
            &mut decision,
        );
        Ok(decision)
    }
}

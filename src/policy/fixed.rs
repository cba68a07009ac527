//! The two ends: everything at the edge, everything on the phone.

use super::greedy::{Until, Weight, place};
use super::{Policy, PolicyError};
use crate::snapshot::{Decision, Load, View};

/// `EdgeAll`: step 1 of GOA with every query in the set.
#[derive(Debug, Clone, Copy, Default)]
pub struct EdgeAll;

impl Policy for EdgeAll {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let mut decision = Decision::all_local(view.queries.len());
        place(
            &mut Load::new(view),
            0..view.queries.len(),
            Weight::Uncertainty,
            Until::AllPlaced,
            &mut decision,
        );
        Ok(decision)
    }
}

/// `LocalAll`: nothing is offloaded.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalAll;

impl Policy for LocalAll {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        Ok(Decision::all_local(view.queries.len()))
    }
}

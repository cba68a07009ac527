//! A greedy start, improved by local search on the true objective.

use super::local_search::{above, local_search};
use super::{Policy, PolicyError};
use crate::snapshot::{Decision, View};

/// `Refined(tau)`: another policy's decision, then single moves and swaps on the
/// true objective (Eq. 10) until none improves it.
///
/// The greedy policies look at the delay of the query they place, not at what it
/// costs those placed before (their shares shrink, their interference rises).
/// Every query above `tau` that the start leaves on its device is sent to the
/// edge first, so that constraint (11) holds whatever the start.
pub struct Refined {
    /// The uncertainty threshold, in 0..=1.
    pub tau: f64,
    /// The policy whose decision is improved.
    pub start: Box<dyn Policy>,
    /// Passes over all queries after which the search stops, optimum or not.
    pub max_passes: usize,
}

/// Passes that no instance of the size of the paper's comes near.
pub const DEFAULT_MAX_PASSES: usize = 1_000;

impl Policy for Refined {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let mut start = self.start.decide(view)?;
        super::check(view, &start)?;
        let must_offload = above(view, self.tau);
        super::greedy::place_missing(view, &must_offload, &mut start);
        Ok(local_search(view, &start, &must_offload, self.max_passes).decision)
    }

    fn begin_replication(&mut self) {
        self.start.begin_replication();
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.tau)
    }
}

//! The best assignment that local search finds from many starts: the yardstick
//! where the optimum is out of reach.

use super::greedy::place_missing;
use super::local_search::{SearchResult, above, local_search};
use super::refined::DEFAULT_MAX_PASSES;
use super::{EdgeAll, Goa, Marginal, MinDelay, Policy, PolicyError};
use crate::snapshot::{Choice, Decision, View};
use rand::RngExt;

/// Local search from GOA, Marginal, MinDelay and EdgeAll, and from `random_starts`
/// assignments drawn at the view's key; the best of them.
///
/// # Errors
/// None of these policies fails by itself; an error would be passed on.
pub fn best_known(
    view: &View<'_>,
    tau: f64,
    random_starts: usize,
) -> Result<SearchResult, PolicyError> {
    let must_offload = above(view, tau);
    let search = |mut start: Decision| {
        place_missing(view, &must_offload, &mut start);
        local_search(view, &start, &must_offload, DEFAULT_MAX_PASSES)
    };
    let mut best = search(Goa { tau }.decide(view)?);
    let mut consider = |found: SearchResult| {
        if found.cost.order(&best.cost).is_lt() {
            best = found;
        }
    };
    consider(search(Marginal { tau }.decide(view)?));
    consider(search(MinDelay.decide(view)?));
    consider(search(EdgeAll.decide(view)?));
    let servers = view.servers.len();
    for start in 0..random_starts {
        let mut rng = view.key.named("random-start").index(start as u64).stream();
        let choices = must_offload
            .iter()
            .map(|&must| {
                let place = rng.random_range(usize::from(must)..servers + 1);
                place.checked_sub(1).map_or(Choice::Local, Choice::Edge)
            })
            .collect();
        consider(search(Decision { choices }));
    }
    Ok(best)
}

//! The optimum of small instances by trying every assignment.

use super::local_search::above;
use crate::snapshot::{Choice, Cost, Decision, Evaluation, View};

/// The optimum by trying all (M + 1)^N assignments: the oracle for small instances.
///
/// Returns the first of the best in lexicographic order (local before server 0),
/// with its objective.
pub fn enumerate(view: &View<'_>, tau: f64) -> (Decision, Cost) {
    let must_offload = above(view, tau);
    let places = view.servers.len() + 1;
    let mut digits = vec![0usize; view.queries.len()];
    let mut best: Option<(Decision, Cost)> = None;
    loop {
        let decision = Decision {
            choices: digits
                .iter()
                .map(|&digit| match digit {
                    0 => Choice::Local,
                    server => Choice::Edge(server - 1),
                })
                .collect(),
        };
        let allowed = digits
            .iter()
            .zip(&must_offload)
            .all(|(&digit, &must)| digit > 0 || !must);
        if allowed {
            let cost = Evaluation::new(view, &decision).cost();
            if best
                .as_ref()
                .is_none_or(|(_, least)| cost.order(least).is_lt())
            {
                best = Some((decision, cost));
            }
        }
        let Some(at) = digits.iter().rposition(|&digit| digit + 1 < places) else {
            break;
        };
        digits[at] += 1;
        digits[at + 1..].fill(0);
    }
    best.unwrap_or_else(|| (Decision::all_local(0), Cost::default()))
}

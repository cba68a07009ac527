//! The greedy core where shares are not equal. A gap evaluated earlier bounds nothing then:
//! with an alpha below 1 the share of a query may grow while others are placed. Every gap is
//! evaluated at each step.

use super::{Until, Weight};
use crate::snapshot::{Choice, Decision, Load};

/// Connects candidates to servers, least gap first, and writes it into `decision`.
pub(super) fn place(
    load: &mut Load<'_>,
    queries: impl IntoIterator<Item = usize>,
    weight: Weight,
    until: Until,
    decision: &mut Decision,
) {
    let mut candidates: Vec<usize> = queries.into_iter().collect();
    loop {
        // Least gap, then least query, then least server.
        let mut best: Option<(f64, usize, usize)> = None;
        for (at, &query) in candidates.iter().enumerate() {
            for (server, _) in load.view().links_of(query).iter() {
                let gap = gap(load, query, server, weight);
                if best.is_none_or(|(least, ..)| gap < least) {
                    best = Some((gap, at, server));
                }
            }
        }
        let Some((gap, at, server)) = best else {
            return;
        };
        if until == Until::NoGain && gap >= 0.0 {
            return;
        }
        let query = candidates.remove(at);
        decision.choices[query] = Choice::Edge(server);
        load.connect(query, server);
    }
}

/// The gap of a query and a server (Eq. 18) as the load is by now.
fn gap(load: &Load<'_>, query: usize, server: usize, weight: Weight) -> f64 {
    let view = load.view();
    let gap = (load.edge_delay(query, server) - view.local_delay(query)).0;
    match weight {
        Weight::Uncertainty if gap < f64::INFINITY => view.queries[query].uncertainty * gap,
        _ => gap,
    }
}

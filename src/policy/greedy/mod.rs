//! The greedy core that the paper's policies share: place the query and server
//! of the least delay gap, again and again.
//!
//! The gap of a candidate (Eq. 18) only grows while others are placed: shares
//! shrink and interference rises. A gap computed earlier is therefore a lower bound
//! of the gap now, and a priority queue over the queries' bounds finds the least gap
//! by recomputing only what comes to its top: first a fast bound, and where that
//! stays on top the gap itself. It picks exactly what recomputing everything at each
//! step picks ([`literal`](super::literal) does that), ties included: least gap, then
//! least query, then least server.

mod gaps;

use crate::snapshot::{Choice, Decision, Load, View};
use gaps::Gaps;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// What the delay gap is weighted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The query's uncertainty (Eq. 18).
    Uncertainty,
    /// Nothing (Algorithm 2).
    One,
}

/// When placing ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When every candidate is placed.
    AllPlaced,
    /// Before the first placement whose gap is zero or more.
    NoGain,
}

/// The weighted delay gap Delta of a query that would join a server now (Eq. 18),
/// in seconds; infinite over a link that carries nothing.
fn delay_gap(load: &Load<'_>, query: usize, server: usize, gain: f64, weight: Weight) -> f64 {
    let gap = (load.edge_delay_over(query, server, gain) - load.view().local_delay(query)).0;
    weight.of(load.view(), query, gap)
}

impl Weight {
    fn of(self, view: &View<'_>, query: usize, gap: f64) -> f64 {
        match self {
            Self::One => gap,
            // An uncertainty of zero must not turn an unusable link into NaN.
            Self::Uncertainty if gap == f64::INFINITY => gap,
            // Adding zero turns -0.0 into 0.0: a tie must compare as one.
            Self::Uncertainty => view.queries[query].uncertainty * gap + 0.0,
        }
    }
}

/// A query that waits in the queue with a bound of its least gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Gap and query, most significant first, so that one comparison orders
    /// candidates and breaks ties.
    rank: u128,
    /// How many queries had been placed when the gap was computed.
    placed_then: u32,
    /// The server of the least gap, once that is exact.
    server: Option<u32>,
}

const SIGN: u64 = 1 << 63;

impl Candidate {
    fn new(query: usize, gap: f64, placed_then: u32, server: Option<usize>) -> Self {
        // The bits of a float, turned so that they order as the floats do.
        let bits = gap.to_bits();
        let ordered = if bits & SIGN != 0 { !bits } else { bits | SIGN };
        Self {
            rank: (ordered as u128) << 64 | query as u128,
            placed_then,
            server: server.map(|server| server as u32),
        }
    }

    fn gains(&self) -> bool {
        ((self.rank >> 64) as u64) < SIGN
    }

    fn query(&self) -> usize {
        self.rank as u64 as usize
    }
}

/// Connects candidates to servers, least gap first, and writes it into `decision`.
///
/// `queries` are indices of waiting queries, none of which `decision` has placed.
pub fn place(
    load: &mut Load<'_>,
    queries: impl IntoIterator<Item = usize>,
    weight: Weight,
    until: Until,
    decision: &mut Decision,
) {
    let mut gaps = Gaps::new(load, weight);
    let mut placed = 0u32;
    let mut queue: BinaryHeap<Reverse<Candidate>> = queries
        .into_iter()
        .map(|query| Reverse(Candidate::new(query, gaps.bound(load, query), placed, None)))
        .collect();
    while let Some(mut top) = queue.peek_mut() {
        let candidate = top.0;
        let query = candidate.query();
        if until == Until::NoGain && !candidate.gains() {
            // Even a stale gap is a lower bound: nothing can gain any more.
            break;
        }
        if candidate.placed_then != placed {
            let bound = gaps.bound(load, query);
            top.0 = Candidate::new(query, bound, placed, None);
            continue;
        }
        let Some(server) = candidate.server else {
            let (gap, server) = gaps.least(load, query);
            top.0 = Candidate::new(query, gap, placed, Some(server));
            continue;
        };
        PeekMut::pop(top);
        decision.choices[query] = Choice::Edge(server as usize);
        load.connect(query, server as usize);
        gaps.connected();
        placed += 1;
    }
}

/// Offloads every query that must be and that `decision` has left on its device,
/// least gap first, with the queries that it has offloaded connected already.
pub fn place_missing(view: &View<'_>, must_offload: &[bool], decision: &mut Decision) {
    let missing: Vec<usize> = (0..must_offload.len())
        .filter(|&query| must_offload[query] && decision.choices[query] == Choice::Local)
        .collect();
    if missing.is_empty() {
        return;
    }
    let mut load = Load::new(view);
    for (query, choice) in decision.choices.iter().enumerate() {
        if let Choice::Edge(server) = *choice {
            load.connect(query, server);
        }
    }
    place(
        &mut load,
        missing,
        Weight::Uncertainty,
        Until::AllPlaced,
        decision,
    );
}

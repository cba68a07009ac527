//! The greedy core that the paper's policies share: place the query and server
//! of the least delay gap, again and again.
//!
//! The gap of a candidate (Eq. 18) only grows while others are placed: shares
//! shrink and interference rises, and rounding keeps that order. A gap computed
//! earlier is therefore a lower bound of the gap now, and a priority queue over
//! such bounds finds the least gap by recomputing only what comes to its top.
//! It picks exactly what recomputing everything at each step picks
//! ([`literal`](super::literal) does that), ties included: least gap, then least
//! query, then least server.

use crate::snapshot::{Choice, Decision, Load, View};
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
pub fn delay_gap(load: &Load<'_>, query: usize, server: usize, weight: Weight) -> f64 {
    let gap = (load.edge_delay(query, server) - load.view().local_delay(query)).0;
    match weight {
        Weight::One => gap,
        // An uncertainty of zero must not turn an unusable link into NaN.
        Weight::Uncertainty if gap == f64::INFINITY => gap,
        // Adding zero turns -0.0 into 0.0: a tie must compare as one.
        Weight::Uncertainty => load.view().queries[query].uncertainty * gap + 0.0,
    }
}

/// A (query, server) pair that waits in the queue with a bound of its gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Gap, query and server, most significant first, so that one comparison
    /// orders candidates and breaks ties.
    rank: u128,
    /// How many queries had been placed when the gap was computed.
    placed_then: u32,
}

const SIGN: u64 = 1 << 63;

impl Candidate {
    fn new(gap: f64, query: usize, server: usize, placed_then: u32) -> Self {
        // The bits of a float, turned so that they order as the floats do.
        let bits = gap.to_bits();
        let ordered = if bits & SIGN != 0 { !bits } else { bits | SIGN };
        Self {
            rank: (ordered as u128) << 64 | (query as u128) << 32 | server as u128,
            placed_then,
        }
    }

    fn gains(&self) -> bool {
        ((self.rank >> 64) as u64) < SIGN
    }

    fn query(&self) -> usize {
        (self.rank >> 32) as u32 as usize
    }

    fn server(&self) -> usize {
        self.rank as u32 as usize
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
    let servers = load.view().servers.len();
    let mut placed = 0u32;
    let mut queue: BinaryHeap<Reverse<Candidate>> = queries
        .into_iter()
        .flat_map(|query| (0..servers).map(move |server| (query, server)))
        .map(|(query, server)| {
            let gap = delay_gap(load, query, server, weight);
            Reverse(Candidate::new(gap, query, server, placed))
        })
        .collect();
    while let Some(mut top) = queue.peek_mut() {
        let candidate = top.0;
        let query = candidate.query();
        if decision.choices[query] != Choice::Local {
            PeekMut::pop(top);
        } else if until == Until::NoGain && !candidate.gains() {
            // Even a stale gap is a lower bound: nothing can gain any more.
            break;
        } else if candidate.placed_then == placed {
            PeekMut::pop(top);
            decision.choices[query] = Choice::Edge(candidate.server());
            load.connect(query, candidate.server());
            placed += 1;
        } else {
            let server = candidate.server();
            let gap = delay_gap(load, query, server, weight);
            top.0 = Candidate::new(gap, query, server, placed);
        }
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

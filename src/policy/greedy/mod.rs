//! The greedy core that the paper's policies share: place the query and server
//! of the least delay gap, again and again.
//!
//! The gap of a candidate (Eq. 18) only grows while others are placed: shares
//! shrink and interference rises. A gap computed earlier is therefore a lower bound
//! of the gap now, and a priority queue over the queries' bounds finds the least gap
//! by recomputing only what comes to its top: first a bound without a logarithm, where
//! that stays on top a closer one, and where that does the gap itself. It picks exactly what recomputing everything at each
//! step picks ([`literal`](super::literal) does that), ties included: least gap, then
//! least query, then least server.

mod prospects;

use crate::snapshot::{Choice, Decision, Load, View};
use prospects::Prospect;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

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

/// A query that waits in the queue with a bound of its least gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Gap and query, most significant first, so that one comparison orders
    /// candidates and breaks ties.
    rank: u128,
    /// How many queries had been placed when the gap was computed.
    placed_then: u32,
    /// Its place among the prospects.
    at: u32,
    known: Known,
}

/// What a candidate's gap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    /// A bound from cycles counted earlier.
    Bound,
    /// A bound from cycles counted when it was computed.
    CloseBound,
    /// The gap itself, at the server of the least one.
    Gap { server: u32 },
}

const SIGN: u64 = 1 << 63;

/// The bits of a gap, turned so that they order as gaps do.
fn gap_rank(gap: f64) -> u128 {
    let bits = gap.to_bits();
    u128::from(if bits & SIGN != 0 { !bits } else { bits | SIGN })
}

impl Candidate {
    fn new(gap: f64, query: usize, at: u32, placed_then: u32, known: Known) -> Self {
        Self {
            rank: gap_rank(gap) << 64 | query as u128,
            placed_then,
            at,
            known,
        }
    }

    /// The same with another gap.
    fn again(self, gap: f64, placed_then: u32, known: Known) -> Self {
        Self::new(gap, self.rank as u64 as usize, self.at, placed_then, known)
    }

    fn gains(&self) -> bool {
        ((self.rank >> 64) as u64) < SIGN
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
    let best_offer = load.best_offer();
    let mut placed = 0u32;
    let mut prospects: Vec<Prospect> = queries
        .into_iter()
        .map(|query| Prospect::new(load, query, weight, &best_offer))
        .collect();
    let candidates = prospects.iter().enumerate().map(|(at, prospect)| {
        let (gap, query) = (prospect.bound(load), prospect.query());
        Reverse(Candidate::new(
            gap,
            query,
            at as u32,
            placed,
            Known::CloseBound,
        ))
    });
    let mut queue: BinaryHeap<Reverse<Candidate>> = candidates.collect();
    while let Some(&Reverse(candidate)) = queue.peek() {
        if until == Until::NoGain && !candidate.gains() {
            // Even a stale gap is a lower bound: nothing can gain any more.
            break;
        }
        let prospect = &mut prospects[candidate.at as usize];
        if candidate.placed_then != placed {
            // What comes first again is bounded too far off by cycles of earlier.
            let known = match candidate.known {
                Known::Bound => {
                    prospect.count_cycles(load);
                    Known::CloseBound
                }
                Known::CloseBound | Known::Gap { .. } => Known::Bound,
            };
            if let Some(mut top) = queue.peek_mut() {
                top.0 = candidate.again(prospect.bound(load), placed, known);
            }
            continue;
        }
        queue.pop();
        if candidate.known == Known::Bound {
            prospect.count_cycles(load);
        }
        let next = queue.peek().map_or(u128::MAX, |next| next.0.rank >> 64);
        let wins = |gap| gap_rank(gap) < next && (until == Until::AllPlaced || gap < 0.0);
        let server = if let Known::Gap { server } = candidate.known {
            server as usize
        } else if let Some((_, server)) = prospect.certain(load).filter(|found| wins(found.0)) {
            server
        } else {
            let (gap, server) = prospect.least(load);
            let server = server as u32;
            let candidate = candidate.again(gap, placed, Known::Gap { server });
            queue.push(Reverse(candidate));
            continue;
        };
        decision.choices[prospect.query()] = Choice::Edge(server);
        load.connect(prospect.query(), server);
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

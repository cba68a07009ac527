//! The greedy core that the paper's policies share: place the query and server
//! of the least delay gap, again and again.
//!
//! The gap of a candidate (Eq. 18) only grows while others are placed: shares
//! shrink and interference rises. A gap computed earlier is therefore a lower bound
//! of the gap now, and a priority queue over the queries' bounds finds the least gap by
//! evaluating only what comes first: the lazy greedy of Minoux (Optimization Techniques,
//! 1978), known as CELF (Leskovec et al., KDD 2007). An evaluation goes in steps: a bound
//! without a logarithm, where that stays first a closer one, and where that does the gap
//! itself. It picks exactly what evaluating everything at each step picks
//! ([`literal`](super::literal) does that), ties included: least gap, then least query, then
//! least server. Only where shares are not equal every gap is evaluated at each step.

mod candidate;
mod every_gap;
mod shortlist;

use crate::snapshot::{Choice, Decision, Load, View};
use crate::units::{RANK_OF_ZERO, rank_of};
use candidate::Candidate;
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

/// An entry of the queue: a candidate's gap, or a bound of it, and its place among the
/// candidates. One number orders by both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u128);

/// What is known of a candidate's gap.
#[derive(Debug, Clone, Copy)]
struct Evaluated {
    /// How many queries had been placed when it was evaluated.
    placed_then: u32,
    known: Known,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// A bound from cycles counted earlier.
    Bound,
    /// A bound from cycles counted when it was evaluated.
    CloseBound,
    /// The gap itself, at the server of the least one.
    Gap { server: u32 },
}

impl Entry {
    fn new(gap: f64, at: usize) -> Self {
        Self(u128::from(rank_of(gap)) << 64 | at as u128)
    }

    fn rank(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// Its place among the candidates.
    fn at(self) -> usize {
        self.0 as u64 as usize
    }
}

/// Connects candidates to servers, least gap first, and writes it into `decision`.
///
/// `queries` are indices of waiting queries, ascending, none of which `decision` has
/// placed.
pub fn place(
    load: &mut Load<'_>,
    queries: impl IntoIterator<Item = usize>,
    weight: Weight,
    until: Until,
    decision: &mut Decision,
) {
    if !load.view().allocations.are_equal() {
        return every_gap::place(load, queries, weight, until, decision);
    }
    let queries = queries.into_iter();
    // As many as there may be: growing would copy those that are there.
    let mut candidates: Vec<Candidate> = Vec::with_capacity(queries.size_hint().1.unwrap_or(0));
    let mut entries = Vec::with_capacity(candidates.capacity());
    for (at, query) in queries.enumerate() {
        candidates.push(Candidate::new(load, query, weight));
        entries.push(Reverse(Entry::new(candidates[at].bound(load), at)));
    }
    debug_assert!(candidates.is_sorted_by_key(Candidate::query));
    let mut placed = 0;
    let at_first = Evaluated {
        placed_then: placed,
        known: Known::CloseBound,
    };
    let mut evaluated = vec![at_first; candidates.len()];
    let mut queue = BinaryHeap::from(entries);
    loop {
        let Some(mut first) = queue.peek_mut() else {
            break;
        };
        let (at, rank) = (first.0.at(), first.0.rank());
        if until == Until::NoGain && rank >= RANK_OF_ZERO {
            // Even a bound is: nothing can gain any more.
            break;
        }
        let (candidate, now) = (&mut candidates[at], &mut evaluated[at]);
        if now.placed_then != placed {
            *now = Evaluated {
                placed_then: placed,
                known: Known::Bound,
            };
            *first = Reverse(Entry::new(candidate.bound(load), at));
            continue;
        }
        let counts = now.known == Known::Bound;
        if counts {
            // Before the queue is put in order: the processor does both at once.
            candidate.count_cycles(load);
        }
        PeekMut::pop(first);
        let next = queue.peek().map_or(u64::MAX, |next| next.0.rank());
        let wins = |gap| rank_of(gap) < next && (until == Until::AllPlaced || gap < 0.0);
        let server = if let Known::Gap { server } = now.known {
            server as usize
        } else if let Some((_, server)) = candidate.certain(load).filter(|found| wins(found.0)) {
            server
        } else {
            let bound = candidate.bound(load);
            let gap = if counts && rank_of(bound) > next {
                now.known = Known::CloseBound;
                bound
            } else {
                let (gap, server) = candidate.least(load);
                let server = server as u32;
                now.known = Known::Gap { server };
                gap
            };
            queue.push(Reverse(Entry::new(gap, at)));
            continue;
        };
        decision.choices[candidate.query()] = Choice::Edge(server);
        load.connect(candidate.query(), server);
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

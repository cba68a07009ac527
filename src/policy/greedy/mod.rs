//! The greedy core that the paper's policies share: place the query and server
//! of the least delay gap, again and again.
//!
//! The gap of a candidate (Eq. 18) only grows while others are placed: shares
//! shrink and interference rises. A gap computed earlier is therefore a lower bound
//! of the gap now, and a priority queue over the queries' bounds finds the least gap by
//! recomputing only what comes first: a bound without a logarithm, where that stays
//! first a closer one, and where that does the gap itself. Where there are very many, most
//! wait outside of the queue (`ladder.rs`). It picks exactly what recomputing everything at
//! each step picks ([`literal`](super::literal) does that), ties included: least gap, then
//! least query, then least server.

mod ladder;
mod prospects;
mod shortlist;

use crate::snapshot::{Choice, Decision, Load, View};
use ladder::Ladder;
use prospects::Prospect;

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

/// A prospect's gap, or a bound of it, and its place: one number orders by both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate(u128);

/// What a candidate's gap is.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// How many queries had been placed when it was computed.
    placed_then: u32,
    known: Known,
}

impl Look {
    /// At the bound alone, with so many placed.
    fn at_bound(placed_then: u32) -> Self {
        Self {
            placed_then,
            known: Known::Bound,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
fn gap_rank(gap: f64) -> u64 {
    let bits = gap.to_bits();
    if bits & SIGN != 0 { !bits } else { bits | SIGN }
}

impl Candidate {
    /// No candidate comes before it.
    const BEFORE: Self = Self(0);
    /// Every candidate comes before it.
    const BEYOND: Self = Self(u128::MAX);

    fn new(gap: f64, at: usize) -> Self {
        Self(u128::from(gap_rank(gap)) << 64 | at as u128)
    }

    fn rank(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// Its place among the prospects.
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
    let queries = queries.into_iter();
    // As many as there may be: growing would copy those that are there.
    let mut prospects: Vec<Prospect> = Vec::with_capacity(queries.size_hint().1.unwrap_or(0));
    let mut bounds = Vec::with_capacity(prospects.capacity());
    for (at, query) in queries.enumerate() {
        prospects.push(Prospect::new(load, query, weight));
        bounds.push(Candidate::new(prospects[at].bound(load), at));
    }
    debug_assert!(prospects.is_sorted_by_key(Prospect::query));
    let mut placed = 0;
    let first_look = Look {
        placed_then: placed,
        known: Known::CloseBound,
    };
    let mut looks = vec![first_look; prospects.len()];
    let mut ladder = Ladder::new(bounds);
    loop {
        let renew = |candidates: &mut [Candidate]| {
            for candidate in candidates {
                let at = candidate.at();
                if looks[at].placed_then != placed {
                    looks[at] = Look::at_bound(placed);
                    *candidate = Candidate::new(prospects[at].bound(load), at);
                }
            }
        };
        let Some(first) = ladder.first(renew) else {
            break;
        };
        let (at, rank) = (first.at(), first.rank());
        if until == Until::NoGain && rank >= SIGN {
            // Even a bound is: nothing can gain any more.
            break;
        }
        let (prospect, look) = (&mut prospects[at], &mut looks[at]);
        if look.placed_then != placed {
            *look = Look::at_bound(placed);
            ladder.renew_first(Candidate::new(prospect.bound(load), at));
            continue;
        }
        let counts = look.known == Known::Bound;
        if counts {
            // Before the queue is put in order: the processor does both at once.
            prospect.count_cycles(load);
        }
        let next = ladder.take_first().rank();
        let wins = |gap| gap_rank(gap) < next && (until == Until::AllPlaced || gap < 0.0);
        let server = if let Known::Gap { server } = look.known {
            server as usize
        } else if let Some((_, server)) = prospect.certain(load).filter(|found| wins(found.0)) {
            server
        } else {
            let bound = prospect.bound(load);
            let gap = if counts && gap_rank(bound) > next {
                look.known = Known::CloseBound;
                bound
            } else {
                let (gap, server) = prospect.least(load);
                let server = server as u32;
                look.known = Known::Gap { server };
                gap
            };
            ladder.put_back(Candidate::new(gap, at));
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

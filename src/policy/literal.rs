//! Algorithms 1 and 2 as the paper prints them: every gap recomputed at every
//! step. Slow and obvious; the oracle that the fast greedy core is held to.

use super::greedy::{Until, Weight};
use crate::physics::{radio, share};
use crate::snapshot::{Choice, ComputeLoad, Decision, View, WaitingQuery, services};
use crate::units::Watts;

/// Algorithm 1 (GOA) with threshold `tau`.
pub fn algorithm_1(view: &View<'_>, tau: f64) -> Decision {
    let mut state = State::new(view);
    let (forced, free): (Vec<usize>, Vec<usize>) =
        (0..view.queries.len()).partition(|&i| view.queries[i].uncertainty > tau);
    state.run(forced, Weight::Uncertainty, Until::AllPlaced);
    state.run(free, Weight::Uncertainty, Until::NoGain);
    state.decision
}

/// Algorithm 2 (delay minimisation).
pub fn algorithm_2(view: &View<'_>) -> Decision {
    let mut state = State::new(view);
    state.run(
        (0..view.queries.len()).collect(),
        Weight::One,
        Until::NoGain,
    );
    state.decision
}

/// Algorithm 1's step 1 with the given queries in its set.
pub fn step_1(view: &View<'_>, queries: Vec<usize>, weight: Weight) -> Decision {
    let mut state = State::new(view);
    state.run(queries, weight, Until::AllPlaced);
    state.decision
}

struct State<'v> {
    view: &'v View<'v>,
    decision: Decision,
    /// The offloaded queries and their servers, in the order they were placed.
    placed: Vec<(usize, usize)>,
}

impl<'v> State<'v> {
    fn new(view: &'v View<'v>) -> Self {
        Self {
            view,
            decision: Decision::all_local(view.queries.len()),
            placed: Vec::new(),
        }
    }

    fn run(&mut self, mut candidates: Vec<usize>, weight: Weight, until: Until) {
        while !candidates.is_empty() {
            let mut best: Option<(f64, usize, usize)> = None;
            for (at, &i) in candidates.iter().enumerate() {
                for j in 0..self.view.servers.len() {
                    let delta = self.delta(i, j, weight);
                    if best.is_none_or(|(least, ..)| delta < least) {
                        best = Some((delta, at, j));
                    }
                }
            }
            let Some((delta, at, j)) = best else { break };
            if until == Until::NoGain && delta >= 0.0 {
                break;
            }
            let i = candidates.remove(at);
            self.decision.choices[i] = Choice::Edge(j);
            self.placed.push((i, j));
        }
    }

    /// Eq. 18, everything it rests on recomputed from the list of placed queries.
    fn delta(&self, i: usize, j: usize, weight: Weight) -> f64 {
        let (query, server) = (&self.view.queries[i], &self.view.servers[j]);
        if !self.view.allocations.are_equal() {
            let mut joined = self.decision.clone();
            joined.choices[i] = Choice::Edge(j);
            let delay = services(self.view, &joined)[i].total();
            return weighted((delay - self.view.local_delay(i)).0, query, weight);
        }
        let connected = server.connected + self.placed.iter().filter(|p| p.1 == j).count() + 1;
        let power = |i: usize, j: usize| self.view.tx_power.0 * self.view.gain(i, j);
        let interference = match self.view.interference {
            radio::Interference::Orthogonal => 0.0,
            radio::Interference::CoChannel => self
                .placed
                .iter()
                .filter(|p| p.1 != j)
                .fold(server.from_others.0, |sum, p| sum + power(p.0, j)),
            radio::Interference::AsPrinted => (0..self.view.servers.len())
                .filter(|&k| k != j)
                .map(|k| {
                    self.placed
                        .iter()
                        .filter(|p| p.1 == k)
                        .fold(self.view.servers[k].from_own.0, |sum, p| {
                            sum + power(p.0, k)
                        })
                })
                .sum(),
        };
        let sinr = radio::sinr(Watts(power(i, j)), Watts(interference), server.noise);
        let uplink = query.bits / radio::rate(share::bandwidth(server.bandwidth, connected), sinr);
        let mut load = ComputeLoad::of(server);
        for placed in self.placed.iter().filter(|placed| placed.1 == j) {
            load.connect(&self.view.compute_needs(placed.0));
        }
        let compute = load.delay(&self.view.compute_needs(i));
        let gap = (uplink + compute + server.latency - self.view.local_delay(i)).0;
        weighted(gap, query, weight)
    }
}

fn weighted(gap: f64, query: &WaitingQuery, weight: Weight) -> f64 {
    match weight {
        Weight::One => gap,
        Weight::Uncertainty if gap == f64::INFINITY => gap,
        Weight::Uncertainty => query.uncertainty * gap,
    }
}

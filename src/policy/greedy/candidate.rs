//! What a waiting query may expect of the servers: lower bounds of its least delay
//! gap, each closer and dearer than the one before, and the gap itself.
//!
//! Where many servers are within reach only a [`Shortlist`] is evaluated one by one: the
//! links of the least bounds at first. All others together have one bound, the least of
//! theirs then. Where that comes first, the shortlist is drawn up anew, from bounds over
//! every link as the load is by now. No server is left out that could have won.

use super::Weight;
use super::shortlist::{Bounds, Demand, Listed, Shortlist, bound_all};
use crate::snapshot::{Load, MARGIN};

/// One waiting query's candidates.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    query: u32,
    /// What the gap is weighted by.
    weight: f64,
    demand: Demand,
    /// A hair above the local delay.
    local_s: f64,
    shortlist: Shortlist,
    /// A bound of the delay over the links that are not on the shortlist.
    others_s: f64,
}

impl Candidate {
    /// Of a query under a load.
    // A call would leave it where it has to be copied from.
    #[inline(always)]
    pub fn new(load: &Load<'_>, query: usize, weight: Weight) -> Self {
        let view = load.view();
        let waiting = &view.queries[query];
        let needs = view.compute_needs(query);
        let demand = Demand {
            bits: waiting.bits.0 * (1.0 - MARGIN),
            work: needs.work * (1.0 - MARGIN),
            own_s: needs.own_s * (1.0 - MARGIN),
        };
        let listed = Listed::under(load, view.links_of(query), demand);
        let mut candidate = Self {
            query: query as u32,
            weight: match weight {
                Weight::Uncertainty => waiting.uncertainty,
                Weight::One => 1.0,
            },
            demand,
            local_s: view.local_delay(query).0 * (1.0 + MARGIN),
            shortlist: Shortlist::of(&listed, demand, view.tx_power),
            others_s: listed.others_s,
        };
        candidate.count_cycles(load);
        candidate
    }

    /// The waiting query.
    pub fn query(&self) -> usize {
        self.query as usize
    }

    /// A lower bound of the least gap over all servers, now and later.
    #[inline]
    pub fn bound(&self, load: &Load<'_>) -> f64 {
        let bounds = self.shortlist.delay_bounds(load, self.demand);
        self.gap(bounds.into_iter().fold(self.others_s, less))
    }

    /// Counts cycles anew, so that [`Candidate::bound`] is close.
    pub fn count_cycles(&mut self, load: &Load<'_>) {
        self.shortlist.count_cycles(load, self.demand);
    }

    /// The server of the least gap, if bounds alone tell it, and what that gap is at
    /// most. Cycles must have been counted under this load.
    #[inline]
    pub fn certain(&self, load: &Load<'_>) -> Option<(f64, usize)> {
        let bounds = self.shortlist.delay_bounds(load, self.demand);
        let first = first_of_least(&bounds);
        // The other way round: as far above the gap as bounds are below.
        let at_most = bounds[first] * (1.0 + 4.0 * MARGIN) - self.local_s * (1.0 - 3.0 * MARGIN);
        let at_most = self.weighted(at_most + at_most.abs() * MARGIN);
        let mut others = bounds;
        others[first] = self.others_s;
        let next = others.into_iter().fold(f64::INFINITY, less);
        (self.gap(next) > at_most).then_some((at_most, self.shortlist.server(first)))
    }

    /// The least gap, and its server; of equal gaps the least server. Cycles must have
    /// been counted under this load.
    pub fn least(&mut self, load: &Load<'_>) -> (f64, usize) {
        let best = self.least_on_shortlist(load);
        if self.others_s == f64::INFINITY || self.gap(self.others_s) > best.0 {
            return best;
        }
        // A link that is not on the shortlist may win.
        let links = load.view().links_of(self.query());
        let listed = Listed::under(load, links, self.demand);
        self.shortlist = Shortlist::of(&listed, self.demand, load.view().tx_power);
        self.others_s = listed.others_s;
        self.count_cycles(load);
        let best = self.least_on_shortlist(load);
        if self.gap(self.others_s) > best.0 {
            return best;
        }
        // It still may: evaluate every link whose bound leaves that open.
        let mut memory = Bounds::new();
        let bounds = bound_all(load, links, self.demand, &mut memory);
        self.least_among(load, bounds, |place| {
            (links.server(place), links.gain(place))
        })
    }

    fn least_on_shortlist(&self, load: &Load<'_>) -> (f64, usize) {
        let bounds = self.shortlist.delay_bounds(load, self.demand);
        self.least_among(load, &bounds, |at| {
            let server = self.shortlist.server(at);
            (server, load.view().gain(self.query(), server))
        })
    }

    /// The least gap over links, of whose delays bounds are known.
    fn least_among(
        &self,
        load: &Load<'_>,
        bounds: &[f64],
        link: impl Fn(usize) -> (usize, f64),
    ) -> (f64, usize) {
        let gap_at = |at: usize| {
            let (server, gain) = link(at);
            let delay = load.edge_delay_over(self.query(), server, gain);
            let gap = (delay - load.view().local_delay(self.query())).0;
            (self.weighted(gap), server)
        };
        let first = first_of_least(bounds);
        let mut best = gap_at(first);
        for at in (0..bounds.len()).filter(|&at| at != first) {
            // Of links that carry nothing the first is the least.
            if bounds[at] < f64::INFINITY && self.gap(bounds[at]) <= best.0 {
                let found = gap_at(at);
                if found.0 < best.0 || (found.0 == best.0 && found.1 < best.1) {
                    best = found;
                }
            }
        }
        best
    }

    /// A bound of the gap from one of the delay.
    fn gap(&self, delay_bound_s: f64) -> f64 {
        self.weighted(delay_bound_s - self.local_s)
    }

    fn weighted(&self, gap: f64) -> f64 {
        // An uncertainty of zero must not turn an unusable link into NaN.
        if gap == f64::INFINITY {
            return gap;
        }
        // Adding zero turns -0.0 into 0.0: a tie must compare as one.
        self.weight * gap + 0.0
    }
}

/// The place of the least number; of equal ones the first.
#[inline]
fn first_of_least(numbers: &[f64]) -> usize {
    let mut first = 0;
    for at in 1..numbers.len() {
        if numbers[at] < numbers[first] {
            first = at;
        }
    }
    first
}

/// The lesser of two numbers, neither of which is NaN.
fn less(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

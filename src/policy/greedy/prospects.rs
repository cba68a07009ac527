//! What a waiting query may expect of the servers: lower bounds of its least delay
//! gap, each closer and dearer than the one before, and the gap itself.
//!
//! A delay is cycles of bandwidth (bits over spectral efficiency) times seconds per
//! cycle, and work times seconds per FLOP. What servers ask per cycle and per FLOP is
//! read as it is now. The cycles, which take a logarithm, are followed from those of an
//! earlier load: with y = 1 / SINR, bits / log2(1 + 1/y) is bits x ln 2 times the
//! logarithmic mean of y and y + 1, which is concave in y and whose slope falls to 1.
//! So, as interference only grows, they grow at least as bits x ln 2 x y does, and where
//! interference drowns the signal by no more than that.
//!
//! Where many servers are within reach only a shortlist is looked at one by one: at
//! first the strongest links. All others together have one bound, from the best that
//! any server offers over the strongest link among them. Where that bound comes first,
//! the shortlist is drawn up anew, from bounds over every link as the load is by then.
//! No server is left out that could have won.

use super::Weight;
use crate::physics::gains::{LinkGains, STRONGEST, Strongest};
use crate::physics::logarithm::{log2_1p, log2_1p_of_inverse};
use crate::snapshot::{BestOffer, Load, OfferLanes};
use crate::units::Watts;
use prefetch_index::prefetch_index;
use smallvec::SmallVec;
use std::f64::consts::LN_2;
use std::slice::from_ref;

/// By how much bounds stay below what they bound, relative to it: more than rounding
/// and the fast logarithm can do.
const MARGIN: f64 = 1e-14;

/// One waiting query's prospects.
#[derive(Debug, Clone)]
pub(super) struct Prospect {
    query: u32,
    /// What the gap is weighted by.
    weight: f64,
    /// A hair below the bits and the work, a hair above the local delay.
    bits: f64,
    work_flop: f64,
    local_s: f64,
    shortlist: Shortlist,
    /// A bound of the delay over the links that are not on the shortlist.
    others_s: f64,
}

/// The first servers in order, which offer side by side.
const FIRST: [u32; STRONGEST] = [0, 1, 2, 3];

/// Links that are looked at one by one; places that are not needed have no cycles
/// that are enough.
#[derive(Debug, Clone, Copy)]
struct Shortlist {
    servers: [u32; STRONGEST],
    /// Cycles of bandwidth that the query needs at least: `base` plus `slope` times
    /// interference and noise, in watts.
    base: [f64; STRONGEST],
    /// Bits x ln 2 over the received power; 0 over a link that carries nothing.
    slope: [f64; STRONGEST],
}

impl Prospect {
    /// Of a query under a load; `best_offer` is the best that any server offers.
    // A call would leave it where it has to be copied from.
    #[inline(always)]
    pub fn new(load: &Load<'_>, query: usize, weight: Weight, best_offer: &BestOffer) -> Self {
        let view = load.view();
        let (waiting, links) = (&view.queries[query], view.links_of(query));
        let bits = waiting.bits.0 * (1.0 - MARGIN);
        let cycles_per_y = bits * LN_2;
        let (shortlist, others_s) = match links.strongest() {
            None if links.servers().is_none() => (
                Shortlist::of_all(links.gains(), cycles_per_y, view.tx_power),
                f64::INFINITY,
            ),
            None => (
                Shortlist::of(links.iter(), cycles_per_y, view.tx_power),
                f64::INFINITY,
            ),
            Some(Strongest { links, other_gain }) => {
                let links = links.into_iter().map(|(j, gain)| (j as usize, gain));
                (
                    Shortlist::of(links, cycles_per_y, view.tx_power),
                    best_offer.delay(view, query, other_gain) * (1.0 - 2.0 * MARGIN),
                )
            }
        };
        let mut prospect = Self {
            query: query as u32,
            weight: match weight {
                Weight::Uncertainty => waiting.uncertainty,
                Weight::One => 1.0,
            },
            bits,
            work_flop: waiting.llm_work.0 * (1.0 - MARGIN),
            local_s: view.local_delay(query).0 * (1.0 + MARGIN),
            shortlist,
            others_s,
        };
        prospect.count_cycles(load);
        prospect
    }

    /// The waiting query.
    pub fn query(&self) -> usize {
        self.query as usize
    }

    /// It is about to be looked at: asks memory for all lines of it.
    #[inline]
    pub fn expect(&self) {
        prefetch_index(from_ref(self), 0);
        prefetch_index(from_ref(&self.others_s), 0);
        prefetch_index(self.shortlist.base.as_slice(), 0);
        prefetch_index(self.shortlist.slope.as_slice(), 0);
    }

    /// A lower bound of the least gap over all servers, now and later.
    #[inline]
    pub fn bound(&self, load: &Load<'_>) -> f64 {
        let bounds = self.delay_bounds(load);
        self.gap(bounds.into_iter().fold(self.others_s, less))
    }

    /// Counts cycles anew, so that [`Prospect::bound`] is close.
    pub fn count_cycles(&mut self, load: &Load<'_>) {
        let mut room = OfferLanes::NONE;
        let offers = self.shortlist.offers(load, &mut room);
        let slope = self.shortlist.slope;
        let per_cycles = 1.0 / (self.bits * LN_2);
        // Lane by lane: the compiler makes vectors of each.
        let growth: [f64; STRONGEST] =
            std::array::from_fn(|at| slope[at] * offers.disturbance_w[at]);
        let efficiency = growth.map(|growth| log2_1p_of_inverse(growth * per_cycles));
        self.shortlist.base = std::array::from_fn(|at| {
            let base = self.bits / efficiency[at] - growth[at];
            if slope[at] > 0.0 { base } else { f64::INFINITY }
        });
    }

    /// The server of the least gap, if bounds alone tell it, and what that gap is at
    /// most. Cycles must have been counted under this load.
    #[inline]
    pub fn certain(&self, load: &Load<'_>) -> Option<(f64, usize)> {
        let bounds = self.delay_bounds(load);
        let mut first = 0;
        for at in 1..STRONGEST {
            if bounds[at] < bounds[first] {
                first = at;
            }
        }
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
        let bounds = self.draw_up_anew(load, links);
        let best = self.least_on_shortlist(load);
        if self.gap(self.others_s) > best.0 {
            return best;
        }
        // It still may, in a tie: look at every link.
        let gains = links.gains();
        self.least_among(load, &bounds, |place| (links.server(place), gains[place]))
    }

    #[inline]
    fn delay_bounds(&self, load: &Load<'_>) -> [f64; STRONGEST] {
        let Shortlist { base, slope, .. } = &self.shortlist;
        let mut room = OfferLanes::NONE;
        let offers = self.shortlist.offers(load, &mut room);
        let cycles = std::array::from_fn(|at| base[at] + slope[at] * offers.disturbance_w[at]);
        offers.delays(cycles, self.work_flop)
    }

    fn least_on_shortlist(&self, load: &Load<'_>) -> (f64, usize) {
        let bounds = self.delay_bounds(load);
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
        let first = (1..bounds.len()).fold(0, |first, at| {
            if bounds[at] < bounds[first] {
                at
            } else {
                first
            }
        });
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

    /// Puts the links of the least bounds on the shortlist, as the load is now, and
    /// returns the bounds over all. They only rise: the least of the others' now is a
    /// bound for later.
    fn draw_up_anew(&mut self, load: &Load<'_>, links: LinkGains<'_>) -> SmallVec<[f64; 64]> {
        let bounds: SmallVec<[f64; 64]> = links
            .iter()
            .map(|(server, gain)| {
                let offer = load.offer(server);
                let sinr = load.view().tx_power.0 * gain / offer.disturbance_w;
                offer.delay(self.bits / log2_1p(sinr), self.work_flop)
            })
            .collect();
        let mut places: SmallVec<[u32; 64]> = (0..bounds.len() as u32).collect();
        let by_bound = |a: &u32, b: &u32| bounds[*a as usize].total_cmp(&bounds[*b as usize]);
        let (first, next, _) = places.select_nth_unstable_by(STRONGEST, by_bound);
        self.others_s = bounds[*next as usize];
        let listed = first.iter().map(|&place| place as usize);
        let gains = links.gains();
        self.shortlist = Shortlist::of(
            listed.map(|place| (links.server(place), gains[place])),
            self.bits * LN_2,
            load.view().tx_power,
        );
        self.count_cycles(load);
        bounds
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

/// The lesser of two numbers, neither of which is NaN.
fn less(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

impl Shortlist {
    /// Of the links to the first servers, in order; cycles are still to be counted.
    #[inline]
    fn of_all(gains: &[f64], cycles_per_y: f64, tx_power: Watts) -> Self {
        let mut list = Self {
            servers: FIRST,
            base: [f64::INFINITY; STRONGEST],
            slope: [0.0; STRONGEST],
        };
        for (slope, gain) in list.slope.iter_mut().zip(gains) {
            let found = cycles_per_y / (tx_power.0 * gain);
            // A link so weak that this overflows carries nothing.
            *slope = if found < f64::INFINITY { found } else { 0.0 };
        }
        list
    }

    /// Of some links; cycles are still to be counted.
    fn of(links: impl Iterator<Item = (usize, f64)>, cycles_per_y: f64, tx_power: Watts) -> Self {
        let (mut servers, mut gains) = ([0; STRONGEST], [0.0; STRONGEST]);
        for (at, (server, gain)) in links.enumerate() {
            (servers[at], gains[at]) = (server as u32, gain);
        }
        Self {
            servers,
            ..Self::of_all(&gains, cycles_per_y, tx_power)
        }
    }

    fn server(&self, at: usize) -> usize {
        self.servers[at] as usize
    }

    /// What its servers offer; `room` is where that is put side by side.
    #[inline]
    fn offers<'l>(&self, load: &'l Load<'_>, room: &'l mut OfferLanes) -> &'l OfferLanes {
        if self.servers == FIRST {
            return load.first_offers();
        }
        *room = load.offers(self.servers);
        room
    }
}

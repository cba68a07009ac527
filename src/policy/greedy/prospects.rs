//! What a waiting query may expect of the servers: lower bounds of its least delay
//! gap, each closer and dearer than the one before, and the gap itself.
//!
//! A delay is cycles of bandwidth (bits over spectral efficiency) times seconds per
//! cycle, and work times seconds per FLOP. What servers ask per cycle and per FLOP is
//! read as it is now; the cycles, which take a logarithm, may be those of an earlier
//! load, for interference only grows.
//!
//! Where many servers are within reach only a shortlist is looked at one by one: at
//! first the strongest links. All others together have one bound, from the best that
//! any server offers over the strongest link among them. Where that bound comes first,
//! the shortlist is drawn up anew, from bounds over every link as the load is by then.
//! No server is left out that could have won.

use super::Weight;
use crate::physics::gains::{LinkGains, STRONGEST, Strongest};
use crate::physics::logarithm::log2_1p;
use crate::snapshot::{BestOffer, Load};
use smallvec::SmallVec;

/// By how much bounds stay below what they bound, relative to it: more than rounding
/// and the fast logarithm can do.
const MARGIN: f64 = 1e-14;

/// One waiting query's prospects.
#[derive(Debug, Clone)]
pub(super) struct Prospect {
    query: usize,
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

/// Links that are looked at one by one; those that are not needed have gain 0.
#[derive(Debug, Clone, Copy)]
struct Shortlist {
    servers: [u32; STRONGEST],
    gains: [f64; STRONGEST],
    /// Cycles of bandwidth that the query needs over each link, or fewer.
    cycles: [f64; STRONGEST],
}

impl Prospect {
    /// Of a query under a load; `best_offer` is the best that any server offers.
    pub fn new(load: &Load<'_>, query: usize, weight: Weight, best_offer: &BestOffer) -> Self {
        let view = load.view();
        let (waiting, links) = (&view.queries[query], view.links_of(query));
        let (shortlist, others_s) = match links.strongest() {
            None => (Shortlist::of(links.iter()), f64::INFINITY),
            Some(Strongest { links, other_gain }) => (
                Shortlist::of(links.into_iter().map(|(j, gain)| (j as usize, gain))),
                best_offer.delay(view, query, other_gain) * (1.0 - 2.0 * MARGIN),
            ),
        };
        let mut prospect = Self {
            query,
            weight: match weight {
                Weight::Uncertainty => waiting.uncertainty,
                Weight::One => 1.0,
            },
            bits: waiting.bits.0 * (1.0 - MARGIN),
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
        self.query
    }

    /// A lower bound of the least gap over all servers, now and later.
    pub fn bound(&self, load: &Load<'_>) -> f64 {
        let bounds = self.delay_bounds(load);
        self.gap(bounds.into_iter().fold(self.others_s, f64::min))
    }

    /// Counts cycles anew, so that [`Prospect::bound`] is close.
    pub fn count_cycles(&mut self, load: &Load<'_>) {
        let Shortlist { servers, gains, .. } = &self.shortlist;
        // Lane by lane: the compiler makes vectors of each.
        let per_gain = servers.map(|server| load.offer(server as usize).sinr_per_gain);
        let sinr: [f64; STRONGEST] = std::array::from_fn(|at| gains[at] * per_gain[at]);
        let efficiency = sinr.map(log2_1p);
        self.shortlist.cycles = efficiency.map(|efficiency| self.bits / efficiency);
    }

    /// The server of the least gap, if bounds alone tell it, and what that gap is at
    /// most. Cycles must have been counted under this load.
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
        let next = (0..STRONGEST)
            .filter(|&at| at != first)
            .map(|at| bounds[at])
            .fold(self.others_s, f64::min);
        (self.gap(next) > at_most).then_some((at_most, self.shortlist.servers[first] as usize))
    }

    /// The least gap, and its server; of equal gaps the least server. Cycles must have
    /// been counted under this load.
    pub fn least(&mut self, load: &Load<'_>) -> (f64, usize) {
        let best = self.least_on_shortlist(load);
        if self.others_s == f64::INFINITY || self.gap(self.others_s) > best.0 {
            return best;
        }
        // A link that is not on the shortlist may win.
        let links = load.view().links_of(self.query);
        let bounds = self.draw_up_anew(load, links);
        let best = self.least_on_shortlist(load);
        if self.gap(self.others_s) > best.0 {
            return best;
        }
        // It still may, in a tie: look at every link.
        let gains = links.gains();
        self.least_among(load, &bounds, |place| (links.server(place), gains[place]))
    }

    fn delay_bounds(&self, load: &Load<'_>) -> [f64; STRONGEST] {
        let Shortlist {
            servers, cycles, ..
        } = &self.shortlist;
        std::array::from_fn(|at| {
            let offer = load.offer(servers[at] as usize);
            offer.delay(cycles[at], self.work_flop)
        })
    }

    fn least_on_shortlist(&self, load: &Load<'_>) -> (f64, usize) {
        let bounds = self.delay_bounds(load);
        let Shortlist { servers, gains, .. } = &self.shortlist;
        self.least_among(load, &bounds, |at| (servers[at] as usize, gains[at]))
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
            let delay = load.edge_delay_over(self.query, server, gain);
            let gap = (delay - load.view().local_delay(self.query)).0;
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
            if self.gap(bounds[at]) <= best.0 {
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
                let cycles = self.bits / log2_1p(gain * offer.sinr_per_gain);
                offer.delay(cycles, self.work_flop)
            })
            .collect();
        let mut places: SmallVec<[u32; 64]> = (0..bounds.len() as u32).collect();
        let by_bound = |a: &u32, b: &u32| bounds[*a as usize].total_cmp(&bounds[*b as usize]);
        let (first, next, _) = places.select_nth_unstable_by(STRONGEST, by_bound);
        self.others_s = bounds[*next as usize];
        let listed = first.iter().map(|&place| place as usize);
        let gains = links.gains();
        self.shortlist = Shortlist::of(listed.map(|place| (links.server(place), gains[place])));
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

impl Shortlist {
    fn of(links: impl Iterator<Item = (usize, f64)>) -> Self {
        let mut list = Self {
            servers: [0; STRONGEST],
            gains: [0.0; STRONGEST],
            cycles: [0.0; STRONGEST],
        };
        for (at, (server, gain)) in links.enumerate() {
            list.servers[at] = server as u32;
            list.gains[at] = gain;
        }
        list
    }
}

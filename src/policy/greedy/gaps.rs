//! A query's least delay gap over its servers: a fast lower bound, and the gap
//! itself.
//!
//! Where many servers are within reach only a shortlist is looked at one by one: at
//! first the strongest links. All others together have one bound, from the best that
//! any server offers over the strongest link among them. Where that bound comes first,
//! the shortlist is drawn up anew, from bounds over every link as the load is by then.
//! No server is left out that could have won.

use super::{Weight, delay_gap};
use crate::physics::gains::{STRONGEST, Strongest};
use crate::snapshot::{BOUND_MARGIN, BestOffer, Load};
use smallvec::SmallVec;

/// The gaps of a placement's queries.
pub(super) struct Gaps {
    weight: Weight,
    best_offer: BestOffer,
    /// By waiting query, once asked for; empty where there are few servers.
    shortlists: Vec<Option<Shortlist>>,
    /// Bounds of the delays over the links that were looked at last.
    bounds: SmallVec<[f64; 2 * STRONGEST]>,
    /// Whose bounds these are, after how many connections, and that of other links.
    found: Option<(usize, u32, f64)>,
    connections: u32,
}

/// The links of a query that are looked at one by one.
#[derive(Debug, Clone, Copy)]
struct Shortlist {
    /// Their servers and power gains.
    links: [(u32, f64); STRONGEST],
    /// A bound of the delay over all other links, in seconds.
    others_s: f64,
}

impl Gaps {
    /// For placing queries from a load on.
    pub fn new(load: &Load<'_>, weight: Weight) -> Self {
        let servers = load.view().servers.len();
        let many = servers > STRONGEST;
        Self {
            weight,
            best_offer: load.best_offer(0..servers),
            shortlists: vec![None; if many { load.view().queries.len() } else { 0 }],
            bounds: SmallVec::new(),
            found: None,
            connections: 0,
        }
    }

    /// A query has connected: what was found before is out of date.
    pub fn connected(&mut self) {
        self.connections += 1;
    }

    /// A lower bound of the least gap of a query over all servers, now and later.
    pub fn bound(&mut self, load: &Load<'_>, query: usize) -> f64 {
        let others = self.find_bounds(load, query);
        let less = |a: f64, b: f64| if b < a { b } else { a };
        let least = self.bounds.iter().copied().fold(others, less);
        self.weighted(load, query, least)
    }

    /// The least gap of a query, and its server; of equal gaps the least server.
    pub fn least(&mut self, load: &Load<'_>, query: usize) -> (f64, usize) {
        let others = self.find_bounds(load, query);
        let best = self.least_of_found(load, query);
        // Where there is no other link there is no bound of it.
        if others == f64::INFINITY || self.weighted(load, query, others) > best.0 {
            return best;
        }
        // A link that is not on the shortlist may win.
        self.draw_up_anew(load, query);
        let best = self.least_of_found(load, query);
        let others = self.find_bounds(load, query);
        if self.weighted(load, query, others) > best.0 {
            return best;
        }
        // It still may, in a tie: look at every link, and the least server wins.
        self.find_all_bounds(load, query);
        self.found = None;
        self.least_among_all(load, query)
    }

    fn least_among_all(&self, load: &Load<'_>, query: usize) -> (f64, usize) {
        let links = load.view().links_of(query);
        let gains = links.gains();
        self.least_among(load, query, |place| (links.server(place), gains[place]))
    }

    /// The least gap over the links whose bounds were found.
    fn least_of_found(&self, load: &Load<'_>, query: usize) -> (f64, usize) {
        match self.shortlists.get(query) {
            Some(Some(shortlist)) => self.least_among(load, query, |at| {
                let (server, gain) = shortlist.links[at];
                (server as usize, gain)
            }),
            _ => self.least_among_all(load, query),
        }
    }

    fn least_among(
        &self,
        load: &Load<'_>,
        query: usize,
        link: impl Fn(usize) -> (usize, f64),
    ) -> (f64, usize) {
        let gap_at = |at: usize| {
            let (server, gain) = link(at);
            (delay_gap(load, query, server, gain, self.weight), server)
        };
        let by_bound = |&a: &usize, &b: &usize| self.bounds[a].total_cmp(&self.bounds[b]);
        let Some(first) = (0..self.bounds.len()).min_by(by_bound) else {
            return (f64::INFINITY, 0);
        };
        let mut best = gap_at(first);
        for at in (0..self.bounds.len()).filter(|&at| at != first) {
            if self.weighted(load, query, self.bounds[at]) <= best.0 {
                let found = gap_at(at);
                if found.0 < best.0 || (found.0 == best.0 && found.1 < best.1) {
                    best = found;
                }
            }
        }
        best
    }

    /// Puts bounds of the delays over the links on the query's shortlist into
    /// `bounds`, over all where there is none, and returns that over its other links.
    fn find_bounds(&mut self, load: &Load<'_>, query: usize) -> f64 {
        if let Some((whose, when, others)) = self.found
            && (whose, when) == (query, self.connections)
        {
            return others;
        }
        let others = match self.shortlist(load, query) {
            None => {
                self.find_all_bounds(load, query);
                f64::INFINITY
            }
            Some(shortlist) => {
                let links = shortlist.links.iter();
                let links = links.map(|&(server, gain)| (server as usize, gain));
                self.bounds.resize(STRONGEST, 0.0);
                load.delay_bounds(query, links, &mut self.bounds);
                shortlist.others_s
            }
        };
        self.found = Some((query, self.connections, others));
        others
    }

    fn find_all_bounds(&mut self, load: &Load<'_>, query: usize) {
        let links = load.view().links_of(query);
        self.bounds.resize(links.len(), 0.0);
        match links.servers() {
            // Side by side in memory: the compiler makes lanes of these.
            None => {
                let all = links.gains().iter().copied().enumerate();
                load.delay_bounds(query, all, &mut self.bounds);
            }
            Some(_) => load.delay_bounds(query, links.iter(), &mut self.bounds),
        }
    }

    /// The query's shortlist; `None` where it has few links.
    fn shortlist(&mut self, load: &Load<'_>, query: usize) -> Option<Shortlist> {
        let shortlist = self.shortlists.get_mut(query)?;
        if shortlist.is_none() {
            let Strongest { links, other_gain } = load.view().links_of(query).strongest()?;
            *shortlist = Some(Shortlist {
                links,
                others_s: self.best_offer.delay_bound(load.view(), query, other_gain),
            });
        }
        *shortlist
    }

    /// Puts the links of the least bounds on the query's shortlist, as the load is now,
    /// and their bounds into `bounds`. Bounds only rise: the least of the others' now
    /// is one for later.
    fn draw_up_anew(&mut self, load: &Load<'_>, query: usize) {
        self.find_all_bounds(load, query);
        let all = std::mem::take(&mut self.bounds);
        let mut places: SmallVec<[u32; 64]> = (0..all.len() as u32).collect();
        let less = |a: &u32, b: &u32| all[*a as usize].total_cmp(&all[*b as usize]);
        let (first, next, _) = places.select_nth_unstable_by(STRONGEST, less);
        let links = load.view().links_of(query);
        let mut shortlist = Shortlist {
            links: [(0, 0.0); STRONGEST],
            others_s: all[*next as usize],
        };
        for (listed, &place) in shortlist.links.iter_mut().zip(&*first) {
            let place = place as usize;
            *listed = (links.server(place) as u32, links.gains()[place]);
        }
        self.bounds.extend(first.iter().map(|&place| all[place as usize]));
        self.found = Some((query, self.connections, shortlist.others_s));
        self.shortlists[query] = Some(shortlist);
    }

    fn weighted(&self, load: &Load<'_>, query: usize, delay_bound: f64) -> f64 {
        let local = load.view().local_delay(query).0 * (1.0 + BOUND_MARGIN);
        self.weight.of(load.view(), query, delay_bound - local)
    }
}

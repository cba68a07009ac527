//! A query's least delay gap over its servers: a fast lower bound, and the gap
//! itself.
//!
//! Where many servers are within reach only the strongest links are looked at one
//! by one. All others together have one bound, from the best that any server offers
//! over the strongest link among them; not before this bound comes first are they
//! looked at, too. No server is left out that could have won.

use super::{Weight, delay_gap};
use crate::physics::gains::{STRONGEST, Strongest};
use crate::snapshot::{BOUND_MARGIN, BestOffer, Load};

/// The gaps of a placement's queries.
pub(super) struct Gaps {
    weight: Weight,
    best_offer: BestOffer,
    /// The servers that each waiting query is likely to be sent to, once asked for;
    /// empty where there are few servers.
    shortlists: Vec<Option<Shortlist>>,
    bounds: Vec<f64>,
    /// Whose bounds these are, after how many connections, and that of the other links.
    found: Option<(usize, u32, f64)>,
    connections: u32,
}

/// The links of a query that are looked at.
#[derive(Debug, Clone, Copy)]
enum Shortlist {
    /// The strongest, and one bound for the others.
    Strongest(Strongest),
    /// All: there are few, or the bound of the others has come first.
    All,
}

impl Gaps {
    /// For placing queries from a load on.
    pub fn new(load: &Load<'_>, weight: Weight) -> Self {
        let many = load.view().servers.len() > STRONGEST;
        Self {
            weight,
            best_offer: load.best_offer(),
            shortlists: vec![None; if many { load.view().queries.len() } else { 0 }],
            bounds: Vec::new(),
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
        let mut least = self.find_bounds(load, query);
        for &bound in &self.bounds {
            least = if bound < least { bound } else { least };
        }
        self.weighted(load, query, least)
    }

    /// The least gap of a query, and its server; of equal gaps the least server.
    pub fn least(&mut self, load: &Load<'_>, query: usize) -> (f64, usize) {
        let others = self.find_bounds(load, query);
        let first = (0..self.bounds.len()).min_by(|&a, &b| self.bounds[a].total_cmp(&self.bounds[b]));
        let Some(first) = first else {
            return (f64::INFINITY, 0);
        };
        let mut best = self.gap_at(load, query, first);
        for at in (0..self.bounds.len()).filter(|&at| at != first) {
            if self.weighted(load, query, self.bounds[at]) <= best.0 {
                let found = self.gap_at(load, query, at);
                if found.0 < best.0 || (found.0 == best.0 && found.1 < best.1) {
                    best = found;
                }
            }
        }
        if self.weighted(load, query, others) <= best.0
            && matches!(self.shortlist(load, query), Shortlist::Strongest(_))
        {
            self.shortlists[query] = Some(Shortlist::All);
            self.found = None;
            return self.least(load, query);
        }
        best
    }

    /// Puts bounds of the delays over the query's links into `bounds`, and returns
    /// that over its other links.
    fn find_bounds(&mut self, load: &Load<'_>, query: usize) -> f64 {
        match self.found {
            Some((whose, when, others)) if (whose, when) == (query, self.connections) => others,
            _ => {
                let others = self.compute_bounds(load, query);
                self.found = Some((query, self.connections, others));
                others
            }
        }
    }

    fn compute_bounds(&mut self, load: &Load<'_>, query: usize) -> f64 {
        let view = load.view();
        let links = view.links_of(query);
        let gains = links.gains();
        if let Shortlist::Strongest(Strongest { places, other_gain }) = self.shortlist(load, query) {
            let strongest = places.iter().map(|&place| {
                let place = place as usize;
                (links.server(place), gains[place])
            });
            self.bounds.resize(STRONGEST, 0.0);
            load.delay_bounds(query, strongest, &mut self.bounds);
            return self.best_offer.delay_bound(view, query, other_gain);
        }
        self.bounds.resize(links.len(), 0.0);
        match links.servers() {
            // Side by side in memory: the compiler makes lanes of these.
            None => load.delay_bounds(query, gains.iter().copied().enumerate(), &mut self.bounds),
            Some(_) => load.delay_bounds(query, links.iter(), &mut self.bounds),
        }
        f64::INFINITY
    }

    /// The gap over the link that a bound is of, and the link's server.
    fn gap_at(&self, load: &Load<'_>, query: usize, at: usize) -> (f64, usize) {
        let place = match self.shortlists.get(query) {
            Some(Some(Shortlist::Strongest(strongest))) => strongest.places[at] as usize,
            _ => at,
        };
        let server = load.view().links_of(query).server(place);
        (delay_gap(load, query, server, self.weight), server)
    }

    fn shortlist(&mut self, load: &Load<'_>, query: usize) -> Shortlist {
        let Some(shortlist) = self.shortlists.get_mut(query) else {
            return Shortlist::All;
        };
        *shortlist.get_or_insert_with(|| {
            let strongest = load.view().links_of(query).strongest();
            strongest.map_or(Shortlist::All, Shortlist::Strongest)
        })
    }

    fn weighted(&self, load: &Load<'_>, query: usize, delay_bound: f64) -> f64 {
        let local = load.view().local_delay(query).0 * (1.0 + BOUND_MARGIN);
        self.weight.of(load.view(), query, delay_bound - local)
    }
}

//! The load of the servers while a policy connects one query after another.

use super::{ServerState, View};
use crate::physics::gains::STRONGEST;
use crate::physics::logarithm::log2_1p;
use crate::physics::{radio, radio::ReceivedPower, share};
use crate::units::{Seconds, Watts};

/// Counts and received powers, kept up as queries connect, and the delay that a
/// candidate would see if it joined now.
///
/// Every delay it gives only grows as queries connect.
#[derive(Debug, Clone)]
pub struct Load<'v> {
    view: &'v View<'v>,
    received: ReceivedPower,
    offers: Vec<Offer>,
    /// What the first servers offer, side by side: all of them in a small world.
    first: OfferLanes,
}

/// What [`STRONGEST`] servers offer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfferLanes {
    /// Interference plus noise.
    pub disturbance_w: [f64; STRONGEST],
    s_per_cycle: [f64; STRONGEST],
    s_per_flop: [f64; STRONGEST],
}

impl OfferLanes {
    /// Where there is no server, any number that makes no NaN of infinity.
    pub const NONE: Self = Self {
        disturbance_w: [1.0; STRONGEST],
        s_per_cycle: [1.0; STRONGEST],
        s_per_flop: [1.0; STRONGEST],
    };

    /// What a server offers has changed; there is a lane for the first servers only.
    #[inline]
    fn set_first(&mut self, server: usize, offer: &Offer) {
        if server < STRONGEST {
            self.set(server, offer);
        }
    }

    #[inline]
    fn set(&mut self, lane: usize, offer: &Offer) {
        self.disturbance_w[lane] = offer.disturbance_w;
        self.s_per_cycle[lane] = offer.s_per_cycle;
        self.s_per_flop[lane] = offer.s_per_flop;
    }

    /// The delays of a query that needs so many cycles at each and so much work.
    #[inline]
    pub fn delays(&self, cycles: [f64; STRONGEST], work_flop: f64) -> [f64; STRONGEST] {
        std::array::from_fn(|lane| {
            cycles[lane] * self.s_per_cycle[lane] + work_flop * self.s_per_flop[lane]
        })
    }
}

/// What a server offers the next query that joins it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Offer {
    /// Interference plus noise.
    pub disturbance_w: f64,
    /// The reciprocal of the share of bandwidth.
    s_per_cycle: f64,
    /// The reciprocal of the share of compute.
    s_per_flop: f64,
    connected: usize,
    noise_w: f64,
    /// Reciprocals of the server's bandwidth, its compute and the most one user gets.
    per_bandwidth: f64,
    per_capacity: f64,
    per_most: f64,
}

impl Offer {
    fn of(server: &ServerState) -> Self {
        Self {
            connected: server.connected,
            noise_w: server.noise.0,
            per_bandwidth: 1.0 / server.bandwidth.0,
            per_capacity: 1.0 / server.capacity.0,
            per_most: 1.0 / server.max_per_user.0,
            ..Self::default()
        }
    }

    /// The delay, in seconds, of a query that needs so many cycles of bandwidth and so
    /// much work; within a few roundings of [`Load::edge_delay`].
    pub fn delay(&self, cycles: f64, work_flop: f64) -> f64 {
        cycles * self.s_per_cycle + work_flop * self.s_per_flop
    }

    fn set_disturbance(&mut self, interference: Watts) {
        self.disturbance_w = interference.0 + self.noise_w;
    }

    /// The shares of n + 1, Eqs. 2 and 6.
    fn set_shares(&mut self) {
        let sharing = (self.connected + 1) as f64;
        self.s_per_cycle = sharing * self.per_bandwidth;
        self.s_per_flop = (sharing * self.per_capacity).max(self.per_most);
    }
}

impl<'v> Load<'v> {
    /// The load at the scheduling instant, before any waiting query is placed.
    pub fn new(view: &'v View<'v>) -> Self {
        let from_others = view.servers.iter().map(|s| s.from_others);
        let from_own = view.servers.iter().map(|s| s.from_own);
        let received = ReceivedPower::with_load(view.interference, from_others, from_own);
        let mut offers: Vec<Offer> = view.servers.iter().map(Offer::of).collect();
        let mut first = OfferLanes::NONE;
        for (server, offer) in offers.iter_mut().enumerate() {
            offer.set_shares();
            offer.set_disturbance(received.interference(server));
            first.set_first(server, offer);
        }
        Self {
            view,
            received,
            offers,
            first,
        }
    }

    /// Connects a waiting query to a server.
    pub fn connect(&mut self, query: usize, server: usize) {
        let links = self.view.links_of(query);
        self.offers[server].connected += 1;
        self.offers[server].set_shares();
        let (offers, first) = (&mut self.offers, &mut self.first);
        let tx_power = self.view.tx_power;
        self.received
            .connect_and(tx_power, links, server, |received, disturbed| {
                offers[disturbed].set_disturbance(received.interference(disturbed));
                first.set_first(disturbed, &offers[disturbed]);
            });
        first.set_first(server, &offers[server]);
    }

    /// The snapshot this load started from.
    pub fn view(&self) -> &'v View<'v> {
        self.view
    }

    /// Queries connected to a server by now.
    pub fn connected(&self, server: usize) -> usize {
        self.offers[server].connected
    }

    /// t_comm + t_comp (Eqs. 5 and 7) of a waiting query at a server if it joined
    /// now: the shares of n_j + 1, the interference of those connected so far.
    /// Infinite over a link of gain 0.
    pub fn edge_delay(&self, query: usize, server: usize) -> Seconds {
        self.edge_delay_over(query, server, self.view.gain(query, server))
    }

    /// The same over a link whose gain is known.
    pub(crate) fn edge_delay_over(&self, query: usize, server: usize, gain: f64) -> Seconds {
        let waiting = &self.view.queries[query];
        let signal = self.view.tx_power * gain;
        let (state, offer) = (&self.view.servers[server], &self.offers[server]);
        let sharing = offer.connected + 1;
        let bandwidth = share::bandwidth(state.bandwidth, sharing);
        let compute = share::compute(state.capacity, state.max_per_user, sharing);
        let sinr = signal.0 / offer.disturbance_w;
        waiting.bits / radio::rate(bandwidth, sinr) + waiting.llm_work / compute
    }

    /// What a server offers the next query that joins it.
    pub(crate) fn offer(&self, server: usize) -> &Offer {
        &self.offers[server]
    }

    /// What the first servers offer: all of them where there are no more than that.
    pub(crate) fn first_offers(&self) -> &OfferLanes {
        &self.first
    }

    /// What these servers offer.
    pub(crate) fn offers(&self, servers: [u32; STRONGEST]) -> OfferLanes {
        let mut lanes = OfferLanes::NONE;
        for (lane, server) in servers.into_iter().enumerate() {
            lanes.set(lane, &self.offers[server as usize]);
        }
        lanes
    }

    /// The best that any server offers, each quantity by itself. As queries connect,
    /// offers only become worse.
    pub(crate) fn best_offer(&self) -> BestOffer {
        let none = BestOffer {
            disturbance_w: f64::INFINITY,
            s_per_cycle: f64::INFINITY,
            s_per_flop: f64::INFINITY,
        };
        self.offers.iter().fold(none, |best, offer| BestOffer {
            disturbance_w: best.disturbance_w.min(offer.disturbance_w),
            s_per_cycle: best.s_per_cycle.min(offer.s_per_cycle),
            s_per_flop: best.s_per_flop.min(offer.s_per_flop),
        })
    }
}

/// The best that any server offers, each quantity by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BestOffer {
    disturbance_w: f64,
    s_per_cycle: f64,
    s_per_flop: f64,
}

impl BestOffer {
    /// The delay, in seconds, of a waiting query over a link of this gain: no more than
    /// at any server over a link that is no stronger.
    pub fn delay(&self, view: &View<'_>, query: usize, gain: f64) -> f64 {
        let waiting = &view.queries[query];
        let efficiency = log2_1p(view.tx_power.0 * gain / self.disturbance_w);
        waiting.bits.0 * self.s_per_cycle / efficiency + waiting.llm_work.0 * self.s_per_flop
    }
}

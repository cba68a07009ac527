//! The load of the servers while a policy connects one query after another.

use super::{ServerState, View};
use crate::physics::logarithm::log2_1p;
use crate::physics::{radio, radio::ReceivedPower, share};
use crate::units::{FlopPerSecond, Hertz, Seconds};

/// Counts and received powers, kept up as queries connect, and the delay that a
/// candidate would see if it joined now.
///
/// Every delay it gives only grows as queries connect.
#[derive(Debug, Clone)]
pub struct Load<'v> {
    view: &'v View<'v>,
    received: ReceivedPower,
    offers: Vec<Offer>,
}

/// What a server offers the next query that joins it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Offer {
    connected: usize,
    /// Interference plus noise.
    disturbance_w: f64,
    /// Its reciprocal times the transmit power: SINR over gain.
    pub sinr_per_gain: f64,
    bandwidth_hz: f64,
    compute_flops: f64,
    /// The reciprocal of the share of bandwidth.
    s_per_cycle: f64,
    /// The reciprocal of the share of compute.
    s_per_flop: f64,
}

impl Offer {
    /// The delay, in seconds, of a query that needs so many cycles of bandwidth and so
    /// much work.
    pub fn delay(&self, cycles: f64, work_flop: f64) -> f64 {
        cycles * self.s_per_cycle + work_flop * self.s_per_flop
    }
}

impl<'v> Load<'v> {
    /// The load at the scheduling instant, before any waiting query is placed.
    pub fn new(view: &'v View<'v>) -> Self {
        let from_others = view.servers.iter().map(|s| s.from_others);
        let from_own = view.servers.iter().map(|s| s.from_own);
        let received = ReceivedPower::with_load(view.interference, from_others, from_own);
        let offer = |server: &ServerState| Offer {
            connected: server.connected,
            ..Offer::default()
        };
        let mut load = Self {
            view,
            received,
            offers: view.servers.iter().map(offer).collect(),
        };
        for server in 0..view.servers.len() {
            load.set_shares(server);
            load.set_disturbance(server);
        }
        load
    }

    /// Connects a waiting query to a server.
    pub fn connect(&mut self, query: usize, server: usize) {
        let links = self.view.links_of(query);
        self.offers[server].connected += 1;
        self.received.connect(self.view.tx_power, links, server);
        for disturbed in self.received.disturbed(links) {
            self.set_disturbance(disturbed);
        }
        self.set_shares(server);
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
        let offer = &self.offers[server];
        let sinr = signal.0 / offer.disturbance_w;
        let rate = radio::rate(Hertz(offer.bandwidth_hz), sinr);
        waiting.bits / rate + waiting.llm_work / FlopPerSecond(offer.compute_flops)
    }

    /// What a server offers the next query that joins it.
    pub(crate) fn offer(&self, server: usize) -> &Offer {
        &self.offers[server]
    }

    /// The best that any server offers, each quantity by itself. As queries connect,
    /// offers only become worse.
    pub(crate) fn best_offer(&self) -> BestOffer {
        let none = BestOffer {
            sinr_per_gain: 0.0,
            s_per_cycle: f64::INFINITY,
            s_per_flop: f64::INFINITY,
        };
        self.offers.iter().fold(none, |best, offer| BestOffer {
            sinr_per_gain: best.sinr_per_gain.max(offer.sinr_per_gain),
            s_per_cycle: best.s_per_cycle.min(offer.s_per_cycle),
            s_per_flop: best.s_per_flop.min(offer.s_per_flop),
        })
    }

    fn set_disturbance(&mut self, server: usize) {
        let disturbance_w =
            self.received.interference(server).0 + self.view.servers[server].noise.0;
        self.offers[server].disturbance_w = disturbance_w;
        self.offers[server].sinr_per_gain = self.view.tx_power.0 / disturbance_w;
    }

    fn set_shares(&mut self, server: usize) {
        let (state, offer) = (&self.view.servers[server], &mut self.offers[server]);
        let bandwidth = share::bandwidth(state.bandwidth, offer.connected + 1);
        let compute = share::compute(state.capacity, state.max_per_user, offer.connected + 1);
        offer.bandwidth_hz = bandwidth.0;
        offer.compute_flops = compute.0;
        offer.s_per_cycle = 1.0 / bandwidth.0;
        offer.s_per_flop = 1.0 / compute.0;
    }
}

/// The best that any server offers, each quantity by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BestOffer {
    sinr_per_gain: f64,
    s_per_cycle: f64,
    s_per_flop: f64,
}

impl BestOffer {
    /// The delay, in seconds, of a waiting query over a link of this gain: no more than
    /// at any server over a link that is no stronger.
    pub fn delay(&self, view: &View<'_>, query: usize, gain: f64) -> f64 {
        let waiting = &view.queries[query];
        let efficiency = log2_1p(gain * self.sinr_per_gain);
        waiting.bits.0 * self.s_per_cycle / efficiency + waiting.llm_work.0 * self.s_per_flop
    }
}

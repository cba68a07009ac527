//! The load of the servers while a policy connects one query after another.

use super::View;
use crate::physics::logarithm::log2_1p;
use crate::physics::{radio, radio::ReceivedPower, share};
use crate::units::{BitsPerSecond, FlopPerSecond, Hertz, Seconds, Watts};

/// Counts and received powers, kept up as queries connect, and the delay that a
/// candidate would see if it joined now.
///
/// Every delay it gives only grows as queries connect.
#[derive(Debug, Clone)]
pub struct Load<'v> {
    view: &'v View<'v>,
    connected: Vec<usize>,
    received: ReceivedPower,
    /// What each server offers the next query that joins it, a column for each
    /// quantity: interference plus noise, shares of bandwidth and compute, and the
    /// shares' reciprocals.
    disturbance_w: Vec<f64>,
    bandwidth_hz: Vec<f64>,
    compute_flops: Vec<f64>,
    s_per_cycle: Vec<f64>,
    s_per_flop: Vec<f64>,
}

/// By how much [`Load::delay_bounds`] stay below the delays, relative to them: above
/// what rounding and the fast logarithm can do.
pub const BOUND_MARGIN: f64 = 1e-14;

impl<'v> Load<'v> {
    /// The load at the scheduling instant, before any waiting query is placed.
    pub fn new(view: &'v View<'v>) -> Self {
        let from_others: Vec<Watts> = view.servers.iter().map(|s| s.from_others).collect();
        let from_own: Vec<Watts> = view.servers.iter().map(|s| s.from_own).collect();
        let received = ReceivedPower::with_load(view.interference, &from_others, &from_own);
        let servers = view.servers.len();
        let mut load = Self {
            view,
            connected: view.servers.iter().map(|s| s.connected).collect(),
            received,
            disturbance_w: vec![0.0; servers],
            bandwidth_hz: vec![0.0; servers],
            compute_flops: vec![0.0; servers],
            s_per_cycle: vec![0.0; servers],
            s_per_flop: vec![0.0; servers],
        };
        for server in 0..servers {
            load.set_shares(server);
            load.set_disturbance(server);
        }
        load
    }

    /// Connects a waiting query to a server.
    pub fn connect(&mut self, query: usize, server: usize) {
        let links = self.view.links_of(query);
        self.connected[server] += 1;
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
        self.connected[server]
    }

    /// t_comm + t_comp (Eqs. 5 and 7) of a waiting query at a server if it joined
    /// now: the shares of n_j + 1, the interference of those connected so far.
    /// Infinite over a link of gain 0.
    pub fn edge_delay(&self, query: usize, server: usize) -> Seconds {
        let waiting = &self.view.queries[query];
        let signal = self.view.tx_power * self.view.gain(query, server);
        let sinr = signal.0 / self.disturbance_w[server];
        let rate: BitsPerSecond = radio::rate(Hertz(self.bandwidth_hz[server]), sinr);
        waiting.bits / rate + waiting.llm_work / FlopPerSecond(self.compute_flops[server])
    }

    /// Lower bounds, in seconds, of [`Load::edge_delay`] at several servers, given as
    /// (server, power gain): fast, and closer than 3 x [`BOUND_MARGIN`].
    pub fn delay_bounds(
        &self,
        query: usize,
        links: impl Iterator<Item = (usize, f64)>,
        bounds: &mut [f64],
    ) {
        let waiting = &self.view.queries[query];
        let bits = waiting.bits.0 * (1.0 - BOUND_MARGIN);
        let work = waiting.llm_work.0 * (1.0 - BOUND_MARGIN);
        let power = self.view.tx_power.0;
        for (bound, (server, gain)) in bounds.iter_mut().zip(links) {
            let efficiency = log2_1p(power * gain / self.disturbance_w[server]);
            *bound =
                bits * self.s_per_cycle[server] / efficiency + work * self.s_per_flop[server];
        }
    }

    fn set_disturbance(&mut self, server: usize) {
        self.disturbance_w[server] =
            self.received.interference(server).0 + self.view.servers[server].noise.0;
    }

    fn set_shares(&mut self, server: usize) {
        let (state, next) = (&self.view.servers[server], self.connected[server] + 1);
        let bandwidth = share::bandwidth(state.bandwidth, next);
        let compute = share::compute(state.capacity, state.max_per_user, next);
        self.bandwidth_hz[server] = bandwidth.0;
        self.compute_flops[server] = compute.0;
        self.s_per_cycle[server] = 1.0 / bandwidth.0;
        self.s_per_flop[server] = 1.0 / compute.0;
    }

    /// What no server offers more of: least disturbance, in watts, and least seconds
    /// per Hz and per FLOP. As queries connect, offers only become worse.
    pub fn best_offer(&self) -> BestOffer {
        let least = |column: &[f64]| column.iter().copied().fold(f64::INFINITY, f64::min);
        BestOffer {
            disturbance_w: least(&self.disturbance_w),
            s_per_cycle: least(&self.s_per_cycle),
            s_per_flop: least(&self.s_per_flop),
        }
    }
}

/// The best that any server offers, each quantity by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestOffer {
    disturbance_w: f64,
    s_per_cycle: f64,
    s_per_flop: f64,
}

impl BestOffer {
    /// A lower bound, in seconds, of the delay of a waiting query at any server to
    /// which its gain is at most `gain`.
    pub fn delay_bound(&self, view: &View<'_>, query: usize, gain: f64) -> f64 {
        let waiting = &view.queries[query];
        let efficiency = log2_1p(view.tx_power.0 * gain / self.disturbance_w);
        let delay = waiting.bits.0 * self.s_per_cycle / efficiency
            + waiting.llm_work.0 * self.s_per_flop;
        delay * (1.0 - BOUND_MARGIN)
    }
}

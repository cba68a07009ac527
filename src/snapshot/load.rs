//! The load of the servers while a policy connects one query after another.

use super::allocated::edge_stages;
use super::{ComputeLoad, View};
use crate::physics::{interference::ReceivedPower, radio, share};
use crate::units::{Seconds, Watts};

/// How many servers' offers lie side by side.
pub(crate) const LANES: usize = 4;

/// By how much bounds of delays stay below what they bound, relative to it: more than
/// rounding and the fast logarithm can do.
pub(crate) const MARGIN: f64 = 1e-14;

/// Counts and received powers, kept up as queries connect, and the delay that a
/// candidate would see if it joined now.
///
/// With equal shares every delay it gives only grows as queries connect.
#[derive(Debug, Clone)]
pub struct Load<'v> {
    view: &'v View<'v>,
    received: ReceivedPower,
    servers: Vec<ComputeLoad>,
    /// Where shares are not equal: by server, the waiting queries connected to it.
    unequal: Option<Vec<Vec<usize>>>,
    per_bandwidth: Vec<f64>,
    noise_w: Vec<f64>,
    offers: Offers,
    /// What the first servers offer, side by side: all of them in a small world.
    first: OfferLanes,
}

/// What servers offer the next query that joins them, a column for each quantity.
#[derive(Debug, Clone)]
struct Offers {
    /// Interference plus noise.
    interference_plus_noise_w: Vec<f64>,
    /// The reciprocals of the share of bandwidth.
    s_per_cycle: Vec<f64>,
    /// Seconds per unit of work.
    s_per_work: Vec<f64>,
    /// What every answer takes beside: waiting and its way back, lowered by [`MARGIN`].
    beside_s: Vec<f64>,
}

/// What [`LANES`] servers offer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfferLanes {
    /// Interference plus noise.
    pub interference_plus_noise_w: [f64; LANES],
    s_per_cycle: [f64; LANES],
    s_per_work: [f64; LANES],
    beside_s: [f64; LANES],
}

impl OfferLanes {
    /// Where there is no server, any number that makes no NaN of infinity.
    pub const NONE: Self = Self {
        interference_plus_noise_w: [1.0; LANES],
        s_per_cycle: [1.0; LANES],
        s_per_work: [1.0; LANES],
        beside_s: [0.0; LANES],
    };

    #[inline]
    fn set(&mut self, lane: usize, offers: &Offers, server: usize) {
        self.interference_plus_noise_w[lane] = offers.interference_plus_noise_w[server];
        self.s_per_cycle[lane] = offers.s_per_cycle[server];
        self.s_per_work[lane] = offers.s_per_work[server];
        self.beside_s[lane] = offers.beside_s[server];
    }

    /// The delays of a query that needs so many cycles at each and so much work.
    #[inline]
    pub fn delays(&self, cycles: [f64; LANES], work: f64, own_s: f64) -> [f64; LANES] {
        std::array::from_fn(|lane| {
            cycles[lane] * self.s_per_cycle[lane]
                + work * self.s_per_work[lane]
                + (self.beside_s[lane] + own_s)
        })
    }
}

/// Seconds per cycle at the share of bandwidth of the next one to connect (Eq. 2).
fn cycle_price_s(load: &ComputeLoad, per_bandwidth: f64) -> f64 {
    (load.connected() + 1) as f64 * per_bandwidth
}

impl<'v> Load<'v> {
    /// The load at the scheduling instant, before any waiting query is placed.
    pub fn new(view: &'v View<'v>) -> Self {
        let from_others = view.servers.iter().map(|s| s.from_others);
        let from_own = view.servers.iter().map(|s| s.from_own);
        let received = ReceivedPower::with_load(view.interference, from_others, from_own);
        let servers: Vec<ComputeLoad> = view.servers.iter().map(ComputeLoad::of).collect();
        let bandwidths = view.servers.iter().map(|server| server.bandwidth.0);
        let per_bandwidth: Vec<f64> = bandwidths.map(|bandwidth| 1.0 / bandwidth).collect();
        let noise_w: Vec<f64> = view.servers.iter().map(|s| s.noise.0).collect();
        let noises = noise_w.iter().enumerate();
        let offers = Offers {
            interference_plus_noise_w: noises
                .map(|(j, noise_w)| received.interference(j).0 + noise_w)
                .collect(),
            s_per_cycle: servers
                .iter()
                .zip(&per_bandwidth)
                .map(|(server, per_bandwidth)| cycle_price_s(server, *per_bandwidth))
                .collect(),
            s_per_work: servers.iter().map(ComputeLoad::price_s).collect(),
            beside_s: view
                .servers
                .iter()
                .zip(&servers)
                .map(|(server, load)| (server.latency.0 + load.wait_s()) * (1.0 - MARGIN))
                .collect(),
        };
        let mut first = OfferLanes::NONE;
        for server in 0..servers.len().min(LANES) {
            first.set(server, &offers, server);
        }
        Self {
            view,
            received,
            servers,
            unequal: (!view.allocations.are_equal()).then(|| vec![Vec::new(); view.servers.len()]),
            per_bandwidth,
            noise_w,
            offers,
            first,
        }
    }

    /// Connects a waiting query to a server.
    pub fn connect(&mut self, query: usize, server: usize) {
        let links = self.view.links_of(query);
        let load = &mut self.servers[server];
        load.connect(&self.view.compute_needs(query));
        self.offers.s_per_cycle[server] = cycle_price_s(load, self.per_bandwidth[server]);
        self.offers.s_per_work[server] = load.price_s();
        let latency_s = self.view.servers[server].latency.0;
        self.offers.beside_s[server] = (latency_s + load.wait_s()) * (1.0 - MARGIN);
        let (noise_w, interference_plus_noise_w) =
            (&self.noise_w, &mut self.offers.interference_plus_noise_w);
        let first = &mut self.first;
        self.received
            .connect_and(self.view.tx_power, links, server, |received, cell| {
                let found = received.interference(cell).0 + noise_w[cell];
                interference_plus_noise_w[cell] = found;
                if cell < LANES {
                    first.interference_plus_noise_w[cell] = found;
                }
            });
        if server < LANES {
            self.first.set(server, &self.offers, server);
        }
        if let Some(connected) = &mut self.unequal {
            connected[server].push(query);
        }
    }

    /// The snapshot this load started from.
    pub fn view(&self) -> &'v View<'v> {
        self.view
    }

    /// Queries connected to a server by now.
    pub fn connected(&self, server: usize) -> usize {
        self.servers[server].connected()
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
        if let Some(connected) = &self.unequal {
            return self.unequal_delay(query, server, &connected[server]);
        }
        let signal = self.view.tx_power * gain;
        let state = &self.view.servers[server];
        let sharing = self.servers[server].connected() + 1;
        let bandwidth = share::bandwidth(state.bandwidth, sharing);
        let compute = self.servers[server].delay(&self.view.compute_needs(query));
        let sinr = signal.0 / self.interference_plus_noise_w(server);
        waiting.bits / radio::rate(bandwidth, sinr) + compute + state.latency
    }

    /// The same where shares are not equal: with those connected to the server by now.
    fn unequal_delay(&self, query: usize, server: usize, connected: &[usize]) -> Seconds {
        let queries = [connected, &[query]].concat();
        let heard = Watts(self.interference_plus_noise_w(server));
        let stages = edge_stages(self.view, server, &queries, heard);
        let latency = self.view.servers[server].latency;
        stages
            .last()
            .map_or(latency, |own| own.uplink + own.compute + latency)
    }

    /// Interference plus noise that the next query to join a server meets.
    #[inline]
    pub(crate) fn interference_plus_noise_w(&self, server: usize) -> f64 {
        self.offers.interference_plus_noise_w[server]
    }

    /// The delay, in seconds, of a query that joins a server and needs so many cycles of
    /// its bandwidth, so much work and a time of its own, if all are lowered by [`MARGIN`]: a bound of
    /// [`Load::edge_delay`] that is within twice that of it.
    #[inline]
    pub(crate) fn delay_at(&self, server: usize, cycles: f64, work: f64, own_s: f64) -> f64 {
        cycles * self.offers.s_per_cycle[server]
            + work * self.offers.s_per_work[server]
            + (self.offers.beside_s[server] + own_s)
    }

    /// What the first servers offer: all of them where there are no more than that.
    pub(crate) fn first_offers(&self) -> &OfferLanes {
        &self.first
    }

    /// What these servers offer.
    #[inline]
    pub(crate) fn offers(&self, servers: [u32; LANES]) -> OfferLanes {
        let mut lanes = OfferLanes::NONE;
        for (lane, server) in servers.into_iter().enumerate() {
            lanes.set(lane, &self.offers, server as usize);
        }
        lanes
    }
}

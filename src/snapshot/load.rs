//! The load of the servers while a policy connects one query after another.

use super::{ServerState, View};
use crate::physics::{radio, radio::ReceivedPower, share};
use crate::units::{FlopPerSecond, Hertz, Seconds, Watts};

/// Counts and received powers, kept up as queries connect, and the delay that a
/// candidate would see if it joined now.
///
/// Every delay it gives only grows as queries connect.
#[derive(Debug, Clone)]
pub struct Load<'v> {
    view: &'v View<'v>,
    connected: Vec<usize>,
    received: ReceivedPower,
    offers: Vec<Offer>,
}

/// What a server offers the next query that joins it.
#[derive(Debug, Clone, Copy)]
struct Offer {
    bandwidth: Hertz,
    compute: FlopPerSecond,
    interference: Watts,
    noise: Watts,
}

impl Offer {
    fn of(server: &ServerState, connected: usize, interference: Watts) -> Self {
        Self {
            bandwidth: share::bandwidth(server.bandwidth, connected + 1),
            compute: share::compute(server.capacity, server.max_per_user, connected + 1),
            interference,
            noise: server.noise,
        }
    }
}

impl<'v> Load<'v> {
    /// The load at the scheduling instant, before any waiting query is placed.
    pub fn new(view: &'v View<'v>) -> Self {
        let from_others: Vec<Watts> = view.servers.iter().map(|s| s.from_others).collect();
        let from_own: Vec<Watts> = view.servers.iter().map(|s| s.from_own).collect();
        let received = ReceivedPower::with_load(view.interference, &from_others, &from_own);
        let connected: Vec<usize> = view.servers.iter().map(|s| s.connected).collect();
        let mut load = Self {
            view,
            offers: Vec::with_capacity(connected.len()),
            connected,
            received,
        };
        load.offers
            .extend(load.view.servers.iter().enumerate().map(|(j, server)| {
                Offer::of(server, load.connected[j], load.received.interference(j))
            }));
        load
    }

    /// Connects a waiting query to a server.
    pub fn connect(&mut self, query: usize, server: usize) {
        let links = self.view.links_of(query);
        self.connected[server] += 1;
        self.received.connect(self.view.tx_power, links, server);
        for j in self.received.disturbed(links) {
            self.offers[j].interference = self.received.interference(j);
        }
        self.offers[server] = Offer::of(
            &self.view.servers[server],
            self.connected[server],
            self.received.interference(server),
        );
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
        let offer = &self.offers[server];
        let signal = self.view.tx_power * self.view.gain(query, server);
        let sinr = radio::sinr(signal, offer.interference, offer.noise);
        waiting.bits / radio::rate(offer.bandwidth, sinr) + waiting.llm_work / offer.compute
    }
}

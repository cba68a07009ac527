//! The stages of every query under a complete assignment, with the shares and
//! the interference that it makes, held fixed (Eqs. 2 to 8).

use super::allocated::{EdgeStages, edge_stages};
use super::{Choice, ComputeLoad, Decision, ServerState, View};
use crate::physics::{interference::ReceivedPower, radio, share};
use crate::units::{Seconds, Watts};

/// How a query is served, and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Service {
    /// On the device.
    Local {
        /// W_SLM / C_L; the device's backlog comes on top.
        compute: Seconds,
    },
    /// At an edge server.
    Edge {
        /// Which.
        server: usize,
        /// SINR with which it transmits (Eq. 3), linear.
        sinr: f64,
        /// D / R (Eq. 5).
        uplink: Seconds,
        /// W_LLM over its share of the server (Eq. 7).
        compute: Seconds,
        /// What its answer takes beside.
        latency: Seconds,
    },
}

impl Service {
    /// The sum of the stages (Eq. 8).
    pub fn total(&self) -> Seconds {
        match *self {
            Self::Local { compute } => compute,
            Self::Edge {
                uplink,
                compute,
                latency,
                ..
            } => uplink + compute + latency,
        }
    }
}

/// The service of every waiting query under the complete assignment.
///
/// Each server number in `decision` must exist, and there must be a choice for
/// every waiting query.
pub fn services(view: &View<'_>, decision: &Decision) -> Vec<Service> {
    let received = view.received(&decision.choices);
    let mut loads: Vec<ComputeLoad> = view.servers.iter().map(ComputeLoad::of).collect();
    for (query, choice) in decision.choices.iter().enumerate() {
        if let Choice::Edge(server) = *choice {
            loads[server].connect(&view.compute_needs(query));
        }
    }
    let offers: Vec<_> = view
        .servers
        .iter()
        .enumerate()
        .map(|(j, server)| {
            (
                share::bandwidth(server.bandwidth, loads[j].connected()),
                received.interference(j),
            )
        })
        .collect();
    let mut unequal = UnequalStages::of(view, decision, &received);
    view.queries
        .iter()
        .zip(&decision.choices)
        .enumerate()
        .map(|(at, (query, choice))| match *choice {
            Choice::Local => Service::Local {
                compute: query.local_service(),
            },
            Choice::Edge(server) => {
                let (bandwidth, interference) = offers[server];
                let signal = view.tx_power * view.gain(at, server);
                let sinr = radio::sinr(signal, interference, view.servers[server].noise);
                let stages = unequal.next_at(server).unwrap_or_else(|| EdgeStages {
                    uplink: query.bits / radio::rate(bandwidth, sinr),
                    compute: loads[server].delay_of_connected(&view.compute_needs(at)),
                });
                Service::Edge {
                    server,
                    sinr,
                    uplink: stages.uplink,
                    compute: stages.compute,
                    latency: view.servers[server].latency,
                }
            }
        })
        .collect()
}

/// The stages of offloaded queries where shares are not equal: by server, in the order of
/// its queries. Nothing where they are.
struct UnequalStages(Vec<std::vec::IntoIter<EdgeStages>>);

impl UnequalStages {
    fn of(view: &View<'_>, decision: &Decision, received: &ReceivedPower) -> Self {
        if view.allocations.are_equal() {
            return Self(Vec::new());
        }
        let at_server = |(j, server): (usize, &ServerState)| {
            let here = Choice::Edge(j);
            let choices = decision.choices.iter().enumerate();
            let queries: Vec<usize> = choices
                .filter(|(_, choice)| **choice == here)
                .map(|(query, _)| query)
                .collect();
            let heard = Watts(received.interference(j).0 + server.noise.0);
            edge_stages(view, j, &queries, heard).into_vec().into_iter()
        };
        Self(view.servers.iter().enumerate().map(at_server).collect())
    }

    fn next_at(&mut self, server: usize) -> Option<EdgeStages> {
        self.0.get_mut(server)?.next()
    }
}

/// The objective (Eq. 10): the sum over the queries of uncertainty times delay,
/// in seconds, where each query counts once with the delay of Eq. 8.
///
/// The sum over j in the printed Eq. 10 would count a local delay M times; (14)
/// and the algorithms show that once is meant.
pub fn objective(view: &View<'_>, decision: &Decision) -> Seconds {
    let weighted = services(view, decision)
        .iter()
        .zip(view.queries)
        .map(|(service, query)| {
            let backlog = match service {
                Service::Local { .. } => query.local_backlog,
                Service::Edge { .. } => Seconds(0.0),
            };
            query.uncertainty * (backlog + service.total()).0
        })
        .sum();
    Seconds(weighted)
}

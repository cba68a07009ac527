//! Queries between their arrival and their answer, and what a policy is shown of
//! them.

use super::recorder::{CompletedQuery, Stages};
use crate::snapshot::{Choice, ServerState, WaitingQuery};
use crate::units::{Seconds, Watts};
use crate::world::World;
use crate::world::query::Query;
use std::ops::{Index, IndexMut};

/// The queries in flight, in slots that are used again.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    slots: Vec<CompletedQuery>,
    free: Vec<usize>,
}

impl InFlight {
    /// A query arrives; its slot names it until it is complete.
    pub fn admit(&mut self, query: Query, now: Seconds) -> usize {
        let entry = CompletedQuery {
            query,
            arrived: now,
            choice: Choice::Local,
            stages: Stages::default(),
        };
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = entry;
                slot
            }
            None => {
                self.slots.push(entry);
                self.slots.len() - 1
            }
        }
    }

    /// A query is answered; its slot becomes free.
    pub fn complete(&mut self, slot: usize) -> CompletedQuery {
        self.free.push(slot);
        self.slots[slot]
    }
}

impl Index<usize> for InFlight {
    type Output = CompletedQuery;
    fn index(&self, slot: usize) -> &CompletedQuery {
        &self.slots[slot]
    }
}

impl IndexMut<usize> for InFlight {
    fn index_mut(&mut self, slot: usize) -> &mut CompletedQuery {
        &mut self.slots[slot]
    }
}

/// What is connected to each server, from decision to completion.
#[derive(Debug)]
pub(super) struct Servers {
    connected: Vec<usize>,
    from_others: Vec<Watts>,
    from_own: Vec<Watts>,
}

impl Servers {
    pub fn new(world: &World<'_>) -> Self {
        let count = world.servers().len();
        Self {
            connected: vec![0; count],
            from_others: vec![Watts(0.0); count],
            from_own: vec![Watts(0.0); count],
        }
    }

    pub fn connect(&mut self, world: &World<'_>, user: usize, server: usize) {
        self.connected[server] += 1;
        self.add_power(world, user, server, 1.0);
    }

    pub fn disconnect(&mut self, world: &World<'_>, done: &CompletedQuery) {
        if let Choice::Edge(server) = done.choice {
            self.connected[server] -= 1;
            self.add_power(world, done.query.user, server, -1.0);
            // Nobody left: what remains is the rounding of sums and differences.
            if self.connected.iter().all(|&count| count == 0) {
                self.from_others.fill(Watts(0.0));
                self.from_own.fill(Watts(0.0));
            }
        }
    }

    fn add_power(&mut self, world: &World<'_>, user: usize, server: usize, sign: f64) {
        let tx_power = world.model().users.tx_power;
        for (j, gain) in world.gains(user).iter().enumerate() {
            let received = tx_power * (sign * gain);
            if j == server {
                self.from_own[j] += received;
            } else {
                self.from_others[j] += received;
            }
        }
    }
}

/// The owned data behind a policy's view.
pub(super) struct Snapshot {
    pub queries: Vec<WaitingQuery>,
    pub servers: Vec<ServerState>,
    pub gains: Vec<f64>,
}

impl Snapshot {
    /// What is known now of the waiting queries and the servers.
    pub fn take(
        world: &World<'_>,
        in_flight: &InFlight,
        waiting: &[usize],
        servers: &Servers,
        device_free_at: &[Seconds],
        now: Seconds,
    ) -> Self {
        let mut gains = Vec::with_capacity(waiting.len() * world.servers().len());
        let queries = waiting
            .iter()
            .map(|&slot| {
                let query = &in_flight[slot].query;
                gains.extend_from_slice(world.gains(query.user));
                WaitingQuery {
                    user: query.user,
                    uncertainty: query.uncertainty,
                    bits: query.bits,
                    slm_work: query.slm_work,
                    llm_work: query.llm_work,
                    local_capacity: world.users()[query.user].capacity,
                    local_backlog: Seconds((device_free_at[query.user] - now).0.max(0.0)),
                }
            })
            .collect();
        let model = world.model();
        let servers = world
            .servers()
            .iter()
            .enumerate()
            .map(|(j, server)| ServerState {
                capacity: server.capacity,
                max_per_user: model.servers.max_per_user,
                bandwidth: model.servers.bandwidth,
                noise: model.noise,
                connected: servers.connected[j],
                from_others: servers.from_others[j],
                from_own: servers.from_own[j],
            })
            .collect();
        Self {
            queries,
            servers,
            gains,
        }
    }
}

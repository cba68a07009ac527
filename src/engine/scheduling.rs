//! Scheduling instants: what the policy is shown, and what follows from what it
//! says.

use super::in_flight::Phase;
use super::{Event, Run, Sharing};
use crate::policy::{self, Policy, PolicyError};
use crate::snapshot::{Choice, ServerState, Service, Truth, View, WaitingQuery, services};
use crate::units::Seconds;

impl Run<'_> {
    /// Asks the policy about all that wait, and starts what it decides.
    pub(super) fn schedule(&mut self, policy: &mut dyn Policy) -> Result<(), PolicyError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let servers = self.server_states();
        let mut gains = Vec::with_capacity(waiting.len() * servers.len());
        let mut queries = Vec::with_capacity(waiting.len());
        for &slot in &waiting {
            let flight = &self.in_flight[slot];
            let query = &flight.record.query;
            gains.extend_from_slice(self.links.row(query.user, self.now));
            queries.push(WaitingQuery {
                user: query.user,
                uncertainty: query.uncertainty,
                bits: query.bits,
                slm_work: flight.slm_left,
                llm_work: query.llm_work,
                local_capacity: self.world.users()[query.user].capacity,
                local_backlog: self.devices[query.user].backlog(self.now),
                position: Some(self.links.position(query.user)),
                truth: Some(Truth {
                    slm_correct: query.slm_correct,
                    llm_correct: query.llm_correct,
                }),
            });
        }
        let view = View {
            now: self.now,
            queries: &queries,
            servers: &servers,
            gains: &gains,
            tx_power: self.world.model().users.tx_power,
            interference: self.world.model().interference,
            key: self.world.key().named("policy").index(self.instants),
        };
        self.instants += 1;
        let decision = policy.decide(&view)?;
        policy::check(&view, &decision)?;
        self.occupancy
            .waiting
            .add(self.now, -(waiting.len() as f64));
        match self.settings.sharing {
            Sharing::Held => {
                for (at, service) in services(&view, &decision).into_iter().enumerate() {
                    self.decided(waiting[at], decision.choices[at]);
                    match service {
                        Service::Local { .. } => self.starts_locally(waiting[at]),
                        Service::Edge {
                            server,
                            uplink,
                            compute,
                        } => {
                            let row = view.gains_of(at);
                            self.connections.connect(waiting[at], row, server);
                            self.starts_held(waiting[at], server, uplink, compute);
                        }
                    }
                }
            }
            Sharing::Live => {
                for (at, choice) in decision.choices.iter().enumerate() {
                    self.decided(waiting[at], *choice);
                    match *choice {
                        Choice::Local => self.starts_locally(waiting[at]),
                        Choice::Edge(server) => {
                            let row = view.gains_of(at);
                            self.connections.connect(waiting[at], row, server);
                            self.starts_uplink(waiting[at], server, row);
                        }
                    }
                }
            }
        }
        self.waiting = waiting;
        self.waiting.clear();
        Ok(())
    }

    fn server_states(&self) -> Vec<ServerState> {
        let model = self.world.model();
        self.world
            .servers()
            .iter()
            .enumerate()
            .map(|(j, server)| {
                // Held shares count everyone connected; live ones who transmits now.
                let (from_others, from_own) = match self.settings.sharing {
                    Sharing::Held => (
                        self.connections.power_from_others(j),
                        self.connections.power_from_own(j),
                    ),
                    Sharing::Live => (self.uplinks.heard(j), self.uplinks.own(j)),
                };
                ServerState {
                    capacity: server.capacity,
                    max_per_user: model.servers.max_per_user,
                    bandwidth: model.servers.bandwidth,
                    noise: model.noise,
                    connected: self.connections.count(j),
                    from_others,
                    from_own,
                    position: Some(server.position),
                }
            })
            .collect()
    }

    fn decided(&mut self, slot: usize, choice: Choice) {
        let flight = &mut self.in_flight[slot];
        flight.record.choice = choice;
        flight.record.decided = Some(self.now);
        flight.record.stages.wait += self.now - flight.since;
        flight.since = self.now;
    }

    fn starts_locally(&mut self, slot: usize) {
        self.in_flight[slot].phase = Phase::Local;
        let work = self.in_flight[slot].slm_left;
        self.join_device(slot, work);
    }

    /// Both stages are known in advance; each is an event of its own.
    fn starts_held(&mut self, slot: usize, server: usize, uplink: Seconds, compute: Seconds) {
        let flight = &mut self.in_flight[slot];
        flight.phase = Phase::Held;
        flight.held_uplink = uplink;
        flight.held_compute = compute;
        let generation = flight.generation;
        self.occupancy.uplink_jobs[server].add(self.now, 1.0);
        self.calendar
            .push(self.now + uplink, Event::HeldUplinkEnd { slot, generation });
    }
}

//! Scheduling instants: what the policy is shown, and what follows from what it
//! says.

use super::in_flight::Phase;
use super::{Event, Run, Sharing};
use crate::physics::gains::{GainRows, LinkGains, NearRow};
use crate::policy::{self, Policy, PolicyError};
use crate::snapshot::{Choice, ServerState, Service, View, WaitingQuery, services};
use crate::units::Seconds;

/// What a policy is shown, in memory that is used again. Gains are copied side by
/// side: in a city every user's own lie somewhere else.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    queries: Vec<WaitingQuery>,
    servers: Vec<ServerState>,
    /// The gains of each query's links within reach, row after row.
    gains: GainRows,
    rows: Vec<NearRow>,
}

impl Scratch {
    fn clear(&mut self) {
        self.queries.clear();
        self.servers.clear();
        self.gains.clear();
        self.rows.clear();
    }

    /// Shows the links of one more query.
    fn show_links(&mut self, home: usize, links: LinkGains<'_>) {
        self.rows.push(NearRow {
            home: home as u32,
            start: self.gains.len() as u32,
        });
        self.gains.push_links(links);
    }
}

impl Run<'_> {
    /// Asks the policy about all that wait, and starts what it decides.
    pub(super) fn schedule(&mut self, policy: &mut dyn Policy) -> Result<(), PolicyError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let mut scratch = std::mem::take(&mut self.snapshot);
        self.server_states(&mut scratch.servers);
        for &slot in &waiting {
            let flight = &self.in_flight[slot];
            let user = flight.user();
            self.links.bring_to(user, self.now);
            scratch.queries.push(WaitingQuery {
                user,
                uncertainty: flight.uncertainty,
                bits: flight.bits,
                slm_work: flight.slm_left,
                llm_work: flight.llm_work,
                local_capacity: self.world.users()[user].capacity,
                local_backlog: self.devices[user].backlog(self.now),
                position: Some(self.links.position(user)),
                truth: Some(flight.truth()),
            });
            let links = self.links.of(user);
            scratch.show_links(self.world.home(user), links);
        }
        let neighbourhoods = self.world.neighbourhoods();
        let within = neighbourhoods.map(|near| (near, scratch.rows.as_slice()));
        let view = View {
            now: self.now,
            queries: &scratch.queries,
            servers: &scratch.servers,
            gains: scratch.gains.table(within),
            tx_power: self.world.model().users.tx_power,
            interference: self.world.model().interference,
            key: self.world.key().named("policy").index(self.instants),
        };
        let decision = policy.decide(&view)?;
        policy::check(&view, &decision)?;
        // What service follows where shares are held.
        let services = match self.settings.sharing {
            Sharing::Held => services(&view, &decision),
            Sharing::Live => Vec::new(),
        };
        self.instants += 1;
        self.occupancy
            .waiting
            .add(self.now, -(waiting.len() as f64));
        for (at, (&slot, &choice)) in waiting.iter().zip(&decision.choices).enumerate() {
            self.in_flight[slot].decide(self.now, choice);
            let Choice::Edge(server) = choice else {
                self.keep_circumstances(slot, None);
                self.starts_locally(slot);
                continue;
            };
            let links = view.links_of(at);
            self.connections.connect(slot, links, server);
            match services.get(at) {
                Some(&Service::Edge {
                    sinr,
                    uplink,
                    compute,
                    ..
                }) => {
                    self.keep_circumstances(slot, Some((server, links, Some(sinr))));
                    self.starts_held(slot, server, uplink, compute);
                }
                _ => {
                    self.keep_circumstances(slot, Some((server, links, None)));
                    self.starts_uplink(slot, server, links);
                }
            }
        }
        scratch.clear();
        self.snapshot = scratch;
        self.waiting = waiting;
        self.waiting.clear();
        Ok(())
    }

    fn server_states(&self, states: &mut Vec<ServerState>) {
        let model = self.world.model();
        let servers = self.world.servers().iter().enumerate();
        states.extend(servers.map(|(j, server)| {
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
        }));
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
        let ticket = self.in_flight.ticket(slot);
        self.occupancy.uplink_jobs[server].add(self.now, 1.0);
        self.calendar
            .push(self.now + uplink, Event::HeldUplinkEnd(ticket));
    }
}

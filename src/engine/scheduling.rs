//! Scheduling instants: what the policy is shown, and what follows from what it
//! says.

use super::in_flight::Phase;
use super::{Recorder, Run};
use crate::physics::gains::{GainTable, LinkGains, NearRow};
use crate::plan::Plan;
use crate::policy::{self, Policy, PolicyError};
use crate::snapshot::{Choice, ServerState, Service, View, WaitingQuery, services};
use crate::station::Sharing;

/// What a policy is shown, in memory that is used again. Gains are copied side by
/// side: in a city every user's own lie somewhere else.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    queries: Vec<WaitingQuery>,
    servers: Vec<ServerState>,
    /// The gains of each query's links within reach, row after row.
    gains: Vec<f64>,
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
    fn show_links(&mut self, nearest: usize, links: LinkGains<'_>) {
        self.rows.push(NearRow {
            nearest: nearest as u32,
            start: self.gains.len() as u32,
        });
        self.gains.extend_from_slice(links.gains());
    }
}

impl Run<'_> {
    /// Asks the policy about all that wait, and starts what it decides.
    pub(super) fn schedule(
        &mut self,
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let mut scratch = std::mem::take(&mut self.snapshot);
        scratch.servers.extend(self.network.server_states());
        for &slot in &waiting {
            let flight = &self.in_flight[slot];
            let user = flight.user();
            self.network.bring_links_to(user, self.now);
            let links = self.network.links();
            scratch.queries.push(WaitingQuery {
                user,
                uncertainty: flight.uncertainty,
                bits: flight.bits,
                slm_work: flight.slm_left,
                llm_work: flight.llm_work,
                tokens: flight
                    .tokens
                    .map(|tokens| self.network.expected_tokens(tokens)),
                local_time: self.network.local_time(&flight.needs(), self.now),
                local_capacity: self.world.users()[user].capacity,
                local_backlog: self.network.backlog(user, self.now),
                position: Some(links.position(user)),
                truth: Some(flight.truth()),
            });
            scratch.show_links(links.nearest_server(user), links.of(user));
        }
        let reach = self.world.neighbourhoods().map(|near| near.reach());
        let within = reach.map(|reach| (reach, scratch.rows.as_slice()));
        let view = View {
            now: self.now,
            queries: &scratch.queries,
            servers: &scratch.servers,
            gains: GainTable::new(&scratch.gains, within),
            tx_power: self.world.model().users.tx_power,
            interference: self.world.model().interference,
            key: self.world.key().named("policy").index(self.instants),
        };
        let decision = policy.decide(&view)?;
        policy::check(&view, &decision)?;
        // What service follows where shares are held.
        let services = match self.settings.serving.sharing {
            Sharing::Held => services(&view, &decision),
            Sharing::Live => Vec::new(),
        };
        self.instants += 1;
        self.occupancy
            .waiting
            .add(self.now, -(waiting.len() as f64));
        for (at, (&slot, &choice)) in waiting.iter().zip(&decision.choices).enumerate() {
            self.in_flight[slot].decide(self.now, choice);
            let service = services.get(at);
            let needs = self.in_flight[slot].needs();
            let sinr = match service {
                Some(&Service::Edge { sinr, .. }) => Some(sinr),
                _ => None,
            };
            self.keep_circumstances(slot, choice, view.links_of(at), sinr);
            if let Choice::Edge(server) = choice {
                if let Some((tokens, limit)) = self.network.exceeded_limit(&needs) {
                    return Err(PolicyError::DoesNotFit {
                        query: self.in_flight[slot].number(),
                        tokens,
                        server,
                        limit,
                    });
                }
                let plan = policy.plan(&view, at);
                if plan != Plan::Direct {
                    self.begins(slot, server, plan, policy, recorder)?;
                    continue;
                }
                self.connects(slot, server);
                self.count_direct(slot);
            }
            self.in_flight[slot].route = self.network.route(&needs, choice, service);
            self.goes_to(slot, Phase::Served { place: 0 });
        }
        scratch.clear();
        self.snapshot = scratch;
        self.waiting = waiting;
        self.waiting.clear();
        Ok(())
    }
}

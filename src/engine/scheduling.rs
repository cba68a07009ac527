//! Scheduling instants: what the policy is shown, and what follows from what it
//! says.

use super::in_flight::{Phase, Ticket};
use super::{Event, Recorder, Run, Settings};
use crate::physics::gains::{GainTable, LinkGains, NearRow};
use crate::plan::Plan;
use crate::policy::{self, Policy, PolicyError};
use crate::snapshot::{Choice, Decision, ServerState, Service, View, WaitingQuery, services};
use crate::station::Sharing;
use crate::units::Seconds;
use crate::world::World;
use smallvec::SmallVec;

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

    /// What a policy is shown at an instant.
    fn view<'a>(
        &'a self,
        world: &'a World<'_>,
        settings: &Settings,
        now: Seconds,
        instant: u64,
    ) -> View<'a> {
        let reach = world.neighbourhoods().map(|near| near.reach());
        View {
            now,
            queries: &self.queries,
            servers: &self.servers,
            gains: GainTable::new(
                &self.gains,
                reach.map(|reach| (reach, self.rows.as_slice())),
            ),
            tx_power: world.model().users.tx_power,
            interference: world.model().interference,
            allocations: settings.serving.allocations,
            key: world.key().named("policy").index(instant),
        }
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

/// A decision that the policy is still at: its queries wait until it is known.
#[derive(Debug)]
pub(super) struct Deciding {
    /// The queries it is about, each with its choice and its plan. Some may have left
    /// meanwhile.
    about: Vec<(Ticket, Choice, Plan)>,
}

/// The plans of the queries of a decision, in their order.
fn plans_of(view: &View<'_>, decision: &Decision, policy: &mut dyn Policy) -> Plans {
    let choices = decision.choices.iter().enumerate();
    let plans = choices.map(|(query, choice)| match choice {
        Choice::Local => Plan::Direct,
        Choice::Edge(_) => policy.plan(view, query),
    });
    plans.collect()
}

type Plans = SmallVec<[Plan; 4]>;

impl Run<'_> {
    /// Asks the policy about all that wait, and starts what it decides once that is known.
    pub(super) fn schedule(
        &mut self,
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        // Who comes while the policy decides waits for its next decision.
        if self.waiting.is_empty() || self.deciding.is_some() {
            return Ok(());
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut scratch = std::mem::take(&mut self.snapshot);
        self.show(&waiting, &mut scratch);
        let view = scratch.view(self.world, self.settings, self.now, self.instants);
        let decision = policy.decide(&view)?;
        policy::check(&view, &decision)?;
        let plans = plans_of(&view, &decision, policy);
        let takes = policy.decision_time();
        if takes > Seconds(0.0) {
            let tickets = waiting.iter().map(|&slot| self.in_flight.ticket(slot));
            let about = tickets.zip(decision.choices).zip(plans);
            self.deciding = Some(Deciding {
                about: about
                    .map(|((ticket, choice), plan)| (ticket, choice, plan))
                    .collect(),
            });
            self.calendar.push(self.now + takes, Event::Decided);
        } else {
            self.start(&view, &waiting, &decision, &plans, policy, recorder)?;
        }
        scratch.clear();
        self.snapshot = scratch;
        waiting.clear();
        waiting.append(&mut self.waiting);
        self.waiting = waiting;
        Ok(())
    }

    /// A decision that took time is known: it starts, with the network as it is by now.
    pub(super) fn decided(
        &mut self,
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        let Some(Deciding { about }) = self.deciding.take() else {
            return Ok(());
        };
        let (mut waiting, mut choices, mut plans) = (Vec::new(), Vec::new(), Plans::new());
        for (ticket, choice, plan) in about {
            if let Some(slot) = self.in_flight.slot_of(ticket) {
                waiting.push(slot);
                choices.push(choice);
                plans.push(plan);
            }
        }
        let mut scratch = std::mem::take(&mut self.snapshot);
        self.show(&waiting, &mut scratch);
        let view = scratch.view(self.world, self.settings, self.now, self.instants);
        let decision = Decision { choices };
        self.start(&view, &waiting, &decision, &plans, policy, recorder)?;
        scratch.clear();
        self.snapshot = scratch;
        self.schedule(policy, recorder)
    }

    /// How many wait for a decision that the policy is at.
    pub(super) fn being_decided(&self) -> usize {
        let about = self.deciding.iter().flat_map(|deciding| &deciding.about);
        about
            .filter(|(ticket, ..)| self.in_flight.slot_of(*ticket).is_some())
            .count()
    }

    /// Puts what a policy may look at into `scratch`.
    fn show(&mut self, waiting: &[usize], scratch: &mut Scratch) {
        scratch.servers.extend(self.network.server_states(self.now));
        for &slot in waiting {
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
    }

    /// Sends the waiting queries where the policy has decided.
    fn start(
        &mut self,
        view: &View<'_>,
        waiting: &[usize],
        decision: &Decision,
        plans: &[Plan],
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        // What service follows where shares are held.
        let services = match self.settings.serving.sharing {
            Sharing::Held => services(view, decision),
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
            if choice != Choice::Local && self.network.refuses(&needs) {
                self.refused(slot, recorder);
                continue;
            }
            let sinr = match service {
                Some(&Service::Edge { sinr, .. }) => Some(sinr),
                _ => None,
            };
            self.keep_circumstances(slot, choice, view.links_of(at), sinr);
            if let Choice::Edge(server) = choice {
                let plan = plans[at];
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
        Ok(())
    }
}

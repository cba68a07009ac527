//! The event engine: a virtual clock, an event list, and the life of a query.
//!
//! ```text
//! arrive -> wait for a scheduling instant -> decide
//!     local:   device queue (FIFO) -> small model -> done
//!     edge j:  uplink -> large model -> done
//! ```
//!
//! Its delay is the exact sum of its stages. Everything edgelm computes is a run
//! of this engine; the paper's Monte Carlo snapshot is the run in which every
//! user's one query arrives at time zero ([`Arrivals::Batch`]) and shares are
//! held ([`Sharing::Held`]).

mod event_list;
mod life;
mod recorder;

pub use event_list::EventList;
pub use recorder::{CompletedQuery, Recorder, Stages};

use crate::policy::{self, Policy, PolicyError};
use crate::snapshot::{Choice, Service, View, services};
use crate::units::Seconds;
use crate::world::World;
use life::{InFlight, Servers};
use serde::{Deserialize, Serialize};

/// When queries arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Arrivals {
    /// Every user has one query, at time zero.
    #[default]
    Batch,
}

/// How resources are shared among those who use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sharing {
    /// At a scheduling instant the shares and the interference of the complete
    /// assignment are fixed for the whole life of the queries it placed.
    #[default]
    Held,
}

/// What happens at an instant of the virtual clock. Queries are named by their
/// slot among those in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The next query of a user arrives.
    Arrival { user: usize },
    /// The policy is asked about all queries that wait.
    SchedulingInstant,
    /// A query's last bit is received by its server.
    UplinkEnd { query: usize },
    /// The large model has answered.
    EdgeEnd { query: usize },
    /// The small model has answered.
    LocalEnd { query: usize },
}

/// Runs one replication of one policy to its end and hands every completed query
/// to the recorder, in order of completion.
///
/// # Errors
/// What the policy says, or that its decision does not fit the snapshot.
pub fn simulate(
    world: &World<'_>,
    arrivals: Arrivals,
    sharing: Sharing,
    policy: &mut dyn Policy,
    recorder: &mut dyn Recorder,
) -> Result<(), PolicyError> {
    policy.begin_replication();
    let mut run = Run {
        world,
        sharing,
        now: Seconds(0.0),
        events: EventList::default(),
        in_flight: InFlight::default(),
        waiting: Vec::new(),
        servers: Servers::new(world),
        device_free_at: vec![Seconds(0.0); world.users().len()],
        instants: 0,
    };
    match arrivals {
        Arrivals::Batch => {
            for user in 0..world.users().len() {
                run.events.push(Seconds(0.0), Event::Arrival { user });
            }
            run.events.push(Seconds(0.0), Event::SchedulingInstant);
        }
    }
    while let Some((time, event)) = run.events.pop() {
        run.now = time;
        run.handle(event, policy, recorder)?;
    }
    Ok(())
}

/// The state of one replication.
struct Run<'w> {
    world: &'w World<'w>,
    sharing: Sharing,
    now: Seconds,
    events: EventList<Event>,
    in_flight: InFlight,
    /// Slots of the queries that wait for a scheduling instant, in order of arrival.
    waiting: Vec<usize>,
    servers: Servers,
    /// When each user's device has done all it was given.
    device_free_at: Vec<Seconds>,
    /// Scheduling instants so far.
    instants: u64,
}

impl Run<'_> {
    fn handle(
        &mut self,
        event: Event,
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        match event {
            Event::Arrival { user } => {
                let query = self.world.query(user, 0);
                let slot = self.in_flight.admit(query, self.now);
                self.waiting.push(slot);
            }
            Event::SchedulingInstant => self.schedule(policy)?,
            Event::UplinkEnd { query } => {
                let ends = self.now + self.in_flight[query].stages.edge_compute;
                self.events.push(ends, Event::EdgeEnd { query });
            }
            Event::EdgeEnd { query } => {
                let done = self.in_flight.complete(query);
                self.servers.disconnect(self.world, &done);
                recorder.completed(&done);
            }
            Event::LocalEnd { query } => {
                let done = self.in_flight.complete(query);
                recorder.completed(&done);
            }
        }
        Ok(())
    }

    /// Asks the policy about all that wait, and starts what it decides.
    fn schedule(&mut self, policy: &mut dyn Policy) -> Result<(), PolicyError> {
        let snapshot = life::Snapshot::take(
            self.world,
            &self.in_flight,
            &self.waiting,
            &self.servers,
            &self.device_free_at,
            self.now,
        );
        let view = View {
            now: self.now,
            queries: &snapshot.queries,
            servers: &snapshot.servers,
            gains: &snapshot.gains,
            tx_power: self.world.model().users.tx_power,
            interference: self.world.model().interference,
            key: self.world.key().named("policy").index(self.instants),
        };
        self.instants += 1;
        let decision = policy.decide(&view)?;
        policy::check(&view, &decision)?;
        match self.sharing {
            Sharing::Held => {
                for (slot, service) in self.waiting.iter().zip(services(&view, &decision)) {
                    let query = &mut self.in_flight[*slot];
                    query.stages.wait = self.now - query.arrived;
                    match service {
                        Service::Local { compute } => {
                            let user = query.query.user;
                            let starts = if self.device_free_at[user] > self.now {
                                self.device_free_at[user]
                            } else {
                                self.now
                            };
                            query.choice = Choice::Local;
                            query.stages.device_queue = starts - self.now;
                            query.stages.local_compute = compute;
                            self.device_free_at[user] = starts + compute;
                            let event = Event::LocalEnd { query: *slot };
                            self.events.push(starts + compute, event);
                        }
                        Service::Edge {
                            server,
                            uplink,
                            compute,
                        } => {
                            query.choice = Choice::Edge(server);
                            query.stages.uplink = uplink;
                            query.stages.edge_compute = compute;
                            self.servers.connect(self.world, query.query.user, server);
                            let event = Event::UplinkEnd { query: *slot };
                            self.events.push(self.now + uplink, event);
                        }
                    }
                }
            }
        }
        self.waiting.clear();
        Ok(())
    }
}

//! The event engine: a virtual clock, a calendar of events, and the life of a
//! query.
//!
//! ```text
//! arrive -> [probe] -> wait for a scheduling instant -> decide
//!     local:   device queue (FIFO) -> small model -> done
//!     edge j:  uplink -> [queue] -> large model -> done
//! ```
//!
//! Its delay is the exact sum of its stages. Everything edgelm computes is a run
//! of this engine; the paper's Monte Carlo snapshot is the run with the default
//! [`Settings`]: every user's one query arrives at time zero and shares are held.

mod arriving;
mod calendar;
mod circumstances;
mod completions;
mod connections;
mod event_list;
mod in_flight;
mod occupancy;
mod recorder;
mod scheduling;
mod serving;
mod settings;
mod window;

pub use event_list::EventList;
pub use recorder::{
    Areas, ChosenLink, Circumstances, CompletedQuery, Counts, Recorder, SystemState,
};
pub use settings::{AfterWindow, Deadline, Probe, Scheduling, Settings, Sharing};

use crate::policy::{Policy, PolicyError};
use crate::snapshot::Completion;
use crate::station::device::Device;
use crate::station::edge::EdgeCompute;
use crate::station::uplink::{Radio, Uplinks};
use crate::units::Seconds;
use crate::world::World;
use crate::world::links::Links;
use arriving::Source;
use calendar::{Calendar, Next, Station};
use circumstances::KeptCircumstances;
use connections::Connections;
use in_flight::{InFlight, Ticket};
use occupancy::Occupancy;
use scheduling::Scratch;
use window::Window;

/// What happens at an instant of the virtual clock, beside the completions of
/// stations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The next query of a user arrives.
    Arrival { user: u32 },
    /// The next row of the trace arrives.
    TraceArrival,
    /// The policy is asked about all queries that wait.
    SchedulingInstant,
    /// A device has done the first job in its queue.
    DeviceEnd(Ticket),
    /// The last bit of a query with held shares is received.
    HeldUplinkEnd(Ticket),
    /// A query with held shares is answered.
    HeldEdgeEnd(Ticket),
    /// A query that is dropped at its deadline reaches it.
    DeadlineEnd(Ticket),
    /// The channel's next coherence block begins.
    ChannelBlock,
    /// The measured window begins.
    WindowBegin,
    /// The measured window ends.
    WindowEnd,
    /// The recorder is shown the state.
    Sample,
}

/// Events after which the recorder is asked again whether to stop: about a millisecond.
const EVENTS_BETWEEN_LOOKS: u64 = 4096;

/// Runs one replication of one policy to its end, and hands every query to the
/// recorder as it leaves.
///
/// # Errors
/// What the policy says, that its decision does not fit the snapshot, that queries can
/// never leave, or [`PolicyError::Interrupted`] if the recorder asks to stop.
pub fn simulate(
    world: &World<'_>,
    settings: &Settings,
    policy: &mut dyn Policy,
    recorder: &mut dyn Recorder,
) -> Result<Counts, PolicyError> {
    policy.begin_replication();
    let mut run = Run::new(world, settings);
    if recorder.wants_circumstances() {
        run.circumstances = Some(KeptCircumstances::default());
    }
    run.begin();
    let mut events = 0_u64;
    while !run.is_over() {
        events += 1;
        if events.is_multiple_of(EVENTS_BETWEEN_LOOKS) && recorder.stop_asked() {
            return Err(PolicyError::Interrupted);
        }
        let Some((time, next)) = run.calendar.pop() else {
            match run.counts.in_flight {
                0 => break,
                queries => return Err(PolicyError::Stuck { queries }),
            }
        };
        if run.circumstances.is_some() && time > run.now {
            run.instant_ends();
        }
        run.now = time;
        match next {
            Next::Completion(Station::Uplink(cell)) => run.uplink_completes(cell as usize),
            Next::Completion(Station::Edge(server)) => {
                run.edge_completes(server as usize, recorder);
            }
            Next::Event(event) => run.handle(event, policy, recorder)?,
        }
        run.settle_uplinks();
        recorder.counted(run.now, &run.counts);
        for completion in run.observed.drain(..) {
            policy.observe(&completion);
        }
    }
    let areas = run.window_areas();
    recorder.finished(run.now, &areas);
    Ok(run.counts)
}

/// The state of one replication.
struct Run<'w> {
    world: &'w World<'w>,
    settings: &'w Settings,
    now: Seconds,
    calendar: Calendar<Event>,
    source: Source<'w>,
    links: Links<'w>,
    in_flight: InFlight,
    /// Where the recorder wants it.
    circumstances: Option<KeptCircumstances>,
    /// Slots of the queries that wait for a scheduling instant, in the order in
    /// which they began to.
    waiting: Vec<usize>,
    /// Whether a scheduling instant is in the calendar.
    instant_pending: bool,
    /// Scheduling instants so far.
    instants: u64,
    connections: Connections,
    uplinks: Uplinks<'w>,
    /// Room for what policies are shown.
    snapshot: Scratch,
    /// Whether the next coherence block is in the calendar.
    block_pending: bool,
    edges: Vec<EdgeCompute>,
    devices: Vec<Device>,
    occupancy: Occupancy,
    window: Window,
    counts: Counts,
    /// Queries that have left and that the policy is still to be told of.
    observed: Vec<Completion>,
}

impl<'w> Run<'w> {
    fn new(world: &'w World<'w>, settings: &'w Settings) -> Self {
        let model = world.model();
        let servers = world.servers().len();
        let radio = Radio {
            bandwidth: model.servers.bandwidth,
            noise: model.noise,
            tx_power: model.users.tx_power,
            interference: model.interference,
        };
        Self {
            world,
            settings,
            now: Seconds(0.0),
            calendar: Calendar::default(),
            source: Source::new(world, settings),
            links: Links::new(world),
            in_flight: InFlight::default(),
            circumstances: None,
            waiting: Vec::new(),
            instant_pending: false,
            instants: 0,
            connections: Connections::new(settings.sharing, servers, model.users.tx_power),
            uplinks: match world.neighbourhoods() {
                None => Uplinks::new(radio, servers),
                Some(near) => Uplinks::in_city(radio, near, servers),
            },
            snapshot: Scratch::default(),
            block_pending: false,
            edges: world
                .servers()
                .iter()
                .map(|server| {
                    EdgeCompute::new(
                        settings.discipline,
                        server.capacity,
                        model.servers.max_per_user,
                    )
                })
                .collect(),
            devices: world
                .users()
                .iter()
                .map(|user| Device::new(user.capacity))
                .collect(),
            occupancy: Occupancy::new(servers),
            window: Window::default(),
            counts: Counts::default(),
            observed: Vec::new(),
        }
    }

    /// Puts the first events into the calendar.
    fn begin(&mut self) {
        self.begin_window();
        for (time, event) in self.source.first() {
            self.calendar.push(time, event);
        }
        if self.settings.scheduling == Scheduling::Batch {
            self.calendar.push(Seconds(0.0), Event::SchedulingInstant);
            self.instant_pending = true;
        }
        if self.settings.sample_every.is_some() {
            self.calendar.push(Seconds(0.0), Event::Sample);
        }
    }

    fn handle(
        &mut self,
        event: Event,
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        match event {
            Event::Arrival { user } => {
                if let Some(next) = self.source.next_of(user as usize) {
                    self.calendar.push(next, Event::Arrival { user });
                }
                if let Some((query, number)) = self.source.query_of(user as usize, self.now) {
                    self.arrives(query, number);
                }
            }
            Event::TraceArrival => {
                let arrived = self.source.query_of_trace(self.now);
                if let Some(next) = self.source.next_of_trace() {
                    self.calendar.push(next, Event::TraceArrival);
                }
                if let Some((query, number)) = arrived {
                    self.arrives(query, number);
                }
            }
            Event::SchedulingInstant => {
                self.instant_pending = false;
                self.schedule(policy)?;
            }
            Event::DeviceEnd(ticket) => {
                if let Some(slot) = self.in_flight.slot_of(ticket) {
                    self.device_completes(slot, recorder);
                }
            }
            Event::HeldUplinkEnd(ticket) => {
                if let Some(slot) = self.in_flight.slot_of(ticket) {
                    self.held_uplink_completes(slot);
                }
            }
            Event::HeldEdgeEnd(ticket) => {
                if let Some(slot) = self.in_flight.slot_of(ticket) {
                    self.held_edge_completes(slot, recorder);
                }
            }
            Event::DeadlineEnd(ticket) => {
                if let Some(slot) = self.in_flight.slot_of(ticket) {
                    self.drop_query(slot, recorder);
                }
            }
            Event::ChannelBlock => self.channel_block(),
            Event::WindowBegin => self.occupancy.restart(self.now),
            Event::WindowEnd => self.end_window(),
            Event::Sample => self.sample(policy.threshold(), recorder),
        }
        Ok(())
    }

    /// Shows the recorder the state, and comes again until the run is over.
    fn sample(&mut self, threshold: Option<f64>, recorder: &mut dyn Recorder) {
        let state = SystemState {
            threshold,
            ..self.state()
        };
        recorder.sampled(self.now, &state);
        if let Some(every) = self.settings.sample_every {
            self.calendar.push(self.now + every, Event::Sample);
        }
    }

    fn state(&self) -> SystemState {
        let cells = 0..self.edges.len();
        SystemState {
            transmitting: self
                .occupancy
                .uplink_jobs
                .iter()
                .map(|jobs| jobs.value() as usize)
                .collect(),
            heard: cells
                .clone()
                .map(|cell| match self.settings.sharing {
                    Sharing::Live => self.uplinks.heard(cell),
                    Sharing::Held => self.connections.power_from_others(cell),
                })
                .collect(),
            edge_in_service: match self.settings.sharing {
                Sharing::Live => self.edges.iter().map(EdgeCompute::in_service).collect(),
                Sharing::Held => self
                    .occupancy
                    .edge_jobs
                    .iter()
                    .map(|jobs| jobs.value() as usize)
                    .collect(),
            },
            edge_queued: self.edges.iter().map(EdgeCompute::queued).collect(),
            edge_utilisation: self.occupancy.edge_busy.iter().map(|b| b.value()).collect(),
            devices_busy: self.occupancy.device_busy.value() as usize,
            device_queued: (self.occupancy.device_jobs.value() - self.occupancy.device_busy.value())
                as usize,
            waiting: self.waiting.len(),
            threshold: None,
        }
    }
}

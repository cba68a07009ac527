//! The event engine: a virtual clock, a calendar of events, and the life of a
//! query.
//!
//! ```text
//! arrive -> [probe] -> wait for a scheduling instant -> decide
//!     local:   device queue (FIFO) -> small model -> done
//!     edge j:  uplink -> [queue] -> large model -> done
//!     a plan:  one of these after the other, or rounds between them
//! ```
//!
//! Its delay is the exact sum of its stages. Everything edgelm computes is a run
//! of this engine; the paper's Monte Carlo snapshot is the run with the default
//! [`Settings`]: every user's one query arrives at time zero and shares are held.

mod arriving;
mod calendar;
mod circumstances;
mod event_list;
mod in_flight;
mod life;
mod next_events;
mod occupancy;
mod planned;
mod recorder;
mod scheduling;
mod settings;
mod slo;
mod verification;
mod window;

pub use event_list::EventList;
pub use recorder::{
    Area, Areas, ChosenLink, Circumstances, CompletedQuery, Counts, Recorder, SystemState,
};
pub use settings::{AfterWindow, Deadline, Probe, Scheduling, Settings};
pub use slo::Slo;
pub use verification::Tally;

use crate::plan::Histories;
use crate::policy::{Policy, PolicyError};
use crate::route::Network;
use crate::snapshot::Completion;
use crate::station::{StationId, Visit};
use crate::units::Seconds;
use crate::world::World;
use arriving::Source;
use calendar::{Calendar, Next, UnitId};
use circumstances::KeptCircumstances;
use in_flight::{InFlight, Ticket};
use occupancy::Occupancy;
use scheduling::{Deciding, Scratch};
use std::fmt;
use verification::Verification;
use window::Window;

/// What happens at an instant of the virtual clock, beside what stations announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The next query of a user arrives.
    Arrival { user: u32 },
    /// The next row of the trace arrives.
    TraceArrival,
    /// The policy is asked about all queries that wait.
    SchedulingInstant,
    /// What the policy has decided is known.
    Decided,
    /// A query that is dropped at its deadline reaches it.
    DeadlineEnd(Ticket),
    /// The measured window begins.
    WindowBegin,
    /// The measured window ends.
    WindowEnd,
    /// The recorder is shown the state.
    Sample,
}

impl fmt::Display for Next<Event> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(UnitId { station, unit }) => write!(f, "{} {unit}", station.name()),
            Self::Event(Event::Arrival { user }) => write!(f, "arrival of user {user}"),
            Self::Event(Event::TraceArrival) => f.write_str("arrival of the trace"),
            Self::Event(Event::SchedulingInstant) => f.write_str("scheduling instant"),
            Self::Event(Event::Decided) => f.write_str("decided"),
            Self::Event(Event::DeadlineEnd(_)) => f.write_str("deadline"),
            Self::Event(Event::WindowBegin) => f.write_str("window begins"),
            Self::Event(Event::WindowEnd) => f.write_str("window ends"),
            Self::Event(Event::Sample) => f.write_str("sample"),
        }
    }
}

/// Events after which the recorder is asked again whether to stop: about a millisecond.
const EVENTS_BETWEEN_LOOKS: u64 = 4096;

/// Runs one replication of one policy to its end, and hands every query to the
/// recorder as it leaves.
///
/// # Errors
/// What the policy says, that its decision does not fit the snapshot, that queries can
/// never leave, [`PolicyError::Interrupted`] if the recorder asks to stop, or
/// [`PolicyError::Broken`] where a run that is verified is not as it must be.
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
        if let Some(verification) = &mut run.verification {
            verification.event(time);
        }
        recorder.happens(time, format_args!("{next}"));
        match next {
            Next::Unit(unit) => run.unit_event(unit, policy, recorder)?,
            Next::Event(event) => run.handle(event, policy, recorder)?,
        }
        run.update_stations();
        run.verify()?;
        recorder.counted(run.now, &run.counts);
        for completion in run.observed.drain(..) {
            policy.observe(&completion);
        }
    }
    let areas = run.window_areas();
    run.verify()?;
    if let (Some(verification), Some(tally)) = (&run.verification, &settings.verification) {
        verification.counts_in(tally);
    }
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
    network: Network<'w>,
    in_flight: InFlight,
    /// What tiers remember of their answers.
    histories: Histories,
    /// Where the recorder wants it.
    circumstances: Option<KeptCircumstances>,
    /// Slots of the queries that wait for a scheduling instant, in the order in
    /// which they began to.
    waiting: Vec<usize>,
    /// Whether a scheduling instant is in the calendar.
    instant_pending: bool,
    /// The decision that the policy is at, where that takes time.
    deciding: Option<Deciding>,
    /// Scheduling instants so far.
    instants: u64,
    /// Room for what policies are shown.
    snapshot: Scratch,
    /// Room for what stations say of those that they have served.
    departed: Vec<(usize, Visit)>,
    occupancy: Occupancy,
    window: Window,
    counts: Counts,
    /// Queries that have left and that the policy is still to be told of.
    observed: Vec<Completion>,
    /// Where the settings ask for it.
    verification: Option<Verification>,
}

impl<'w> Run<'w> {
    fn new(world: &'w World<'w>, settings: &'w Settings) -> Self {
        let network = Network::new(world, settings.serving.clone());
        Self {
            world,
            settings,
            now: Seconds(0.0),
            calendar: Calendar::new(|station| network.station(station).units()),
            source: Source::new(world, settings),
            in_flight: InFlight::default(),
            histories: Histories::default(),
            circumstances: None,
            waiting: Vec::new(),
            instant_pending: false,
            deciding: None,
            instants: 0,
            snapshot: Scratch::default(),
            departed: Vec::new(),
            occupancy: Occupancy::new(|station| network.station(station).parts()),
            verification: settings
                .verification
                .as_ref()
                .map(|_| Verification::new(&network)),
            network,
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

    /// After an event: whether all is as it must be, where that is asked for.
    fn verify(&mut self) -> Result<(), PolicyError> {
        let Some(verification) = &mut self.verification else {
            return Ok(());
        };
        verification
            .event_ends(&self.counts, &self.network)
            .map_err(|(event, what)| PolicyError::Broken {
                event,
                time_s: self.now.0,
                what,
            })
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
                self.schedule(policy, recorder)?;
            }
            Event::Decided => self.decided(policy, recorder)?,
            Event::DeadlineEnd(ticket) => {
                if let Some(slot) = self.in_flight.slot_of(ticket) {
                    self.drop_query(slot, recorder);
                }
            }
            Event::WindowBegin => {
                self.occupancy.restart(self.now);
                if let Some(verification) = &mut self.verification {
                    verification.window_begins(self.now);
                }
            }
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
        let loads = |station| {
            let station = self.network.station(station);
            (0..station.parts())
                .map(|part| station.load(part))
                .collect()
        };
        let cells = 0..self.world.cells();
        let servers = self.network.station(StationId::Compute);
        SystemState {
            stations: StationId::ALL.map(loads),
            memory_in_use: (0..servers.parts())
                .map(|part| servers.memory_in_use(self.now, part))
                .collect(),
            interference_power: cells
                .map(|cell| self.network.interference_power(cell))
                .collect(),
            waiting: self.waiting.len() + self.being_decided(),
            threshold: None,
        }
    }
}

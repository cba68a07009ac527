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
mod window;

pub use event_list::EventList;
pub use recorder::{
    Area, Areas, ChosenLink, Circumstances, CompletedQuery, Counts, Recorder, SystemState,
};
pub use settings::{AfterWindow, Deadline, Probe, Scheduling, Settings};
pub use slo::Slo;

use crate::plan::Histories;
use crate::policy::{Policy, PolicyError};
use crate::route::Network;
use crate::snapshot::Completion;
use crate::station::{StationId, Visit};
use crate::units::Seconds;
use crate::world::World;
use arriving::Source;
use calendar::{Calendar, Next};
use circumstances::KeptCircumstances;
use in_flight::{InFlight, Ticket};
use occupancy::Occupancy;
use scheduling::{Deciding, Scratch};
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
            Next::Unit(unit) => run.unit_event(unit, policy, recorder)?,
            Next::Event(event) => run.handle(event, policy, recorder)?,
        }
        run.update_stations();
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
        let loads = |station| {
            let station = self.network.station(station);
            (0..station.parts())
                .map(|part| station.load(part))
                .collect()
        };
        let cells = 0..self.world.cells();
        SystemState {
            stations: StationId::ALL.map(loads),
            interference_power: cells
                .map(|cell| self.network.interference_power(cell))
                .collect(),
            waiting: self.waiting.len() + self.being_decided(),
            threshold: None,
        }
    }
}

//! One replication's timeline in the Trace Event Format, the JSON that Perfetto
//! (<https://ui.perfetto.dev>) and `chrome://tracing` open.
//!
//! A server is a process with its transmissions and its computations, a user one
//! with its device and its queries. Slices on a track of that format must not
//! overlap, so what happens at once takes as many tracks ("uplink 1", "uplink 2") as
//! there are at most at a time.

mod events;
mod place;
mod tracks;

use super::super::streamed::StreamedFile;
use super::DetailError;
use super::life::{Stay, ns, span_ns, stays};
use crate::engine::{CompletedQuery, Recorder, SystemState};
use crate::experiment::Experiment;
use crate::report::directory::DirectoryError;
use crate::report::swept;
use crate::snapshot::Choice;
use crate::station::{Load, StationId};
use crate::units::Seconds;
use events::{Events, QueryArgs, StationArgs};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::ops::Range;
use tracks::{Block, Process, Tracks};

/// Which replication is traced; numbers from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceSelection {
    /// The sweep's point.
    pub point: usize,
    /// The policy.
    pub policy: usize,
    /// The replication.
    pub replication: u32,
}

/// What of it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceBounds {
    /// Queries that are in the system at any time in it, whole; counters within it.
    pub window: Range<Seconds>,
    /// Queries of these users.
    pub users: Range<usize>,
    /// How often the counters are sampled.
    pub sample_every: Seconds,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TraceCounts {
    /// Queries within the bounds.
    pub queries: u64,
    /// Queries of the replication.
    pub of: u64,
    /// Entries of the file.
    pub events: u64,
}

/// Simulates one replication once more and writes its timeline.
///
/// # Errors
/// [`DetailError`].
pub fn trace(
    experiment: &Experiment,
    selection: TraceSelection,
    bounds: &TraceBounds,
    file: StreamedFile,
) -> Result<(StreamedFile, TraceCounts), DetailError> {
    let path = file.place().to_owned();
    let loaded = experiment.loaded();
    let point = experiment.points().nth(selection.point);
    let policy = point
        .as_ref()
        .and_then(|p| p.policies.get(selection.policy));
    let about = serde_json::json!({
        "edgelm": env!("CARGO_PKG_VERSION"),
        "scenario": loaded.name,
        "sweep": swept::one_or_list(&loaded.scenario.swept_fields()),
        "value": swept::one_or_list(point.as_ref().map_or(&[][..], |point| point.values)),
        "policy": policy,
        "replication": selection.replication,
        "seed": loaded.scenario.seed,
    });
    let mut writer = TraceWriter::new(file, &about, bounds.clone());
    experiment.replay(
        selection.point,
        selection.policy,
        selection.replication,
        Some(bounds.sample_every),
        &mut writer,
    )?;
    let counts = writer.counts();
    writer
        .finish()
        .map(|file| (file, counts))
        .map_err(|reason| DirectoryError::Write { path, reason }.into())
}

/// What is to be written once nothing earlier can come.
#[derive(Debug, Clone)]
enum Pending {
    /// A whole query, on a track of its user.
    Life(Box<CompletedQuery>, bool),
    /// A stage, on a track of where it was served.
    Served(Block, Process, Stay, StationArgs),
}

/// Writes a trace while a run goes on.
///
/// Queries are shown when they leave, but tracks are given out in the order in
/// which things begin. What has been seen therefore waits until every query that
/// arrived earlier has left, too: memory holds what the slowest query overlaps.
struct TraceWriter<W: Write> {
    events: Events<W>,
    tracks: Tracks,
    bounds: TraceBounds,
    queries: u64,
    /// By beginning, query, and order within it.
    pending: BTreeMap<(u64, u64, usize), Pending>,
    /// Queries below this number have left.
    all_left_below: u64,
    /// Of these, when the last one arrived.
    nothing_before_ns: u64,
    /// Others that have left, and when they arrived.
    left_early: BTreeMap<u64, u64>,
    counters: HashMap<(u64, &'static str), Vec<f64>>,
}

impl<W: Write> TraceWriter<W> {
    fn new(out: W, about: &serde_json::Value, bounds: TraceBounds) -> Self {
        Self {
            events: Events::new(out, about),
            tracks: Tracks::default(),
            bounds,
            queries: 0,
            pending: BTreeMap::new(),
            all_left_below: 0,
            nothing_before_ns: 0,
            left_early: BTreeMap::new(),
            counters: HashMap::new(),
        }
    }

    fn counts(&self) -> TraceCounts {
        TraceCounts {
            queries: self.queries,
            of: self.all_left_below + self.left_early.len() as u64,
            events: self.events.written(),
        }
    }

    fn finish(self) -> std::io::Result<W> {
        self.events.finish()
    }

    fn is_within(&self, query: &CompletedQuery) -> bool {
        let (start, end) = span_ns(query);
        let window = &self.bounds.window;
        self.bounds.users.contains(&query.query.user)
            && (start as f64) < window.end.0 * 1e9
            && end as f64 > window.start.0 * 1e9
    }

    /// Keeps a query and its stages until their turn.
    fn keep(&mut self, query: &CompletedQuery, measured: bool) {
        self.queries += 1;
        let (number, user) = (query.number, query.query.user);
        let life = Pending::Life(Box::new(*query), measured);
        self.pending.insert((ns(query.arrived), number, 0), life);
        for (order, stay) in stays(query).into_iter().enumerate() {
            let (Some(station), process) = (
                stay.stage.station(),
                match (stay.stage.station(), query.choice) {
                    (Some(StationId::Device), _) | (_, Choice::Local) => Process::User(user),
                    (_, Choice::Edge(server)) => Process::Server(server),
                },
            ) else {
                continue;
            };
            let block = Block::Station(station);
            let args = StationArgs {
                query: number,
                user,
            };
            self.pending.insert(
                (stay.start_ns, number, 1 + order),
                Pending::Served(block, process, stay, args),
            );
        }
    }

    /// Writes what begins no later than anything that can still come.
    fn release(&mut self, until_ns: u64) {
        while let Some(first) = self.pending.first_entry()
            && first.key().0 <= until_ns
        {
            match first.remove() {
                Pending::Life(query, measured) => self.write_life(&query, measured),
                Pending::Served(block, process, stay, args) => {
                    let (from, to) = (stay.start_ns, stay.end_ns);
                    let place = self
                        .tracks
                        .place(&mut self.events, process, block, from, to);
                    let name = match block {
                        Block::Station(StationId::Device) => {
                            format!("{}: query {}", stay.stage.name(), args.query)
                        }
                        _ => format!("query {} of user {}", args.query, args.user),
                    };
                    self.events.slice(&name, stay.stage.name(), place, &args);
                }
            }
        }
    }

    fn write_life(&mut self, query: &CompletedQuery, measured: bool) {
        let (start, end) = span_ns(query);
        let process = Process::User(query.query.user);
        let whole = self
            .tracks
            .place(&mut self.events, process, Block::Queries, start, end);
        let name = format!("query {}", query.number);
        self.events
            .slice(&name, "query", whole, &QueryArgs::new(query, measured));
        let args = StationArgs {
            query: query.number,
            user: query.query.user,
        };
        for stay in stays(query) {
            let stage = whole.inner(stay.start_ns, stay.end_ns);
            self.events.slice(stay.stage.name(), "stage", stage, &args);
        }
    }

    /// Writes a counter's values where any has changed.
    fn count(
        &mut self,
        now_ns: u64,
        process: Process,
        name: &'static str,
        values: &[(&'static str, f64)],
    ) {
        let pid = self.tracks.introduce(&mut self.events, process);
        let new: Vec<f64> = values.iter().map(|value| value.1).collect();
        if self.counters.get(&(pid, name)) != Some(&new) {
            self.counters.insert((pid, name), new);
            self.events.counter(name, now_ns, pid, values);
        }
    }
}

impl<W: Write> Recorder for TraceWriter<W> {
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        if self.is_within(query) {
            self.keep(query, measured);
        }
        self.left_early.insert(query.number, ns(query.arrived));
        while let Some(arrived_ns) = self.left_early.remove(&self.all_left_below) {
            self.nothing_before_ns = arrived_ns;
            self.all_left_below += 1;
        }
        self.release(self.nothing_before_ns);
    }

    fn sampled(&mut self, now: Seconds, state: &SystemState) {
        if now < self.bounds.window.start || now > self.bounds.window.end {
            return;
        }
        let at = ns(now);
        let uplinks = state.loads(StationId::Uplink);
        for (server, compute) in state.loads(StationId::Compute).iter().enumerate() {
            let process = Process::Server(server);
            let transmitting = uplinks[server].in_service as f64;
            self.count(at, process, "uplink", &[("transmitting", transmitting)]);
            self.count(at, process, "compute", &in_service_and_queued(compute));
            if let Some(memory) = state.memory_in_use[server] {
                self.count(at, process, "memory", &[("in_use", memory)]);
            }
            self.count(at, process, "utilisation", &[("share", compute.busy)]);
            let picowatts = state.interference_power[server].0 * 1e12;
            self.count(at, process, "interference power", &[("pW", picowatts)]);
        }
        for devices in state.loads(StationId::Device) {
            let jobs = in_service_and_queued(devices);
            self.count(at, Process::System, "devices", &jobs);
        }
        let waiting = state.waiting as f64;
        self.count(at, Process::System, "policy", &[("waiting", waiting)]);
    }

    fn finished(&mut self, _now: Seconds, _areas: &crate::engine::Areas) {
        self.release(u64::MAX);
    }
}

fn in_service_and_queued(load: &Load) -> [(&'static str, f64); 2] {
    [
        ("in_service", load.in_service as f64),
        ("queued", load.queued as f64),
    ]
}

//! One replication that stops at every scheduling instant and waits to be told
//! what to do.
//!
//! The engine calls its policy; a learner wants to call the engine. So the engine
//! runs in a thread of its own, whose policy hands the snapshot over and waits.

use edgelm::engine::{CompletedQuery, Recorder};
use edgelm::experiment::Experiment;
use edgelm::physics::allocation::Allocations;
use edgelm::physics::gains::GainTable;
use edgelm::physics::radio::Interference;
use edgelm::policy::{Policy, PolicyError};
use edgelm::snapshot::{Choice, Completion, Decision, ServerState, View, WaitingQuery};
use edgelm::units::{Seconds, Watts};
use edgelm::world::streams::StreamKey;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// The data of a view.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub now: Seconds,
    pub queries: Vec<WaitingQuery>,
    pub servers: Vec<ServerState>,
    gains: Vec<f64>,
    tx_power: Watts,
    interference: Interference,
    allocations: Allocations,
    key: StreamKey,
}

impl Snapshot {
    fn of(view: &View<'_>) -> Self {
        Self {
            now: view.now,
            queries: view.queries.to_vec(),
            servers: view.servers.to_vec(),
            gains: (0..view.queries.len() * view.servers.len())
                .map(|at| view.gain(at / view.servers.len(), at % view.servers.len()))
                .collect(),
            tx_power: view.tx_power,
            interference: view.interference,
            allocations: view.allocations,
            key: view.key,
        }
    }

    pub fn view(&self) -> View<'_> {
        View {
            now: self.now,
            queries: &self.queries,
            servers: &self.servers,
            gains: GainTable::full(&self.gains),
            tx_power: self.tx_power,
            interference: self.interference,
            allocations: self.allocations,
            key: self.key,
        }
    }
}

/// What happened to queries that left.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    pub queries: u64,
    pub correct: u64,
    pub offloaded: u64,
    pub delay_s: f64,
    /// Uncertainty times delay.
    pub objective_s: f64,
}

impl Outcome {
    pub fn add(&mut self, other: Self) {
        self.queries += other.queries;
        self.correct += other.correct;
        self.offloaded += other.offloaded;
        self.delay_s += other.delay_s;
        self.objective_s += other.objective_s;
    }
}

/// What the engine's thread says.
pub enum Message {
    /// Queries wait; the outcome is of those that left since the last instant.
    Instant(Box<Snapshot>, Outcome),
    /// The replication is over.
    Ended(Result<Outcome, String>),
}

/// A running replication. Dropping it ends it.
#[derive(Debug)]
pub struct Episode {
    decisions: Sender<Decision>,
    /// Behind a lock only so that a cell can be lent to another thread.
    messages: Mutex<Receiver<Message>>,
}

impl Episode {
    pub fn start(experiment: &Arc<Experiment>, point: usize, replication: u64) -> Self {
        let (decisions, to_take) = channel();
        let (to_send, messages) = channel();
        let experiment = Arc::clone(experiment);
        std::thread::spawn(move || {
            let left = Arc::new(Mutex::new(Outcome::default()));
            let mut asking = Asking {
                to_send: to_send.clone(),
                to_take,
                left: Arc::clone(&left),
            };
            let mut counting = Counting {
                left: Arc::clone(&left),
            };
            let ended = experiment.simulate(point, replication, &mut asking, &mut counting);
            let outcome = ended.map(|()| take(&left)).map_err(|e| e.to_string());
            // Nobody listens any more: then nobody minds.
            let _ = to_send.send(Message::Ended(outcome));
        });
        Self {
            decisions,
            messages: Mutex::new(messages),
        }
    }

    /// Lets the engine go on. That it is gone shows in what it says next.
    pub fn decide(&self, decision: Decision) {
        let _ = self.decisions.send(decision);
    }

    /// Waits for the next instant, or the end.
    pub fn next(&self) -> Message {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
            .unwrap_or_else(|_| Message::Ended(Err("the simulation panicked".to_owned())))
    }
}

fn take(left: &Mutex<Outcome>) -> Outcome {
    std::mem::take(&mut left.lock().unwrap_or_else(PoisonError::into_inner))
}

struct Asking {
    to_send: Sender<Message>,
    to_take: Receiver<Decision>,
    left: Arc<Mutex<Outcome>>,
}

impl Policy for Asking {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let gone = |_| PolicyError::Failed("the environment was closed".to_owned());
        let snapshot = Box::new(Snapshot::of(view));
        self.to_send
            .send(Message::Instant(snapshot, take(&self.left)))
            .map_err(|_| gone(()))?;
        self.to_take.recv().map_err(|_| gone(()))
    }

    fn observe(&mut self, _completion: &Completion) {}
}

/// Counts every query that leaves, measured or not: a learner is paid for all.
struct Counting {
    left: Arc<Mutex<Outcome>>,
}

impl Recorder for Counting {
    fn on_departure(&mut self, query: &CompletedQuery, _measured: bool) {
        let delay_s = query.stages.total().0;
        let outcome = Outcome {
            queries: 1,
            correct: u64::from(query.correct()),
            offloaded: u64::from(query.choice != Choice::Local),
            delay_s,
            objective_s: query.query.uncertainty * delay_s,
        };
        self.left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(outcome);
    }
}

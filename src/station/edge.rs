//! A server's compute: processor sharing with a cap per job, or first come first
//! served.

use crate::physics::share;
use crate::units::{Flop, FlopPerSecond, Seconds};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// How a server's compute is divided among its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Discipline {
    /// All jobs at once, each at min(C_max, C / n) (Eq. 6 at every instant).
    #[default]
    ProcessorSharing,
    /// floor(C / C_max) jobs at a time, each at C_max, in order of arrival; one at
    /// a time at C where C is below C_max.
    Fifo,
}

/// A server's compute.
#[derive(Debug, Clone)]
pub enum EdgeCompute {
    /// See [`Discipline::ProcessorSharing`].
    ProcessorSharing(ProcessorSharing),
    /// See [`Discipline::Fifo`].
    Fifo(Fifo),
}

impl EdgeCompute {
    /// An idle server.
    pub fn new(discipline: Discipline, capacity: FlopPerSecond, cap: FlopPerSecond) -> Self {
        match discipline {
            Discipline::ProcessorSharing => {
                Self::ProcessorSharing(ProcessorSharing::new(capacity, cap))
            }
            Discipline::Fifo => Self::Fifo(Fifo::new(capacity, cap)),
        }
    }

    /// A job arrives.
    pub fn start(&mut self, now: Seconds, job: usize, work: Flop) {
        match self {
            Self::ProcessorSharing(server) => server.start(now, job, work),
            Self::Fifo(server) => server.start(now, job, work),
        }
    }

    /// The job of [`EdgeCompute::next_end`] completes, at the time it says.
    pub fn complete(&mut self, now: Seconds, job: usize) {
        match self {
            Self::ProcessorSharing(server) => server.complete(now, job),
            Self::Fifo(server) => server.end(now, job),
        }
    }

    /// A job is taken away before it is complete. Returns the work it still had.
    pub fn remove(&mut self, now: Seconds, job: usize) -> Flop {
        match self {
            Self::ProcessorSharing(server) => server.remove(now, job),
            Self::Fifo(server) => server.remove(now, job),
        }
    }

    /// When the next job completes if nothing changes before, and which.
    pub fn next_end(&self) -> Option<(Seconds, usize)> {
        match self {
            Self::ProcessorSharing(server) => server.next_end(),
            Self::Fifo(server) => server.next_end(),
        }
    }

    /// How long a job's service takes by itself; `None` where it depends on others.
    pub fn service_time(&self, work: Flop) -> Option<Seconds> {
        match self {
            Self::ProcessorSharing(_) => None,
            Self::Fifo(server) => Some(work / server.rate),
        }
    }

    /// Jobs that are being served.
    pub fn in_service(&self) -> usize {
        match self {
            Self::ProcessorSharing(server) => server.jobs.len(),
            Self::Fifo(server) => server.serving.len(),
        }
    }

    /// Jobs that wait for service.
    pub fn queued(&self) -> usize {
        match self {
            Self::ProcessorSharing(_) => 0,
            Self::Fifo(server) => server.waiting.len(),
        }
    }

    /// The share of the capacity in use.
    pub fn utilisation(&self) -> f64 {
        match self {
            Self::ProcessorSharing(server) => {
                server.rate() * server.jobs.len() as f64 / server.capacity.0
            }
            Self::Fifo(server) => server.rate.0 * server.serving.len() as f64 / server.capacity.0,
        }
    }
}

/// Processor sharing with a cap, in virtual time.
///
/// All jobs progress at the same rate, so one number, the work that a job present
/// since the server was last idle has received, tells the progress of all; a job
/// completes when that number reaches its value at the job's start plus the job's
/// work. An event costs O(log n).
#[derive(Debug, Clone)]
pub struct ProcessorSharing {
    capacity: FlopPerSecond,
    cap: FlopPerSecond,
    /// Work received by a job present since the server was last idle, in FLOP.
    progress: f64,
    updated_at: f64,
    started: u64,
    /// (bits of the progress at completion, order of start, job), least first.
    jobs: BinaryHeap<Reverse<(u64, u64, usize)>>,
}

impl ProcessorSharing {
    /// An idle server.
    pub fn new(capacity: FlopPerSecond, cap: FlopPerSecond) -> Self {
        Self {
            capacity,
            cap,
            progress: 0.0,
            updated_at: 0.0,
            started: 0,
            jobs: BinaryHeap::new(),
        }
    }

    /// A job arrives.
    pub fn start(&mut self, now: Seconds, job: usize, work: Flop) {
        self.advance(now);
        // Progress is never negative, so that its bits order as its values.
        let completes = (self.progress + work.0).to_bits();
        self.jobs.push(Reverse((completes, self.started, job)));
        self.started += 1;
    }

    /// The job of [`ProcessorSharing::next_end`] completes, at the time it says.
    pub fn complete(&mut self, now: Seconds, job: usize) {
        self.advance(now);
        if let Some(Reverse((completes, _, first))) = self.jobs.pop() {
            debug_assert_eq!(first, job, "jobs complete in the order announced");
            // Exactly: the clock's rounding must not leave the others a hair off.
            self.progress = f64::from_bits(completes);
        }
        self.rest_if_idle();
    }

    /// A job is taken away before it is complete. Returns the work it still had.
    pub fn remove(&mut self, now: Seconds, job: usize) -> Flop {
        self.advance(now);
        let mut left = Flop(0.0);
        let progress = self.progress;
        self.jobs.retain(|Reverse((completes, _, other))| {
            if *other == job {
                left = Flop((f64::from_bits(*completes) - progress).max(0.0));
            }
            *other != job
        });
        self.rest_if_idle();
        left
    }

    /// An idle server starts counting anew, so that progress keeps its precision.
    fn rest_if_idle(&mut self) {
        if self.jobs.is_empty() {
            self.progress = 0.0;
        }
    }

    /// When the next job completes if nothing changes before, and which.
    pub fn next_end(&self) -> Option<(Seconds, usize)> {
        let Reverse((completes, _, job)) = self.jobs.peek()?;
        let left = (f64::from_bits(*completes) - self.progress).max(0.0);
        Some((Seconds(self.updated_at + left / self.rate()), *job))
    }

    /// The rate of each job, in FLOP/s.
    fn rate(&self) -> f64 {
        share::compute(self.capacity, self.cap, self.jobs.len()).0
    }

    fn advance(&mut self, now: Seconds) {
        if !self.jobs.is_empty() {
            self.progress += self.rate() * (now.0 - self.updated_at).max(0.0);
        }
        self.updated_at = now.0;
    }
}

/// First come first served, by as many equal processors as C_max fits into C.
#[derive(Debug, Clone)]
pub struct Fifo {
    capacity: FlopPerSecond,
    processors: usize,
    /// Rate of each processor.
    rate: FlopPerSecond,
    /// (completion, job) of the jobs in service.
    serving: Vec<(Seconds, usize)>,
    waiting: VecDeque<(usize, Flop)>,
}

impl Fifo {
    /// An idle server.
    pub fn new(capacity: FlopPerSecond, cap: FlopPerSecond) -> Self {
        let fitting = (capacity.0 / cap.0).floor();
        Self {
            capacity,
            processors: fitting.max(1.0) as usize,
            rate: FlopPerSecond(capacity.0.min(cap.0)),
            serving: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    fn start(&mut self, now: Seconds, job: usize, work: Flop) {
        if self.serving.len() < self.processors {
            self.serving.push((now + work / self.rate, job));
        } else {
            self.waiting.push_back((job, work));
        }
    }

    fn end(&mut self, now: Seconds, job: usize) {
        if let Some(at) = self.serving.iter().position(|&(_, other)| other == job) {
            self.serving.remove(at);
            if let Some((next, work)) = self.waiting.pop_front() {
                self.serving.push((now + work / self.rate, next));
            }
        } else {
            self.waiting.retain(|&(other, _)| other != job);
        }
    }

    fn remove(&mut self, now: Seconds, job: usize) -> Flop {
        let serving = self.serving.iter().find(|&&(_, other)| other == job);
        let left = match serving {
            Some(&(ends, _)) => Flop(self.rate.0 * (ends - now).0),
            None => {
                let waiting = self.waiting.iter().find(|&&(other, _)| other == job);
                waiting.map_or(Flop(0.0), |&(_, work)| work)
            }
        };
        self.end(now, job);
        left
    }

    fn next_end(&self) -> Option<(Seconds, usize)> {
        // The first of equals: they complete in the order in which they began.
        self.serving
            .iter()
            .copied()
            .reduce(|first, next| if next.0 < first.0 { next } else { first })
    }
}

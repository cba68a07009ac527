//! Processor sharing with a cap per job (Eq. 6 at every instant).

use crate::physics::share;
use crate::units::{Flop, FlopPerSecond, Seconds};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
            // Exactly: the clock's rounding must not move the others.
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

    /// Jobs that are being served.
    pub fn in_service(&self) -> usize {
        self.jobs.len()
    }

    /// The share of the capacity in use.
    pub fn utilisation(&self) -> f64 {
        self.rate() * self.jobs.len() as f64 / self.capacity.0
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

//! First come first served, by several equal processors.

use crate::units::{Flop, FlopPerSecond, Seconds};
use std::collections::VecDeque;

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

    /// A job arrives.
    pub fn start(&mut self, now: Seconds, job: usize, work: Flop) {
        if self.serving.len() < self.processors {
            self.serving.push((now + work / self.rate, job));
        } else {
            self.waiting.push_back((job, work));
        }
    }

    /// A job leaves, complete or not; the next that waits begins.
    pub fn end(&mut self, now: Seconds, job: usize) {
        if let Some(at) = self.serving.iter().position(|&(_, other)| other == job) {
            self.serving.remove(at);
            if let Some((next, work)) = self.waiting.pop_front() {
                self.serving.push((now + work / self.rate, next));
            }
        } else {
            self.waiting.retain(|&(other, _)| other != job);
        }
    }

    /// A job is taken away before it is complete. Returns the work it still had.
    pub fn remove(&mut self, now: Seconds, job: usize) -> Flop {
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

    /// How long a job's service takes.
    pub fn service_time(&self, work: Flop) -> Seconds {
        work / self.rate
    }

    /// Jobs that are being served.
    pub fn in_service(&self) -> usize {
        self.serving.len()
    }

    /// Jobs that wait for service.
    pub fn queued(&self) -> usize {
        self.waiting.len()
    }

    /// The share of the capacity in use.
    pub fn utilisation(&self) -> f64 {
        self.rate.0 * self.serving.len() as f64 / self.capacity.0
    }

    /// When the next job completes if nothing changes before, and which.
    pub fn next_end(&self) -> Option<(Seconds, usize)> {
        // The first of equals: they complete in the order in which they began.
        self.serving
            .iter()
            .copied()
            .reduce(|first, next| if next.0 < first.0 { next } else { first })
    }
}

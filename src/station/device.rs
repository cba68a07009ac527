//! A user's own device: first come first served.

use crate::units::{Flop, FlopPerSecond, Seconds};
use std::collections::VecDeque;

/// A device and its queue; the first job is in service.
#[derive(Debug, Clone)]
pub struct Device {
    capacity: FlopPerSecond,
    /// When the job in service completes.
    first_ends: Seconds,
    jobs: VecDeque<(usize, Flop)>,
}

impl Device {
    /// An idle device.
    pub fn new(capacity: FlopPerSecond) -> Self {
        Self {
            capacity,
            first_ends: Seconds(0.0),
            jobs: VecDeque::new(),
        }
    }

    /// A job arrives. Returns when it completes if it begins at once.
    pub fn start(&mut self, now: Seconds, job: usize, work: Flop) -> Option<Seconds> {
        self.jobs.push_back((job, work));
        (self.jobs.len() == 1).then(|| {
            self.first_ends = now + work / self.capacity;
            self.first_ends
        })
    }

    /// A job leaves, complete or not. If another begins because of it: which, and
    /// when it completes.
    pub fn end(&mut self, now: Seconds, job: usize) -> Option<(usize, Seconds)> {
        if self.jobs.front().is_none_or(|first| first.0 != job) {
            self.jobs.retain(|&(other, _)| other != job);
            return None;
        }
        self.jobs.pop_front();
        let &(next, work) = self.jobs.front()?;
        self.first_ends = now + work / self.capacity;
        Some((next, self.first_ends))
    }

    /// How long the device is busy with what it has.
    pub fn backlog(&self, now: Seconds) -> Seconds {
        if self.jobs.is_empty() {
            return Seconds(0.0);
        }
        let first = Seconds((self.first_ends - now).0.max(0.0));
        let waiting = self.jobs.iter().skip(1);
        waiting.fold(first, |sum, &(_, work)| sum + work / self.capacity)
    }

    /// Jobs in service and waiting.
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }
}

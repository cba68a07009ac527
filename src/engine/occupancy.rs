//! Time integrals of how many jobs every station holds: what Little's law relates
//! to the stage times.

use super::recorder::Areas;
use crate::units::Seconds;

/// A quantity that changes in steps, and its integral.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Integral {
    value: f64,
    since: f64,
    area: f64,
}

impl Integral {
    /// The quantity is now `value`.
    pub fn set(&mut self, now: Seconds, value: f64) {
        self.area += self.value * (now.0 - self.since);
        self.since = now.0;
        self.value = value;
    }

    /// The quantity is now greater by `change`.
    pub fn add(&mut self, now: Seconds, change: f64) {
        self.set(now, self.value + change);
    }

    /// The quantity.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Forgets what was before `now`.
    fn restart(&mut self, now: Seconds) {
        self.set(now, self.value);
        self.area = 0.0;
    }

    fn until(&self, now: Seconds) -> f64 {
        self.area + self.value * (now.0 - self.since)
    }
}

/// The integrals of one run.
#[derive(Debug, Default)]
pub(super) struct Occupancy {
    started: Seconds,
    pub uplink_jobs: Vec<Integral>,
    pub edge_jobs: Vec<Integral>,
    pub edge_busy: Vec<Integral>,
    pub device_jobs: Integral,
    pub device_busy: Integral,
    pub waiting: Integral,
}

impl Occupancy {
    pub fn new(servers: usize) -> Self {
        Self {
            uplink_jobs: vec![Integral::default(); servers],
            edge_jobs: vec![Integral::default(); servers],
            edge_busy: vec![Integral::default(); servers],
            ..Self::default()
        }
    }

    /// The measured window begins.
    pub fn restart(&mut self, now: Seconds) {
        self.started = now;
        let singles = [
            &mut self.device_jobs,
            &mut self.device_busy,
            &mut self.waiting,
        ];
        self.uplink_jobs
            .iter_mut()
            .chain(&mut self.edge_jobs)
            .chain(&mut self.edge_busy)
            .chain(singles)
            .for_each(|integral| integral.restart(now));
    }

    /// The integrals up to now.
    pub fn areas(&self, now: Seconds) -> Areas {
        let all = |integrals: &[Integral]| integrals.iter().map(|i| i.until(now)).collect();
        Areas {
            elapsed: now - self.started,
            uplink_jobs: all(&self.uplink_jobs),
            edge_jobs: all(&self.edge_jobs),
            edge_busy: all(&self.edge_busy),
            device_jobs: self.device_jobs.until(now),
            device_busy: self.device_busy.until(now),
            waiting: self.waiting.until(now),
            ..Areas::default()
        }
    }
}

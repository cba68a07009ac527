//! Time integrals of how many jobs every station holds: what Little's law relates
//! to the stage times.

use super::recorder::{Area, Areas};
use crate::station::{Load, StationId};
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

    /// Forgets what was before `now`.
    fn restart(&mut self, now: Seconds) {
        self.set(now, self.value);
        self.area = 0.0;
    }

    fn until(&self, now: Seconds) -> f64 {
        self.area + self.value * (now.0 - self.since)
    }
}

/// A part of a station.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    load: Load,
    jobs: Integral,
    in_service: Integral,
    busy: Integral,
}

/// The integrals of one run.
#[derive(Debug)]
pub(super) struct Occupancy {
    started: Seconds,
    stations: [Vec<Part>; StationId::COUNT],
    pub waiting: Integral,
}

impl Occupancy {
    /// Of stations of so many parts.
    pub fn new(parts: impl Fn(StationId) -> usize) -> Self {
        Self {
            started: Seconds(0.0),
            stations: StationId::ALL.map(|station| vec![Part::default(); parts(station)]),
            waiting: Integral::default(),
        }
    }

    /// The load of a station's part is now another.
    pub fn note(&mut self, now: Seconds, station: StationId, part: usize, load: Load) {
        let part = &mut self.stations[station as usize][part];
        if load == part.load {
            return;
        }
        part.jobs.set(now, (load.in_service + load.queued) as f64);
        part.busy.set(now, load.busy);
        if load.in_service != part.load.in_service {
            part.in_service.set(now, load.in_service as f64);
        }
        part.load = load;
    }

    /// The measured window begins.
    pub fn restart(&mut self, now: Seconds) {
        self.started = now;
        for part in self.stations.iter_mut().flatten() {
            part.jobs.restart(now);
            part.in_service.restart(now);
            part.busy.restart(now);
        }
        self.waiting.restart(now);
    }

    /// The integrals up to now.
    pub fn areas(&self, now: Seconds) -> Areas {
        let area = |part: &Part| Area {
            jobs: part.jobs.until(now),
            in_service: part.in_service.until(now),
            busy: part.busy.until(now),
        };
        Areas {
            elapsed: now - self.started,
            stations: self
                .stations
                .each_ref()
                .map(|parts| parts.iter().map(area).collect()),
            waiting: self.waiting.until(now),
            ..Areas::default()
        }
    }
}

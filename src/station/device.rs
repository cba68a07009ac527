//! Users' own devices: each first come first served, at rates that may fall when it gets
//! warm.

use super::throttling::{Throttling, Warmth};
use super::{Job, Load, Moved, Station, Visit};
use crate::station::stage::Stage;
use crate::units::{Flop, FlopPerSecond, Seconds};
use crate::world::links::Links;
use std::collections::VecDeque;

/// The devices of all users, and their queues.
#[derive(Debug)]
pub struct Devices {
    devices: Vec<Device>,
    jobs: usize,
    busy: usize,
    moved: Moved,
}

/// A device; the first job is in service.
#[derive(Debug, Clone)]
struct Device {
    capacity: FlopPerSecond,
    /// When the job in service began and completes.
    first_begins: Seconds,
    first_ends: Seconds,
    jobs: VecDeque<(Job, Seconds)>,
    /// As the job in service began, where it may throttle.
    warmth: Option<Warmth>,
    idle_since: Seconds,
}

impl Devices {
    /// Idle devices, cold where they may throttle.
    pub fn new(
        capacities: impl Iterator<Item = FlopPerSecond>,
        throttling: Option<Throttling>,
    ) -> Self {
        Self {
            devices: capacities
                .map(|capacity| Device {
                    capacity,
                    first_begins: Seconds(0.0),
                    first_ends: Seconds(0.0),
                    jobs: VecDeque::new(),
                    warmth: throttling.map(Warmth::new),
                    idle_since: Seconds(0.0),
                })
                .collect(),
            jobs: 0,
            busy: 0,
            moved: Moved::default(),
        }
    }

    /// How long a device is busy with what it has.
    pub fn backlog(&self, user: usize, now: Seconds) -> Seconds {
        let device = &self.devices[user];
        if device.jobs.is_empty() {
            return Seconds(0.0);
        }
        let first = Seconds((device.first_ends - now).0.max(0.0));
        let waiting = device.jobs.iter().skip(1);
        let mut warmth = device.warmth_at_end();
        waiting.fold(first, |sum, (job, _)| {
            sum + works(&mut warmth, device.full_rate_time(job))
        })
    }

    /// How long a job will be in service that comes after all that a device has; `time` at
    /// full rates. `None` where devices do not throttle.
    pub fn throttled_time(&self, user: usize, now: Seconds, time: Seconds) -> Option<Seconds> {
        let device = &self.devices[user];
        let mut warmth = device.warmth_at_end();
        if device.jobs.is_empty() {
            warmth.as_mut()?.rests(now - device.idle_since);
        }
        for (job, _) in device.jobs.iter().skip(1) {
            works(&mut warmth, device.full_rate_time(job));
        }
        Some(warmth?.stretch(time))
    }

    /// The job in service leaves; the next begins.
    fn end_first(&mut self, now: Seconds, user: usize) {
        let device = &mut self.devices[user];
        device.jobs.pop_front();
        self.jobs -= 1;
        if let Some(warmth) = &mut device.warmth {
            warmth.works(now - device.first_begins);
        }
        if device.jobs.is_empty() {
            self.busy -= 1;
            device.idle_since = now;
        } else {
            device.begin(now);
        }
        self.moved.add(user);
    }
}

impl Device {
    /// The first job begins.
    fn begin(&mut self, now: Seconds) {
        if let Some((job, _)) = self.jobs.front() {
            self.first_begins = now;
            self.first_ends = now + self.service_time(job);
        }
    }

    /// What is known in advance, or the work over the capacity.
    fn full_rate_time(&self, job: &Job) -> Seconds {
        let lump = || job.demand.work / self.capacity;
        job.demand.time.unwrap_or_else(lump)
    }

    /// How long the job in service is that.
    fn service_time(&self, job: &Job) -> Seconds {
        self.stretch(self.full_rate_time(job))
    }

    /// How long the job in service takes for what is `time` at full rates.
    fn stretch(&self, time: Seconds) -> Seconds {
        self.warmth.map_or(time, |warmth| warmth.stretch(time))
    }

    /// How warm it is when the job in service is complete.
    fn warmth_at_end(&self) -> Option<Warmth> {
        let mut warmth = self.warmth;
        if let (Some(warmth), false) = (&mut warmth, self.jobs.is_empty()) {
            warmth.works(self.first_ends - self.first_begins);
        }
        warmth
    }
}

/// A device works for what is `time` at full rates: how long that takes.
fn works(warmth: &mut Option<Warmth>, time: Seconds) -> Seconds {
    match warmth {
        None => time,
        Some(warmth) => {
            let stretched = warmth.stretch(time);
            warmth.works(stretched);
            stretched
        }
    }
}

impl<'w> Station<'w> for Devices {
    fn units(&self) -> usize {
        self.devices.len()
    }

    fn arrive(&mut self, now: Seconds, unit: usize, job: Job, _links: &mut Links<'w>) {
        let device = &mut self.devices[unit];
        device.jobs.push_back((job, now));
        self.jobs += 1;
        if device.jobs.len() == 1 {
            if let Some(warmth) = &mut device.warmth {
                warmth.rests(now - device.idle_since);
            }
            device.begin(now);
            self.busy += 1;
            self.moved.add(unit);
        }
    }

    fn happen(
        &mut self,
        now: Seconds,
        unit: usize,
        _links: &mut Links<'w>,
        departed: &mut Vec<(usize, Visit)>,
    ) {
        let device = &self.devices[unit];
        let Some(&(job, since)) = device.jobs.front() else {
            return;
        };
        let mut visit = Visit::default();
        visit.stages[Stage::DeviceQueue] = device.first_begins - since;
        // Not a difference of clock readings: exact.
        visit.stages[job.demand.stage] = device.service_time(&job);
        visit.work = job.demand.work;
        visit.first_token = job
            .demand
            .first_token
            .map(|at| device.first_begins + device.stretch(at));
        departed.push((job.id, visit));
        self.end_first(now, unit);
    }

    fn cancel(&mut self, now: Seconds, unit: usize, job: usize) -> Visit {
        let device = &mut self.devices[unit];
        let mut visit = Visit::default();
        let Some(place) = device.jobs.iter().position(|(other, _)| other.id == job) else {
            return visit;
        };
        let (job, since) = device.jobs[place];
        if place == 0 {
            let spent = now - device.first_begins;
            visit.stages[Stage::DeviceQueue] = device.first_begins - since;
            visit.stages[job.demand.stage] = spent;
            visit.work = match job.demand.time {
                None if device.warmth.is_none() => Flop(device.capacity.0 * spent.0),
                _ => match device.service_time(&job) {
                    time if time > Seconds(0.0) => job.demand.work * (spent / time),
                    _ => Flop(0.0),
                },
            };
            self.end_first(now, unit);
        } else {
            visit.stages[Stage::DeviceQueue] = now - since;
            device.jobs.remove(place);
            self.jobs -= 1;
        }
        visit
    }

    fn update(&mut self, _now: Seconds, announce: &mut dyn FnMut(usize, Option<Seconds>)) {
        for user in self.moved.drain() {
            let device = &self.devices[user];
            announce(user, (!device.jobs.is_empty()).then_some(device.first_ends));
        }
    }

    /// All devices together.
    fn parts(&self) -> usize {
        1
    }

    fn part_of(&self, _unit: usize) -> usize {
        0
    }

    fn load(&self, _part: usize) -> Load {
        Load {
            in_service: self.busy,
            queued: self.jobs - self.busy,
            busy: self.busy as f64 / self.devices.len() as f64,
        }
    }
}

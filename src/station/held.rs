//! Service for a time that is known when a job arrives: shares that are held, and
//! latencies.

use super::{Job, Load, Moved, Station, Visit};
use crate::units::{FlopPerSecond, Seconds};
use crate::world::links::Links;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Units that serve every job for the time it asks for, however many there are.
#[derive(Debug)]
pub struct Held {
    units: Vec<Unit>,
    /// By job: when it arrived, and what it asks for.
    jobs: Vec<Option<(Job, Seconds)>>,
    arrived: u64,
    moved: Moved,
}

#[derive(Debug, Default)]
struct Unit {
    /// Where its jobs use a share of some capacity.
    capacity: Option<FlopPerSecond>,
    busy: f64,
    /// (bits of the end, order of arrival, job), first end first.
    ends: BinaryHeap<Reverse<(u64, u64, usize)>>,
}

impl Unit {
    /// The share of its capacity that a job uses.
    fn share(&self, job: &Job) -> f64 {
        match (self.capacity, job.demand.time) {
            (Some(capacity), Some(time)) if time > Seconds(0.0) => {
                (job.demand.work / time) / capacity
            }
            _ => 0.0,
        }
    }
}

impl Held {
    /// So many idle units.
    pub fn new(units: usize) -> Self {
        Self {
            units: (0..units).map(|_| Unit::default()).collect(),
            jobs: Vec::new(),
            arrived: 0,
            moved: Moved::default(),
        }
    }

    /// Idle servers, whose jobs' work takes shares of these capacities.
    pub fn with_capacities(capacities: impl Iterator<Item = FlopPerSecond>) -> Self {
        let unit = |capacity| Unit {
            capacity: Some(capacity),
            ..Unit::default()
        };
        Self {
            units: capacities.map(unit).collect(),
            ..Self::new(0)
        }
    }

    /// A job leaves its unit's books.
    fn leave(&mut self, unit: usize, job: usize) -> Option<(Job, Seconds)> {
        let (job, since) = self.jobs[job].take()?;
        let unit_of_job = &mut self.units[unit];
        unit_of_job.busy += -unit_of_job.share(&job);
        self.moved.add(unit);
        Some((job, since))
    }
}

fn time_of(job: &Job) -> Seconds {
    job.demand.time.unwrap_or(Seconds(0.0))
}

impl<'w> Station<'w> for Held {
    fn units(&self) -> usize {
        self.units.len()
    }

    fn arrive(&mut self, now: Seconds, unit: usize, job: Job, _links: &mut Links<'w>) {
        if self.jobs.len() <= job.id {
            self.jobs.resize(job.id + 1, None);
        }
        self.jobs[job.id] = Some((job, now));
        let unit_of_job = &mut self.units[unit];
        unit_of_job.busy += unit_of_job.share(&job);
        // Times are never negative, so that their bits order as their values.
        let ends = (now + time_of(&job)).0.to_bits();
        unit_of_job.ends.push(Reverse((ends, self.arrived, job.id)));
        self.arrived += 1;
        self.moved.add(unit);
    }

    fn happen(
        &mut self,
        _now: Seconds,
        unit: usize,
        _links: &mut Links<'w>,
        departed: &mut Vec<(usize, Visit)>,
    ) {
        let Some(Reverse((_, _, id))) = self.units[unit].ends.pop() else {
            return;
        };
        if let Some((job, _)) = self.leave(unit, id) {
            let mut visit = Visit::default();
            visit.stages[job.demand.stage] = time_of(&job);
            visit.work = job.demand.work;
            departed.push((id, visit));
        }
    }

    fn cancel(&mut self, now: Seconds, unit: usize, job: usize) -> Visit {
        self.units[unit]
            .ends
            .retain(|Reverse((_, _, other))| *other != job);
        let mut visit = Visit::default();
        if let Some((job, since)) = self.leave(unit, job) {
            let spent = now - since;
            visit.stages[job.demand.stage] = spent;
            if time_of(&job) > Seconds(0.0) {
                visit.work = job.demand.work * (spent / time_of(&job));
            }
        }
        visit
    }

    fn update(&mut self, _now: Seconds, announce: &mut dyn FnMut(usize, Option<Seconds>)) {
        for unit in self.moved.drain() {
            let first = self.units[unit].ends.peek();
            announce(
                unit,
                first.map(|Reverse((ends, _, _))| Seconds(f64::from_bits(*ends))),
            );
        }
    }

    fn load(&self, part: usize) -> Load {
        Load {
            in_service: self.units[part].ends.len(),
            queued: 0,
            busy: self.units[part].busy,
        }
    }
}

//! The compute of the edge servers: each shares it among its jobs, or serves them in
//! order of arrival.

use super::fifo::Fifo;
use super::processor_sharing::ProcessorSharing;
use super::stage::Stage;
use super::{Job, Load, Moved, Station, Visit};
use crate::units::{Flop, FlopPerSecond, Seconds};
use crate::world::links::Links;
use serde::{Deserialize, Serialize};

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

/// The compute of all servers.
#[derive(Debug)]
pub struct Compute {
    servers: Vec<Server>,
    /// By job: when it arrived, and what it asks for.
    jobs: Vec<Option<(Job, Seconds)>>,
    moved: Moved,
}

/// The compute of a server.
#[derive(Debug, Clone)]
enum Server {
    ProcessorSharing(ProcessorSharing),
    Fifo(Fifo),
}

impl Compute {
    /// Idle servers; `cap` is the most that one job gets.
    pub fn new(
        discipline: Discipline,
        capacities: impl Iterator<Item = FlopPerSecond>,
        cap: FlopPerSecond,
    ) -> Self {
        let server = |capacity| match discipline {
            Discipline::ProcessorSharing => {
                Server::ProcessorSharing(ProcessorSharing::new(capacity, cap))
            }
            Discipline::Fifo => Server::Fifo(Fifo::new(capacity, cap)),
        };
        Self {
            servers: capacities.map(server).collect(),
            jobs: Vec::new(),
            moved: Moved::default(),
        }
    }

    /// Splits the time at a server into queueing and service, `work` being done.
    fn visit(&mut self, now: Seconds, unit: usize, job: usize, work: Flop) -> Visit {
        let mut visit = Visit::default();
        let Some((job, since)) = self.jobs[job].take() else {
            return visit;
        };
        let spent = now - since;
        let service = match &self.servers[unit] {
            Server::Fifo(server) if server.service_time(work) < spent => server.service_time(work),
            _ => spent,
        };
        visit.stages[Stage::EdgeQueue] = spent - service;
        visit.stages[job.demand.stage] = service;
        visit.work = work;
        visit
    }

    fn work_of(&self, job: usize) -> Flop {
        self.jobs[job].map_or(Flop(0.0), |(job, _)| job.demand.work)
    }
}

impl Server {
    fn start(&mut self, now: Seconds, job: usize, work: Flop) {
        match self {
            Self::ProcessorSharing(server) => server.start(now, job, work),
            Self::Fifo(server) => server.start(now, job, work),
        }
    }

    /// The job of [`Server::next_end`] completes, at the time it says.
    fn complete(&mut self, now: Seconds, job: usize) {
        match self {
            Self::ProcessorSharing(server) => server.complete(now, job),
            Self::Fifo(server) => server.end(now, job),
        }
    }

    /// A job is taken away before it is complete. Returns the work it still had.
    fn remove(&mut self, now: Seconds, job: usize) -> Flop {
        match self {
            Self::ProcessorSharing(server) => server.remove(now, job),
            Self::Fifo(server) => server.remove(now, job),
        }
    }

    /// When the next job completes if nothing changes before, and which.
    fn next_end(&self) -> Option<(Seconds, usize)> {
        match self {
            Self::ProcessorSharing(server) => server.next_end(),
            Self::Fifo(server) => server.next_end(),
        }
    }
}

impl<'w> Station<'w> for Compute {
    fn units(&self) -> usize {
        self.servers.len()
    }

    fn arrive(&mut self, now: Seconds, unit: usize, job: Job, _links: &mut Links<'w>) {
        if self.jobs.len() <= job.id {
            self.jobs.resize(job.id + 1, None);
        }
        self.jobs[job.id] = Some((job, now));
        self.servers[unit].start(now, job.id, job.demand.work);
        self.moved.add(unit);
    }

    fn happen(
        &mut self,
        now: Seconds,
        unit: usize,
        _links: &mut Links<'w>,
        departed: &mut Vec<(usize, Visit)>,
    ) {
        let Some((_, job)) = self.servers[unit].next_end() else {
            return;
        };
        self.servers[unit].complete(now, job);
        self.moved.add(unit);
        departed.push((job, self.visit(now, unit, job, self.work_of(job))));
    }

    fn cancel(&mut self, now: Seconds, unit: usize, job: usize) -> Visit {
        let left = self.servers[unit].remove(now, job);
        self.moved.add(unit);
        self.visit(now, unit, job, self.work_of(job) - left)
    }

    fn update(&mut self, _now: Seconds, announce: &mut dyn FnMut(usize, Option<Seconds>)) {
        for unit in self.moved.drain() {
            announce(unit, self.servers[unit].next_end().map(|(time, _)| time));
        }
    }

    fn load(&self, part: usize) -> Load {
        match &self.servers[part] {
            Server::ProcessorSharing(server) => Load {
                in_service: server.in_service(),
                queued: 0,
                busy: server.utilisation(),
            },
            Server::Fifo(server) => Load {
                in_service: server.in_service(),
                queued: server.queued(),
                busy: server.utilisation(),
            },
        }
    }
}

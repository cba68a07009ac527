//! Live uplinks as a station: a unit for each cell, and one for the channel, whose
//! coherence blocks begin while anybody transmits.

use super::super::stage::Stage;
use super::super::{Job, Load, Station, Visit};
use super::{Air, Uplinks, transmitter};
use crate::physics::interference::ReceivedPower;
use crate::units::Seconds;
use crate::world::links::Links;

/// The uplinks of all cells, with rates that follow who transmits.
pub struct LiveUplinks<'w> {
    uplinks: Uplinks<'w>,
    cells: usize,
    /// By job.
    jobs: Vec<Option<OnAir>>,
    /// When the next coherence block begins, while it is awaited.
    block: Option<Seconds>,
    block_moved: bool,
}

#[derive(Debug, Clone, Copy)]
struct OnAir {
    user: usize,
    since: Seconds,
}

impl<'w> LiveUplinks<'w> {
    /// The station of these uplinks, silent yet.
    pub fn new(uplinks: Uplinks<'w>, cells: usize) -> Self {
        Self {
            uplinks,
            cells,
            jobs: Vec::new(),
            block: None,
            block_moved: false,
        }
    }

    fn end(&mut self, now: Seconds, job: usize) -> Visit {
        self.uplinks.end(now, job);
        let mut visit = Visit::default();
        if let Some(on_air) = self.jobs[job].take() {
            visit.stages[Stage::Uplink] = now - on_air.since;
        }
        visit
    }

    fn await_block(&mut self, now: Seconds, links: &Links<'w>) {
        if self.block.is_none() {
            self.block = links.next_block(now);
            self.block_moved = self.block.is_some();
        }
    }

    /// The channel changes under the transmissions in progress.
    fn block_begins(&mut self, now: Seconds, links: &mut Links<'w>) {
        self.block = None;
        self.block_moved = true;
        if self.uplinks.active() == 0 {
            return;
        }
        let jobs = &self.jobs;
        self.uplinks.set_gains(now, |job, cell, set| {
            if let Some(on_air) = jobs[job] {
                links.bring_to(on_air.user, now);
                set(links.gain(on_air.user, cell), links.of(on_air.user));
            }
        });
        self.await_block(now, links);
    }
}

impl<'w> Station<'w> for LiveUplinks<'w> {
    fn units(&self) -> usize {
        self.cells + 1
    }

    fn arrive(&mut self, now: Seconds, unit: usize, job: Job, links: &mut Links<'w>) {
        let transmitter = transmitter(now, unit, job.user, links);
        self.uplinks
            .start(now, job.id, job.demand.bits, transmitter);
        if self.jobs.len() <= job.id {
            self.jobs.resize(job.id + 1, None);
        }
        self.jobs[job.id] = Some(OnAir {
            user: job.user,
            since: now,
        });
        self.await_block(now, links);
    }

    fn happen(
        &mut self,
        now: Seconds,
        unit: usize,
        links: &mut Links<'w>,
        departed: &mut Vec<(usize, Visit)>,
    ) {
        if unit == self.cells {
            self.block_begins(now, links);
        } else if let Some((_, job)) = self.uplinks.next_end(unit) {
            departed.push((job, self.end(now, job)));
        }
    }

    fn cancel(&mut self, now: Seconds, _unit: usize, job: usize) -> Visit {
        self.end(now, job)
    }

    fn update(&mut self, now: Seconds, announce: &mut dyn FnMut(usize, Option<Seconds>)) {
        if std::mem::take(&mut self.block_moved) {
            announce(self.cells, self.block);
        }
        self.uplinks.update_rates(now, announce);
    }

    fn parts(&self) -> usize {
        self.cells
    }

    fn load(&self, part: usize) -> Load {
        Load {
            in_service: self.uplinks.transmitting(part),
            ..Load::default()
        }
    }
}

impl<'w> Air<'w> for LiveUplinks<'w> {
    fn power(&self) -> &ReceivedPower {
        self.uplinks.power()
    }

    fn sinr(&self, job: usize) -> f64 {
        self.uplinks.sinr(job)
    }
}

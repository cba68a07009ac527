//! Uplinks whose rates are held: how long a transmission takes is known when it begins,
//! and everybody who is connected counts as interference until it leaves the system.

use super::super::held::Held;
use super::super::{Job, Load, Station, Visit};
use super::{Air, Radio, transmitter};
use crate::physics::interference::{ReceivedPower, Transmitters};
use crate::units::Seconds;
use crate::world::links::Links;

/// The uplinks of all cells, with rates that are held.
pub struct HeldUplinks<'w> {
    radio: Radio,
    held: Held,
    connected: Transmitters<'w>,
}

impl HeldUplinks<'_> {
    /// Silent cells.
    pub fn new(radio: Radio, cells: usize) -> Self {
        Self {
            radio,
            held: Held::new(cells),
            connected: Transmitters::none(radio.interference, radio.tx_power, cells, None),
        }
    }
}

impl<'w> Station<'w> for HeldUplinks<'w> {
    fn units(&self) -> usize {
        self.held.units()
    }

    fn arrive(&mut self, now: Seconds, unit: usize, job: Job, links: &mut Links<'w>) {
        self.connected
            .start(job.id, transmitter(now, unit, job.user, links));
        self.held.arrive(now, unit, job, links);
    }

    fn happen(
        &mut self,
        now: Seconds,
        unit: usize,
        links: &mut Links<'w>,
        departed: &mut Vec<(usize, Visit)>,
    ) {
        self.held.happen(now, unit, links, departed);
    }

    fn cancel(&mut self, now: Seconds, unit: usize, job: usize) -> Visit {
        self.held.cancel(now, unit, job)
    }

    fn forget(&mut self, _now: Seconds, job: usize) {
        self.connected.end(job);
    }

    fn update(&mut self, now: Seconds, announce: &mut dyn FnMut(usize, Option<Seconds>)) {
        self.held.update(now, announce);
    }

    fn load(&self, part: usize) -> Load {
        self.held.load(part)
    }
}

impl<'w> Air<'w> for HeldUplinks<'w> {
    fn power(&self) -> &ReceivedPower {
        self.connected.power()
    }

    fn sinr(&self, job: usize) -> f64 {
        self.connected.sinr(job, self.radio.noise)
    }
}

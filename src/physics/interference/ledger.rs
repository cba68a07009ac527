//! What live uplinks ask of interference, and the exact answer.

use super::transmitters::{Transmitter, Transmitters};
use crate::physics::gains::LinkGains;
use crate::physics::radio::Interference;
use crate::units::Watts;

/// What live uplinks ask of interference: the sums, and whose rates no longer fit them.
pub trait InterferenceLedger {
    /// A transmission begins.
    fn start(&mut self, job: usize, transmitter: Transmitter<'_>);
    /// A transmission ends.
    fn end(&mut self, job: usize);
    /// The links of a transmission in progress have other gains; followed by
    /// [`InterferenceLedger::sum_anew`].
    fn set_gains(&mut self, job: usize, gain: f64, links: LinkGains<'_>);
    /// Sums anew over all transmissions in progress: `jobs` names each once.
    fn sum_anew(&mut self, jobs: &mut dyn Iterator<Item = usize>);
    /// Names the cells whose rates no longer fit the interference.
    fn drain_stale(&mut self, stale: &mut dyn FnMut(usize));
    /// A cell's rates fit its interference of now; `is_silent` where nobody transmits to it.
    fn rates_updated(&mut self, cell: usize, is_silent: bool);
    /// Who transmits, and the sums.
    fn transmitters(&self) -> &Transmitters<'_>;
}

/// Every change counts at once: exact.
#[derive(Debug)]
pub struct ExactLedger<'w> {
    transmitters: Transmitters<'w>,
    cells: usize,
    changed: bool,
}

impl<'w> ExactLedger<'w> {
    /// Silence at `cells` cells.
    pub fn new(reading: Interference, tx_power: Watts, cells: usize) -> Self {
        Self {
            transmitters: Transmitters::none(reading, tx_power, cells, None),
            cells,
            changed: false,
        }
    }
}

impl InterferenceLedger for ExactLedger<'_> {
    fn start(&mut self, job: usize, transmitter: Transmitter<'_>) {
        self.transmitters.start(job, transmitter);
        self.changed = true;
    }

    fn end(&mut self, job: usize) {
        self.transmitters.end(job);
        self.changed = true;
    }

    fn set_gains(&mut self, job: usize, gain: f64, links: LinkGains<'_>) {
        self.transmitters.set_gains(job, gain, links);
    }

    fn sum_anew(&mut self, jobs: &mut dyn Iterator<Item = usize>) {
        self.transmitters.sum_anew(jobs);
        self.changed = true;
    }

    fn drain_stale(&mut self, stale: &mut dyn FnMut(usize)) {
        let changed = std::mem::take(&mut self.changed);
        if changed && self.transmitters.power().reading() != Interference::Orthogonal {
            (0..self.cells).for_each(stale);
        }
    }

    fn rates_updated(&mut self, _cell: usize, _is_silent: bool) {}

    fn transmitters(&self) -> &Transmitters<'_> {
        &self.transmitters
    }
}

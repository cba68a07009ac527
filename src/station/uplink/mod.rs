//! The uplinks of all cells, live: every transmission's rate follows its share of
//! the bandwidth and its SINR at every instant (Eqs. 2 to 4 with who transmits
//! now).
//!
//! Starts and ends only change the powers that cells receive; [`Uplinks::update_rates`]
//! brings the rates that no longer fit up to date, once for all that happens at an event.
//! Which those are the [ledger](InterferenceLedger) says: exactly, or in a city within a
//! tolerance.

mod cell;
mod cell_set;
mod held;
mod live;

pub use held::HeldUplinks;
pub use live::LiveUplinks;

use super::Station;
use crate::physics::gains::LinkGains;
use crate::physics::interference::{ExactLedger, InterferenceLedger, ReceivedPower, Transmitter};
use crate::physics::radio::Interference;
use crate::units::{Bits, Hertz, Seconds, Watts};
use crate::world::links::Links;
use cell::Cell;
use cell_set::CellSet;

/// Removals after which all powers are summed anew, so that the rounding of sums and
/// differences cannot pile up.
const SUM_ANEW_EVERY: u32 = 4096;

/// The air from users to cells: a station that knows what every cell receives.
pub trait Air<'w>: Station<'w> {
    /// The powers that cells receive.
    fn power(&self) -> &ReceivedPower;

    /// The SINR (Eq. 3), linear, of a transmission with who is received now.
    fn sinr(&self, job: usize) -> f64;
}

/// A user as it is received when its transmission to a cell begins.
fn transmitter<'l>(
    now: Seconds,
    cell: usize,
    user: usize,
    links: &'l mut Links<'_>,
) -> Transmitter<'l> {
    links.bring_to(user, now);
    Transmitter {
        cell,
        gain: links.gain(user, cell),
        nearest: links.nearest_server(user),
        links: links.of(user),
    }
}

/// What all cells have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Radio {
    /// Bandwidth of each cell (B).
    pub bandwidth: Hertz,
    /// Noise over it (sigma^2).
    pub noise: Watts,
    /// Transmit power of each user (P).
    pub tx_power: Watts,
    /// How interference is read.
    pub interference: Interference,
}

/// The transmissions in progress, by the cell they go to, and their rates.
pub struct Uplinks<'w> {
    radio: Radio,
    ledger: Box<dyn InterferenceLedger + 'w>,
    cells: Vec<Cell>,
    /// The next end of each cell, as of its rates.
    next: Vec<Option<(Seconds, usize)>>,
    /// Cells whose rates are to be computed anew.
    dirty: CellSet,
    /// Every job's place in its cell.
    places: Vec<u32>,
}

impl<'w> Uplinks<'w> {
    /// Silent cells whose interference is summed exactly.
    pub fn new(radio: Radio, cells: usize) -> Self {
        let ledger = ExactLedger::new(radio.interference, radio.tx_power, cells);
        Self::with_ledger(radio, cells, Box::new(ledger))
    }

    /// Silent cells whose interference such a ledger sums.
    pub fn with_ledger(
        radio: Radio,
        cells: usize,
        ledger: Box<dyn InterferenceLedger + 'w>,
    ) -> Self {
        Self {
            radio,
            ledger,
            cells: vec![Cell::default(); cells],
            next: vec![None; cells],
            dirty: CellSet::none_of(cells),
            places: Vec::new(),
        }
    }

    /// A transmission begins; `job` is its number until it ends.
    pub fn start(&mut self, now: Seconds, job: usize, bits: Bits, transmitter: Transmitter<'_>) {
        let cell = &mut self.cells[transmitter.cell];
        cell.advance(now, self.radio.bandwidth);
        if self.places.len() <= job {
            self.places.resize(job + 1, 0);
        }
        self.places[job] = cell.jobs().len() as u32;
        cell.push(job, self.radio.tx_power.0 * transmitter.gain, bits.0);
        self.ledger.start(job, transmitter);
        self.dirty.insert(transmitter.cell);
    }

    /// A transmission ends, having sent all or not.
    pub fn end(&mut self, now: Seconds, job: usize) {
        let number = self.cell_of(job);
        let cell = &mut self.cells[number];
        cell.advance(now, self.radio.bandwidth);
        let place = self.places[job];
        if let Some(moved) = cell.swap_remove(place as usize) {
            self.places[moved] = place;
        }
        cell.removals += 1;
        let sum_anew = cell.removals >= SUM_ANEW_EVERY;
        self.ledger.end(job);
        // Where nobody is left, nothing is left of the sums either.
        if sum_anew || self.active() == 0 {
            self.cells[number].removals = 0;
        }
        if sum_anew {
            self.sum_anew();
        }
        self.dirty.insert(number);
    }

    /// The gains of transmissions in progress have changed: `change` is given each job,
    /// its cell and a function that takes the gain to that and all links.
    pub fn set_gains(
        &mut self,
        now: Seconds,
        mut change: impl FnMut(usize, usize, &mut dyn FnMut(f64, LinkGains<'_>)),
    ) {
        for number in 0..self.cells.len() {
            let cell = &mut self.cells[number];
            cell.advance(now, self.radio.bandwidth);
            for place in 0..cell.jobs().len() {
                let job = cell.jobs()[place];
                change(job, number, &mut |gain, links| {
                    cell.set_signal(place, self.radio.tx_power.0 * gain);
                    self.ledger.set_gains(job, gain, links);
                });
            }
        }
        self.sum_anew();
        for cell in 0..self.cells.len() {
            self.dirty.insert(cell);
        }
    }

    /// Brings the rates up to date after what happened at `now`; `changed` is told of
    /// every cell whose rates have changed when its next transmission ends.
    pub fn update_rates(&mut self, now: Seconds, mut changed: impl FnMut(usize, Option<Seconds>)) {
        let (dirty, cells) = (&mut self.dirty, &self.cells);
        self.ledger.drain_stale(&mut |cell| {
            if !cells[cell].jobs().is_empty() {
                dirty.insert(cell);
            }
        });
        for number in self.dirty.drain() {
            let interference = self.ledger.transmitters().power().interference(number);
            let cell = &mut self.cells[number];
            self.ledger.rates_updated(number, cell.jobs().is_empty());
            cell.advance(now, self.radio.bandwidth);
            cell.set_rates(interference.0 + self.radio.noise.0);
            let next = cell.next_end(self.radio.bandwidth);
            self.next[number] = next;
            changed(number, next.map(|(time, _)| time));
        }
    }

    /// When the next transmission of a cell ends if nothing changes before, and
    /// which; as of the last time that rates were updated.
    pub fn next_end(&self, cell: usize) -> Option<(Seconds, usize)> {
        self.next[cell]
    }

    /// Transmissions in progress to a cell.
    pub fn transmitting(&self, cell: usize) -> usize {
        self.cells[cell].jobs().len()
    }

    /// Transmissions in progress to all cells.
    pub fn active(&self) -> usize {
        self.ledger.transmitters().active()
    }

    /// The powers that cells receive.
    pub fn power(&self) -> &ReceivedPower {
        self.ledger.transmitters().power()
    }

    /// The SINR (Eq. 3), linear, that a transmission has with who transmits now; what
    /// its rate was computed from when rates were last updated, within a city's
    /// tolerance.
    pub fn sinr(&self, job: usize) -> f64 {
        self.ledger.transmitters().sinr(job, self.radio.noise)
    }

    /// The bits a transmission still has to send at `now`, at rates that are up to date.
    pub fn remaining(&self, now: Seconds, job: usize) -> Bits {
        let cell = &self.cells[self.cell_of(job)];
        Bits(cell.remaining_bits(self.places[job] as usize, now, self.radio.bandwidth))
    }

    fn cell_of(&self, job: usize) -> usize {
        self.ledger.transmitters().cell(job)
    }

    fn sum_anew(&mut self) {
        let jobs = self.cells.iter().flat_map(|cell| cell.jobs());
        self.ledger.sum_anew(&mut jobs.copied());
    }
}

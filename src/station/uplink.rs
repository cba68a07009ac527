//! The uplinks of all cells, live: every transmission's rate follows its share of
//! the bandwidth and its SINR at every instant (Eqs. 2 to 4 with who transmits
//! now).

use crate::physics::radio::{Interference, spectral_efficiency};
use crate::units::{Bits, Hertz, Seconds, Watts};

/// Removals after which a cell's interference is summed afresh, so that the
/// rounding of sums and differences cannot pile up.
const FRESH_SUM_EVERY: u32 = 4096;

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

/// The transmissions in progress, by the cell they go to.
#[derive(Debug, Clone)]
pub struct Uplinks {
    radio: Radio,
    cells: Vec<Cell>,
    /// Where each job is: (cell, index in it).
    places: Vec<(u32, u32)>,
    active: usize,
}

/// One cell's transmissions, a column for each quantity.
#[derive(Debug, Clone, Default)]
struct Cell {
    jobs: Vec<usize>,
    signal_w: Vec<f64>,
    remaining_bits: Vec<f64>,
    /// log2(1 + SINR), in bit/s/Hz.
    efficiency: Vec<f64>,
    /// Gains to every server, row by row, for what others hear.
    gains: Vec<f64>,
    /// Power heard from transmissions to other cells (`CoChannel`).
    heard_w: f64,
    /// Power of the cell's own transmissions (`AsPrinted`).
    own_w: f64,
    updated_at: f64,
    removals: u32,
}

impl Uplinks {
    /// Silent cells.
    pub fn new(radio: Radio, cells: usize) -> Self {
        Self {
            radio,
            cells: vec![Cell::default(); cells],
            places: Vec::new(),
            active: 0,
        }
    }

    /// A transmission of `bits` to `cell` begins; `gains` are its user's power
    /// gains to all servers. A job number may be used again once it has ended.
    pub fn start(&mut self, now: Seconds, job: usize, cell: usize, bits: Bits, gains: &[f64]) {
        self.advance_coupled(now, cell);
        let tx_power = self.radio.tx_power.0;
        self.hear(cell, gains, tx_power);
        let target = &mut self.cells[cell];
        if self.places.len() <= job {
            self.places.resize(job + 1, (u32::MAX, u32::MAX));
        }
        self.places[job] = (cell as u32, target.jobs.len() as u32);
        target.jobs.push(job);
        target.signal_w.push(tx_power * gains[cell]);
        target.remaining_bits.push(bits.0);
        target.efficiency.push(0.0);
        target.gains.extend_from_slice(gains);
        self.active += 1;
        self.refresh(cell);
    }

    /// A transmission ends, having sent all or not.
    pub fn end(&mut self, now: Seconds, job: usize) {
        let (cell, index) = self.places[job];
        let (cell, index) = (cell as usize, index as usize);
        self.advance_coupled(now, cell);
        let servers = self.cells.len();
        let target = &mut self.cells[cell];
        let last = target.jobs.len() - 1;
        let gains = target.gains[index * servers..(index + 1) * servers].to_vec();
        target.jobs.swap_remove(index);
        target.signal_w.swap_remove(index);
        target.remaining_bits.swap_remove(index);
        target.efficiency.swap_remove(index);
        target
            .gains
            .copy_within(last * servers..(last + 1) * servers, index * servers);
        target.gains.truncate(last * servers);
        target.removals += 1;
        if let Some(&moved) = target.jobs.get(index) {
            self.places[moved] = (cell as u32, index as u32);
        }
        self.places[job] = (u32::MAX, u32::MAX);
        self.active -= 1;
        self.hear(cell, &gains, -self.radio.tx_power.0);
        if self.cells[cell].removals >= FRESH_SUM_EVERY || self.active == 0 {
            self.cells[cell].removals = 0;
            self.sum_afresh();
        }
        self.refresh(cell);
    }

    /// The gains of transmissions in progress have changed: `write` puts those of a
    /// job's user to all servers into the slice it is given.
    pub fn set_gains(&mut self, now: Seconds, mut write: impl FnMut(usize, &mut [f64])) {
        let (tx_power, servers) = (self.radio.tx_power.0, self.cells.len());
        for cell in 0..servers {
            self.cells[cell].advance(now, self.radio.bandwidth);
            for index in 0..self.cells[cell].jobs.len() {
                let target = &mut self.cells[cell];
                let gains = &mut target.gains[index * servers..(index + 1) * servers];
                write(target.jobs[index], gains);
                target.signal_w[index] = tx_power * gains[cell];
            }
        }
        self.sum_afresh();
        for cell in 0..servers {
            self.refresh_cell(cell);
        }
    }

    /// When the next transmission of a cell ends if nothing changes before, and
    /// which.
    pub fn next_end(&self, cell: usize) -> Option<(Seconds, usize)> {
        let cell = &self.cells[cell];
        let mut least = f64::INFINITY;
        let mut at = None;
        for (index, (bits, efficiency)) in
            cell.remaining_bits.iter().zip(&cell.efficiency).enumerate()
        {
            let needed = bits / efficiency;
            if needed < least {
                least = needed;
                at = Some(index);
            }
        }
        let index = at?;
        let needs = least.max(0.0) * cell.jobs.len() as f64 / self.radio.bandwidth.0;
        Some((Seconds(cell.updated_at + needs), cell.jobs[index]))
    }

    /// The cells whose rates change when a transmission to `cell` starts or ends.
    pub fn coupled(&self, cell: usize) -> std::ops::Range<usize> {
        match self.radio.interference {
            Interference::Orthogonal => cell..cell + 1,
            Interference::CoChannel | Interference::AsPrinted => 0..self.cells.len(),
        }
    }

    /// Transmissions in progress to a cell.
    pub fn transmitting(&self, cell: usize) -> usize {
        self.cells[cell].jobs.len()
    }

    /// Transmissions in progress to all cells.
    pub fn active(&self) -> usize {
        self.active
    }

    /// The power a cell hears of transmissions to other cells.
    pub fn heard(&self, cell: usize) -> Watts {
        Watts(self.cells[cell].heard_w)
    }

    /// The power of a cell's own transmissions.
    pub fn own(&self, cell: usize) -> Watts {
        Watts(self.cells[cell].own_w)
    }

    /// The bits a transmission still has to send at `now`.
    pub fn remaining(&self, now: Seconds, job: usize) -> Bits {
        let (cell, index) = self.places[job];
        let (cell, index) = (&self.cells[cell as usize], index as usize);
        let rate = self.radio.bandwidth.0 / cell.jobs.len() as f64 * cell.efficiency[index];
        Bits(cell.remaining_bits[index] - rate * (now.0 - cell.updated_at))
    }

    fn advance_coupled(&mut self, now: Seconds, cell: usize) {
        for coupled in self.coupled(cell) {
            self.cells[coupled].advance(now, self.radio.bandwidth);
        }
    }

    /// Adds a transmission's power, negative to take it away, to what all hear.
    fn hear(&mut self, cell: usize, gains: &[f64], power: f64) {
        for (j, (other, gain)) in self.cells.iter_mut().zip(gains).enumerate() {
            if j == cell {
                other.own_w += power * gain;
            } else {
                other.heard_w += power * gain;
            }
        }
    }

    fn sum_afresh(&mut self) {
        let (tx_power, servers) = (self.radio.tx_power.0, self.cells.len());
        for cell in &mut self.cells {
            cell.heard_w = 0.0;
            cell.own_w = 0.0;
        }
        for cell in 0..servers {
            let rows = std::mem::take(&mut self.cells[cell].gains);
            for gains in rows.chunks_exact(servers) {
                self.hear(cell, gains, tx_power);
            }
            self.cells[cell].gains = rows;
        }
    }

    /// Brings the efficiencies up to date that a start or an end at `cell` changes.
    fn refresh(&mut self, cell: usize) {
        for coupled in self.coupled(cell) {
            self.refresh_cell(coupled);
        }
    }

    fn refresh_cell(&mut self, cell: usize) {
        let disturbance = self.interference(cell) + self.radio.noise.0;
        let target = &mut self.cells[cell];
        for (efficiency, signal) in target.efficiency.iter_mut().zip(&target.signal_w) {
            *efficiency = spectral_efficiency(signal / disturbance);
        }
    }

    fn interference(&self, cell: usize) -> f64 {
        match self.radio.interference {
            Interference::Orthogonal => 0.0,
            // Differences may leave a rounding error below zero.
            Interference::CoChannel => self.cells[cell].heard_w.max(0.0),
            Interference::AsPrinted => self
                .cells
                .iter()
                .enumerate()
                .filter(|&(j, _)| j != cell)
                .map(|(_, other)| other.own_w.max(0.0))
                .sum(),
        }
    }
}

impl Cell {
    /// Sends what the rates allow until `now`.
    fn advance(&mut self, now: Seconds, bandwidth: Hertz) {
        let elapsed = now.0 - self.updated_at;
        self.updated_at = now.0;
        if elapsed <= 0.0 || self.jobs.is_empty() {
            return;
        }
        let sent = bandwidth.0 / self.jobs.len() as f64 * elapsed;
        for (bits, efficiency) in self.remaining_bits.iter_mut().zip(&self.efficiency) {
            *bits = (*bits - sent * efficiency).max(0.0);
        }
    }
}

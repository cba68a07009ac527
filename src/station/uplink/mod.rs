//! The uplinks of all cells, live: every transmission's rate follows its share of
//! the bandwidth and its SINR at every instant (Eqs. 2 to 4 with who transmits
//! now).
//!
//! Starts and ends only add to what servers hear and mark the cells whose rates are
//! no longer right; [`Uplinks::settle`] brings those up to date, once for all that
//! happens at an instant. Exact sums mark every cell that hears a change. Under an
//! interference tolerance a cell is marked when noise and interference have moved by
//! more than that since its rates were computed, and what far users contribute is
//! known in sum only ([`Neighbourhoods`]): an event then costs what its
//! neighbourhood costs, however large the city.

mod cell;
mod cell_set;
mod drift;
mod far_field;
mod rooms;

use crate::physics::gains::LinkGains;
use crate::physics::neighbourhood::Neighbourhoods;
use crate::physics::radio::Interference;
use crate::units::{Bits, Hertz, Seconds, Watts};
use cell::Cell;
use cell_set::CellSet;
use far_field::FarField;
pub use rooms::Room;
use rooms::Rooms;

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

/// A transmission that begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transmission<'a> {
    /// Its number; may be used again once it has ended.
    pub job: usize,
    /// The cell it goes to.
    pub cell: usize,
    /// Its size.
    pub bits: Bits,
    /// The power gain to its cell.
    pub gain: f64,
    /// The server nearest to its user; of no account where all sums are exact.
    pub home: usize,
    /// Who hears it: all servers, or the home's near ones.
    pub links: LinkGains<'a>,
}

/// The transmissions in progress, by the cell they go to.
#[derive(Debug, Clone)]
pub struct Uplinks<'w> {
    radio: Radio,
    city: Option<City<'w>>,
    cells: Vec<Cell>,
    /// Transmissions to each cell.
    counts: Vec<u32>,
    /// Power each cell hears from transmissions to other cells.
    heard_w: Vec<f64>,
    /// Power of each cell's own transmissions.
    own_w: Vec<f64>,
    /// The least and the most that each cell may hear before its rates are off; any
    /// power where nobody transmits. For cities.
    right_w: Vec<(f64, f64)>,
    /// The next end of each cell, as of its rates.
    next: Vec<Option<(Seconds, usize)>>,
    /// Cells whose rates are to be computed anew, in the order they were marked.
    marked: CellSet,
    /// By job.
    jobs: Vec<Job>,
    /// Who hears them.
    rooms: Rooms,
    active: usize,
}

/// What makes a city cheap.
#[derive(Debug, Clone)]
struct City<'w> {
    neighbourhoods: &'w Neighbourhoods,
    far_field: FarField<'w>,
    /// Relative change of noise plus interference that marks a cell.
    mark_at: f64,
    /// Homes whose users have begun or ended since rates were settled.
    stirred: CellSet,
}

/// Where a transmission is, and how it is heard.
#[derive(Debug, Clone, Copy, Default)]
struct Job {
    cell: u32,
    /// Its place in the cell.
    index: u32,
    home: u32,
    /// Where its gains are, to the servers that hear it: all, or the home's near ones.
    room: u32,
    /// Power that its cell receives.
    signal_w: f64,
}

impl<'w> Uplinks<'w> {
    /// Silent cells that hear every transmission exactly.
    pub fn new(radio: Radio, cells: usize) -> Self {
        Self {
            radio,
            city: None,
            cells: vec![Cell::default(); cells],
            counts: vec![0; cells],
            heard_w: vec![0.0; cells],
            own_w: vec![0.0; cells],
            right_w: vec![(f64::NEG_INFINITY, f64::INFINITY); cells],
            next: vec![None; cells],
            marked: CellSet::none_of(cells),
            jobs: Vec::new(),
            rooms: Rooms::of_size(cells),
            active: 0,
        }
    }

    /// Silent cells of a city whose noise plus interference may be off by the
    /// neighbourhoods' tolerance, half of it by cells that wait to be marked and
    /// half by the far field. For interference as `CoChannel` or `Orthogonal`.
    pub fn in_city(radio: Radio, neighbourhoods: &'w Neighbourhoods, cells: usize) -> Self {
        let half = 0.5 * neighbourhoods.tolerance();
        let allowed_w = half * radio.noise.0;
        let near_counts = (0..cells).map(|home| neighbourhoods.near(home).len());
        Self {
            city: Some(City {
                neighbourhoods,
                far_field: FarField::new(neighbourhoods, cells, radio.tx_power.0, allowed_w),
                mark_at: half,
                stirred: CellSet::none_of(cells),
            }),
            rooms: Rooms::of_size(near_counts.max().unwrap_or(0)),
            ..Self::new(radio, cells)
        }
    }

    /// A transmission begins.
    pub fn start(&mut self, now: Seconds, transmission: Transmission<'_>) {
        let Transmission {
            job, cell, gain, ..
        } = transmission;
        self.cells[cell].advance(now, self.radio.bandwidth);
        if self.jobs.len() <= job {
            self.jobs.resize(job + 1, Job::default());
        }
        let signal_w = self.radio.tx_power.0 * gain;
        self.jobs[job] = Job {
            cell: cell as u32,
            index: self.counts[cell],
            home: transmission.home as u32,
            room: self.rooms.take(transmission.links),
            signal_w,
        };
        self.cells[cell].push(job, signal_w, transmission.bits.0);
        self.counts[cell] += 1;
        self.active += 1;
        self.hear(job, 1.0);
        self.mark(cell);
    }

    /// A transmission ends, having sent all or not.
    pub fn end(&mut self, now: Seconds, job: usize) {
        let (cell, index) = (self.jobs[job].cell as usize, self.jobs[job].index as usize);
        let target = &mut self.cells[cell];
        target.advance(now, self.radio.bandwidth);
        if let Some(moved) = target.swap_remove(index) {
            self.jobs[moved].index = index as u32;
        }
        target.removals += 1;
        let sum_afresh = target.removals >= FRESH_SUM_EVERY;
        self.counts[cell] -= 1;
        self.active -= 1;
        self.hear(job, -1.0);
        self.rooms.give_back(self.jobs[job].room);
        if sum_afresh || self.active == 0 {
            self.cells[cell].removals = 0;
            self.sum_afresh();
        }
        self.mark(cell);
    }

    /// The gains of transmissions in progress have changed: `write` is given each
    /// job, its cell and the room for its gains to those who hear it, puts the new ones
    /// there and returns that to the cell.
    pub fn set_gains(
        &mut self,
        now: Seconds,
        mut write: impl FnMut(usize, usize, &mut Room<'_>) -> f64,
    ) {
        for cell in 0..self.cells.len() {
            let target = &mut self.cells[cell];
            target.advance(now, self.radio.bandwidth);
            for index in 0..target.jobs().len() {
                let job = target.jobs()[index];
                let mut room = Room {
                    rooms: &mut self.rooms,
                    number: self.jobs[job].room,
                };
                let gain = write(job, cell, &mut room);
                let signal_w = self.radio.tx_power.0 * gain;
                self.jobs[job].signal_w = signal_w;
                target.set_signal(index, signal_w);
            }
        }
        self.sum_afresh();
        for cell in 0..self.cells.len() {
            self.mark(cell);
        }
    }

    /// Brings the rates up to date after what happened at `now`; `changed` is told of
    /// every cell whose rates have changed when its next transmission ends.
    pub fn settle(&mut self, now: Seconds, mut changed: impl FnMut(usize, Option<Seconds>)) {
        self.mark_stirred();
        let mut marked = std::mem::take(&mut self.marked);
        for cell in marked.drain() {
            let heard_w = self.interference(cell);
            let disturbance_w = heard_w + self.radio.noise.0;
            if let Some(city) = &self.city {
                let slack_w = city.mark_at * disturbance_w;
                self.right_w[cell] = match self.counts[cell] {
                    0 => (f64::NEG_INFINITY, f64::INFINITY),
                    _ => (heard_w - slack_w, heard_w + slack_w),
                };
            }
            let target = &mut self.cells[cell];
            target.advance(now, self.radio.bandwidth);
            target.set_rates(disturbance_w);
            let next = target.next_end(self.radio.bandwidth);
            self.next[cell] = next;
            changed(cell, next.map(|(time, _)| time));
        }
        self.marked = marked;
    }

    /// When the next transmission of a cell ends if nothing changes before, and
    /// which; as of the last time that rates were settled.
    pub fn next_end(&self, cell: usize) -> Option<(Seconds, usize)> {
        self.next[cell]
    }

    /// Transmissions in progress to a cell.
    pub fn transmitting(&self, cell: usize) -> usize {
        self.counts[cell] as usize
    }

    /// Transmissions in progress to all cells.
    pub fn active(&self) -> usize {
        self.active
    }

    /// The power a cell hears of transmissions to other cells.
    pub fn heard(&self, cell: usize) -> Watts {
        Watts(self.heard_w[cell])
    }

    /// The power of a cell's own transmissions.
    pub fn own(&self, cell: usize) -> Watts {
        Watts(self.own_w[cell])
    }

    /// The SINR (Eq. 3), linear, that a transmission has with who transmits now; what
    /// its rate was computed from when rates were settled last, within a city's
    /// tolerance.
    pub fn sinr(&self, job: usize) -> f64 {
        let cell = self.jobs[job].cell as usize;
        self.jobs[job].signal_w / (self.interference(cell) + self.radio.noise.0)
    }

    /// The bits a transmission still has to send at `now`, at settled rates.
    pub fn remaining(&self, now: Seconds, job: usize) -> Bits {
        let (cell, index) = (self.jobs[job].cell as usize, self.jobs[job].index as usize);
        Bits(self.cells[cell].remaining_bits(index, now, self.radio.bandwidth))
    }

    fn mark(&mut self, cell: usize) {
        self.marked.insert(cell);
    }

    /// Adds a transmission to what all hear, or takes it away (sign -1), and marks the
    /// cells whose rates that changes; in a city they are found when rates are settled.
    fn hear(&mut self, job: usize, sign: f64) {
        self.add_power(job, sign);
        let home = self.jobs[job].home as usize;
        match (self.radio.interference, &mut self.city) {
            (Interference::Orthogonal, _) => {}
            (Interference::CoChannel, Some(city)) => {
                if sign > 0.0 {
                    city.far_field.start(home);
                } else {
                    city.far_field.end(home);
                }
                city.stirred.insert(home);
            }
            (Interference::CoChannel | Interference::AsPrinted, _) => {
                for cell in 0..self.cells.len() {
                    if self.counts[cell] > 0 {
                        self.mark(cell);
                    }
                }
            }
        }
    }

    /// Marks a cell of a city that hears more or less than its rates allow for.
    #[inline]
    fn mark_if_off(&mut self, cell: usize) {
        let heard_w = self.heard_w[cell];
        let (least_w, most_w) = self.right_w[cell];
        if heard_w < least_w || heard_w > most_w {
            self.mark(cell);
        }
    }

    fn add_power(&mut self, job: usize, sign: f64) {
        let power = sign * self.radio.tx_power.0;
        let job = &self.jobs[job];
        let cell = job.cell as usize;
        let heard_before = self.heard_w[cell];
        let near = self
            .city
            .as_ref()
            .map(|city| city.neighbourhoods.near(job.home as usize));
        match self.rooms.gains(job.room, near) {
            LinkGains::All(gains) => {
                for (heard, gain) in self.heard_w.iter_mut().zip(gains) {
                    *heard += power * gain;
                }
            }
            LinkGains::Near { servers, gains } => {
                for (&server, gain) in servers.iter().zip(gains) {
                    self.heard_w[server as usize] += power * f64::from(*gain);
                }
            }
        }
        // Its own cell does not hear it as interference.
        self.heard_w[cell] = heard_before;
        self.own_w[cell] += sign * job.signal_w;
    }

    /// Marks the cells of a city that hear more or less than their rates allow for.
    fn mark_stirred(&mut self) {
        let Some(city) = &mut self.city else {
            return;
        };
        let neighbourhoods = city.neighbourhoods;
        let mut stirred = std::mem::take(&mut city.stirred);
        if city.far_field.is_due() {
            city.far_field.bring_up_to_date(&mut self.heard_w);
            stirred.clear();
            self.mark_all_off();
        } else {
            for home in stirred.drain() {
                for &cell in neighbourhoods.near(home) {
                    self.mark_if_off(cell as usize);
                }
            }
        }
        if let Some(city) = &mut self.city {
            city.stirred = stirred;
        }
    }

    fn mark_all_off(&mut self) {
        for cell in 0..self.cells.len() {
            self.mark_if_off(cell);
        }
    }

    fn sum_afresh(&mut self) {
        self.heard_w.fill(0.0);
        self.own_w.fill(0.0);
        for cell in 0..self.cells.len() {
            for index in 0..self.cells[cell].jobs().len() {
                self.add_power(self.cells[cell].jobs()[index], 1.0);
            }
        }
        if let Some(city) = &mut self.city {
            // That brings it up to date as well, for every cell.
            city.far_field.sum_afresh(&mut self.heard_w);
            self.mark_all_off();
        }
    }

    fn interference(&self, cell: usize) -> f64 {
        match self.radio.interference {
            Interference::Orthogonal => 0.0,
            // Differences may leave a rounding error below zero.
            Interference::CoChannel => self.heard(cell).0.max(0.0),
            Interference::AsPrinted => self
                .own_w
                .iter()
                .enumerate()
                .filter(|&(j, _)| j != cell)
                .map(|(_, own)| own.max(0.0))
                .sum(),
        }
    }
}

//! One cell's transmissions, a column for each quantity.

use crate::physics::logarithm::log2_1p;
use crate::units::{Hertz, Seconds};

/// The transmissions to one server.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    jobs: Vec<usize>,
    signal_w: Vec<f64>,
    remaining_bits: Vec<f64>,
    /// log2(1 + SINR), in bit/s/Hz, within 1e-15 of it.
    efficiency: Vec<f64>,
    updated_at: f64,
    pub removals: u32,
}

impl Cell {
    /// The jobs' numbers.
    pub fn jobs(&self) -> &[usize] {
        &self.jobs
    }

    /// A transmission begins; its rate is zero until rates are set.
    pub fn push(&mut self, job: usize, signal_w: f64, bits: f64) {
        self.jobs.push(job);
        self.signal_w.push(signal_w);
        self.remaining_bits.push(bits);
        self.efficiency.push(0.0);
    }

    /// A transmission leaves; the last takes its place: which job that was.
    pub fn swap_remove(&mut self, index: usize) -> Option<usize> {
        self.jobs.swap_remove(index);
        self.signal_w.swap_remove(index);
        self.remaining_bits.swap_remove(index);
        self.efficiency.swap_remove(index);
        self.jobs.get(index).copied()
    }

    /// A transmission is received at another power.
    pub fn set_signal(&mut self, index: usize, signal_w: f64) {
        self.signal_w[index] = signal_w;
    }

    /// Sends what the rates allow until `now`.
    pub fn advance(&mut self, now: Seconds, bandwidth: Hertz) {
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

    /// Sets the rates that `interference_plus_noise_w` allow.
    pub fn set_rates(&mut self, interference_plus_noise_w: f64) {
        let inverse = 1.0 / interference_plus_noise_w;
        for (efficiency, signal) in self.efficiency.iter_mut().zip(&self.signal_w) {
            *efficiency = log2_1p(signal * inverse);
        }
    }

    /// When the next transmission ends at these rates, and which; none if no rate is
    /// above zero.
    pub fn next_end(&self, bandwidth: Hertz) -> Option<(Seconds, usize)> {
        let least = self.least_need();
        let index = self
            .remaining_bits
            .iter()
            .zip(&self.efficiency)
            .position(|(bits, efficiency)| bits / efficiency == least)?;
        let needs = least * self.jobs.len() as f64 / bandwidth.0;
        let at = Seconds(self.updated_at + needs);
        (least < f64::INFINITY).then_some((at, self.jobs[index]))
    }

    /// The least of bits over efficiency, side by side in lanes.
    fn least_need(&self) -> f64 {
        const LANES: usize = 4;
        let less = |a: f64, b: f64| if b < a { b } else { a };
        let (bits, bits_left) = self.remaining_bits.as_chunks::<LANES>();
        let (efficiency, efficiency_left) = self.efficiency.as_chunks::<LANES>();
        let mut lanes = [f64::INFINITY; LANES];
        for (bits, efficiency) in bits.iter().zip(efficiency) {
            for lane in 0..LANES {
                lanes[lane] = less(lanes[lane], bits[lane] / efficiency[lane]);
            }
        }
        let left = bits_left.iter().zip(efficiency_left);
        left.map(|(bits, efficiency)| bits / efficiency)
            .chain(lanes)
            .fold(f64::INFINITY, less)
    }

    /// The bits that a transmission still has to send at `now`.
    pub fn remaining_bits(&self, index: usize, now: Seconds, bandwidth: Hertz) -> f64 {
        let rate = bandwidth.0 / self.jobs.len() as f64 * self.efficiency[index];
        self.remaining_bits[index] - rate * (now.0 - self.updated_at)
    }
}

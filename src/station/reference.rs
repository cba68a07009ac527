//! Slow, obvious stations for reference: every rate recomputed from the list
//! of jobs whenever it is asked for, every remaining amount reduced at every event.
//! The tests run them in lockstep with the fast ones; benchmarks show the ratio.

use super::uplink::Radio;
use crate::physics::radio::{self, Interference};
use crate::physics::share;
use crate::units::{Bits, Flop, FlopPerSecond, Seconds, Watts};

/// The reference of [`Uplinks`](super::uplink::Uplinks).
#[derive(Debug, Clone)]
pub struct ReferenceUplinks {
    radio: Radio,
    now: Seconds,
    jobs: Vec<Transmission>,
}

#[derive(Debug, Clone)]
struct Transmission {
    job: usize,
    cell: usize,
    remaining: Bits,
    gains: Vec<f64>,
}

impl ReferenceUplinks {
    /// Silence.
    pub fn new(radio: Radio) -> Self {
        Self {
            radio,
            now: Seconds(0.0),
            jobs: Vec::new(),
        }
    }

    /// A transmission begins.
    pub fn start(&mut self, now: Seconds, job: usize, cell: usize, bits: Bits, gains: &[f64]) {
        self.advance(now);
        self.jobs.push(Transmission {
            job,
            cell,
            remaining: bits,
            gains: gains.to_vec(),
        });
    }

    /// A transmission ends.
    pub fn end(&mut self, now: Seconds, job: usize) {
        self.advance(now);
        self.jobs.retain(|other| other.job != job);
    }

    /// When the next transmission of any cell ends, and which.
    pub fn next_end(&self) -> Option<(Seconds, usize)> {
        self.jobs
            .iter()
            .map(|t| (self.now + t.remaining / self.rate(t), t.job))
            .min_by(|a, b| a.0.0.total_cmp(&b.0.0))
    }

    /// The bits a transmission still has to send.
    pub fn remaining(&self, job: usize) -> Option<Bits> {
        self.jobs.iter().find(|t| t.job == job).map(|t| t.remaining)
    }

    /// Eqs. 2 to 4 with who transmits now.
    fn rate(&self, t: &Transmission) -> crate::units::BitsPerSecond {
        let in_cell = self.jobs.iter().filter(|o| o.cell == t.cell).count();
        let power = |o: &Transmission, at: usize| self.radio.tx_power.0 * o.gains[at];
        let interference: f64 = self
            .jobs
            .iter()
            .filter(|o| o.cell != t.cell)
            .map(|o| match self.radio.interference {
                Interference::CoChannel => power(o, t.cell),
                Interference::AsPrinted => power(o, o.cell),
                Interference::Orthogonal => 0.0,
            })
            .sum();
        let sinr = radio::sinr(
            Watts(power(t, t.cell)),
            Watts(interference),
            self.radio.noise,
        );
        radio::rate(share::bandwidth(self.radio.bandwidth, in_cell), sinr)
    }

    fn advance(&mut self, now: Seconds) {
        let elapsed = now - self.now;
        let sent: Vec<Bits> = self
            .jobs
            .iter()
            .map(|t| Bits(self.rate(t).0 * elapsed.0))
            .collect();
        for (t, sent) in self.jobs.iter_mut().zip(sent) {
            t.remaining = Bits((t.remaining - sent).0.max(0.0));
        }
        self.now = now;
    }
}

/// The reference of [`ProcessorSharing`](super::processor_sharing::ProcessorSharing).
#[derive(Debug, Clone)]
pub struct ReferenceProcessorSharing {
    capacity: FlopPerSecond,
    cap: FlopPerSecond,
    now: Seconds,
    jobs: Vec<(usize, Flop)>,
}

impl ReferenceProcessorSharing {
    /// An idle server.
    pub fn new(capacity: FlopPerSecond, cap: FlopPerSecond) -> Self {
        Self {
            capacity,
            cap,
            now: Seconds(0.0),
            jobs: Vec::new(),
        }
    }

    /// A job arrives.
    pub fn start(&mut self, now: Seconds, job: usize, work: Flop) {
        self.advance(now);
        self.jobs.push((job, work));
    }

    /// A job leaves.
    pub fn end(&mut self, now: Seconds, job: usize) {
        self.advance(now);
        self.jobs.retain(|&(other, _)| other != job);
    }

    /// When the next job completes, and which.
    pub fn next_end(&self) -> Option<(Seconds, usize)> {
        let rate = share::compute(self.capacity, self.cap, self.jobs.len());
        self.jobs
            .iter()
            .map(|&(job, left)| (self.now + left / rate, job))
            .min_by(|a, b| a.0.0.total_cmp(&b.0.0))
    }

    fn advance(&mut self, now: Seconds) {
        let rate = share::compute(self.capacity, self.cap, self.jobs.len());
        let elapsed = now - self.now;
        for (_, left) in &mut self.jobs {
            *left = Flop((left.0 - rate.0 * elapsed.0).max(0.0));
        }
        self.now = now;
    }
}

//! Bursts and quiet: the modulation of [`Arrivals::Bursty`](super::Arrivals::Bursty).

use crate::world::streams::Stream;
use rand::RngExt;
use rand_distr::{Distribution as _, Exp1};

/// The law of bursts and quiet. Pairs are of quiet, then of bursts.
#[derive(Debug, Clone)]
pub(super) struct Bursts {
    /// A user's queries per second.
    pub rates: [f64; 2],
    /// Mean durations in seconds.
    means: [f64; 2],
    in_burst_share: f64,
}

impl Bursts {
    /// Of checked parameters; the rate is the mean over bursts and quiet.
    pub fn new(
        rate_per_user_hz: f64,
        burst_ratio: f64,
        burst_mean_s: f64,
        quiet_mean_s: f64,
    ) -> Self {
        let in_burst_share = burst_mean_s / (burst_mean_s + quiet_mean_s);
        let quiet_rate = rate_per_user_hz / (1.0 + in_burst_share * (burst_ratio - 1.0));
        Self {
            rates: [quiet_rate, burst_ratio * quiet_rate],
            means: [quiet_mean_s, burst_mean_s],
            in_burst_share,
        }
    }

    /// Whether time zero lies in a burst, from the stationary distribution.
    pub fn begins_in_burst(&self, stream: &mut Stream) -> bool {
        stream.random::<f64>() < self.in_burst_share
    }

    /// How long a burst, or quiet, still goes on: exponential, so without memory.
    pub fn stay(&self, in_burst: bool, stream: &mut Stream) -> f64 {
        let stay: f64 = Exp1.sample(stream);
        stay * self.means[usize::from(in_burst)]
    }
}

/// Bursts that come to all users at once, drawn as far as anybody has asked.
///
/// Given them, a user's arrivals are a Poisson process whose rate is known at every
/// instant. Such a process is one of rate 1 in another time: that in which one query is
/// expected per unit.
#[derive(Debug, Clone)]
pub(super) struct SharedBursts {
    law: Bursts,
    /// The replication's own: no user's.
    stream: Stream,
    in_burst: bool,
    phases: Vec<Phase>,
    /// Where the phases that are drawn end.
    end: Instant,
}

/// A burst, or quiet.
#[derive(Debug, Clone, Copy)]
struct Phase {
    start: Instant,
    /// A user's queries per second.
    rate: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Instant {
    time: f64,
    /// Queries that a user is expected to have sent by then.
    expected: f64,
}

impl SharedBursts {
    pub fn new(law: Bursts, mut stream: Stream) -> Self {
        Self {
            in_burst: law.begins_in_burst(&mut stream),
            law,
            stream,
            phases: Vec::new(),
            end: Instant::default(),
        }
    }

    /// The time by which a user is expected to have sent so many queries.
    pub fn time_of(&mut self, expected: f64) -> f64 {
        while self.end.expected <= expected {
            self.draw_phase();
        }
        // The first phase starts with nothing expected: one begins before.
        let after = self
            .phases
            .partition_point(|phase| phase.start.expected <= expected);
        let Phase { start, rate } = self.phases[after.saturating_sub(1)];
        let next = self.phases.get(after);
        let end = next.map_or(self.end, |phase| phase.start).time;
        (start.time + (expected - start.expected) / rate).min(end)
    }

    fn draw_phase(&mut self) {
        let rate = self.law.rates[usize::from(self.in_burst)];
        let stay = self.law.stay(self.in_burst, &mut self.stream);
        self.phases.push(Phase {
            start: self.end,
            rate,
        });
        self.end.time += stay;
        self.end.expected += rate * stay;
        self.in_burst = !self.in_burst;
    }
}

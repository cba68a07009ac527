//! Arrivals of single users, drawn one after another.

use super::Arrivals;
use super::bursts::{Bursts, SharedBursts};
use crate::units::Seconds;
use crate::world::streams::{Stream, StreamKey};
use rand::RngExt;
use rand_distr::{Distribution as _, Exp1, Gamma};

/// A law of arrivals made ready for drawing in one replication: what all users have in
/// common.
#[derive(Debug, Clone)]
pub struct ArrivalProcess(Law);

#[derive(Debug, Clone)]
enum Law {
    Poisson {
        mean_gap: f64,
    },
    Gamma {
        gaps: Gamma<f64>,
        /// The gap that a given instant falls into: long ones hold more instants.
        around_an_instant: Gamma<f64>,
    },
    Bursty(Bursts),
    SharedBursty(SharedBursts),
    Periodic {
        period: f64,
        jitter: f64,
    },
    /// No arrivals of a user's own.
    None,
}

impl ArrivalProcess {
    /// Of a checked law. `Batch` and `Trace` have none per user. `replication` leads to
    /// the streams of the replication.
    pub fn new(law: &Arrivals, replication: StreamKey) -> Self {
        Self(match *law {
            Arrivals::Batch | Arrivals::Trace { .. } => Law::None,
            Arrivals::Poisson { rate_per_user_hz } => Law::Poisson {
                mean_gap: 1.0 / rate_per_user_hz,
            },
            Arrivals::Gamma {
                rate_per_user_hz,
                cv,
            } => {
                let shape = 1.0 / (cv * cv);
                let scale = 1.0 / (rate_per_user_hz * shape);
                // A gamma density times the gap is a gamma density of shape one more.
                match (Gamma::new(shape, scale), Gamma::new(shape + 1.0, scale)) {
                    (Ok(gaps), Ok(around_an_instant)) => Law::Gamma {
                        gaps,
                        around_an_instant,
                    },
                    _ => Law::None,
                }
            }
            Arrivals::Bursty {
                rate_per_user_hz,
                burst_ratio,
                burst_mean_s,
                quiet_mean_s,
                shared,
            } => {
                let bursts = Bursts::new(rate_per_user_hz, burst_ratio, burst_mean_s, quiet_mean_s);
                if shared {
                    let stream = replication.named("shared-bursts").stream();
                    Law::SharedBursty(SharedBursts::new(bursts, stream))
                } else {
                    Law::Bursty(bursts)
                }
            }
            Arrivals::Periodic { period_s, jitter_s } => Law::Periodic {
                period: period_s,
                jitter: jitter_s,
            },
        })
    }
}

/// One user's arrivals, drawn one after another from the user's own stream. A hundred
/// thousand users lie far apart in memory: only what is the user's own is kept here.
#[derive(Debug, Clone)]
pub struct UserArrivals {
    stream: Stream,
    /// The last arrival. Of gamma gaps the next; of periodic arrivals the next, before
    /// jitter; under shared bursts how many queries were expected by the last.
    clock: f64,
    /// When the present burst or quiet of the user's own ends, and which it is.
    switches_at: f64,
    in_burst: bool,
}

impl UserArrivals {
    /// The arrivals of a user, from its first after time zero.
    pub fn new(ArrivalProcess(law): &ArrivalProcess, replication: StreamKey, user: usize) -> Self {
        let mut stream = replication.named("arrivals").index(user as u64).stream();
        let (mut clock, mut switches_at, mut in_burst) = (0.0, 0.0, false);
        match law {
            Law::Gamma {
                around_an_instant, ..
            } => {
                // Time zero is uniform in the gap that it falls into.
                let gap = around_an_instant.sample(&mut stream);
                clock = gap * stream.random::<f64>();
            }
            Law::Bursty(bursts) => {
                in_burst = bursts.begins_in_burst(&mut stream);
                switches_at = bursts.stay(in_burst, &mut stream);
            }
            Law::Periodic { period, jitter } => {
                clock = period * stream.random::<f64>();
                if *jitter > 0.0 {
                    // It may bring the query before time zero behind it.
                    clock -= period;
                }
            }
            // Exponential gaps have no memory.
            Law::Poisson { .. } | Law::SharedBursty(_) | Law::None => {}
        }
        Self {
            stream,
            clock,
            switches_at,
            in_burst,
        }
    }

    /// The next arrival's time, under the law it was begun with; times never decrease.
    pub fn next_time(&mut self, ArrivalProcess(law): &mut ArrivalProcess) -> Option<Seconds> {
        let stream = &mut self.stream;
        let time = match law {
            Law::None => return None,
            Law::Poisson { mean_gap } => {
                let gap: f64 = Exp1.sample(stream);
                self.clock += *mean_gap * gap;
                self.clock
            }
            Law::Gamma { gaps, .. } => {
                let time = self.clock;
                self.clock += gaps.sample(stream);
                time
            }
            Law::Bursty(bursts) => loop {
                // Exponential gaps have no memory: draw anew after each switch.
                let gap: f64 = Exp1.sample(stream);
                let candidate = self.clock + gap / bursts.rates[usize::from(self.in_burst)];
                if candidate <= self.switches_at {
                    self.clock = candidate;
                    break candidate;
                }
                self.clock = self.switches_at;
                self.in_burst = !self.in_burst;
                self.switches_at += bursts.stay(self.in_burst, stream);
            },
            Law::SharedBursty(bursts) => {
                let gap: f64 = Exp1.sample(stream);
                self.clock += gap;
                bursts.time_of(self.clock)
            }
            Law::Periodic { period, jitter } => loop {
                let displaced = self.clock + *jitter * (2.0 * stream.random::<f64>() - 1.0);
                self.clock += *period;
                // What comes before time zero was sent before the run.
                if displaced >= 0.0 {
                    break displaced;
                }
            },
        };
        Some(Seconds(time))
    }
}

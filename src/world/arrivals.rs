//! When queries arrive.

use super::streams::{Stream, StreamKey};
use super::trace::Trace;
use crate::units::Seconds;
use rand::RngExt;
use rand_distr::{Distribution as _, Exp1, Gamma};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// When queries arrive, as a scenario says it. Rates are per user.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Arrivals {
    /// Every user has one query, at time zero: the paper's snapshot.
    #[default]
    Batch,
    /// Every user's queries are a Poisson process.
    Poisson {
        /// Queries per second and user.
        rate_per_user_hz: f64,
    },
    /// Every user alternates between bursts and quiet, of exponential durations,
    /// with Poisson arrivals of different rates (MMPP-2).
    Bursty {
        /// Queries per second and user, averaged over bursts and quiet.
        rate_per_user_hz: f64,
        /// Rate within a burst over rate in quiet, at least 1.
        burst_ratio: f64,
        /// Mean duration of a burst, in seconds.
        burst_mean_s: f64,
        /// Mean duration of quiet, in seconds.
        quiet_mean_s: f64,
    },
    /// Every user asks periodically, from a random phase, each query displaced by
    /// a uniform jitter.
    Periodic {
        /// The period, in seconds.
        period_s: f64,
        /// Greatest displacement to either side, in seconds; at most half the period.
        #[serde(default)]
        jitter_s: f64,
    },
    /// Every user's gaps are independent and gamma distributed.
    Gamma {
        /// Queries per second and user.
        rate_per_user_hz: f64,
        /// Coefficient of variation of the gaps: 1 is Poisson, more is bursty.
        cv: f64,
    },
    /// The arrivals of a file: Azure's LLM inference trace
    /// (`TIMESTAMP,ContextTokens,GeneratedTokens`) or
    /// `arrival_s,prompt_tokens,output_tokens[,user]`.
    Trace {
        /// The file, its path relative to the scenario's folder.
        file: PathBuf,
        /// Factor on the rate: 2 plays the trace twice as fast.
        #[serde(default = "one")]
        rate_scale: f64,
        /// What follows the last arrival.
        #[serde(default)]
        at_end: AtEnd,
    },
}

/// What follows the last arrival of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum AtEnd {
    /// Nothing.
    #[default]
    Stop,
    /// The trace again, one mean gap after its last arrival.
    Loop,
}

fn one() -> f64 {
    1.0
}

impl Arrivals {
    /// The mean rate of one user's queries, in 1/s; `None` where the law does not
    /// say it (`Batch` and traces).
    pub fn rate_per_user_hz(&self) -> Option<f64> {
        match *self {
            Self::Batch | Self::Trace { .. } => None,
            Self::Poisson { rate_per_user_hz }
            | Self::Bursty {
                rate_per_user_hz, ..
            }
            | Self::Gamma {
                rate_per_user_hz, ..
            } => Some(rate_per_user_hz),
            Self::Periodic { period_s, .. } => Some(1.0 / period_s),
        }
    }
}

/// An arrival law with whatever file it names.
#[derive(Debug, Clone, Default)]
pub struct ArrivalLaw {
    /// The law.
    pub arrivals: Arrivals,
    /// The rows of [`Arrivals::Trace`].
    pub trace: Option<Arc<Trace>>,
}

/// A law of arrivals made ready for drawing: what all users have in common.
#[derive(Debug, Clone)]
pub struct Gaps(Law);

#[derive(Debug, Clone)]
enum Law {
    /// Independent gaps.
    Poisson {
        mean_gap: f64,
    },
    Gamma(Gamma<f64>),
    /// Rates and mean durations of quiet and of bursts.
    Bursty {
        rates: [f64; 2],
        means: [f64; 2],
        in_burst_share: f64,
    },
    Periodic {
        period: f64,
        jitter: f64,
    },
    /// No arrivals of a user's own.
    None,
}

impl Gaps {
    /// Of a checked law. `Batch` and `Trace` have none per user.
    pub fn of(law: &Arrivals) -> Self {
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
                let gaps = Gamma::new(shape, 1.0 / (rate_per_user_hz * shape));
                gaps.map_or(Law::None, Law::Gamma)
            }
            Arrivals::Bursty {
                rate_per_user_hz,
                burst_ratio,
                burst_mean_s,
                quiet_mean_s,
            } => {
                let in_burst_share = burst_mean_s / (burst_mean_s + quiet_mean_s);
                let quiet_rate = rate_per_user_hz / (1.0 + in_burst_share * (burst_ratio - 1.0));
                Law::Bursty {
                    rates: [quiet_rate, burst_ratio * quiet_rate],
                    means: [quiet_mean_s, burst_mean_s],
                    in_burst_share,
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
    /// The last arrival; of periodic ones the next, before jitter.
    clock: f64,
    /// When the present burst or quiet ends, and which it is.
    switches_at: f64,
    in_burst: bool,
}

impl UserArrivals {
    /// The arrivals of a user under a law, from its beginning.
    pub fn new(Gaps(law): &Gaps, key: StreamKey, user: usize) -> Self {
        let mut own = Self {
            stream: key.named("arrivals").index(user as u64).stream(),
            clock: 0.0,
            switches_at: 0.0,
            in_burst: false,
        };
        match law {
            Law::Bursty {
                means,
                in_burst_share,
                ..
            } => {
                // From its stationary distribution: no start-up transient.
                own.in_burst = own.stream.random::<f64>() < *in_burst_share;
                let first: f64 = Exp1.sample(&mut own.stream);
                own.switches_at = first * means[usize::from(own.in_burst)];
            }
            Law::Periodic { period, .. } => own.clock = period * own.stream.random::<f64>(),
            Law::Poisson { .. } | Law::Gamma(_) | Law::None => {}
        }
        own
    }

    /// The next arrival's time, under the law it was begun with; times never decrease.
    pub fn next_time(&mut self, Gaps(law): &Gaps) -> Option<Seconds> {
        let stream = &mut self.stream;
        let time = match law {
            Law::None => return None,
            Law::Poisson { mean_gap } => {
                let gap: f64 = Exp1.sample(stream);
                self.clock += *mean_gap * gap;
                self.clock
            }
            Law::Gamma(gaps) => {
                self.clock += gaps.sample(stream);
                self.clock
            }
            Law::Bursty { rates, means, .. } => loop {
                // Exponential gaps have no memory: draw anew after each switch.
                let gap: f64 = Exp1.sample(stream);
                let candidate = self.clock + gap / rates[usize::from(self.in_burst)];
                if candidate <= self.switches_at {
                    self.clock = candidate;
                    break candidate;
                }
                self.clock = self.switches_at;
                self.in_burst = !self.in_burst;
                let stay: f64 = Exp1.sample(stream);
                self.switches_at += stay * means[usize::from(self.in_burst)];
            },
            Law::Periodic { period, jitter } => {
                let displaced = self.clock + *jitter * (2.0 * stream.random::<f64>() - 1.0);
                self.clock += *period;
                displaced.max(0.0)
            }
        };
        Some(Seconds(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean rate over a long time, and the index of dispersion of counts in
    /// windows of ten seconds (1 for Poisson).
    fn rate_and_dispersion(law: &Arrivals) -> (f64, f64) {
        let (users, horizon, window) = (40, 5_000.0, 10.0);
        let mut counts = vec![0.0; users * (horizon / window) as usize];
        let gaps = Gaps::of(law);
        for user in 0..users {
            let mut arrivals = UserArrivals::new(&gaps, StreamKey::root(8), user);
            let mut last = 0.0;
            while let Some(Seconds(time)) = arrivals.next_time(&gaps) {
                assert!(time >= last - 1e-12, "times never decrease");
                last = time;
                if time >= horizon {
                    break;
                }
                counts[user * (horizon / window) as usize + (time / window) as usize] += 1.0;
            }
        }
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / n;
        (mean / window, variance / mean)
    }

    #[test]
    fn every_law_keeps_its_rate_and_its_burstiness() {
        let (rate, dispersion) = rate_and_dispersion(&Arrivals::Poisson {
            rate_per_user_hz: 2.0,
        });
        assert!((rate - 2.0).abs() < 0.02 && (dispersion - 1.0).abs() < 0.05);
        let (rate, dispersion) = rate_and_dispersion(&Arrivals::Gamma {
            rate_per_user_hz: 2.0,
            cv: 2.0,
        });
        // Counts of a renewal process disperse as the squared variation of its gaps.
        assert!((rate - 2.0).abs() < 0.05 && (dispersion - 4.0).abs() < 0.8);
        let (rate, dispersion) = rate_and_dispersion(&Arrivals::Bursty {
            rate_per_user_hz: 2.0,
            burst_ratio: 10.0,
            burst_mean_s: 1.0,
            quiet_mean_s: 4.0,
        });
        assert!(
            (rate - 2.0).abs() < 0.06 && dispersion > 2.0,
            "{rate} {dispersion}"
        );
        let (rate, dispersion) = rate_and_dispersion(&Arrivals::Periodic {
            period_s: 0.5,
            jitter_s: 0.1,
        });
        assert!((rate - 2.0).abs() < 0.01 && dispersion < 0.1);
    }

    /// MMPP-2 with exponential phases: the dispersion of counts in a window t is
    /// 1 + 2 (l1 - l2)^2 p1 p2 / (mean (s1 + s2)) (1 - (1 - e^{-st}) / (s t)).
    #[test]
    fn bursts_have_the_dispersion_of_mmpp_2() {
        let law = Arrivals::Bursty {
            rate_per_user_hz: 2.0,
            burst_ratio: 10.0,
            burst_mean_s: 1.0,
            quiet_mean_s: 4.0,
        };
        let quiet = 2.0 / (1.0 + 0.2 * 9.0);
        let difference: f64 = 9.0 * quiet;
        let s: f64 = 1.0 + 0.25;
        let expected = 1.0
            + 2.0 * difference.powi(2) * 0.2 * 0.8 / (2.0 * s)
                * (1.0 - (1.0 - (-s * 10.0f64).exp()) / (s * 10.0));
        let (_, dispersion) = rate_and_dispersion(&law);
        assert!(
            (dispersion / expected - 1.0).abs() < 0.08,
            "{dispersion} {expected}"
        );
    }
}

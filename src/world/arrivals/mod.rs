//! When queries arrive.
//!
//! Every law starts in its stationary state: over any window, from the very first
//! second on, a user sends its mean rate times the window's length on average.

mod bursts;
mod drawing;

pub use drawing::{ArrivalProcess, UserArrivals};

use super::trace::Trace;
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
    /// Bursts and quiet alternate, of exponential durations, with Poisson arrivals
    /// of different rates (a Markov-modulated Poisson process of two states, MMPP-2).
    Bursty {
        /// Queries per second and user, averaged over bursts and quiet.
        rate_per_user_hz: f64,
        /// Rate within a burst over rate in quiet, at least 1.
        burst_ratio: f64,
        /// Mean duration of a burst, in seconds.
        burst_mean_s: f64,
        /// Mean duration of quiet, in seconds.
        quiet_mean_s: f64,
        /// Whether bursts come to all users at once; otherwise each user has its own,
        /// whatever the others do.
        #[serde(default, skip_serializing_if = "is_false")]
        shared: bool,
    },
    /// Every user asks periodically, from a uniform phase of its own, each query
    /// displaced by a uniform jitter.
    Periodic {
        /// The period, in seconds.
        period_s: f64,
        /// Greatest displacement to either side, in seconds; at most half the period.
        #[serde(default)]
        jitter_s: f64,
    },
    /// Every user's gaps are independent and gamma distributed, but for the time to
    /// its first query: that of a process that has always been running.
    Gamma {
        /// Queries per second and user.
        rate_per_user_hz: f64,
        /// Coefficient of variation of the gaps, from 1e-6 to 1e6: 1 is Poisson, more
        /// is bursty, less is regular.
        cv: f64,
    },
    /// The arrivals of a file: `arrival_s,prompt_tokens,output_tokens[,user]`, or the traces of
    /// Azure, BurstGPT and Mooncake as they are published. Azure's time stamps count from the
    /// first; seconds stay as the file has them.
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
    /// The trace again, one mean gap after its last arrival, from its first on: the
    /// time before that is not repeated.
    Loop,
}

fn one() -> f64 {
    1.0
}
fn is_false(value: &bool) -> bool {
    !value
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

//! Two queues with a closed form, simulated at four depths: by the complete
//! engine, by its parts without a query's life around them, and by minimal loops
//! written by hand, with an event list and without.

pub mod by_hand;
pub mod complete;
pub mod parts;
pub mod without_list;

use edgelm::world::streams::Stream;
use rand_distr::{Distribution, Exp1};
use std::str::FromStr;

/// Mean time that a job takes when it is served alone, in seconds.
pub const MEAN_WORK_S: f64 = 1.0;

/// Which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// M/M/1, first come first served, at a load of 0.8.
    Mm1,
    /// Poisson arrivals and exponential work at a server that is shared, at most a
    /// fifth of it by each job, at a load of 0.8: a job among n runs at
    /// min(1, 5 / n).
    CappedPs,
}

/// How many jobs the shared server serves at full rate.
pub const FULL_RATE_JOBS: f64 = 5.0;

const LOAD: f64 = 0.8;

impl Work {
    /// Both queues, as the command line names them.
    pub const ALL: [(&str, Self); 2] = [("mm1", Self::Mm1), ("capped-ps", Self::CappedPs)];

    /// Arrivals a second.
    pub fn rate_hz(self) -> f64 {
        match self {
            Self::Mm1 => LOAD / MEAN_WORK_S,
            Self::CappedPs => LOAD * FULL_RATE_JOBS / MEAN_WORK_S,
        }
    }
}

impl FromStr for Work {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|&(_, work)| work)
            .ok_or_else(|| format!("no work {name:?}: mm1 and capped-ps are there"))
    }
}

/// A time from an exponential distribution.
fn exponential(rng: &mut Stream, mean: f64) -> f64 {
    let unit: f64 = Exp1.sample(rng);
    mean * unit
}

/// Sum of the times that customers spent in the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sojourns {
    /// How many customers left.
    pub customers: u64,
    /// Their times together, in seconds.
    pub sum_s: f64,
}

impl Sojourns {
    /// A customer leaves.
    pub fn add(&mut self, sojourn_s: f64) {
        self.customers += 1;
        self.sum_s += sojourn_s;
    }
}

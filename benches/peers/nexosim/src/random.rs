//! What the models draw from, and how they tell time.

use rand::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Exponential durations, by the generator that edgelm uses.
#[derive(Serialize, Deserialize)]
pub struct Exponential {
    rng: Xoshiro256PlusPlus,
}

impl Exponential {
    pub fn seeded(seed: u64) -> Self {
        Self {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
        }
    }

    /// A draw, in seconds.
    pub fn draw(&mut self, mean_s: f64) -> f64 {
        let unit: f64 = Exp1.sample(&mut self.rng);
        mean_s * unit
    }
}

/// A delay on NeXosim's clock, which counts nanoseconds and schedules strictly
/// ahead of the present.
pub fn delay(seconds: f64) -> Duration {
    Duration::from_nanos(((seconds * 1e9) as u64).max(1))
}

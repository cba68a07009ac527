//! The law of small-scale fading at one instant.

use crate::units::ratio_from_db;
use crate::world::streams::StreamKey;
use rand_distr::{Distribution as _, Exp1, StandardNormal};
use serde::{Deserialize, Serialize};

/// The law of the small-scale fading power |h|^2, of mean 1 in every case.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Fading {
    /// No line of sight: exponential power.
    #[default]
    Rayleigh,
    /// A line of sight of the given K-factor beside scattered paths.
    Rician {
        /// Power of the direct path over that of the scattered ones, in dB.
        k_db: f64,
    },
    /// None: the gain is that of the path loss (and shadowing).
    None,
}

impl Fading {
    /// Draws |h|^2 at the given key.
    pub(super) fn power(self, key: StreamKey) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Rayleigh => Exp1.sample(&mut key.stream()),
            Self::Rician { .. } => self.power_of(scatter(key)),
        }
    }

    /// |h|^2 of a direct path and a scattered part given as two standard normals.
    pub(super) fn power_of(self, (real, imaginary): (f64, f64)) -> f64 {
        let k = match self {
            Self::None => return 1.0,
            Self::Rayleigh => 0.0,
            Self::Rician { k_db } => ratio_from_db(k_db),
        };
        let scattered = (0.5 / (k + 1.0)).sqrt();
        let direct = (k / (k + 1.0)).sqrt();
        (direct + scattered * real).powi(2) + (scattered * imaginary).powi(2)
    }
}

/// Two standard normals.
pub(super) fn scatter(key: StreamKey) -> (f64, f64) {
    let mut stream = key.stream();
    let real = StandardNormal.sample(&mut stream);
    (real, StandardNormal.sample(&mut stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_power(fading: Fading) -> (f64, f64) {
        let n = 100_000;
        let draws: Vec<f64> = (0..n)
            .map(|i| fading.power(StreamKey::root(2).named("fading").index(i)))
            .collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        (mean, variance)
    }

    #[test]
    fn fading_power_has_mean_one_and_the_variance_of_its_law() {
        let (mean, variance) = mean_power(Fading::Rayleigh);
        assert!((mean - 1.0).abs() < 0.02 && (variance - 1.0).abs() < 0.05);
        // Rician power: variance (2K + 1) / (K + 1)^2; K = 10 dB gives 21/121.
        let (mean, variance) = mean_power(Fading::Rician { k_db: 10.0 });
        assert!((mean - 1.0).abs() < 0.02 && (variance - 21.0 / 121.0).abs() < 0.01);
        assert_eq!(mean_power(Fading::None), (1.0, 0.0));
    }
}

//! Distributions that a scenario may name for capacities, sizes and workloads.

use super::streams::StreamKey;
use rand::{Rng, RngExt};
use rand_distr::{Distribution as _, Exp1, Gamma, StandardNormal};
use serde::{Deserialize, Serialize};

/// A distribution over positive numbers, in the unit of the field that holds it.
///
/// Every variant but `Choice` is given by numbers a measurement yields: a mean
/// and, where there is a second parameter, a coefficient of variation `cv`
/// (standard deviation over mean).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Distribution {
    /// Always the same value.
    Fixed(f64),
    /// Uniform between two bounds.
    Uniform {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// Exponential.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Log-normal.
    LogNormal {
        /// Mean of the variable itself (not of its logarithm).
        mean: f64,
        /// Coefficient of variation.
        cv: f64,
    },
    /// Gamma: Erlang for `cv` = 1/sqrt(k), exponential for `cv` = 1.
    Gamma {
        /// Mean.
        mean: f64,
        /// Coefficient of variation.
        cv: f64,
    },
    /// Two-phase hyperexponential with balanced means, for `cv` of 1 or more.
    Hyperexponential {
        /// Mean.
        mean: f64,
        /// Coefficient of variation, at least 1.
        cv: f64,
    },
    /// Pareto: density falling as a power beyond its least value.
    Pareto {
        /// Least value.
        minimum: f64,
        /// Tail index; the mean exists above 1, the variance above 2.
        shape: f64,
    },
    /// One of the listed values, with probability in proportion to its weight.
    Choice(Vec<Weighted>),
}

/// A value and its weight in [`Distribution::Choice`], written `(value, weight)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weighted(pub f64, pub f64);

/// What is wrong with a distribution: the field inside it, and what is allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct DistributionFault {
    /// The field's path inside the distribution, such as `.cv` or `[2]`.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What is allowed there.
    pub allowed: &'static str,
}

impl Distribution {
    /// Draws one value.
    pub fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        match *self {
            Self::Fixed(value) => value,
            Self::Uniform { low, high } => low + (high - low) * rng.random::<f64>(),
            Self::Exponential { mean } => mean * exp1(rng),
            Self::LogNormal { mean, cv } => {
                if cv == 0.0 {
                    return mean;
                }
                let sigma_squared = libm::log(1.0 + cv * cv);
                let normal: f64 = StandardNormal.sample(rng);
                libm::exp(libm::log(mean) - sigma_squared / 2.0 + sigma_squared.sqrt() * normal)
            }
            Self::Gamma { mean, cv } => {
                if cv == 0.0 {
                    return mean;
                }
                let shape = 1.0 / (cv * cv);
                Gamma::new(shape, mean / shape).map_or(mean, |d| d.sample(rng))
            }
            Self::Hyperexponential { mean, cv } => {
                let squared = cv * cv;
                let p = 0.5 * (1.0 + ((squared - 1.0) / (squared + 1.0)).sqrt());
                let chosen = if rng.random::<f64>() < p { p } else { 1.0 - p };
                // Balanced means: each phase carries half of the mean.
                mean / (2.0 * chosen) * exp1(rng)
            }
            Self::Pareto { minimum, shape } => {
                minimum * libm::pow(1.0 - rng.random::<f64>(), -1.0 / shape)
            }
            Self::Choice(ref options) => {
                let total: f64 = options.iter().map(|option| option.1).sum();
                let mut left = rng.random::<f64>() * total;
                for option in options {
                    left -= option.1;
                    if left < 0.0 {
                        return option.0;
                    }
                }
                // Rounding may leave a sliver: it belongs to the last value with weight.
                options
                    .iter()
                    .rev()
                    .find(|option| option.1 > 0.0)
                    .map_or(0.0, |option| option.0)
            }
        }
    }

    /// The mean, infinite for a Pareto distribution of shape 1 or less.
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Fixed(value) => value,
            Self::Uniform { low, high } => 0.5 * (low + high),
            Self::Exponential { mean }
            | Self::LogNormal { mean, .. }
            | Self::Gamma { mean, .. }
            | Self::Hyperexponential { mean, .. } => mean,
            Self::Pareto { minimum, shape } => {
                if shape > 1.0 {
                    minimum * shape / (shape - 1.0)
                } else {
                    f64::INFINITY
                }
            }
            Self::Choice(ref options) => {
                let total: f64 = options.iter().map(|option| option.1).sum();
                options
                    .iter()
                    .map(|option| option.0 * option.1)
                    .sum::<f64>()
                    / total
            }
        }
    }

    /// Checks that every value it can draw is positive and finite.
    ///
    /// # Errors
    /// The first field that allows anything else.
    pub fn check(&self) -> Result<(), DistributionFault> {
        let fault = |field: &str, found: f64, allowed: &'static str| {
            Err(DistributionFault {
                field: field.to_owned(),
                found: found.to_string(),
                allowed,
            })
        };
        let positive = |field: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                Ok(())
            } else {
                fault(field, value, "a positive, finite number")
            }
        };
        match *self {
            Self::Fixed(value) => positive("", value),
            Self::Uniform { low, high } => {
                positive(".low", low)?;
                positive(".high", high)?;
                if low > high {
                    return fault(".low", low, "a number not above `high`");
                }
                Ok(())
            }
            Self::Exponential { mean } => positive(".mean", mean),
            Self::LogNormal { mean, cv } | Self::Gamma { mean, cv } => {
                positive(".mean", mean)?;
                if !(cv.is_finite() && cv >= 0.0) {
                    return fault(".cv", cv, "a finite number not below 0");
                }
                Ok(())
            }
            Self::Hyperexponential { mean, cv } => {
                positive(".mean", mean)?;
                if !(cv.is_finite() && cv >= 1.0) {
                    return fault(".cv", cv, "a finite number not below 1");
                }
                Ok(())
            }
            Self::Pareto { minimum, shape } => {
                positive(".minimum", minimum)?;
                positive(".shape", shape)
            }
            Self::Choice(ref options) => {
                if options.is_empty() {
                    return Err(DistributionFault {
                        field: String::new(),
                        found: "no value".to_owned(),
                        allowed: "at least one (value, weight)",
                    });
                }
                for (at, option) in options.iter().enumerate() {
                    positive(&format!("[{at}].0"), option.0)?;
                    if !(option.1.is_finite() && option.1 >= 0.0) {
                        let field = format!("[{at}].1");
                        return fault(&field, option.1, "a finite weight not below 0");
                    }
                }
                let total: f64 = options.iter().map(|option| option.1).sum();
                if total > 0.0 {
                    Ok(())
                } else {
                    fault("", total, "weights with a positive sum")
                }
            }
        }
    }
}

/// A distribution together with the SI value of the unit it is written in.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaled {
    /// The distribution, in its own unit.
    pub distribution: Distribution,
    /// One of that unit in SI (1e9 for a field in GFLOP).
    pub unit: f64,
}

impl Scaled {
    /// Draws one value, in SI.
    pub fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.unit * self.distribution.draw(rng)
    }

    /// Draws the first value of a stream, in SI. What is fixed needs no stream.
    pub fn draw_at(&self, key: StreamKey) -> f64 {
        match self.distribution {
            Distribution::Fixed(value) => self.unit * value,
            _ => self.draw(&mut key.stream()),
        }
    }

    /// The mean, in SI.
    pub fn mean(&self) -> f64 {
        self.unit * self.distribution.mean()
    }
}

fn exp1<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    Exp1.sample(rng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::streams::StreamKey;

    fn moments(distribution: &Distribution, n: usize) -> (f64, f64) {
        let mut rng = StreamKey::root(11).named("moments").stream();
        let draws: Vec<f64> = (0..n).map(|_| distribution.draw(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        (mean, variance.sqrt() / mean)
    }

    #[test]
    fn draws_have_the_mean_and_variation_they_name() {
        let n = 200_000;
        for (distribution, cv) in [
            (Distribution::Fixed(2.0), 0.0),
            (
                Distribution::Uniform {
                    low: 1.0,
                    high: 3.0,
                },
                1.0 / 12f64.sqrt(),
            ),
            (Distribution::Exponential { mean: 2.0 }, 1.0),
            (Distribution::LogNormal { mean: 2.0, cv: 0.7 }, 0.7),
            (Distribution::Gamma { mean: 2.0, cv: 0.5 }, 0.5),
            (Distribution::Hyperexponential { mean: 2.0, cv: 2.0 }, 2.0),
            (
                Distribution::Choice(vec![Weighted(1.0, 1.0), Weighted(3.0, 1.0)]),
                0.5,
            ),
        ] {
            let (mean, found_cv) = moments(&distribution, n);
            assert_eq!(distribution.mean(), 2.0);
            // Five standard errors of the mean.
            let allowed = 5.0 * 2.0 * cv / (n as f64).sqrt() + 1e-12;
            assert!(
                (mean - 2.0).abs() <= allowed,
                "{distribution:?}: mean {mean}"
            );
            assert!(
                (found_cv - cv).abs() < 0.03 * (1.0 + cv),
                "{distribution:?}: cv {found_cv}"
            );
        }
    }

    #[test]
    fn what_could_draw_a_non_positive_value_is_refused() {
        for bad in [
            Distribution::Fixed(0.0),
            Distribution::Fixed(-1.0),
            Distribution::Fixed(f64::NAN),
            Distribution::Uniform {
                low: 2.0,
                high: 1.0,
            },
            Distribution::Uniform {
                low: 0.0,
                high: 1.0,
            },
            Distribution::Exponential {
                mean: f64::INFINITY,
            },
            Distribution::LogNormal {
                mean: 1.0,
                cv: -0.1,
            },
            Distribution::Hyperexponential { mean: 1.0, cv: 0.5 },
            Distribution::Pareto {
                minimum: 1.0,
                shape: 0.0,
            },
            Distribution::Choice(vec![]),
            Distribution::Choice(vec![Weighted(1.0, 0.0)]),
        ] {
            assert!(bad.check().is_err(), "{bad:?} passed");
        }
    }
}

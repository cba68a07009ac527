//! Estimates of means and ratios with 95 % confidence intervals over independent
//! replications.

use super::pass::Pass;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::fmt;

/// A mean over replications and the half-width of its Student-t 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half-width of the interval; `None` where one replication gives none.
    pub ci95: Option<f64>,
}

impl fmt::Display for Estimate {
    /// The mean, and the half-width of its interval after a plus-minus sign; as many
    /// decimals as asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mean.fmt(f)?;
        match self.ci95 {
            Some(half_width) => {
                f.write_str(" ± ")?;
                half_width.fmt(f)
            }
            None => Ok(()),
        }
    }
}

impl Estimate {
    /// The mean of independent values. Of no values it is NaN.
    pub fn of(values: &[f64]) -> Self {
        let mut fold = MeanFold::default();
        for pass in [Pass::First, Pass::Second] {
            for value in values {
                fold.see(pass, *value);
            }
        }
        fold.estimate()
    }

    /// The same in another unit.
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            mean: self.mean * factor,
            ci95: self.ci95.map(|half_width| half_width * factor.abs()),
        }
    }

    /// Whether the interval holds a value; without an interval nothing is held.
    pub fn covers(&self, value: f64) -> bool {
        self.ci95
            .is_some_and(|half_width| (value - self.mean).abs() <= half_width)
    }
}

/// The mean of independent values: summed in the first pass, their squared distances to
/// the mean in the second.
#[derive(Debug, Clone)]
pub(super) struct MeanFold {
    count: u64,
    sum: f64,
    squares: f64,
}

impl Default for MeanFold {
    fn default() -> Self {
        Self {
            count: 0,
            // As an iterator's sum begins: zeros keep their sign.
            sum: -0.0,
            squares: 0.0,
        }
    }
}

impl MeanFold {
    pub fn see(&mut self, pass: Pass, value: f64) {
        match pass {
            Pass::First => {
                self.count += 1;
                self.sum += value;
            }
            Pass::Second => {
                let distance = value - self.mean();
                self.squares += distance * distance;
            }
            Pass::Third => {}
        }
    }

    /// The mean; NaN of nothing.
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    pub fn estimate(&self) -> Estimate {
        let n = self.count as f64;
        Estimate {
            mean: self.mean(),
            ci95: (self.count > 1).then(|| {
                student_t_975(self.count as usize - 1) * (self.squares / (n - 1.0) / n).sqrt()
            }),
        }
    }
}

/// The ratio of two sums over independent replications, with the interval of the
/// linearised ratio: summed in the second pass, squared in the third. What it sees may
/// depend on what the first pass gave.
#[derive(Debug, Clone, Default)]
pub(super) struct RatioFold {
    count: u64,
    top: f64,
    bottom: f64,
    squares: f64,
}

impl RatioFold {
    /// A replication's part of the numerator and of the denominator.
    pub fn see(&mut self, pass: Pass, top: f64, bottom: f64) {
        match pass {
            Pass::First => {}
            Pass::Second => {
                self.count += 1;
                self.top += top;
                self.bottom += bottom;
            }
            Pass::Third => {
                let distance = top - self.ratio() * bottom;
                self.squares += distance * distance;
            }
        }
    }

    /// How many replications were seen.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of the denominators.
    pub fn bottom(&self) -> f64 {
        self.bottom
    }

    /// The ratio; NaN of nothing.
    pub fn ratio(&self) -> f64 {
        self.top / self.bottom
    }

    /// The sum of the squared distances of the parts to the ratio.
    pub fn squares(&self) -> f64 {
        self.squares
    }

    pub fn estimate(&self) -> Estimate {
        Estimate {
            mean: self.ratio(),
            ci95: self.half_width(0.05),
        }
    }

    /// The half-width of the interval that misses the truth with a probability of `level`.
    pub fn half_width(&self, level: f64) -> Option<f64> {
        let r = self.count as f64;
        (self.count > 1).then(|| {
            student_t(1.0 - level / 2.0, self.count as usize - 1)
                * (self.squares * r / (r - 1.0)).sqrt()
                / self.bottom
        })
    }
}

/// The 97.5 % point of Student's t distribution.
pub(super) fn student_t_975(degrees_of_freedom: usize) -> f64 {
    student_t(0.975, degrees_of_freedom)
}

/// A quantile of Student's t distribution.
pub(super) fn student_t(quantile: f64, degrees_of_freedom: usize) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees_of_freedom as f64) {
        Ok(t) => t.inverse_cdf(quantile),
        Err(_) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn student_t_points_are_the_tables() {
        for (df, point) in [(1, 12.706), (4, 2.776), (30, 2.042), (499, 1.965)] {
            assert!((student_t_975(df) - point).abs() < 1e-3, "{df}");
        }
    }

    #[test]
    fn the_mean_of_a_small_sample_has_the_textbook_interval() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(estimate.mean, 3.0);
        // t(4) x sqrt(2.5 / 5)
        assert!((estimate.ci95.unwrap() - 2.776_445 * 0.5f64.sqrt()).abs() < 1e-5);
        assert!(estimate.covers(4.9) && !estimate.covers(5.1));
        assert_eq!(Estimate::of(&[7.0]).ci95, None);
        assert_eq!(format!("{estimate:.1}"), "3.0 ± 2.0");
        assert_eq!(Estimate::of(&[7.0]).to_string(), "7");
    }
}

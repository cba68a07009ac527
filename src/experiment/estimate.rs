//! Estimates with 95 % confidence intervals over independent replications.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::histogram::DelayCounts;

/// A mean over replications and the half-width of its Student-t 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half-width of the interval; `None` where one replication gives none.
    pub ci95: Option<f64>,
}

impl Estimate {
    /// The mean of independent values. Of no values it is NaN.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        let ci95 = (values.len() > 1)
            .then(|| student_t_975(values.len() - 1) * (squares / (n - 1.0) / n).sqrt());
        Self { mean, ci95 }
    }

    /// The ratio of two sums over independent replications, each given as
    /// (numerator, denominator), with the interval of the linearised ratio.
    pub fn ratio(parts: &[(f64, f64)]) -> Self {
        let (top, bottom) = parts
            .iter()
            .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        let mean = top / bottom;
        let r = parts.len() as f64;
        let squares: f64 = parts.iter().map(|p| (p.0 - mean * p.1).powi(2)).sum();
        let ci95 = (parts.len() > 1)
            .then(|| student_t_975(parts.len() - 1) * (squares * r / (r - 1.0)).sqrt() / bottom);
        Self { mean, ci95 }
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

/// The 97.5 % point of Student's t distribution.
pub fn student_t_975(degrees_of_freedom: usize) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees_of_freedom as f64) {
        Ok(t) => t.inverse_cdf(0.975),
        Err(_) => f64::NAN,
    }
}

/// A quantile of the pooled delays with a 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantileEstimate {
    /// Which quantile, in 0..1.
    pub quantile: f64,
    /// Its estimate, in milliseconds.
    pub value_ms: f64,
    /// Lower end of the interval; `None` where the replications are too few.
    pub low_ms: Option<f64>,
    /// Upper end; `None` where the interval reaches beyond the slowest query
    /// seen, so that the run is too short to bound it.
    pub high_ms: Option<f64>,
}

/// Estimates a quantile from the delays of independent replications.
///
/// The point estimate is the quantile of all delays pooled. Delays within a
/// replication depend on each other, so the interval treats a replication as one
/// observation: the share of its delays up to the estimate varies over the
/// replications, which gives an interval for that share around the quantile, and
/// the pooled histogram turns its ends into delays (Woodruff, J. Am. Stat.
/// Assoc. 47, 1952).
pub fn quantile(
    quantile: f64,
    pooled: &Histogram<u64>,
    replications: &[&DelayCounts],
) -> QuantileEstimate {
    let at = |share: f64| pooled.value_at_quantile(share.clamp(0.0, 1.0)) as f64 * 1e-6;
    let value_ns = pooled.value_at_quantile(quantile);
    let mut estimate = QuantileEstimate {
        quantile,
        value_ms: at(quantile),
        low_ms: None,
        high_ms: None,
    };
    let counted: Vec<(f64, f64)> = replications
        .iter()
        .map(|delays| (delays.count_up_to(value_ns) as f64, delays.total() as f64))
        .filter(|(_, total)| *total > 0.0)
        .collect();
    if counted.len() < 2 {
        return estimate;
    }
    let r = counted.len() as f64;
    let total: f64 = counted.iter().map(|c| c.1).sum();
    let share = counted.iter().map(|c| c.0).sum::<f64>() / total;
    // The variance of a ratio of sums over independent clusters.
    let squares: f64 = counted.iter().map(|c| (c.0 - share * c.1).powi(2)).sum();
    let clustered = (r / (r - 1.0) * squares).sqrt() / total;
    // No replication differs from the others where everything lies on one side:
    // then what independent delays would give is the least there can be.
    let independent = (quantile * (1.0 - quantile) / total).sqrt();
    let half_width = student_t_975(counted.len() - 1) * clustered.max(independent);
    estimate.low_ms = Some(at(quantile - half_width));
    let upper = quantile + half_width;
    estimate.high_ms = (upper <= 1.0 - 0.5 / total).then(|| at(upper));
    estimate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::histogram;
    use crate::units::Seconds;
    use crate::world::streams::StreamKey;
    use rand::RngExt;

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
    }

    /// Clustered exponential delays: within a replication all are scaled by a
    /// common factor, so that intervals for independent delays would be far too
    /// narrow.
    #[test]
    fn quantile_intervals_cover_the_truth_for_clustered_delays() {
        let experiments = 300;
        let truth = {
            // The p90 of Exp(1) x Uniform{0.5, 1.5}, by bisection on its tail.
            let tail = |x: f64| 0.5 * ((-x / 0.5).exp() + (-x / 1.5).exp());
            let (mut low, mut high) = (0.0, 20.0);
            for _ in 0..100 {
                let middle = 0.5 * (low + high);
                if tail(middle) > 0.1 {
                    low = middle
                } else {
                    high = middle
                }
            }
            low
        };
        let covered = (0..experiments)
            .filter(|&experiment| {
                let mut rng = StreamKey::root(experiment).stream();
                let replications: Vec<DelayCounts> = (0..40)
                    .map(|_| {
                        let factor = if rng.random::<bool>() { 0.5 } else { 1.5 };
                        let mut counts = DelayCounts::default();
                        for _ in 0..50 {
                            let delay = -(1.0 - rng.random::<f64>()).ln() * factor;
                            counts.record(Seconds(delay * 1e-3));
                        }
                        counts.settle();
                        counts
                    })
                    .collect();
                let mut pooled = histogram::empty();
                replications.iter().for_each(|r| r.add_to(&mut pooled));
                let all: Vec<&DelayCounts> = replications.iter().collect();
                let found = quantile(0.9, &pooled, &all);
                found.low_ms.unwrap() <= truth && truth <= found.high_ms.unwrap()
            })
            .count();
        let share = covered as f64 / experiments as f64;
        // Four standard deviations of a binomial around 0.95 at 300 trials: 0.05.
        assert!((0.90..=0.995).contains(&share), "coverage {share}");
    }
}

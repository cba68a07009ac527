//! Quantiles of delay with 95 % confidence intervals over independent replications.

use super::estimate::{RatioFold, student_t_975};
use super::histogram::DelayCounts;
use super::pass::Pass;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::fmt;

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

impl fmt::Display for QuantileEstimate {
    /// The value in milliseconds and the ends of its interval; as many decimals as asked
    /// for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value_ms.fmt(f)?;
        f.write_str(" ms")?;
        if let Some(low_ms) = self.low_ms {
            f.write_str(" [")?;
            low_ms.fmt(f)?;
            f.write_str(", ")?;
            match self.high_ms {
                Some(high_ms) => high_ms.fmt(f)?,
                None => f.write_str("not bounded")?,
            }
            f.write_str("]")?;
        }
        Ok(())
    }
}

/// How results name a quantile: `p` and its digits, at least two; 0.999 is `p999`.
pub fn quantile_name(quantile: f64) -> String {
    let digits = format!("{quantile}");
    format!("p{:0<2}", digits.trim_start_matches("0."))
}

/// Estimates a quantile from the delays of independent replications: what the first
/// pass pooled is known when it begins.
///
/// The point estimate is the quantile of all delays pooled. Delays within a
/// replication depend on each other, so the interval treats a replication as one
/// observation: the share of its delays up to the estimate varies over the
/// replications, which gives an interval for that share around the quantile, and
/// the pooled histogram turns its ends into delays (Woodruff, J. Am. Stat.
/// Assoc. 47, 1952).
#[derive(Debug, Clone)]
pub(super) struct QuantileFold {
    quantile: f64,
    value_ns: u64,
    /// Of the delays of a replication, those up to the estimate.
    share: RatioFold,
}

impl QuantileFold {
    pub fn new(quantile: f64, pooled: &Histogram<u64>) -> Self {
        Self {
            quantile,
            value_ns: pooled.value_at_quantile(quantile),
            share: RatioFold::default(),
        }
    }

    /// A replication's delays, in the second and third pass.
    pub fn see(&mut self, pass: Pass, delays: &DelayCounts) {
        let total = delays.total() as f64;
        if total > 0.0 {
            let up_to = delays.count_up_to(self.value_ns) as f64;
            self.share.see(pass, up_to, total);
        }
    }

    pub fn estimate(&self, pooled: &Histogram<u64>) -> QuantileEstimate {
        let at = |share: f64| pooled.value_at_quantile(share.clamp(0.0, 1.0)) as f64 * 1e-6;
        let mut estimate = QuantileEstimate {
            quantile: self.quantile,
            value_ms: at(self.quantile),
            low_ms: None,
            high_ms: None,
        };
        if self.share.count() < 2 {
            return estimate;
        }
        let r = self.share.count() as f64;
        let total = self.share.bottom();
        // The variance of a ratio of sums over independent clusters.
        let clustered = (r / (r - 1.0) * self.share.squares()).sqrt() / total;
        // No replication differs from the others where everything lies on one side:
        // then what independent delays would give is the least there can be.
        let independent = (self.quantile * (1.0 - self.quantile) / total).sqrt();
        let half_width =
            student_t_975(self.share.count() as usize - 1) * clustered.max(independent);
        estimate.low_ms = Some(at(self.quantile - half_width));
        let upper = self.quantile + half_width;
        estimate.high_ms = (upper <= 1.0 - 0.5 / total).then(|| at(upper));
        estimate
    }
}

/// The quantiles of delays that are all at hand.
#[cfg(test)]
pub(crate) fn quantiles(
    quantiles: &[f64],
    pooled: &Histogram<u64>,
    replications: &[DelayCounts],
) -> Vec<QuantileEstimate> {
    let estimate = |&quantile: &f64| {
        let mut fold = QuantileFold::new(quantile, pooled);
        for pass in [Pass::Second, Pass::Third] {
            replications
                .iter()
                .for_each(|delays| fold.see(pass, delays));
        }
        fold.estimate(pooled)
    };
    quantiles.iter().map(estimate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::histogram;
    use crate::units::Seconds;
    use crate::world::streams::StreamKey;
    use rand::RngExt;

    #[test]
    fn it_is_shown_with_its_interval() {
        let mut estimate = QuantileEstimate {
            quantile: 0.99,
            value_ms: 12.345,
            low_ms: Some(11.0),
            high_ms: Some(14.5),
        };
        assert_eq!(format!("{estimate:.2}"), "12.35 ms [11.00, 14.50]");
        estimate.high_ms = None;
        assert_eq!(format!("{estimate:.0}"), "12 ms [11, not bounded]");
        estimate.low_ms = None;
        assert_eq!(estimate.to_string(), "12.345 ms");
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
                        counts.finish();
                        counts
                    })
                    .collect();
                let mut pooled = histogram::empty();
                replications.iter().for_each(|r| r.add_to(&mut pooled));
                let found = quantiles(&[0.9], &pooled, &replications)[0];
                found.low_ms.unwrap() <= truth && truth <= found.high_ms.unwrap()
            })
            .count();
        let share = covered as f64 / experiments as f64;
        // Four standard deviations of a binomial around 0.95 at 300 trials: 0.05.
        assert!((0.90..=0.995).contains(&share), "coverage {share}");
    }
}

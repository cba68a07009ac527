//! The variance of delay over all queries of all replications.

use super::estimate::RatioFold;
use super::pass::Pass;
use super::{Estimate, ReplicationRecord};

/// The mean squared difference of the delays of all queries to their common mean.
///
/// Delays within a replication depend on each other, so the interval takes a
/// replication as one observation: the estimate is the ratio of its squared
/// differences to its queries, both summed over replications. That the mean is
/// estimated, too, changes nothing in first order, since it is where the squares are
/// least.
#[derive(Debug, Clone, Default)]
pub(super) struct VarianceFold {
    delay_sum_s: f64,
    queries: f64,
    squares_s2: RatioFold,
}

impl VarianceFold {
    pub fn see(&mut self, pass: Pass, replication: &ReplicationRecord) {
        let queries = replication.queries as f64;
        if pass == Pass::First {
            self.delay_sum_s += replication.delay_sum_s;
            self.queries += queries;
        } else {
            let mean_s = self.delay_sum_s / self.queries;
            let squares_s2 = squares_around(replication, mean_s);
            self.squares_s2.see(pass, squares_s2, queries);
        }
    }

    /// In milliseconds squared.
    pub fn estimate_ms2(&self) -> Estimate {
        self.squares_s2.estimate().scaled(1e6)
    }
}

/// The sum of the squared differences of a replication's delays to any mean (Steiner).
fn squares_around(replication: &ReplicationRecord, mean_s: f64) -> f64 {
    if replication.queries == 0 {
        return 0.0;
    }
    let queries = replication.queries as f64;
    let apart_s = replication.delay_sum_s / queries - mean_s;
    replication.delay_squares_s2 + queries * apart_s * apart_s
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::streams::StreamKey;
    use rand::RngExt;

    fn delay_variance_ms2(replications: &[ReplicationRecord]) -> Estimate {
        let mut fold = VarianceFold::default();
        for pass in Pass::ALL {
            replications.iter().for_each(|r| fold.see(pass, r));
        }
        fold.estimate_ms2()
    }

    fn of(delays_s: &[f64]) -> ReplicationRecord {
        let mut record = ReplicationRecord::default();
        for delay_s in delays_s {
            record.add_delay(*delay_s);
        }
        record
    }

    /// Delays of an hour that differ by microseconds: a sum of squares and a square of
    /// sums agree in all their digits.
    #[test]
    fn it_is_the_variance_of_the_pooled_delays_whatever_their_mean() {
        let mut rng = StreamKey::root(8).stream();
        for offset_s in [0.0, 1.0, 3600.0] {
            let delays: Vec<Vec<f64>> = [40, 1, 160]
                .map(|count| {
                    let jitter = |_| offset_s + 1e-6 * rng.random::<f64>();
                    (0..count).map(jitter).collect()
                })
                .to_vec();
            let records: Vec<ReplicationRecord> = delays.iter().map(|d| of(d)).collect();
            let all = delays.concat();
            // Around the offset, which every delay has: nothing is lost.
            let n = all.len() as f64;
            let mean = all.iter().map(|d| d - offset_s).sum::<f64>() / n;
            let squares: f64 = all.iter().map(|d| (d - offset_s - mean).powi(2)).sum();
            let found = delay_variance_ms2(&records).mean;
            let expected = squares / n * 1e6;
            assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
        }
    }

    /// Exponential delays of a mean that differs from replication to replication:
    /// 0.5 or 1.5, so that their variance is 2 E[m^2] - E[m]^2 = 1.5. Intervals for
    /// independent delays would be far too narrow.
    #[test]
    fn its_interval_covers_the_truth_for_clustered_delays() {
        let experiments = 400;
        let covered = (0..experiments)
            .filter(|&experiment| {
                let mut rng = StreamKey::root(experiment).stream();
                let records: Vec<ReplicationRecord> = (0..60)
                    .map(|_| {
                        let mean = if rng.random::<bool>() { 0.5 } else { 1.5 };
                        let queries = rng.random_range(100..300);
                        let delay = |_| -mean * (1.0 - rng.random::<f64>()).ln();
                        of(&(0..queries).map(delay).collect::<Vec<f64>>())
                    })
                    .collect();
                delay_variance_ms2(&records).covers(1.5e6)
            })
            .count();
        let share = covered as f64 / experiments as f64;
        // Four standard deviations of a binomial around 0.95 at 400 trials: 0.044.
        assert!((0.90..=0.994).contains(&share), "coverage {share}");
    }

    #[test]
    fn of_no_queries_there_is_none() {
        let found = delay_variance_ms2(&[ReplicationRecord::default(), of(&[])]);
        assert!(found.mean.is_nan());
        let one = delay_variance_ms2(&[of(&[0.25])]);
        assert_eq!((one.mean, one.ci95), (0.0, None));
    }
}

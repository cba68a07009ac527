//! How much of a run's beginning to leave out: MSER-5.

use crate::engine::{CompletedQuery, Recorder};
use crate::units::Seconds;

/// Observations in a batch.
const BATCH: usize = 5;

/// Where MSER-5 (White, Simulation 69, 1997) truncates a series of batch means: the
/// number of batches whose removal leaves the mean of the rest with the least
/// standard error. At most half of the series is removed; a result of exactly half
/// says that the series is too short.
pub fn mser5(batch_means: &[f64]) -> usize {
    let n = batch_means.len();
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    // From the end, so that the sums of what is kept only grow.
    for (removed, value) in batch_means.iter().enumerate().rev() {
        sum += value;
        squares += value * value;
        let kept = (n - removed) as f64;
        if removed <= n / 2 {
            let deviation = (squares - sum * sum / kept).max(0.0);
            let statistic = deviation / (kept * kept);
            // The least removal of equals.
            if statistic <= best.0 {
                best = (statistic, removed);
            }
        }
    }
    best.1
}

/// Takes the delays of a pilot run in batches, in the order in which queries leave.
#[derive(Debug, Default)]
pub(super) struct Pilot {
    means: Vec<f64>,
    /// When the first query of each batch left.
    begins: Vec<Seconds>,
    sum: f64,
    in_batch: usize,
    begin: Seconds,
}

impl Pilot {
    /// The end of the warm-up that MSER-5 finds, and whether it is as late as it
    /// may be: half of the run.
    pub fn warm_up(&self) -> (Seconds, bool) {
        match mser5(&self.means) {
            0 => (Seconds(0.0), false),
            removed => (self.begins[removed], removed == self.means.len() / 2),
        }
    }
}

impl Recorder for Pilot {
    fn left(&mut self, query: &CompletedQuery, _measured: bool) {
        let delay = query.stages.total();
        if self.in_batch == 0 {
            self.begin = query.arrived + delay;
        }
        self.sum += delay.0;
        self.in_batch += 1;
        if self.in_batch == BATCH {
            self.means.push(self.sum / BATCH as f64);
            self.begins.push(self.begin);
            self.sum = 0.0;
            self.in_batch = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::streams::StreamKey;
    use rand::RngExt;

    /// The definition, without running sums.
    fn literal(means: &[f64]) -> usize {
        let statistic = |removed: usize| {
            let kept = &means[removed..];
            let n = kept.len() as f64;
            let mean = kept.iter().sum::<f64>() / n;
            kept.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / (n * n)
        };
        (0..=means.len() / 2)
            .min_by(|a, b| statistic(*a).total_cmp(&statistic(*b)))
            .unwrap_or(0)
    }

    #[test]
    fn a_transient_is_found_and_a_stationary_series_is_kept() {
        let mut rng = StreamKey::root(4).stream();
        let noise: Vec<f64> = (0..400).map(|_| rng.random::<f64>()).collect();
        let transient: Vec<f64> = noise
            .iter()
            .enumerate()
            .map(|(at, z)| z + 20.0 * (-(at as f64) / 15.0).exp())
            .collect();
        assert_eq!(mser5(&transient), literal(&transient));
        let found = mser5(&transient);
        assert!((40..140).contains(&found), "{found}");
        assert_eq!(mser5(&noise), literal(&noise));
        assert_eq!(mser5(&[]), 0);
        assert_eq!(mser5(&[3.0]), 0);
    }
}

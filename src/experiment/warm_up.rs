//! How much of a run's beginning to leave out: MSER-5.

use super::interruptible::Interruptible;
use super::{Experiment, RunError};
use crate::engine::{Areas, CompletedQuery, Recorder, simulate};
use crate::policy::PolicyError;
use crate::scenario::WarmUp;
use crate::units::Seconds;
use crate::world::World;
use crate::world::streams::StreamKey;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bins in a batch.
const BATCH: usize = 5;

/// Where MSER-5 (White, Simulation 69, 1997) truncates a series of batch means: the
/// number of batches whose removal leaves the mean of the rest with the least
/// standard error. At most half of the series is removed; a result of exactly half
/// says that the series is too short.
fn mser5(batch_means: &[f64]) -> usize {
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

/// Pilot replications of each policy: their average is smooth enough to show a
/// transient that a single run hides in its noise.
const PILOTS: u64 = 10;

/// Bins of a series at most; five make a batch.
const MAX_BINS: usize = 1_000;

/// Where the measured window of a point begins.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cut {
    /// The latest that MSER-5 finds for any of the policies: pairs of policies need
    /// one window.
    pub warm_up: Seconds,
    /// By policy, whether MSER-5 would leave out half of the run or more.
    pub at_limit: Vec<bool>,
}

impl Experiment {
    /// Where the measured window of a point begins, found once and kept. A pure
    /// function of the scenario: pilots have streams of their own, so that the choice
    /// cannot depend on what is measured, and every process finds the same.
    ///
    /// # Errors
    /// [`RunError::Pilot`], or [`RunError::Interrupted`] once `stop` is set.
    pub(super) fn cut(&self, point: usize, stop: &AtomicBool) -> Result<&Cut, RunError> {
        let at = &self.points[point];
        if let Some(cut) = at.cut.get() {
            return Ok(cut);
        }
        let cut = match at.scenario.run.warm_up {
            WarmUp::None | WarmUp::Seconds(_) => Cut {
                warm_up: at.settings.warm_up,
                at_limit: vec![false; at.policies.len()],
            },
            WarmUp::Mser5 => {
                let found = (0..at.policies.len())
                    .into_par_iter()
                    .map(|policy| self.cut_of(point, policy, stop))
                    .collect::<Result<Vec<_>, _>>()?;
                Cut {
                    warm_up: Seconds(found.iter().map(|f| f.0.0).fold(0.0, f64::max)),
                    at_limit: found.iter().map(|f| f.1).collect(),
                }
            }
        };
        Ok(at.cut.get_or_init(|| cut))
    }

    /// The end of one policy's transient, and whether it is as late as it may be.
    fn cut_of(
        &self,
        point: usize,
        policy: usize,
        stop: &AtomicBool,
    ) -> Result<(Seconds, bool), RunError> {
        let at = &self.points[point];
        let under_test = &at.policies[policy];
        let key = StreamKey::root(self.loaded.scenario.seed).named("pilot");
        let pilots = (0..PILOTS)
            .map(|replication| {
                if stop.load(Ordering::Relaxed) {
                    return Err(RunError::Interrupted);
                }
                let mut world = World::draw(&at.model, key.index(replication));
                world.show(under_test.metric.unwrap_or(at.model.workload.metric));
                let mut pilot = Pilot::default();
                let mut recorder = Interruptible {
                    recorder: &mut pilot,
                    stop,
                };
                let mut policy = under_test.make();
                simulate(&world, &at.settings, policy.as_mut(), &mut recorder)
                    .map(|_| pilot)
                    .map_err(|error| match error {
                        PolicyError::Interrupted => RunError::Interrupted,
                        error => RunError::Pilot {
                            policy: under_test.label.clone(),
                            error,
                            point,
                            pilot: replication,
                        },
                    })
            })
            .collect::<Result<Vec<Pilot>, RunError>>()?;
        Ok(transient(&pilots))
    }
}

/// A run of which nothing is measured but when queries arrived and how long they took.
#[derive(Debug, Default)]
struct Pilot {
    delays: Vec<(Seconds, Seconds)>,
    window: Seconds,
}

impl Recorder for Pilot {
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        if measured && !query.dropped {
            self.delays.push((query.arrived, query.stages.total()));
        }
    }

    fn finished(&mut self, _now: Seconds, areas: &Areas) {
        self.window = areas.elapsed;
    }
}

/// The end of the transient by MSER-5, over delays in equal bins of arrival time,
/// averaged over the pilots; and whether it is half of the window.
fn transient(pilots: &[Pilot]) -> (Seconds, bool) {
    let window = pilots
        .iter()
        .map(|p| p.window.0)
        .fold(f64::INFINITY, f64::min);
    let delays = || {
        let all = pilots.iter().flat_map(|pilot| &pilot.delays);
        all.filter(|(arrived, _)| arrived.0 < window)
    };
    // A query of each pilot in a bin, on average.
    let bins = (delays().count() / pilots.len().max(1)).min(MAX_BINS) / BATCH * BATCH;
    let mut sums = vec![(0.0, 0.0); bins];
    for (arrived, delay) in delays() {
        let bin = (arrived.0 / window * bins as f64) as usize;
        if let Some(sum) = sums.get_mut(bin) {
            *sum = (sum.0 + delay.0, sum.1 + 1.0);
        }
    }
    let mut last = 0.0;
    let means: Vec<f64> = sums
        .iter()
        .map(|&(sum, count)| {
            // Nobody arrived: as before.
            last = if count > 0.0 { sum / count } else { last };
            last
        })
        .collect();
    let batches: Vec<f64> = means
        .chunks_exact(BATCH)
        .map(|batch| batch.iter().sum::<f64>() / BATCH as f64)
        .collect();
    match mser5(&batches) {
        0 => (Seconds(0.0), false),
        removed => (
            Seconds(window * removed as f64 / batches.len() as f64),
            removed == batches.len() / 2,
        ),
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

//! Intervals of anything computed from records, by drawing the questions anew.

use super::Interval;
use super::auroc;
use super::groups::{Group, Sorted};
use crate::uncertainty::{Metric, Records};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// How the percentile bootstrap (Efron 1979) draws: whole questions, with
/// replacement, so that both models' answers stay paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// How many tables are drawn, at least 1.
    pub resamples: u32,
    /// Seed of the drawing.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            resamples: 2000,
            seed: 1,
        }
    }
}

impl Bootstrap {
    /// `of` for every drawn table.
    pub(super) fn draw<T>(
        &self,
        records: &Records,
        metric: Metric,
        of: impl Fn(&[Group]) -> T,
    ) -> Vec<T> {
        let sorted = Sorted::new(records, metric);
        let n = records.len();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let mut weights = vec![0u32; n];
        (0..self.resamples)
            .map(|_| {
                weights.fill(0);
                for _ in 0..n {
                    weights[rng.random_range(0..n)] += 1;
                }
                of(&sorted.weighted(&weights))
            })
            .collect()
    }

    /// [`auroc`](super::auroc()) with its interval.
    ///
    /// # Panics
    /// If the records lack the metric.
    pub fn auroc(&self, records: &Records, metric: Metric) -> Option<Interval> {
        let value =
            auroc::of_groups(&Sorted::new(records, metric).weighted(&vec![1; records.len()]))?;
        let drawn = self.draw(records, metric, auroc::of_groups);
        let (low, high) = ends(drawn.into_iter().flatten().collect())?;
        Some(Interval { value, low, high })
    }
}

/// The 2.5 % and 97.5 % quantiles, interpolated linearly.
pub(super) fn ends(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let at = |q: f64| {
        let place = q * last as f64;
        let (below, part) = (place.floor() as usize, place.fract());
        values[below] + part * (values[(below + 1).min(last)] - values[below])
    };
    Some((at(0.025), at(0.975)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_an_auroc_covers_the_truth() {
        // Records drawn from a pair whose AUROC is known; the interval should miss
        // it in about 5 % of the tables.
        let truth = 0.75;
        let pair = crate::uncertainty::Synthetic {
            slm_accuracy: 0.5,
            llm_accuracy: 0.8,
            auroc: truth,
            correlation: 0.0,
        };
        let population = pair.table().unwrap();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
        let bootstrap = Bootstrap {
            resamples: 200,
            seed: 5,
        };
        let tables = 200;
        let covered = (0..tables)
            .filter(|_| {
                let mut records = Records::default();
                for _ in 0..150 {
                    let s = population.draw(Metric::Margin, &mut rng);
                    records.margin.push(s.uncertainty);
                    records.slm_correct.push(s.slm_correct);
                    records.llm_correct.push(s.llm_correct);
                }
                let i = bootstrap.auroc(&records, Metric::Margin).unwrap();
                i.low <= truth && truth <= i.high
            })
            .count();
        // 200 tables at 95 %: 190 +- 3 standard errors of 3.1, and the bootstrap's
        // own shortfall of one or two percent.
        assert!((176..=200).contains(&covered), "{covered}");
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let records = Records {
            margin: vec![0.1, 0.5, 0.9, 0.3],
            slm_correct: vec![true, false, false, true],
            llm_correct: vec![true; 4],
            ..Records::default()
        };
        let with = |seed| {
            let bootstrap = Bootstrap {
                resamples: 50,
                seed,
            };
            bootstrap.draw(&records, Metric::Margin, auroc::of_groups)
        };
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
    }

    #[test]
    fn quantiles_of_a_known_sample() {
        let (low, high) = ends((0..=1000).map(f64::from).collect()).unwrap();
        assert!((low - 25.0).abs() < 1e-9 && (high - 975.0).abs() < 1e-9);
        assert_eq!(ends(vec![]), None);
    }
}

//! A router: a small classifier of prompts, which is known before anything is computed of
//! the answer and tells less than the answer's first token.

use super::Metric;
use super::Table;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use statrs::distribution::{ContinuousCDF, Normal};

/// How well a router tells the small model's errors: the binormal model of signal detection,
/// a hidden value `z = sqrt(2) probit(auroc) [the small model would be wrong] + N(0, 1)`.
///
/// The score is the rank of `z` among all queries: uniform on \[0, 1\], so that a threshold
/// tau sends a share 1 - tau to the edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Router {
    shift: f64,
    wrong_share: f64,
}

impl Router {
    /// A router of this area under the receiver operating characteristic, for queries of a
    /// table.
    pub fn new(auroc: f64, table: &Table) -> Self {
        Self {
            shift: 2f64.sqrt() * Normal::standard().inverse_cdf(auroc),
            wrong_share: 1.0 - table.slm_accuracy(),
        }
    }

    /// The score of a query, in \[0, 1\].
    pub fn score<R: Rng + ?Sized>(&self, slm_correct: bool, rng: &mut R) -> f64 {
        let noise: f64 = rng.sample(StandardNormal);
        let z = noise + if slm_correct { 0.0 } else { self.shift };
        let normal = Normal::standard();
        let (right, wrong) = (1.0 - self.wrong_share, self.wrong_share);
        (right * normal.cdf(z) + wrong * normal.cdf(z - self.shift)).clamp(0.0, 1.0)
    }
}

/// What a quantile of the uncertainty that policies see is.
#[derive(Debug, Clone, Copy)]
pub enum Quantiles<'a> {
    /// That of a table's metric.
    Of(&'a Table, Metric),
    /// Itself: the uncertainty is a rank.
    Ranks,
}

impl Quantiles<'_> {
    /// The uncertainty above which a share `1 - q` of the queries lies.
    pub fn at(&self, q: f64) -> f64 {
        match self {
            Self::Of(table, metric) => table.quantile(*metric, q),
            Self::Ranks => q,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn scores_are_ranks_and_tell_errors_as_well_as_is_asked() {
        let table = Table::default();
        for auroc in [0.5, 0.7, 0.9] {
            let router = Router::new(auroc, &table);
            let metric = Metric::Margin;
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
            let (mut right, mut wrong) = (Vec::new(), Vec::new());
            for _ in 0..4000 {
                let sample = table.draw(metric, &mut rng);
                let score = router.score(sample.slm_correct, &mut rng);
                if sample.slm_correct {
                    right.push(score);
                } else {
                    wrong.push(score);
                }
            }
            let above = right.iter().chain(&wrong).filter(|&&score| score > 0.7);
            // Deviation 0.007.
            assert!(
                (above.count() as f64 / 4000.0 - 0.3).abs() < 0.025,
                "{auroc}"
            );
            right.sort_by(f64::total_cmp);
            let below = |score: &f64| right.partition_point(|other| other < score);
            let pairs = (right.len() * wrong.len()) as f64;
            let found = wrong.iter().map(below).sum::<usize>() as f64 / pairs;
            assert!((found - auroc).abs() < 0.03, "{auroc}: {found}");
        }
    }

    #[test]
    fn quantiles_of_ranks_are_themselves() {
        assert_eq!(Quantiles::Ranks.at(0.6), 0.6);
        let table = Table::default();
        let of_table = Quantiles::Of(&table, Metric::Margin).at(0.4);
        assert_eq!(of_table, table.quantile(Metric::Margin, 0.4));
    }
}

//! A table given as bins of uncertainty.

use super::{Sample, TableError};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// One bin: the queries whose uncertainty lies between `low` and `high`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// Lower edge, in \[0, 1\].
    pub low: f64,
    /// Upper edge, in \[0, 1\], above `low`.
    pub high: f64,
    /// Share of all queries that fall into this bin, in \[0, 1\].
    pub share: f64,
    /// Probability that the small model answers such a query right.
    pub slm_accuracy: f64,
    /// Probability that the large model answers such a query right.
    pub llm_accuracy: f64,
}

/// Contiguous bins in increasing order whose shares sum to 1. Inside a bin the
/// uncertainty is uniform, and whether one model is right says nothing of the
/// other: the pairing of answers that [`Records`](super::Records) keep is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bins(pub Vec<Bin>);

/// The columns of a table of bins, in order.
pub(super) const COLUMNS: [&str; 5] = ["low", "high", "share", "slm_accuracy", "llm_accuracy"];

/// How far the shares may sum from 1.
const SHARE_TOLERANCE: f64 = 1e-9;

impl Bin {
    fn values(&self) -> [f64; 5] {
        [
            self.low,
            self.high,
            self.share,
            self.slm_accuracy,
            self.llm_accuracy,
        ]
    }
}

/// The first thing wrong with `bins`: the row (`None` for the whole), the column
/// of [`COLUMNS`], what was found, what is allowed.
pub(super) fn fault(bins: &[Bin]) -> Option<(Option<usize>, usize, String, String)> {
    for (row, bin) in bins.iter().enumerate() {
        for (column, value) in bin.values().into_iter().enumerate() {
            if !(0.0..=1.0).contains(&value) {
                let allowed = "a number from 0 to 1".to_owned();
                return Some((Some(row), column, format!("{value}"), allowed));
            }
        }
        if row > 0 && bin.low != bins[row - 1].high {
            let allowed = format!(
                "{}, the `high` of the bin before it: bins are contiguous",
                bins[row - 1].high
            );
            return Some((Some(row), 0, format!("{}", bin.low), allowed));
        }
        if bin.high <= bin.low {
            let allowed = format!("a number above {}, the `low` of this bin", bin.low);
            return Some((Some(row), 1, format!("{}", bin.high), allowed));
        }
    }
    let sum: f64 = bins.iter().map(|bin| bin.share).sum();
    if (sum - 1.0).abs() > SHARE_TOLERANCE {
        let found = format!("shares that sum to {sum}");
        return Some((None, 2, found, "shares that sum to 1".to_owned()));
    }
    None
}

impl Bins {
    /// Checks edges, shares and accuracies.
    pub fn validate(&self) -> Result<(), TableError> {
        if self.0.is_empty() {
            return Err(TableError::new("no bins", "at least one bin").field("Bins"));
        }
        match fault(&self.0) {
            None => Ok(()),
            Some((Some(row), column, found, allowed)) => {
                let path = format!("Bins[{row}].{}", COLUMNS[column]);
                Err(TableError::new(found, allowed).field(path))
            }
            Some((None, column, found, allowed)) => {
                Err(TableError::new(found, allowed).field(COLUMNS[column]))
            }
        }
    }

    /// Always takes four numbers from `rng`, so that what is drawn afterwards
    /// does not depend on the outcome.
    pub(super) fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> Sample {
        let [which, within, slm, llm] = rng.random::<[f64; 4]>();
        let mut below = 0.0;
        let mut chosen = None;
        for bin in self.0.iter().filter(|bin| bin.share > 0.0) {
            below += bin.share;
            chosen = Some(bin);
            if which < below {
                break;
            }
        }
        // Rounding may leave `which` above the last sum: then the last bin is meant.
        let bin = chosen.unwrap_or(&self.0[0]);
        Sample {
            uncertainty: bin.low + within * (bin.high - bin.low),
            slm_correct: slm < bin.slm_accuracy,
            llm_correct: llm < bin.llm_accuracy,
        }
    }

    pub(super) fn quantile(&self, q: f64) -> f64 {
        let mut below = 0.0;
        for bin in &self.0 {
            // Shares such as 0.1 sum with rounding errors: an edge must still be
            // found as that edge.
            if bin.share > 0.0 && q <= below + bin.share + SHARE_TOLERANCE {
                let within = ((q - below) / bin.share).clamp(0.0, 1.0);
                return bin.low + within * (bin.high - bin.low);
            }
            below += bin.share;
        }
        self.0.last().map_or(1.0, |bin| bin.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uncertainty::{Metric, Table};
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn bin(low: f64, high: f64, share: f64, slm: f64, llm: f64) -> Bin {
        Bin {
            low,
            high,
            share,
            slm_accuracy: slm,
            llm_accuracy: llm,
        }
    }

    #[test]
    fn draws_have_the_shares_and_accuracies_of_the_bins() {
        let bins = vec![
            bin(0.0, 0.2, 0.3, 0.9, 0.95),
            bin(0.2, 0.5, 0.0, 0.5, 0.5),
            bin(0.5, 1.0, 0.7, 0.2, 0.6),
        ];
        let table = Table::Bins(Bins(bins.clone()));
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        let n = 40_000;
        let samples: Vec<_> = (0..n)
            .map(|_| table.draw(Metric::Margin, &mut rng))
            .collect();
        for bin in &bins {
            let inside: Vec<_> = samples
                .iter()
                .filter(|s| s.uncertainty >= bin.low && s.uncertainty < bin.high)
                .collect();
            // Five standard errors: a right program fails this once in a million.
            let near = |found: f64, p: f64, n: f64| {
                (found - p).abs() <= 5.0 * (p * (1.0 - p) / n).sqrt() + 1e-12
            };
            assert!(near(
                inside.len() as f64 / f64::from(n),
                bin.share,
                f64::from(n)
            ));
            if bin.share == 0.0 {
                continue;
            }
            let m = inside.len() as f64;
            let slm = inside.iter().filter(|s| s.slm_correct).count() as f64 / m;
            let llm = inside.iter().filter(|s| s.llm_correct).count() as f64 / m;
            let both = inside
                .iter()
                .filter(|s| s.slm_correct && s.llm_correct)
                .count() as f64
                / m;
            assert!(near(slm, bin.slm_accuracy, m));
            assert!(near(llm, bin.llm_accuracy, m));
            assert!(near(both, bin.slm_accuracy * bin.llm_accuracy, m));
            let mean = inside.iter().map(|s| s.uncertainty).sum::<f64>() / m;
            let width = bin.high - bin.low;
            assert!((mean - (bin.low + bin.high) / 2.0).abs() < 5.0 * width / (12.0 * m).sqrt());
        }
    }

    #[test]
    fn quantiles_follow_the_shares() {
        let table = Table::default();
        // 60 % of the queries lie above 0.6.
        assert!((table.quantile(Metric::Margin, 0.4) - 0.6).abs() < 1e-9);
        assert_eq!(table.quantile(Metric::Margin, 0.0), 0.0);
        assert!((table.quantile(Metric::Margin, 1.0) - 1.0).abs() < 1e-9);
        assert!((table.quantile(Metric::Margin, 0.05) - 0.075).abs() < 1e-9);
    }

    #[test]
    fn inline_bins_are_checked() {
        let good = bin(0.0, 1.0, 1.0, 0.5, 0.5);
        let of = |bins: Vec<Bin>| Bins(bins).validate();
        assert_eq!(of(vec![good]), Ok(()));
        assert!(of(vec![]).is_err());
        let e = of(vec![bin(0.0, 1.0, 1.0, 0.5, 1.5)]).unwrap_err();
        assert_eq!(e.field.as_deref(), Some("Bins[0].llm_accuracy"));
        let e = of(vec![bin(0.0, 1.0, 1.0, f64::NAN, 0.5)]).unwrap_err();
        assert_eq!(e.found, "NaN");
        let e = of(vec![bin(0.0, 1.0, 0.9, 0.5, 0.5)]).unwrap_err();
        assert_eq!(e.field.as_deref(), Some("share"));
        let e = of(vec![bin(0.5, 0.5, 1.0, 0.5, 0.5)]).unwrap_err();
        assert_eq!(e.field.as_deref(), Some("Bins[0].high"));
        let e = of(vec![
            bin(0.0, 0.5, 0.5, 0.5, 0.5),
            bin(0.6, 1.0, 0.5, 0.5, 0.5),
        ])
        .unwrap_err();
        assert_eq!(e.field.as_deref(), Some("Bins[1].low"));
    }
}

//! A table given as one record per measured question.

use super::{Metric, Sample, TableError};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Measured questions, column by column; row i of every column belongs to
/// question i. A metric that was not measured is an empty column, at least one
/// is not. Rows are drawn whole, so that what one model fails keeps telling of
/// what the other fails.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// Uncertainties by [`Metric::Margin`], in \[0, 1\].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub margin: Vec<f64>,
    /// Uncertainties by [`Metric::Entropy`], in \[0, 1\].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entropy: Vec<f64>,
    /// Uncertainties by [`Metric::Perplexity`], in \[0, 1\].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub perplexity: Vec<f64>,
    /// Whether the small model answered right.
    pub slm_correct: Vec<bool>,
    /// Whether the large model answered right.
    pub llm_correct: Vec<bool>,
}

impl Records {
    /// Number of questions.
    pub fn len(&self) -> usize {
        self.slm_correct.len()
    }

    /// Whether there is no question.
    pub fn is_empty(&self) -> bool {
        self.slm_correct.is_empty()
    }

    /// The uncertainties by one metric; empty if it was not measured.
    pub fn uncertainty(&self, metric: Metric) -> &[f64] {
        match metric {
            Metric::Margin => &self.margin,
            Metric::Entropy => &self.entropy,
            Metric::Perplexity => &self.perplexity,
        }
    }

    pub(super) fn uncertainty_mut(&mut self, metric: Metric) -> &mut Vec<f64> {
        match metric {
            Metric::Margin => &mut self.margin,
            Metric::Entropy => &mut self.entropy,
            Metric::Perplexity => &mut self.perplexity,
        }
    }

    /// Checks that there are rows, that columns are of one length and that
    /// uncertainties lie in \[0, 1\].
    pub fn validate(&self) -> Result<(), TableError> {
        let rows = self.len();
        if rows == 0 {
            return Err(TableError::new("no records", "at least one record").field("Records"));
        }
        let same = format!("{rows} values, as many as `slm_correct`");
        if self.llm_correct.len() != rows {
            let found = format!("{} values", self.llm_correct.len());
            return Err(TableError::new(found, same).field("Records.llm_correct"));
        }
        let mut measured = 0;
        for metric in Metric::ALL {
            let column = self.uncertainty(metric);
            if column.is_empty() {
                continue;
            }
            measured += 1;
            if column.len() != rows {
                let found = format!("{} values", column.len());
                return Err(TableError::new(found, same).field(format!("Records.{metric}")));
            }
            if let Some(row) = column.iter().position(|u| !(0.0..=1.0).contains(u)) {
                let found = format!("{}", column[row]);
                return Err(TableError::new(found, "a number from 0 to 1")
                    .field(format!("Records.{metric}[{row}]")));
            }
        }
        if measured == 0 {
            let allowed = "at least one of `margin`, `entropy`, `perplexity`";
            return Err(TableError::new("no uncertainty", allowed).field("Records"));
        }
        Ok(())
    }

    pub(super) fn draw<R: Rng + ?Sized>(&self, metric: Metric, rng: &mut R) -> Sample {
        let row = rng.random_range(0..self.len());
        Sample {
            uncertainty: self.uncertainty(metric)[row],
            slm_correct: self.slm_correct[row],
            llm_correct: self.llm_correct[row],
        }
    }

    pub(super) fn quantile(&self, metric: Metric, q: f64) -> f64 {
        let mut sorted = self.uncertainty(metric).to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let wanted = (q.clamp(0.0, 1.0) * n as f64).round() as usize;
        // Equal values cannot be parted: the cut goes before or behind all of
        // them, whichever is nearer.
        let tied = sorted[wanted.saturating_sub(1)];
        let before = sorted.partition_point(|u| *u < tied);
        let behind = sorted.partition_point(|u| *u <= tied);
        if wanted > 0 && behind - wanted <= wanted - before {
            tied
        } else if before > 0 {
            sorted[before - 1]
        } else {
            // Everything lies strictly above.
            tied.next_down()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uncertainty::Table;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn records(margin: Vec<f64>) -> Records {
        Records {
            slm_correct: margin.iter().map(|u| *u < 0.5).collect(),
            llm_correct: margin.iter().map(|u| *u >= 0.5).collect(),
            margin,
            ..Records::default()
        }
    }

    #[test]
    fn rows_are_drawn_whole_and_equally_often() {
        let table = Table::Records(records(vec![0.1, 0.4, 0.7, 0.9]));
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut seen = [0u32; 4];
        for _ in 0..40_000 {
            let s = table.draw(Metric::Margin, &mut rng);
            let row = [0.1, 0.4, 0.7, 0.9]
                .iter()
                .position(|u| *u == s.uncertainty)
                .unwrap();
            assert_eq!((s.slm_correct, s.llm_correct), (row < 2, row >= 2));
            seen[row] += 1;
        }
        let error = (40_000.0f64 * 0.25 * 0.75).sqrt();
        assert!(
            seen.iter()
                .all(|n| (f64::from(*n) - 10_000.0).abs() < 5.0 * error)
        );
    }

    #[test]
    fn ties_are_cut_where_it_is_nearest() {
        let r = records(vec![0.2, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        let above = |u: f64| r.margin.iter().filter(|v| **v > u).count();
        assert_eq!(above(r.quantile(Metric::Margin, 0.0)), 10);
        assert_eq!(above(r.quantile(Metric::Margin, 0.1)), 9);
        assert_eq!(above(r.quantile(Metric::Margin, 0.2)), 9);
        assert_eq!(above(r.quantile(Metric::Margin, 0.3)), 6);
        assert_eq!(above(r.quantile(Metric::Margin, 0.5)), 6);
        assert_eq!(above(r.quantile(Metric::Margin, 0.9)), 0);
        assert_eq!(above(r.quantile(Metric::Margin, 1.0)), 0);
    }

    #[test]
    fn inline_records_are_checked() {
        assert_eq!(records(vec![0.5]).validate(), Ok(()));
        assert!(Records::default().validate().is_err());
        let mut r = records(vec![0.5, 0.6]);
        r.llm_correct.pop();
        assert_eq!(
            r.validate().unwrap_err().field.as_deref(),
            Some("Records.llm_correct")
        );
        let mut r = records(vec![0.5, 0.6]);
        r.entropy = vec![0.1];
        assert_eq!(
            r.validate().unwrap_err().field.as_deref(),
            Some("Records.entropy")
        );
        let e = records(vec![0.5, 1.1]).validate().unwrap_err();
        assert_eq!(e.field.as_deref(), Some("Records.margin[1]"));
        let mut r = records(vec![0.5]);
        r.margin.clear();
        assert!(r.validate().is_err());
    }

    proptest! {
        #[test]
        fn distinct_values_give_the_share_to_the_row(n in 1usize..200, q in 0.0f64..=1.0) {
            let r = records((0..n).map(|i| i as f64 / n as f64).collect());
            let cut = r.quantile(Metric::Margin, q);
            let above = r.margin.iter().filter(|u| **u > cut).count() as f64 / n as f64;
            prop_assert!((above - (1.0 - q)).abs() <= 0.5 / n as f64 + 1e-9);
        }
    }
}

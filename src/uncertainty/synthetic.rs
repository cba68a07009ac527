//! A pair of models made up from four numbers.
//!
//! **Synthetic**: no model behaves exactly so. It serves to ask what a pair would
//! have to be like for routing by uncertainty to pay.

use super::{Records, Table, TableError};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// A made-up pair of models.
///
/// The uncertainty follows the binormal model of signal detection: a hidden
/// standard normal value where the small model is right, the same shifted by
/// `sqrt(2) * probit(auroc)` where it is wrong; it is shown as its own rank, so
/// that it is uniform on \[0, 1\] and a threshold tau sends a share 1 - tau to the
/// edge. Whether the large model is right depends on whether the small one is
/// (`correlation`), and beyond that not on the uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synthetic {
    /// Share of queries that the small model answers right, strictly between 0 and 1.
    pub slm_accuracy: f64,
    /// Share of queries that the large model answers right, strictly between 0 and 1.
    pub llm_accuracy: f64,
    /// Probability that a query the small model gets wrong is more uncertain than
    /// one it gets right, strictly between 0 and 1; 0.5 = uncertainty says nothing.
    pub auroc: f64,
    /// Correlation (phi coefficient) of the two models' correctness; 0 = what one
    /// fails says nothing of what the other fails. Its range depends on the two
    /// accuracies.
    pub correlation: f64,
}

/// Rows of the table: enough that rounding moves no accuracy by more than 0.01 points.
const ROWS: usize = 5000;

impl Synthetic {
    /// The probabilities that the large model is right where the small one is
    /// right, and where it is wrong.
    fn llm_given_slm(&self) -> Result<[f64; 2], TableError> {
        for (name, value) in [
            ("slm_accuracy", self.slm_accuracy),
            ("llm_accuracy", self.llm_accuracy),
            ("auroc", self.auroc),
        ] {
            if !(value > 0.0 && value < 1.0) {
                let allowed = "a number between 0 and 1, neither included";
                return Err(
                    TableError::new(format!("{value}"), allowed).field(format!("Synthetic.{name}"))
                );
            }
        }
        let (s, l) = (self.slm_accuracy, self.llm_accuracy);
        let scale = (s * (1.0 - s) * l * (1.0 - l)).sqrt();
        let (lowest, highest) = (
            ((s + l - 1.0).max(0.0) - s * l) / scale,
            (s.min(l) - s * l) / scale,
        );
        // At its ends the range holds values that were rounded when written down.
        let slack = 1e-9;
        if !(lowest - slack..=highest + slack).contains(&self.correlation) {
            let allowed = format!(
                "for these accuracies a number from {lowest:.4} to {highest:.4} \
                 (beyond, one model would be right more often than it is)"
            );
            return Err(TableError::new(format!("{}", self.correlation), allowed)
                .field("Synthetic.correlation"));
        }
        let both = s * l + self.correlation * scale;
        Ok([both / s, (l - both) / (1.0 - s)].map(|p: f64| p.clamp(0.0, 1.0)))
    }

    /// Checks the four numbers.
    ///
    /// # Errors
    /// The first that is out of its range.
    pub fn validate(&self) -> Result<(), TableError> {
        self.llm_given_slm().map(|_| ())
    }

    /// The pair as records, always the same for the same numbers: the quantiles of
    /// the distributions take the place of draws from them. The uncertainty stands
    /// in the column of the margin.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    ///
    /// ```
    /// use edgelm::uncertainty::{Metric, Synthetic};
    /// let pair = Synthetic { slm_accuracy: 0.5, llm_accuracy: 0.9, auroc: 0.8, correlation: 0.1 };
    /// let table = pair.table()?;
    /// assert!((table.quantile(Metric::Margin, 0.4) - 0.4).abs() < 1e-3);
    /// # Ok::<(), edgelm::uncertainty::TableError>(())
    /// ```
    pub fn table(&self) -> Result<Table, TableError> {
        let llm_right = self.llm_given_slm()?;
        let normal = Normal::standard();
        let shift = 2f64.sqrt() * normal.inverse_cdf(self.auroc);
        let right = (self.slm_accuracy * ROWS as f64).round() as usize;
        let right = right.clamp(1, ROWS - 1);
        let share = right as f64 / ROWS as f64;
        let rank = |z: f64| share * normal.cdf(z) + (1.0 - share) * normal.cdf(z - shift);
        let mut records = Records::default();
        for (correct, rows, shift, p) in [
            (true, right, 0.0, llm_right[0]),
            (false, ROWS - right, shift, llm_right[1]),
        ] {
            for i in 0..rows {
                let z = shift + normal.inverse_cdf((i as f64 + 0.5) / rows as f64);
                records.margin.push(rank(z).clamp(0.0, 1.0));
                records.slm_correct.push(correct);
                // Spread evenly over the ranks: every p-th row, wherever it lies.
                let so_far = |rows: usize| (rows as f64 * p + 0.5).floor();
                records.llm_correct.push(so_far(i + 1) > so_far(i));
            }
        }
        Ok(Table::Records(records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uncertainty::Metric;
    use crate::uncertainty::analysis::auroc;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_table_has_the_four_numbers(
            s in 0.05f64..0.95, l in 0.05f64..0.95, a in 0.5f64..0.98, c in 0.0f64..1.0
        ) {
            let scale = (s * (1.0 - s) * l * (1.0 - l)).sqrt();
            let highest = (s.min(l) - s * l) / scale;
            let lowest = ((s + l - 1.0).max(0.0) - s * l) / scale;
            let pair = Synthetic {
                slm_accuracy: s, llm_accuracy: l, auroc: a,
                correlation: lowest + c * (highest - lowest),
            };
            let table = pair.table().unwrap();
            prop_assert_eq!(table.validate(), Ok(()));
            let Table::Records(r) = &table else { panic!("records") };
            let n = r.len() as f64;
            let share = |f: &dyn Fn(usize) -> bool| (0..r.len()).filter(|i| f(*i)).count() as f64 / n;
            let (slm, llm) = (share(&|i| r.slm_correct[i]), share(&|i| r.llm_correct[i]));
            let both = share(&|i| r.slm_correct[i] && r.llm_correct[i]);
            prop_assert!((slm - s).abs() < 2e-4);
            prop_assert!((llm - l).abs() < 5e-4);
            let phi = (both - slm * llm) / (slm * (1.0 - slm) * llm * (1.0 - llm)).sqrt();
            prop_assert!((phi - pair.correlation).abs() < 5e-3);
            prop_assert!((auroc(&table, Metric::Margin).unwrap() - a).abs() < 5e-3);
            let median = table.quantile(Metric::Margin, 0.5);
            prop_assert!((median - 0.5).abs() < 5e-3);
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let pair = Synthetic {
            slm_accuracy: 0.5,
            llm_accuracy: 0.9,
            auroc: 0.8,
            correlation: 0.1,
        };
        assert_eq!(pair.validate(), Ok(()));
        let field = |pair: Synthetic| pair.table().unwrap_err().field.unwrap();
        let slm_accuracy = 1.0;
        assert_eq!(
            field(Synthetic {
                slm_accuracy,
                ..pair
            }),
            "Synthetic.slm_accuracy"
        );
        let auroc = f64::NAN;
        assert_eq!(field(Synthetic { auroc, ..pair }), "Synthetic.auroc");
        // Of 10 % wrong answers at most 10 % can be shared: phi is at most 1/3.
        let correlation = 0.5;
        let error = Synthetic {
            correlation,
            ..pair
        }
        .table()
        .unwrap_err();
        assert!(error.allowed.contains("0.3333"), "{error}");
    }
}

//! How well uncertainty tells wrong answers from right ones.

use super::groups::{Group, groups, total};
use crate::uncertainty::{Metric, Table};

/// The area under the receiver operating characteristic of uncertainty as a
/// detector of the small model's errors: the probability that a wrong answer is
/// more uncertain than a right one, ties counting half (Mann-Whitney). 1 = every
/// error stands out, 0.5 = uncertainty says nothing. `None` if all answers are
/// right, or all wrong.
///
/// # Panics
/// If the table lacks the metric.
pub fn auroc(table: &Table, metric: Metric) -> Option<f64> {
    of_groups(&groups(table, metric))
}

pub(super) fn of_groups(groups: &[Group]) -> Option<f64> {
    let all = total(groups);
    let (right, wrong) = (all.slm, all.weight - all.slm);
    if right <= 0.0 || wrong <= 0.0 {
        return None;
    }
    let mut right_below = right;
    let mut area = 0.0;
    for group in groups {
        right_below -= group.slm;
        area += (group.weight - group.slm) * (right_below + group.slm / 2.0);
    }
    Some(area / (right * wrong))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uncertainty::{Bin, Bins, Records};
    use proptest::prelude::*;

    fn table(rows: &[(u8, bool)]) -> Table {
        Table::Records(Records {
            margin: rows.iter().map(|(u, _)| f64::from(*u) / 10.0).collect(),
            slm_correct: rows.iter().map(|(_, right)| *right).collect(),
            llm_correct: vec![true; rows.len()],
            ..Records::default()
        })
    }

    proptest! {
        #[test]
        fn equals_the_count_over_all_pairs(
            rows in prop::collection::vec((0u8..=10, any::<bool>()), 1..60)
        ) {
            let (mut pairs, mut area) = (0.0, 0.0);
            for (u, _) in rows.iter().filter(|(_, right)| !right) {
                for (v, _) in rows.iter().filter(|(_, right)| *right) {
                    pairs += 1.0;
                    area += if u > v { 1.0 } else if u == v { 0.5 } else { 0.0 };
                }
            }
            match auroc(&table(&rows), Metric::Margin) {
                None => prop_assert_eq!(pairs, 0.0),
                Some(found) => prop_assert!((found - area / pairs).abs() < 1e-12),
            }
        }
    }

    #[test]
    fn of_bins_in_closed_form() {
        let bin = |low, slm_accuracy| Bin {
            low,
            high: low + 0.5,
            share: 0.5,
            slm_accuracy,
            llm_accuracy: 1.0,
        };
        let perfect = Table::Bins(Bins(vec![bin(0.0, 1.0), bin(0.5, 0.0)]));
        assert_eq!(auroc(&perfect, Metric::Entropy), Some(1.0));
        let blind = Table::Bins(Bins(vec![bin(0.0, 0.3), bin(0.5, 0.3)]));
        assert!((auroc(&blind, Metric::Entropy).unwrap() - 0.5).abs() < 1e-12);
        let all_right = Table::Bins(Bins(vec![bin(0.0, 1.0), bin(0.5, 1.0)]));
        assert_eq!(auroc(&all_right, Metric::Entropy), None);
    }
}

//! What offloading the most uncertain queries gains over offloading as many at
//! random.

use super::Interval;
use super::bootstrap::{Bootstrap, ends};
use super::groups::{Group, groups, total};
use crate::uncertainty::{Metric, Table};
use std::fmt;

/// Accuracy against the share of queries offloaded, without any delay or capacity:
/// what the pair of models itself allows. All accuracies lie in \[0, 1\].
#[derive(Debug, Clone, PartialEq)]
pub struct Routing {
    /// Shares offloaded, increasing.
    pub shares: Vec<f64>,
    /// Accuracy when the most uncertain go first. Queries of equal uncertainty go
    /// in random order.
    pub by_uncertainty: Vec<Interval>,
    /// Accuracy when queries go at random.
    pub at_random: Vec<Interval>,
    /// Accuracy when those go first which only the large model answers right, and
    /// those last which only the small one does: no routing does better.
    pub oracle: Vec<f64>,
    /// `by_uncertainty - at_random`, of the same questions.
    pub gain: Vec<Interval>,
    /// Whether the intervals are intervals: a table of bins does not say on how
    /// many questions it rests, and its intervals are the values themselves.
    pub has_intervals: bool,
}

/// The routing curves of a table at `shares` (increasing, in \[0, 1\]), with
/// bootstrap bands.
///
/// # Panics
/// If the table lacks the metric.
pub fn routing(table: &Table, metric: Metric, shares: &[f64], bootstrap: &Bootstrap) -> Routing {
    let groups = groups(table, metric);
    let (by, random) = curves(&groups, shares);
    let drawn = match table {
        Table::Records(records) => bootstrap.draw(records, metric, |groups| curves(groups, shares)),
        Table::Bins(_) => Vec::new(),
    };
    let interval = |value: f64, of: &dyn Fn(&Curves) -> f64| {
        let (low, high) = ends(drawn.iter().map(of).collect()).unwrap_or((value, value));
        Interval { value, low, high }
    };
    let places = 0..shares.len();
    Routing {
        shares: shares.to_vec(),
        by_uncertainty: places
            .clone()
            .map(|i| interval(by[i], &|d| d.0[i]))
            .collect(),
        at_random: places
            .clone()
            .map(|i| interval(random[i], &|d| d.1[i]))
            .collect(),
        oracle: oracle(&groups, shares),
        gain: places
            .map(|i| interval(by[i] - random[i], &|d| d.0[i] - d.1[i]))
            .collect(),
        has_intervals: !drawn.is_empty(),
    }
}

/// Accuracy by uncertainty and at random.
type Curves = (Vec<f64>, Vec<f64>);

fn curves(groups: &[Group], shares: &[f64]) -> Curves {
    let all = total(groups);
    let mut by = Vec::with_capacity(shares.len());
    let (mut next, mut offloaded, mut gained) = (0, 0.0, 0.0);
    for share in shares {
        let wanted = share * all.weight;
        while next < groups.len() && offloaded + groups[next].weight <= wanted {
            offloaded += groups[next].weight;
            gained += groups[next].llm - groups[next].slm;
            next += 1;
        }
        // Part of a group: any of its queries are as likely as any others.
        let part = match groups.get(next) {
            Some(group) if group.weight > 0.0 => {
                (wanted - offloaded) / group.weight * (group.llm - group.slm)
            }
            _ => 0.0,
        };
        by.push((all.slm + gained + part) / all.weight);
    }
    let random = shares
        .iter()
        .map(|share| (all.slm + share * (all.llm - all.slm)) / all.weight)
        .collect();
    (by, random)
}

fn oracle(groups: &[Group], shares: &[f64]) -> Vec<f64> {
    let all = total(groups);
    shares
        .iter()
        .map(|share| {
            let offloaded = share * all.weight;
            let won = offloaded.min(all.only_llm);
            let lost = (offloaded - (all.weight - all.only_slm)).max(0.0);
            (all.slm + won - lost) / all.weight
        })
        .collect()
}

/// Whether routing by uncertainty pays for a pair of models, in one sentence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The metric.
    pub metric: Metric,
    /// Share of queries offloaded.
    pub share: f64,
    /// Gain in accuracy over random routing, in \[-1, 1\].
    pub gain: Interval,
    /// Whether the gain has an interval.
    pub has_interval: bool,
}

impl Verdict {
    /// The verdict of a table when a share of the queries is offloaded.
    ///
    /// # Panics
    /// If the table lacks the metric.
    pub fn of(table: &Table, metric: Metric, share: f64, bootstrap: &Bootstrap) -> Self {
        let routing = routing(table, metric, &[share], bootstrap);
        Self {
            metric,
            share,
            gain: routing.gain[0],
            has_interval: routing.has_intervals,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = |value: f64| {
            // No "-0.0".
            let tenths = (1000.0 * value).round() / 10.0 + 0.0;
            format!("{tenths:+.1}")
        };
        write!(
            f,
            "for this pair, offloading the most uncertain {} %{} gains {} points over random",
            100.0 * self.share,
            // The uncertainty of a table of bins has no name.
            if self.has_interval {
                format!(" by {}", self.metric)
            } else {
                String::new()
            },
            points(self.gain.value)
        )?;
        if !self.has_interval {
            return write!(
                f,
                " (without an interval: a table of bins does not say on how many questions it rests)"
            );
        }
        let Interval { low, high, .. } = self.gain;
        let helps = if low > 0.0 {
            "uncertainty helps"
        } else if high < 0.0 {
            "uncertainty hurts"
        } else {
            "uncertainty does not help"
        };
        write!(f, " [{}, {}]: {helps}", points(low), points(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uncertainty::{Records, Synthetic};
    use proptest::prelude::*;

    fn grid() -> Vec<f64> {
        (0..=10).map(|i| f64::from(i) / 10.0).collect()
    }

    fn quick() -> Bootstrap {
        Bootstrap {
            resamples: 200,
            seed: 3,
        }
    }

    proptest! {
        /// Against the obvious: sort, send the first m, count.
        #[test]
        fn equals_counting_when_all_differ(
            rows in prop::collection::vec((any::<bool>(), any::<bool>()), 1..40)
        ) {
            let n = rows.len();
            let table = Table::Records(Records {
                margin: (0..n).map(|i| 1.0 - i as f64 / n as f64).collect(),
                slm_correct: rows.iter().map(|r| r.0).collect(),
                llm_correct: rows.iter().map(|r| r.1).collect(),
                ..Records::default()
            });
            let shares: Vec<f64> = (0..=n).map(|m| m as f64 / n as f64).collect();
            let found = routing(&table, Metric::Margin, &shares, &Bootstrap { resamples: 1, seed: 1 });
            for m in 0..=n {
                let right = |sent: &dyn Fn(usize) -> bool| {
                    let right = (0..n).filter(|i| if sent(*i) { rows[*i].1 } else { rows[*i].0 });
                    right.count() as f64 / n as f64
                };
                let by = right(&|i| i < m);
                prop_assert!((found.by_uncertainty[m].value - by).abs() < 1e-9);
                // No choice of m queries beats the oracle.
                prop_assert!(found.oracle[m] >= by - 1e-9);
                prop_assert!(found.oracle[m] >= found.at_random[m].value - 1e-9);
            }
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by_key(|i| i32::from(rows[*i].0) - i32::from(rows[*i].1));
            for m in 0..=n {
                let right: usize = order.iter().enumerate()
                    .filter(|(place, i)| if *place < m { rows[**i].1 } else { rows[**i].0 })
                    .count();
                prop_assert!((found.oracle[m] - right as f64 / n as f64).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn ties_are_as_good_as_random() {
        let mut text = "margin,slm_correct,llm_correct\n".to_owned();
        for i in 0..40 {
            text += &format!("0.5,{},{}\n", u8::from(i % 3 == 0), u8::from(i % 2 == 0));
        }
        let table = Table::parse(&text).unwrap();
        let found = routing(&table, Metric::Margin, &grid(), &quick());
        assert!(found.gain.iter().all(|g| g.value.abs() < 1e-12));
    }

    #[test]
    fn a_strong_model_where_the_weak_one_doubts_helps() {
        let pair = Synthetic {
            slm_accuracy: 0.5,
            llm_accuracy: 0.95,
            auroc: 0.85,
            correlation: 0.0,
        };
        let verdict = Verdict::of(&pair.table().unwrap(), Metric::Margin, 0.5, &quick());
        assert!(verdict.gain.low > 0.05, "{verdict:?}");
        assert!(
            verdict.to_string().ends_with("uncertainty helps"),
            "{verdict}"
        );
    }

    #[test]
    fn a_model_that_fails_where_the_other_doubts_does_not() {
        // The large model is right exactly where the small one is.
        let mut text = "margin,slm_correct,llm_correct\n".to_owned();
        for i in 0..100 {
            let right = u8::from(i < 50);
            text += &format!("{},{right},{right}\n", f64::from(i) / 100.0);
        }
        let table = Table::parse(&text).unwrap();
        let verdict = Verdict::of(&table, Metric::Margin, 0.5, &quick());
        assert_eq!(
            verdict.to_string(),
            "for this pair, offloading the most uncertain 50 % by margin gains +0.0 points over \
             random [+0.0, +0.0]: uncertainty does not help"
        );
        // And one that is right where the other is certain, and wrong elsewhere.
        let text = text.replace(",0,0\n", ",1,0\n").replace(",1,1\n", ",0,1\n");
        let verdict = Verdict::of(&Table::parse(&text).unwrap(), Metric::Margin, 0.5, &quick());
        assert!(
            verdict.to_string().ends_with("uncertainty hurts"),
            "{verdict}"
        );
    }

    #[test]
    fn bins_have_values_but_no_intervals() {
        let found = routing(&Table::default(), Metric::Margin, &grid(), &quick());
        assert!(!found.has_intervals);
        assert!((found.by_uncertainty[0].value - 0.5295).abs() < 1e-9);
        assert!((found.by_uncertainty[10].value - 0.835).abs() < 1e-9);
        // The most uncertain 30 %: two bins, from 25 % to 72.5 % right.
        assert!((found.by_uncertainty[3].value - (0.5295 + 0.3 * 0.475)).abs() < 1e-9);
        let verdict = Verdict::of(&Table::default(), Metric::Margin, 0.5, &quick());
        assert!(
            verdict.to_string().contains("without an interval"),
            "{verdict}"
        );
    }
}

//! Accuracy against uncertainty (Fig. 2 of arXiv 2602.07958).

use super::{Interval, wilson};
use crate::uncertainty::{Metric, Table};

/// The queries whose uncertainty lies between two edges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// Lower edge, included.
    pub low: f64,
    /// Upper edge, excluded but for the last bin.
    pub high: f64,
    /// How many questions fall into it; `None` if the table does not tell numbers.
    pub count: Option<usize>,
    /// Share of all queries, Fig. 2b.
    pub share: f64,
    /// Accuracy of the small model, Fig. 2a; `None` for an empty bin. Of a table of
    /// bins the interval is the value itself: it does not say on how many
    /// questions it rests.
    pub slm: Option<Interval>,
    /// Accuracy of the large model on the same queries.
    pub llm: Option<Interval>,
}

/// Accuracy per bin of uncertainty, with Wilson intervals: `bins` (at least 1)
/// bins of equal width for records, a table's own bins otherwise.
///
/// # Panics
/// If the table lacks the metric.
pub fn reliability(table: &Table, metric: Metric, bins: usize) -> Vec<ReliabilityBin> {
    let records = match table {
        Table::Bins(own) => {
            let known = |value: f64, share: f64| {
                (share > 0.0).then_some(Interval {
                    value,
                    low: value,
                    high: value,
                })
            };
            return own
                .0
                .iter()
                .map(|bin| ReliabilityBin {
                    low: bin.low,
                    high: bin.high,
                    count: None,
                    share: bin.share,
                    slm: known(bin.slm_accuracy, bin.share),
                    llm: known(bin.llm_accuracy, bin.share),
                })
                .collect();
        }
        Table::Records(records) => records,
    };
    let bins = bins.max(1);
    let mut counts = vec![[0usize; 3]; bins];
    for (row, u) in records.uncertainty(metric).iter().enumerate() {
        let bin = ((u * bins as f64) as usize).min(bins - 1);
        counts[bin][0] += 1;
        counts[bin][1] += usize::from(records.slm_correct[row]);
        counts[bin][2] += usize::from(records.llm_correct[row]);
    }
    counts
        .into_iter()
        .enumerate()
        .map(|(bin, [count, slm, llm])| ReliabilityBin {
            low: bin as f64 / bins as f64,
            high: (bin + 1) as f64 / bins as f64,
            count: Some(count),
            share: count as f64 / records.len() as f64,
            slm: wilson(slm, count),
            llm: wilson(llm, count),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_falls_into_one_bin() {
        let table = Table::parse(
            "entropy,slm_correct,llm_correct\n0,1,1\n0.49,0,1\n0.5,1,0\n0.75,0,0\n1,0,1\n",
        )
        .unwrap();
        let bins = reliability(&table, Metric::Entropy, 2);
        assert_eq!((bins[0].count, bins[1].count), (Some(2), Some(3)));
        assert_eq!(bins[0].slm, wilson(1, 2));
        assert_eq!(bins[0].llm, wilson(2, 2));
        assert_eq!(bins[1].slm, wilson(1, 3));
        assert_eq!(bins[1].share, 0.6);
        let fine = reliability(&table, Metric::Entropy, 10);
        assert_eq!(fine.len(), 10);
        assert_eq!(fine.iter().filter_map(|b| b.count).sum::<usize>(), 5);
        assert_eq!(fine[1].slm, None);
        assert_eq!(fine[9].count, Some(1));
    }

    #[test]
    fn bins_are_passed_on_without_intervals() {
        let bins = reliability(&Table::default(), Metric::Margin, 3);
        assert_eq!(bins.len(), 8);
        assert_eq!(bins[7].slm.unwrap().low, 0.2);
        assert_eq!(bins[7].count, None);
    }
}

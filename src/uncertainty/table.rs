//! A table of either kind, and what is asked of it.

use super::{Bins, Metric, Records, Sample, TableError, reading};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Uncertainty and correctness of a population of queries.
///
/// The default is the shape of Fig. 2 of arXiv 2602.07958, read off the figure's
/// description: a shape, not a measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Table {
    /// Bins of uncertainty with a share and both accuracies each.
    Bins(Bins),
    /// One record per measured question, both models' answers paired.
    Records(Records),
}

impl Default for Table {
    fn default() -> Self {
        Self::parse(include_str!("../../scenarios/tables/paper-fig2-shape.csv"))
            .expect("the table built into the program is valid")
    }
}

impl Table {
    /// Reads a table from CSV text; lines that begin with `#` are comments. The
    /// header says which kind it is:
    ///
    /// * bins: `low,high,share,slm_accuracy,llm_accuracy`;
    /// * records: at least one of `margin`, `entropy`, `perplexity`, and both
    ///   `slm_correct` and `llm_correct` (0 or 1). Further columns are allowed.
    ///
    /// # Errors
    /// The first fault, with its place.
    ///
    /// ```
    /// use edgelm::uncertainty::{Metric, Table};
    /// let table = Table::parse("margin,slm_correct,llm_correct\n0.2,1,1\n0.9,0,1\n")?;
    /// assert_eq!(table.quantile(Metric::Margin, 0.5), 0.2);
    /// let error = Table::parse("margin,slm_correct,llm_correct\n0.2,1,2\n").unwrap_err();
    /// assert_eq!((error.line, error.column), (Some(2), Some(7)));
    /// # Ok::<(), edgelm::uncertainty::TableError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Table, TableError> {
        reading::table(text)
    }

    /// Checks a table that did not come from text.
    ///
    /// # Errors
    /// The first fault, with the path of the field.
    pub fn validate(&self) -> Result<(), TableError> {
        match self {
            Table::Bins(bins) => bins.validate(),
            Table::Records(records) => records.validate(),
        }
    }

    /// One query: its uncertainty by `metric` and whether each model would answer
    /// it right. Records are drawn uniformly and whole; from bins, a bin is drawn
    /// by its share, the uncertainty uniformly inside it, and each model's
    /// correctness independently of the other's.
    ///
    /// # Panics
    /// If the table is not [valid](Table::validate), or lacks the metric
    /// ([`has_metric`](Table::has_metric)).
    pub fn draw<R: Rng + ?Sized>(&self, metric: Metric, rng: &mut R) -> Sample {
        match self {
            Table::Bins(bins) => bins.draw(rng),
            Table::Records(records) => records.draw(metric, rng),
        }
    }

    /// Whether the table tells the uncertainty by `metric`. The one uncertainty
    /// of a table of bins carries no name and serves for whichever is asked, so
    /// bins cannot tell metrics apart; records have the metrics they list.
    pub fn has_metric(&self, metric: Metric) -> bool {
        match self {
            Table::Bins(_) => true,
            Table::Records(records) => !records.uncertainty(metric).is_empty(),
        }
    }

    /// Share of the queries that the small model answers right.
    pub fn slm_accuracy(&self) -> f64 {
        match self {
            Table::Bins(bins) => {
                let right = bins.0.iter().map(|bin| bin.share * bin.slm_accuracy);
                right.sum()
            }
            Table::Records(records) => {
                let right = records.slm_correct.iter().filter(|&&correct| correct);
                right.count() as f64 / records.len() as f64
            }
        }
    }

    /// The uncertainty above which, strictly, a share `1 - q` of the queries lies
    /// (as near as equal values in records allow): the threshold which forces that
    /// share to the edge whatever the metric. `q` is clamped to \[0, 1\].
    ///
    /// # Panics
    /// As [`draw`](Table::draw).
    pub fn quantile(&self, metric: Metric, q: f64) -> f64 {
        match self {
            Table::Bins(bins) => bins.quantile(q.clamp(0.0, 1.0)),
            Table::Records(records) => records.quantile(metric, q),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn the_default_has_the_shape_the_paper_describes() {
        let Table::Bins(bins) = Table::default() else {
            panic!("the default table is given as bins");
        };
        assert_eq!(bins.validate(), Ok(()));
        let above: f64 = bins
            .0
            .iter()
            .filter(|b| b.low >= 0.6)
            .map(|b| b.share)
            .sum();
        assert!((above - 0.6).abs() < 1e-9);
        for pair in bins.0.windows(2) {
            assert!(pair[1].slm_accuracy < pair[0].slm_accuracy);
            assert!(pair[1].llm_accuracy < pair[0].llm_accuracy);
        }
        assert!(bins.0.iter().all(|b| b.llm_accuracy > b.slm_accuracy));
        assert_eq!(bins.0.last().unwrap().slm_accuracy, 0.2);
    }

    #[test]
    fn the_same_generator_draws_the_same() {
        let records =
            Table::parse("entropy,slm_correct,llm_correct\n0.2,1,1\n0.9,0,1\n0.4,0,0\n").unwrap();
        for (table, metric) in [
            (Table::default(), Metric::Margin),
            (records, Metric::Entropy),
        ] {
            let draw = |seed| {
                let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
                (0..50)
                    .map(|_| table.draw(metric, &mut rng))
                    .collect::<Vec<_>>()
            };
            assert_eq!(draw(1), draw(1));
            assert_ne!(draw(1), draw(2));
        }
    }

    #[test]
    fn both_kinds_survive_ron() {
        let records = Table::parse("perplexity,slm_correct,llm_correct\n0.2,1,0\n").unwrap();
        for table in [Table::default(), records] {
            let text = ron::to_string(&table).unwrap();
            assert_eq!(ron::from_str::<Table>(&text).unwrap(), table, "{text}");
        }
    }

    #[test]
    fn metrics_of_a_table() {
        let table = Table::parse("perplexity,slm_correct,llm_correct\n0.2,1,0\n").unwrap();
        assert!(table.has_metric(Metric::Perplexity));
        assert!(!table.has_metric(Metric::Margin));
        assert!(Metric::ALL.iter().all(|m| Table::default().has_metric(*m)));
    }
}

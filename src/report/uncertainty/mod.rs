//! What an uncertainty table is worth, for people: text, CSV and plots.

#[cfg(feature = "plots")]
mod plots;
mod text;

pub use text::text;

use super::{OutputFile, ReportError};
use crate::uncertainty::analysis::{
    Bootstrap, Interval, ReliabilityBin, Routing, Verdict, reliability, routing, wilson,
};
use crate::uncertainty::{Metric, Table, analysis};

/// Everything that is said of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableStudy {
    /// What the table is called.
    pub name: String,
    /// Number of questions; `None` for a table of bins.
    pub questions: Option<usize>,
    /// Accuracy of the small model.
    pub slm: Interval,
    /// Accuracy of the large model.
    pub llm: Interval,
    /// Share of the questions that at least one of them answers right.
    pub either: f64,
    /// By every metric that was asked for.
    pub metrics: Vec<MetricStudy>,
}

/// What is said of a table by one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricStudy {
    /// The metric; `None` for the nameless uncertainty of a table of bins.
    pub metric: Option<Metric>,
    /// AUROC of uncertainty against errors of the small model; `None` if it makes
    /// none, or nothing else.
    pub auroc: Option<Interval>,
    /// Accuracy and number per bin of uncertainty.
    pub bins: Vec<ReliabilityBin>,
    /// Accuracy against the share offloaded.
    pub routing: Routing,
    /// Whether routing by this metric pays.
    pub verdict: Verdict,
}

impl MetricStudy {
    /// The metric's name, or `uncertainty`.
    fn name(&self) -> &'static str {
        self.metric.map_or("uncertainty", Metric::name)
    }
}

/// How a table is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Metrics to look at, which the table must have; a table of bins is looked at
    /// once whatever they are.
    pub metrics: Vec<Metric>,
    /// Bins of equal width for records.
    pub bins: usize,
    /// The share offloaded of which the verdict speaks.
    pub share: f64,
    /// How intervals are drawn.
    pub bootstrap: Bootstrap,
}

/// Shares at which the routing curve is computed: every 2 %.
fn shares() -> Vec<f64> {
    (0..=50).map(|i| f64::from(i) / 50.0).collect()
}

impl TableStudy {
    /// Looks at a table.
    ///
    /// # Panics
    /// If the table lacks one of the metrics.
    pub fn new(name: &str, table: &Table, look: &Look) -> Self {
        let one = |metric: Metric, named: bool| MetricStudy {
            metric: named.then_some(metric),
            auroc: match table {
                Table::Records(records) => look.bootstrap.auroc(records, metric),
                Table::Bins(_) => analysis::auroc(table, metric).map(exactly),
            },
            bins: reliability(table, metric, look.bins),
            routing: routing(table, metric, &shares(), &look.bootstrap),
            verdict: Verdict::of(table, metric, look.share, &look.bootstrap),
        };
        match table {
            Table::Bins(bins) => {
                let mean = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
                    let all = bins.0.iter();
                    all.map(|b| b.share * of(b.slm_accuracy, b.llm_accuracy))
                        .sum()
                };
                Self {
                    name: name.to_owned(),
                    questions: None,
                    slm: exactly(mean(&|s, _| s)),
                    llm: exactly(mean(&|_, l| l)),
                    either: mean(&|s, l| 1.0 - (1.0 - s) * (1.0 - l)),
                    metrics: vec![one(Metric::Margin, false)],
                }
            }
            Table::Records(records) => {
                let n = records.len();
                let count = |of: &dyn Fn(bool, bool) -> bool| {
                    let pairs = records.slm_correct.iter().zip(&records.llm_correct);
                    pairs.filter(|(s, l)| of(**s, **l)).count()
                };
                let share = |successes| wilson(successes, n).unwrap_or_else(|| exactly(f64::NAN));
                Self {
                    name: name.to_owned(),
                    questions: Some(n),
                    slm: share(count(&|s, _| s)),
                    llm: share(count(&|_, l| l)),
                    either: share(count(&|s, l| s || l)).value,
                    metrics: look.metrics.iter().map(|m| one(*m, true)).collect(),
                }
            }
        }
    }

    /// The CSV files and the plots.
    ///
    /// # Errors
    /// [`ReportError`], if a format's library fails.
    pub fn files(&self) -> Result<Vec<OutputFile>, ReportError> {
        let tables = vec![
            OutputFile {
                name: "reliability.csv".to_owned(),
                bytes: self.reliability_csv()?,
            },
            OutputFile {
                name: "routing.csv".to_owned(),
                bytes: self.routing_csv()?,
            },
        ];
        Ok([tables, self.figures()?].concat())
    }

    #[cfg(feature = "plots")]
    fn figures(&self) -> Result<Vec<OutputFile>, ReportError> {
        let figures = self.metrics.iter().map(|one| plots::files(self, one));
        Ok(figures.collect::<Result<Vec<_>, _>>()?.concat())
    }

    #[cfg(not(feature = "plots"))]
    fn figures(&self) -> Result<Vec<OutputFile>, ReportError> {
        Ok(Vec::new())
    }

    fn reliability_csv(&self) -> Result<Vec<u8>, ReportError> {
        let mut rows = vec![
            "metric,low,high,questions,share,slm_accuracy,slm_accuracy_low,slm_accuracy_high,\
             llm_accuracy,llm_accuracy_low,llm_accuracy_high"
                .split(',')
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        ];
        for metric in &self.metrics {
            for bin in &metric.bins {
                let mut row = vec![
                    metric.name().to_owned(),
                    bin.low.to_string(),
                    bin.high.to_string(),
                    bin.count.map_or_else(String::new, |n| n.to_string()),
                    bin.share.to_string(),
                ];
                for accuracy in [bin.slm, bin.llm] {
                    row.extend(three(accuracy, bin.count.is_some()));
                }
                rows.push(row);
            }
        }
        csv(&rows)
    }

    fn routing_csv(&self) -> Result<Vec<u8>, ReportError> {
        let mut rows = vec![
            "metric,share_offloaded,by_uncertainty,by_uncertainty_low,by_uncertainty_high,\
             at_random,at_random_low,at_random_high,oracle,gain,gain_low,gain_high"
                .split(',')
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        ];
        for metric in &self.metrics {
            let r = &metric.routing;
            for (i, share) in r.shares.iter().enumerate() {
                let mut row = vec![metric.name().to_owned(), share.to_string()];
                row.extend(three(Some(r.by_uncertainty[i]), r.has_intervals));
                row.extend(three(Some(r.at_random[i]), r.has_intervals));
                row.push(r.oracle[i].to_string());
                row.extend(three(Some(r.gain[i]), r.has_intervals));
                rows.push(row);
            }
        }
        csv(&rows)
    }
}

fn exactly(value: f64) -> Interval {
    Interval {
        value,
        low: value,
        high: value,
    }
}

/// Value, low, high; an end that is not known is empty.
fn three(interval: Option<Interval>, known: bool) -> [String; 3] {
    let Some(i) = interval else {
        return [const { String::new() }; 3];
    };
    let end = |end: f64| {
        if known {
            end.to_string()
        } else {
            String::new()
        }
    };
    [i.value.to_string(), end(i.low), end(i.high)]
}

fn csv(rows: &[Vec<String>]) -> Result<Vec<u8>, ReportError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    // Into memory: what is left in the buffer cannot fail to be written.
    Ok(writer
        .into_inner()
        .map_err(|e| ::csv::Error::from(e.into_error()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        Look {
            metrics: vec![Metric::Margin, Metric::Entropy],
            bins: 10,
            share: 0.5,
            bootstrap: Bootstrap {
                resamples: 50,
                seed: 1,
            },
        }
    }

    fn measured() -> TableStudy {
        let text =
            include_str!("../../../scenarios/tables/qwen25-coder-0.5b_qwen25-coder-1.5b_babi.csv");
        TableStudy::new("measured", &Table::parse(text).unwrap(), &look())
    }

    #[test]
    fn the_measured_pair_is_what_its_measurement_said() {
        let study = measured();
        assert_eq!(study.questions, Some(800));
        assert!((study.slm.value - 0.391).abs() < 5e-4);
        assert!((study.llm.value - 0.444).abs() < 5e-4);
        assert!((study.either - 0.573).abs() < 5e-4);
        let bins = &study.metrics[0].bins;
        assert!((bins[0].slm.unwrap().value - 0.81).abs() < 5e-3);
        assert!((bins[9].slm.unwrap().value - 0.29).abs() < 5e-3);
    }

    #[test]
    fn files_are_whole_and_the_same_every_time() {
        let study = measured();
        let files = study.files().unwrap();
        assert_eq!(files, study.files().unwrap());
        let names: Vec<_> = files.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "reliability.csv",
                "routing.csv",
                "reliability_margin.png",
                "histogram_margin.png",
                "routing_margin.png",
                "reliability_entropy.png",
                "histogram_entropy.png",
                "routing_entropy.png"
            ]
        );
        assert!(
            files[2..]
                .iter()
                .all(|f| f.bytes.starts_with(b"\x89PNG") && f.bytes.len() > 5000)
        );
        let reliability = String::from_utf8(files[0].bytes.clone()).unwrap();
        assert_eq!(reliability.lines().count(), 1 + 2 * 10);
        let routing = String::from_utf8(files[1].bytes.clone()).unwrap();
        assert_eq!(routing.lines().count(), 1 + 2 * 51);
    }

    #[test]
    fn a_table_of_bins_is_looked_at_once() {
        let study = TableStudy::new("shape", &Table::default(), &look());
        assert_eq!(study.metrics.len(), 1);
        let text = super::text(&study);
        assert!(!text.contains("Margin"), "{text}");
        assert!(text.contains("without an interval"), "{text}");
        let csv = String::from_utf8(study.files().unwrap()[0].bytes.clone()).unwrap();
        assert!(
            csv.contains("uncertainty,0,0.15,,0.1,0.9,,,0.95,,"),
            "{csv}"
        );
    }
}

//! One percentile distribution of delay per point and policy, and where tokens are told apart
//! of the times to the first and per later token, in the text format that HdrHistogram's own
//! tools write (`outputPercentileDistribution`) and plot
//! (<https://hdrhistogram.github.io/HdrHistogram/plotFiles.html>). Values are
//! milliseconds.
//!
//! A file is called `delay_<field>=<value>_<policy>.hgrm` (`ttft_..`, `tpot_..`), without the
//! middle part if nothing is swept: ASCII letters, digits and `._=(),+-` stay, spaces go, a
//! colon is `=`, an opening bracket is a dot, anything else is `_`. Names longer
//! than common file systems take are cut, and names that differ in nothing but
//! the case of letters, which some file systems do not tell apart, get a number.

use super::file_name::{distinct, safe};
use super::number::swept;
use super::{Finished, OutputFile, ReportError};
use crate::experiment::{DelayCounts, PolicyResult, UNIT};
use crate::scenario::SweptValue;
use hdrhistogram::Histogram;
use std::collections::HashSet;
use std::fmt::Write;

/// Rows per halving of the distance to 100 %, the default of HdrHistogram's tools.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

pub(super) fn files(run: Finished<'_>) -> Result<Vec<OutputFile>, ReportError> {
    let results = run.results;
    let places = results.points.iter().flat_map(|point| {
        let policies = point.policies.iter();
        policies.map(|policy| (&*point.values, &*policy.policy))
    });
    let policies = || results.points.iter().flat_map(|point| &point.policies);
    let mut files = Vec::new();
    for (what, of) in DISTRIBUTIONS {
        let names = names(what, &results.swept_fields, places.clone());
        let drawn = names.into_iter().zip(policies());
        files.extend(drawn.filter_map(|(name, policy)| {
            Some(OutputFile {
                name,
                bytes: text(&of(policy)?.to_histogram()).into_bytes(),
            })
        }));
    }
    Ok(files)
}

/// What there is a distribution of: how its files begin, and where a result has it.
type Distribution = (&'static str, fn(&PolicyResult) -> Option<&DelayCounts>);

const DISTRIBUTIONS: [Distribution; 3] = [
    (DELAY, |policy| Some(&policy.histogram)),
    ("ttft", |policy| Some(&policy.token_times.as_ref()?.first)),
    ("tpot", |policy| Some(&policy.token_times.as_ref()?.later)),
];

/// How files of delays begin.
pub(super) const DELAY: &str = "delay";

/// The names of the files of all points and policies: of what is in them, the swept values and
/// the policy of each.
pub(super) fn names<'a>(
    what: &str,
    swept_fields: &[String],
    of: impl Iterator<Item = (&'a [SweptValue], &'a str)>,
) -> Vec<String> {
    let mut taken = HashSet::new();
    of.map(|(values, policy)| {
        let places = swept_fields.iter().zip(values);
        let at: String = places
            .map(|(field, value)| format!("{field}={}_", swept(value)))
            .collect();
        let stem = safe(&format!("{what}_{at}{policy}"));
        format!("{}.hgrm", distinct(&stem, &mut taken))
    })
    .collect()
}

fn text(histogram: &Histogram<u64>) -> String {
    let ms = |ns: f64| ns * UNIT.0 * 1e3;
    let decimals = usize::from(histogram.sigfig());
    let mut out = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut seen = 0;
    // Writing to a string cannot fail.
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        seen += step.count_since_last_iteration();
        let (value, quantile) = (
            ms(step.value_iterated_to() as f64),
            step.quantile_iterated_to(),
        );
        let _ = write!(out, "{value:12.decimals$} {quantile:2.12} {seen:10}");
        let _ = if quantile < 1.0 {
            writeln!(out, " {:14.2}", 1.0 / (1.0 - quantile))
        } else {
            writeln!(out)
        };
    }
    let (mean, deviation) = if histogram.is_empty() {
        (0.0, 0.0)
    } else {
        (ms(histogram.mean()), ms(histogram.stdev()))
    };
    let _ = writeln!(
        out,
        "#[Mean    = {mean:12.decimals$}, StdDeviation   = {deviation:12.decimals$}]"
    );
    let _ = writeln!(
        out,
        "#[Max     = {:12.decimals$}, Total count    = {:12}]",
        ms(histogram.max() as f64),
        histogram.len()
    );
    let _ = writeln!(
        out,
        "#[Buckets = {:12}, SubBuckets     = {:12}]",
        histogram.buckets(),
        sub_buckets(histogram.sigfig())
    );
    out
}

/// Sub-buckets of a bucket: the power of two that tells values apart to the given
/// digits in its upper half.
fn sub_buckets(digits: u8) -> u64 {
    (2 * 10u64.pow(u32::from(digits))).next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_text_is_hdrhistograms() {
        let results = fixture::single_query();
        insta::assert_snapshot!(text(&results.points[0].policies[0].histogram.to_histogram()), @r#"
               Value     Percentile TotalCount 1/(1-Percentile)

              12.501 0.000000000000          1           1.00
              12.501 1.000000000000          1
        #[Mean    =       12.497, StdDeviation   =        0.000]
        #[Max     =       12.501, Total count    =            1]
        #[Buckets =           50, SubBuckets     =         2048]
        "#);
    }

    #[test]
    fn rows_rise_to_the_total_and_the_maximum() {
        let results = fixture::sweep(1, 1);
        let histogram = results.points[0].policies[0].histogram.to_histogram();
        let text = text(&histogram);
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(2)
            .take_while(|line| !line.starts_with('#'))
            .map(|line| {
                line.split_whitespace()
                    .map(|f| f.parse().unwrap())
                    .collect()
            })
            .collect();
        assert!(rows.len() > 20);
        assert!(rows.is_sorted_by(|a, b| a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2]));
        let last = rows.last().unwrap();
        assert_eq!(last.len(), 3);
        assert_eq!((last[1], last[2]), (1.0, histogram.len() as f64));
        for row in &rows {
            let ns = (row[0] * 1e6).round() as u64;
            assert!(histogram.count_between(0, ns) as f64 >= row[2] - 0.5);
        }
    }

    #[test]
    fn an_empty_histogram_has_a_header_and_no_nan() {
        let text = text(
            &fixture::no_query().points[0].policies[0]
                .histogram
                .to_histogram(),
        );
        assert!(text.contains("Total count    =            0]"), "{text}");
        assert!(!text.contains("NaN"));
    }
}

//! The summary for the terminal.

use super::number::decimals;
use super::swept;
use crate::experiment::{DEADLINE_MISSED, Estimate, PolicyResult, Results};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// All results as aligned plain text, one block a point. Every number but a count
/// comes with its 95 % interval; what does not exist is `-`, and an end of an
/// interval that the run is too short to bound is `?`. Differences (Δ) are to the
/// first policy, replication by replication on the same draws.
pub fn summary(results: &Results) -> String {
    let mut blocks = Vec::new();
    for point in &results.points {
        let replications = point.policies.first().map_or(0, |p| p.replications);
        let plural = if replications == 1 { "" } else { "s" };
        let count = format!("{replications} replication{plural}");
        let title = match swept::title(&results.swept_fields, &point.values) {
            place if place.is_empty() => count,
            place => format!("{place} ({count})"),
        };
        blocks.push(format!("{title}\n{}", block(&point.policies)));
    }
    blocks.join("\n")
}

fn block(policies: &[PolicyResult]) -> String {
    let mut header: Vec<String> = [
        "policy",
        "mean delay (ms)",
        "p50 (ms)",
        "p99 (ms)",
        "accuracy (%)",
        "offloaded (%)",
    ]
    .map(str::to_owned)
    .to_vec();
    let has_deadline = policies
        .iter()
        .any(|p| p.measure(DEADLINE_MISSED).is_some());
    if has_deadline {
        header.push("deadline missed (%)".to_owned());
    }
    if let Some(paired) = policies.iter().find_map(|p| p.difference.as_ref()) {
        header.push(format!("Δ delay to {} (ms)", paired.to));
        header.push("Δ accuracy (points)".to_owned());
    }
    let columns = header.len();
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for policy in policies {
        let mut row = vec![
            policy.policy.clone(),
            mean(policy.delay_mean_ms),
            quantile(policy, 0.5),
            quantile(policy, 0.99),
            mean(policy.accuracy.scaled(100.0)),
            mean(policy.offloaded_share.scaled(100.0)),
        ];
        if has_deadline {
            let missed = policy.measure(DEADLINE_MISSED);
            row.push(missed.map_or_else(nothing, |share| mean(share.scaled(100.0))));
        }
        if columns > row.len() {
            let paired = policy.difference.as_ref();
            row.push(paired.map_or_else(nothing, |d| mean(d.delay_mean_ms)));
            row.push(paired.map_or_else(nothing, |d| mean(d.accuracy.scaled(100.0))));
        }
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}

pub(super) fn nothing() -> String {
    "-".to_owned()
}

/// The interval decides the digits: two of its own are shown.
pub(super) fn mean(estimate: Estimate) -> String {
    if !estimate.mean.is_finite() {
        return nothing();
    }
    match estimate.ci95.filter(|half_width| half_width.is_finite()) {
        Some(0.0) if estimate.mean == 0.0 => "0 ± 0".to_owned(),
        Some(half_width) => {
            let places = if half_width > 0.0 {
                decimals(half_width, 2)
            } else {
                decimals(estimate.mean, 4)
            };
            format!("{:.places$} ± {half_width:.places$}", estimate.mean)
        }
        None => format!("{:.*}", decimals(estimate.mean, 4), estimate.mean),
    }
}

fn quantile(policy: &PolicyResult, which: f64) -> String {
    let found = policy.delay_quantiles.iter().find(|q| q.quantile == which);
    let Some(q) = found.filter(|_| policy.queries > 0) else {
        return nothing();
    };
    with_ends([Some(q.value_ms), q.low_ms, q.high_ms])
}

/// A value and the ends of its interval: `31.57 [29.41, ?]`.
pub(super) fn with_ends([value, low, high]: [Option<f64>; 3]) -> String {
    let Some(value) = value else {
        return nothing();
    };
    let places = decimals(value, 4);
    match (low, high) {
        (None, None) => format!("{value:.places$}"),
        (low, high) => {
            let end = |end: Option<f64>| {
                end.map_or_else(|| "?".to_owned(), |value| format!("{value:.places$}"))
            };
            format!("{value:.places$} [{}, {}]", end(low), end(high))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_sweep_has_a_block_a_point() {
        insta::assert_snapshot!(summary(&fixture::sweep(2, 3)), @r#"
        users.count = 60 (20 replications)
        policy                       mean delay (ms)               p50 (ms)              p99 (ms)  accuracy (%)  offloaded (%)  Δ delay to EdgeAll (ms)  Δ accuracy (points)
        EdgeAll                         13.01 ± 0.22  9.937 [9.699, 10.166]  49.18 [47.35, 51.64]  90.01 ± 0.36   90.01 ± 0.36                        -                    -
        Goa(tau: 0.6)                   18.21 ± 0.30   13.91 [13.57, 14.23]  68.88 [66.29, 72.29]  85.05 ± 0.32   85.05 ± 0.32              9.10 ± 0.15       -8.505 ± 0.032
        Random(like: Goa(tau: 0.6))     23.41 ± 0.39   17.89 [17.47, 18.30]  88.54 [85.26, 92.93]  80.04 ± 0.33   80.04 ± 0.33             11.71 ± 0.20       -8.004 ± 0.033

        users.count = 70 (20 replications)
        policy                       mean delay (ms)              p50 (ms)              p99 (ms)  accuracy (%)  offloaded (%)  Δ delay to EdgeAll (ms)  Δ accuracy (points)
        EdgeAll                         15.17 ± 0.25  11.59 [11.31, 11.86]  57.38 [55.25, 60.23]  90.01 ± 0.36   90.01 ± 0.36                        -                    -
        Goa(tau: 0.6)                   21.24 ± 0.35  16.23 [15.84, 16.61]  80.35 [77.40, 84.34]  85.05 ± 0.32   85.05 ± 0.32             10.62 ± 0.18       -8.505 ± 0.032
        Random(like: Goa(tau: 0.6))     27.31 ± 0.46  20.86 [20.37, 21.35]   103.3 [99.5, 108.4]  80.04 ± 0.33   80.04 ± 0.33             13.66 ± 0.23       -8.004 ± 0.033
        "#);
    }

    #[test]
    fn deadlines_missed_are_shown_where_there_is_a_deadline() {
        let mut results = fixture::one_point(1);
        let missed = Estimate {
            mean: 0.25,
            ci95: Some(0.0125),
        };
        results.points[0].policies[0].measures = vec![(DEADLINE_MISSED, missed)];
        insta::assert_snapshot!(summary(&results), @r#"
        20 replications
        policy   mean delay (ms)               p50 (ms)              p99 (ms)  accuracy (%)  offloaded (%)  deadline missed (%)
        EdgeAll     13.01 ± 0.22  9.937 [9.699, 10.166]  49.18 [47.35, 51.64]  90.01 ± 0.36   90.01 ± 0.36           25.0 ± 1.2
        "#);
    }

    #[test]
    fn what_does_not_exist_is_a_dash() {
        insta::assert_snapshot!(summary(&fixture::no_query()), @r#"
        3 replications
        policy    mean delay (ms)  p50 (ms)  p99 (ms)  accuracy (%)  offloaded (%)
        LocalAll                -         -         -             -              -
        "#);
        insta::assert_snapshot!(summary(&fixture::single_query()), @r#"
        1 replication
        policy   mean delay (ms)  p50 (ms)  p99 (ms)  accuracy (%)  offloaded (%)
        EdgeAll            12.50     12.50     12.50         90.00          90.00
        "#);
    }

    #[test]
    fn the_interval_decides_the_digits() {
        let estimate = |mean, ci95| Estimate { mean, ci95 };
        assert_eq!(mean(estimate(31.23456, Some(0.1234))), "31.23 ± 0.12");
        assert_eq!(mean(estimate(-1234.5, Some(20.0))), "-1234 ± 20");
        assert_eq!(mean(estimate(100.0, Some(0.0))), "100.0 ± 0.0");
        assert_eq!(mean(estimate(31.23456, None)), "31.23");
        let ends = [Some(12.3456), Some(11.0), None];
        assert_eq!(with_ends(ends), "12.35 [11.00, ?]");
    }
}

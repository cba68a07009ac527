//! Gaps to the best assignment, against the swept field or by policy.

use super::against_sweep::lines_with_bars;
use super::by_policy::rows_with_bars;
use super::{Canvas, PlotError, field_label};
use crate::experiment::{Estimate, Gap};

const LABEL: &str = "Gap to the best assignment (%)";
const BOUNDS: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

pub(in crate::report) fn draw(title: &str, gap: &Gap) -> Result<Canvas, PlotError> {
    let values: Vec<f64> = gap.points.iter().filter_map(|point| point.value).collect();
    if values.len() > 1 {
        let lines: Vec<Vec<(f64, Estimate)>> = (0..gap.series.len())
            .map(|policy| {
                let mut line: Vec<(f64, Estimate)> = gap
                    .points
                    .iter()
                    .filter_map(|point| {
                        let found = point.policies.get(policy)?.gap.scaled(100.0);
                        Some((point.value?, found)).filter(|_| found.mean.is_finite())
                    })
                    .collect();
                line.sort_by(|a, b| a.0.total_cmp(&b.0));
                line
            })
            .collect();
        return lines_with_bars(
            title,
            &field_label(&gap.sweep_field),
            &values,
            (LABEL, BOUNDS),
            &gap.series,
            &lines,
        );
    }
    let rows: Vec<(&str, Estimate)> = gap
        .points
        .iter()
        .flat_map(|point| &point.policies)
        .map(|policy| (&*policy.policy, policy.gap.scaled(100.0)))
        .collect();
    rows_with_bars(title, (LABEL, BOUNDS), &rows)
}

//! Gaps to the best assignment, against the swept field or by policy.

use super::against_sweep::lines_with_bars;
use super::by_policy::rows_with_bars;
use super::slice::Slice;
use super::{Canvas, PlotError};
use crate::experiment::{Estimate, Gap, GapPoint};

const LABEL: &str = "Gap to the best assignment (%)";
const BOUNDS: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// The figures, each with its name.
pub(in crate::report) fn draw(title: &str, gap: &Gap) -> Result<Vec<(String, Canvas)>, PlotError> {
    Slice::of_gap(gap)
        .iter()
        .map(|slice| {
            Ok((
                slice.file_name("gap"),
                of_slice(&slice.title(title), slice)?,
            ))
        })
        .collect()
}

fn of_slice(title: &str, slice: &Slice<'_, GapPoint>) -> Result<Canvas, PlotError> {
    if slice.is_swept() {
        let lines: Vec<Vec<(f64, Estimate)>> = (0..slice.series.len())
            .map(|policy| {
                let mut line: Vec<(f64, Estimate)> = slice
                    .points
                    .iter()
                    .filter_map(|along| {
                        let found = along.point.policies.get(policy)?.gap.scaled(100.0);
                        Some((along.x?, found)).filter(|_| found.mean.is_finite())
                    })
                    .collect();
                line.sort_by(|a, b| a.0.total_cmp(&b.0));
                line
            })
            .collect();
        let quantity = (LABEL, BOUNDS);
        return lines_with_bars(title, slice.axis(true), quantity, slice.series, &lines);
    }
    let rows: Vec<(&str, Estimate)> = slice
        .points
        .iter()
        .flat_map(|along| &along.point.policies)
        .map(|policy| (&*policy.policy, policy.gap.scaled(100.0)))
        .collect();
    rows_with_bars(title, (LABEL, BOUNDS), &rows)
}

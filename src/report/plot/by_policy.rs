//! A quantity at a single point: one row a policy.

use super::slice::Slice;
use super::{Axis, Canvas, Figure, PlotError, Quantity, extent, interval};
use crate::experiment::{Estimate, PointResult};
use crate::report::DrawnPolicies;

/// Height of a policy's row, in points.
const ROW_PT: f64 = 18.0;

pub(super) fn draw(
    title: &str,
    quantity: &Quantity,
    slice: &Slice<'_, PointResult>,
) -> Result<Canvas, PlotError> {
    let last = slice.points.last();
    let policies = last.map_or(&[][..], |along| &along.point.policies);
    let rows: Vec<(&str, Estimate)> = policies
        .iter()
        .filter_map(|policy| Some((&*policy.policy, (quantity.of)(policy)?)))
        .collect();
    let note = last.map_or_else(String::new, |along| slice.note(along));
    let label = if note.is_empty() {
        quantity.label.to_owned()
    } else {
        format!("{}, {note}", quantity.label)
    };
    rows_with_bars(title, (&label, quantity.bounds), &rows)
}

/// One row a name, its estimate with its interval.
pub(super) fn rows_with_bars(
    title: &str,
    (label, bounds): (&str, (f64, f64)),
    rows: &[(&str, Estimate)],
) -> Result<Canvas, PlotError> {
    let policies = DrawnPolicies::of(rows.iter().map(|row| row.0));
    let names = policies.iter().map(|(name, _)| name);
    let mut figure = Figure::new(
        Axis::estimates(
            label,
            rows.iter().map(|row| row.1.mean),
            rows.iter().flat_map(|row| extent(row.1)),
            bounds,
        ),
        Axis::categories("", names).reversed(),
    );
    figure.title = title.to_owned();
    figure.plot_height_pt = ROW_PT * (rows.len() as f64 + 0.2).max(2.0);
    figure.draw(|plot| {
        for (at, (_, estimate)) in rows.iter().enumerate() {
            let style = policies.style(at);
            if let Some((low, high)) = interval(*estimate) {
                plot.error_x(at as f64, estimate.mean, (Some(low), Some(high)), style);
            }
            plot.markers(&[(estimate.mean, at as f64)], style);
        }
    })
}

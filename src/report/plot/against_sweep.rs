//! A quantity against the swept field, one line a policy, the lines set side by side
//! by a hair so that their error bars can be told apart.

use super::slice::Slice;
use super::{Axis, Canvas, Figure, PlotError, Quantity, extent, interval};
use crate::experiment::{Estimate, PointResult};
use crate::report::DrawnPolicies;

pub(super) fn draw(
    title: &str,
    quantity: &Quantity,
    slice: &Slice<'_, PointResult>,
) -> Result<Canvas, PlotError> {
    let lines: Vec<Vec<(f64, Estimate)>> = (0..slice.series.len())
        .map(|policy| {
            let mut line: Vec<(f64, Estimate)> = slice
                .points
                .iter()
                .filter_map(|along| {
                    let estimate = (quantity.of)(along.point.policies.get(policy)?)?;
                    Some((along.x?, estimate))
                })
                .filter(|(_, estimate)| estimate.mean.is_finite())
                .collect();
            line.sort_by(|a, b| a.0.total_cmp(&b.0));
            line
        })
        .collect();
    lines_with_bars(
        title,
        slice.axis(true),
        (quantity.label, quantity.bounds),
        slice.series,
        &lines,
    )
}

/// One line a series, each point with its interval.
pub(super) fn lines_with_bars(
    title: &str,
    x: Axis,
    (y_label, y_bounds): (&str, (f64, f64)),
    names: &[String],
    lines: &[Vec<(f64, Estimate)>],
) -> Result<Canvas, PlotError> {
    let all = || lines.iter().flatten();
    let mut figure = Figure::new(
        x,
        Axis::estimates(
            y_label,
            all().map(|point| point.1.mean),
            all().flat_map(|point| extent(point.1)),
            y_bounds,
        ),
    );
    figure.title = title.to_owned();
    let policies = DrawnPolicies::of(names);
    figure.policies(&policies);
    figure.draw(|plot| {
        let means: Vec<Vec<(f64, f64)>> = lines
            .iter()
            .map(|line| line.iter().map(|(x, e)| (*x, e.mean)).collect())
            .collect();
        let x: Vec<f64> = means.iter().flatten().map(|point| point.0).collect();
        for (policy, line) in means.iter().enumerate() {
            plot.side_by_side(policy, means.len(), &x);
            plot.line(line, policies.style(policy));
        }
        for (policy, line) in lines.iter().enumerate() {
            plot.side_by_side(policy, means.len(), &x);
            for (x, estimate) in line {
                if let Some(ends) = interval(*estimate) {
                    plot.error_y(*x, ends, policies.style(policy));
                }
            }
        }
        for (policy, line) in means.iter().enumerate() {
            plot.side_by_side(policy, means.len(), &x);
            plot.markers(line, policies.style(policy));
        }
    })
}

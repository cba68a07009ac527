//! Quantiles of delay: against the swept field in a panel each, or by policy where
//! nothing is swept. An arrow says that the run is too short to bound a quantile.

use super::slice::Slice;
use super::{Axis, Canvas, Figure, PlotError, Scale, panels};
use crate::experiment::{PointResult, PolicyResult, QuantileEstimate};
use crate::report::DrawnPolicies;

/// The quantiles that are shown: the middle, and the two that promises are made of.
const SHOWN: [f64; 3] = [0.5, 0.99, 0.999];

/// Height of a quantile's panel, in points.
const PANEL_PT: f64 = 110.0;

/// Height of a policy's row, in points.
const ROW_PT: f64 = 18.0;

/// Share of a panel's height that an arrow takes.
const ARROW_ROOM: f64 = 0.14;

/// A delay has no upper bound.
const BOUNDS: (f64, f64) = (0.0, f64::INFINITY);

pub(super) fn against_sweep(
    title: &str,
    slice: &Slice<'_, PointResult>,
) -> Result<Option<Canvas>, PlotError> {
    let lines: Vec<Vec<Vec<(f64, QuantileEstimate)>>> = SHOWN
        .iter()
        .map(|&quantile| {
            (0..slice.series.len())
                .map(|policy| line(slice, policy, quantile))
                .collect()
        })
        .collect();
    if lines.iter().flatten().all(Vec::is_empty) {
        return Ok(None);
    }
    let values = slice.xs();
    let policies = DrawnPolicies::of(slice.series);
    let figures: Vec<Figure> = SHOWN
        .iter()
        .zip(&lines)
        .enumerate()
        .map(|(at, (quantile, lines))| {
            let (first, last) = (at == 0, at + 1 == SHOWN.len());
            let mut figure = Figure::new(
                slice.axis(last),
                axis(&format!("{} delay (ms)", name(*quantile)), lines),
            );
            figure.plot_height_pt = PANEL_PT;
            if first {
                figure.title = title.to_owned();
                figure.policies(&policies);
            }
            figure
        })
        .collect();
    let count = slice.series.len();
    panels::stacked(&figures, |panel, plot| {
        let lines = &lines[panel];
        for (policy, line) in lines.iter().enumerate() {
            plot.side_by_side(policy, count, &values);
            plot.line(&points(line), policies.style(policy));
        }
        for (policy, line) in lines.iter().enumerate() {
            plot.side_by_side(policy, count, &values);
            for (x, q) in line {
                if q.low_ms.is_some() || q.high_ms.is_some() {
                    let ends = (q.low_ms, q.high_ms);
                    plot.error_y_open(*x, q.value_ms, ends, policies.style(policy));
                }
            }
        }
        for (policy, line) in lines.iter().enumerate() {
            plot.side_by_side(policy, count, &values);
            plot.markers(&points(line), policies.style(policy));
        }
    })
    .map(Some)
}

pub(super) fn by_policy(
    title: &str,
    slice: &Slice<'_, PointResult>,
) -> Result<Option<Canvas>, PlotError> {
    let Some(last) = slice.points.last() else {
        return Ok(None);
    };
    let point = last.point;
    let rows: Vec<(&str, Vec<QuantileEstimate>)> = point
        .policies
        .iter()
        .map(|policy| {
            (
                &*policy.policy,
                SHOWN.iter().filter_map(|&q| known(policy, q)).collect(),
            )
        })
        .collect();
    if rows.iter().all(|(_, quantiles)| quantiles.is_empty()) {
        return Ok(None);
    }
    let names: Vec<String> = SHOWN.iter().map(|&quantile| name(quantile)).collect();
    let mut label = format!("Delay (ms): {}", names.join(", "));
    let note = slice.note(last);
    if !note.is_empty() {
        label = format!("{label}; {note}");
    }
    let policies = DrawnPolicies::of(rows.iter().map(|row| row.0));
    let row_names = policies.iter().map(|(name, _)| name);
    let mut figure = Figure::new(
        Axis::log(
            &label,
            rows.iter().flat_map(|row| row.1.iter().flat_map(extent)),
        ),
        Axis::categories("", row_names).reversed(),
    );
    figure.title = title.to_owned();
    figure.plot_height_pt = ROW_PT * (rows.len() as f64 + 0.2).max(2.0);
    figure
        .draw(|plot| {
            for (at, (_, quantiles)) in rows.iter().enumerate() {
                let style = policies.style(at);
                for q in quantiles {
                    if q.low_ms.is_some() || q.high_ms.is_some() {
                        plot.error_x(at as f64, q.value_ms, (q.low_ms, q.high_ms), style);
                    }
                    plot.markers(&[(q.value_ms, at as f64)], style);
                }
            }
        })
        .map(Some)
}

/// An axis of delay that leaves room for arrows.
fn axis(label: &str, lines: &[Vec<(f64, QuantileEstimate)>]) -> Axis {
    let all = || lines.iter().flatten().map(|(_, q)| q);
    let values = || all().map(|q| q.value_ms);
    let axis = Axis::estimates(label, values(), all().flat_map(extent), BOUNDS);
    let arrow_end = all()
        .filter(|q| q.low_ms.is_some() && q.high_ms.is_none())
        .filter_map(|q| axis.place(q.value_ms))
        .fold(0.0, f64::max)
        + ARROW_ROOM;
    if arrow_end <= 1.0 {
        return axis;
    }
    let end = match axis.scale {
        Scale::Linear => axis.low + arrow_end * (axis.high - axis.low),
        Scale::Log => axis.low * (axis.high / axis.low).powf(arrow_end),
    };
    Axis::estimates(label, values(), all().flat_map(extent).chain([end]), BOUNDS)
}

/// "p99.9".
fn name(quantile: f64) -> String {
    // Twelve digits hide that 0.999 x 100 is not 99.9.
    let percent = (quantile * 1e14).round() / 1e12;
    format!("p{percent}")
}

/// A policy's quantile at every point that has it.
fn line(
    slice: &Slice<'_, PointResult>,
    policy: usize,
    quantile: f64,
) -> Vec<(f64, QuantileEstimate)> {
    let mut line: Vec<(f64, QuantileEstimate)> = slice
        .points
        .iter()
        .filter_map(|along| {
            Some((
                along.x?,
                known(along.point.policies.get(policy)?, quantile)?,
            ))
        })
        .collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    line
}

/// A quantile, unless fewer than one query lies beyond it: that is just the slowest.
fn known(policy: &PolicyResult, quantile: f64) -> Option<QuantileEstimate> {
    let found = policy
        .delay_quantiles
        .iter()
        .find(|q| q.quantile == quantile);
    found
        .copied()
        .filter(|_| (1.0 - quantile) * policy.queries as f64 >= 1.0)
}

fn points(line: &[(f64, QuantileEstimate)]) -> Vec<(f64, f64)> {
    line.iter().map(|(x, q)| (*x, q.value_ms)).collect()
}

/// Everything of a quantile that an axis must show.
fn extent(q: &QuantileEstimate) -> impl Iterator<Item = f64> + use<> {
    [Some(q.value_ms), q.low_ms, q.high_ms]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn quantiles_have_their_usual_names() {
        assert_eq!(SHOWN.map(name), ["p50", "p99", "p99.9"]);
    }

    #[test]
    fn arrows_stay_in_their_panel() {
        for (values, scale) in [([10.0, 40.0], Scale::Linear), ([1.0, 9000.0], Scale::Log)] {
            let line: Vec<(f64, QuantileEstimate)> = values
                .iter()
                .map(|&value_ms| {
                    let q = QuantileEstimate {
                        quantile: 0.999,
                        value_ms,
                        low_ms: Some(value_ms),
                        high_ms: None,
                    };
                    (0.0, q)
                })
                .collect();
            let axis = axis("", &[line]);
            assert_eq!(axis.scale, scale);
            let place = axis.place(values[1]).unwrap();
            assert!(place * PANEL_PT + 11.0 <= PANEL_PT, "{place}");
        }
    }

    #[test]
    fn a_quantile_that_no_query_lies_beyond_is_not_shown() {
        let results = fixture::sweep(3, 2);
        assert_eq!(line(&Slice::only(&results), 1, 0.999).len(), 3);
        let single = fixture::single_query();
        assert!(known(&single.points[0].policies[0], 0.5).is_none());
        assert!(by_policy("", &Slice::only(&single)).unwrap().is_none());
        assert!(
            by_policy("", &Slice::only(&fixture::no_query()))
                .unwrap()
                .is_none()
        );
        assert!(
            against_sweep("", &Slice::only(&fixture::sweep(2, 1)))
                .unwrap()
                .is_some()
        );
    }
}

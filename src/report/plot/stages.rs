//! Where the time goes: the stages of the mean query and those of the slowest 1 %,
//! stacked, one row a policy, at the sweep's last point. What grows from the upper
//! panel to the lower one makes the tail.

use super::slice::Slice;
use super::theme::{Marker, Rgb, Style};
use super::{Axis, Canvas, Figure, PlotError, Swatch, interval, panels, theme};
use crate::experiment::{Estimate, PointResult, PolicyResult, StageMeans};
use crate::report::drawn_policies::label;
use crate::station::stage::Stage;

/// Height of a policy's row, in points.
const ROW_PT: f64 = 18.0;
/// Half the thickness of a bar, in rows.
const HALF: f64 = 0.38;
/// How far the whiskers of the stages spread over a bar, in rows.
const WHISKERS: f64 = 0.56;
/// Half the height of a whisker's ends, in rows.
const CAP: f64 = 0.08;
/// A bar this many times as long as the middle one is cut.
const CUT_RATIO: f64 = 30.0;
/// Share of the axis below which a stage is too small for a whisker.
const LEAST: f64 = 0.01;

/// A panel: its label, and what it stacks.
type Panel = (&'static str, fn(&PolicyResult) -> &StageMeans);

const PANELS: [Panel; 2] = [
    ("Mean (ms)", |policy| &policy.stages_ms),
    ("Mean of the slowest 1 % (ms)", |policy| {
        &policy.slowest_stages_ms
    }),
];

/// `None` if no query completed.
pub(super) fn draw(
    title: &str,
    slice: &Slice<'_, PointResult>,
) -> Result<Option<Canvas>, PlotError> {
    let Some(last) = slice.points.last() else {
        return Ok(None);
    };
    let point = last.point;
    let policies: Vec<&PolicyResult> = point.policies.iter().collect();
    if policies.iter().all(|policy| policy.queries == 0) {
        return Ok(None);
    }
    let note = slice.note(last);
    let figures: Vec<Figure> = PANELS
        .iter()
        .enumerate()
        .map(|(panel, (axis_label, stages))| {
            let rows: Vec<Vec<f64>> = policies.iter().map(|p| ends(stages(p))).collect();
            let most = longest(&rows);
            let names = policies.iter().zip(&rows).map(|(policy, ends)| {
                match ends.last().filter(|total| **total > most) {
                    Some(total) => format!("{} ({total:.2e} ms)", label(&policy.policy)),
                    None => label(&policy.policy),
                }
            });
            let mut figure = Figure::new(
                Axis::linear_between(axis_label, 0.0, 1.04 * most),
                Axis::categories("", names).reversed(),
            );
            figure.plot_height_pt = ROW_PT * (policies.len() as f64 + 0.2).max(2.0);
            if panel == 0 {
                let title = [title, &note].into_iter().filter(|text| !text.is_empty());
                figure.title = title.collect::<Vec<_>>().join(", ");
                for stage in shown(&policies) {
                    let name = stage.name().replace('_', " ");
                    figure.legend_entry(name, plain(stage.colour()), Swatch::Area);
                }
            }
            figure
        })
        .collect();
    panels::stacked(&figures, |panel, plot| {
        let (stages, axis) = (PANELS[panel].1, &figures[panel].x);
        for (row, policy) in policies.iter().enumerate() {
            let row = row as f64;
            let parts = parts(stages(policy));
            for part in &parts {
                plot.bar((part.from, part.to), (row - HALF, row + HALF), part.style);
            }
            if parts.last().is_some_and(|part| part.to > axis.high) {
                // The bar goes on.
                let gap = (0.95 * axis.high, 0.965 * axis.high);
                plot.bar(gap, (row - HALF, row + HALF), plain(theme::WHITE));
                continue;
            }
            // One below the other, so that no whisker hides another.
            let whiskers: Vec<&Part> = parts
                .iter()
                .filter(|part| part.to - part.from >= LEAST * axis.high)
                .collect();
            for (at, part) in whiskers.iter().enumerate() {
                let Some((low, high)) = part.interval else {
                    continue;
                };
                let share = (at as f64 + 0.5) / whiskers.len() as f64 - 0.5;
                let y = row + WHISKERS * share;
                let (low, ink) = (low.max(0.0), plain(theme::INK));
                plot.line(&[(low, y), (high, y)], ink);
                for end in [low, high] {
                    plot.line(&[(end, y - CAP), (end, y + CAP)], ink);
                }
            }
        }
    })
    .map(Some)
}

/// One stage's piece of a bar.
struct Part {
    from: f64,
    to: f64,
    /// The stage's interval, set around its end.
    interval: Option<(f64, f64)>,
    style: Style,
}

fn parts(stages: &StageMeans) -> Vec<Part> {
    let mut from = 0.0;
    in_order(stages)
        .map(|(_, estimate, style)| {
            let to = from + estimate.mean;
            let around_end = Estimate {
                mean: to,
                ..estimate
            };
            let part = Part {
                from,
                to,
                interval: interval(around_end),
                style,
            };
            from = to;
            part
        })
        .collect()
}

/// Where a row's whiskers and, last, its bar end.
fn ends(stages: &StageMeans) -> Vec<f64> {
    let parts = parts(stages);
    let whiskers = parts.iter().filter_map(|part| Some(part.interval?.1));
    let total = parts.last().map(|part| part.to);
    whiskers
        .chain(total)
        .filter(|end| end.is_finite())
        .collect()
}

/// What the axis must show: everything, unless a policy is so slow that the others
/// would vanish beside it. Its bar is then cut.
fn longest(rows: &[Vec<f64>]) -> f64 {
    let mut totals: Vec<f64> = rows
        .iter()
        .filter_map(|ends| ends.last().copied())
        .collect();
    totals.sort_by(f64::total_cmp);
    let middle = totals.get(totals.len() / 2).copied().unwrap_or(0.0);
    let kept = |ends: &&Vec<f64>| {
        let total = ends.last().copied().unwrap_or(0.0);
        total <= CUT_RATIO * middle
    };
    let shown = rows.iter().filter(kept).flatten();
    let most = shown.copied().fold(0.0, f64::max);
    if most > 0.0 { most } else { 1.0 }
}

/// The stages in the order of a query's life, those that nobody spent time in left
/// out.
fn in_order(stages: &StageMeans) -> impl Iterator<Item = (Stage, Estimate, Style)> + '_ {
    Stage::IN_LIFE.into_iter().filter_map(|stage| {
        let (_, estimate) = stages.0.iter().find(|(other, _)| *other == stage)?;
        (estimate.mean > 0.0).then(|| (stage, *estimate, plain(stage.colour())))
    })
}

/// The legend: stages that anybody spent time in.
fn shown(policies: &[&PolicyResult]) -> impl Iterator<Item = Stage> {
    Stage::IN_LIFE.into_iter().filter(|stage| {
        policies
            .iter()
            .flat_map(|policy| PANELS.iter().map(move |panel| panel.1(policy)))
            .any(|stages| in_order(stages).any(|found| found.0 == *stage))
    })
}

fn plain(colour: Rgb) -> Style {
    Style {
        colour,
        marker: Marker::Square,
        dash: &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_policy_out_of_all_proportion_is_cut() {
        let row = |total: f64| vec![total];
        assert_eq!(longest(&[row(10.0), row(20.0), row(200.0)]), 200.0);
        assert_eq!(longest(&[row(10.0), row(20.0), row(2e6)]), 20.0);
        assert_eq!(longest(&[row(2e6)]), 2e6);
        assert_eq!(longest(&[Vec::new()]), 1.0);
        let mut results = fixture::one_point(3);
        let stages = &mut results.points[0].policies[1].stages_ms.0;
        stages.iter_mut().for_each(|stage| stage.1.mean *= 1e6);
        assert!(draw("", &Slice::only(&results)).unwrap().is_some());
    }

    #[test]
    fn a_bar_is_as_long_as_the_mean_delay() {
        let results = fixture::one_point(3);
        for policy in &results.points[0].policies {
            let parts = parts(&policy.stages_ms);
            assert_eq!(parts[0].from, 0.0);
            assert!(parts.windows(2).all(|pair| pair[0].to == pair[1].from));
            let end = parts.last().unwrap().to;
            assert!((end / policy.delay_mean_ms.mean - 1.0).abs() < 1e-12);
        }
        assert!(draw("", &Slice::only(&results)).unwrap().is_some());
        assert!(
            draw("", &Slice::only(&fixture::no_query()))
                .unwrap()
                .is_none()
        );
    }
}

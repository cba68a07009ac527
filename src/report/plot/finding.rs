//! The values that a search simulated: a panel per condition, with the limit as a line.

use super::theme::{self, Style};
use super::{Axis, Canvas, Figure, PlotError, field_label, panels};
use crate::experiment::Interval;
use crate::finding::Finding;
use crate::report::DrawnPolicies;

/// Height of a condition's panel, in points.
const PANEL_PT: f64 = 130.0;

/// How the limit is drawn.
const LIMIT: Style = Style {
    colour: (90, 90, 90),
    marker: theme::Marker::Circle,
    dash: &[3.0, 2.0],
};

type Line = Vec<(f64, Interval)>;

pub(in crate::report) fn draw(title: &str, finding: &Finding) -> Result<Canvas, PlotError> {
    let panels: Vec<Vec<Line>> = (0..finding.conditions.len())
        .map(|condition| {
            (0..finding.policies.len())
                .map(|policy| line(finding, condition, policy))
                .collect()
        })
        .collect();
    let policies = DrawnPolicies::of(&finding.policies);
    let values: Vec<f64> = finding.path.iter().map(|place| place.value).collect();
    let figures: Vec<Figure> = finding
        .conditions
        .iter()
        .zip(&panels)
        .enumerate()
        .map(|(at, (condition, lines))| {
            let x_label = match at + 1 == finding.conditions.len() {
                true => field_label(&finding.field),
                false => String::new(),
            };
            let mut figure = Figure::new(
                Axis::fitting(&x_label, values.iter().copied()),
                y_axis(&condition.estimated(), condition.limit(), lines),
            );
            figure.plot_height_pt = PANEL_PT;
            figure.title = condition.text.clone();
            if at == 0 {
                if !title.is_empty() {
                    figure.title = format!("{title}: {}", condition.text);
                }
                figure.policies(&policies);
            }
            figure
        })
        .collect();
    let count = finding.policies.len();
    panels::stacked(&figures, |panel, plot| {
        let limit = finding.conditions[panel].limit();
        plot.line(&[(finding.low, limit), (finding.high, limit)], LIMIT);
        for (policy, line) in panels[panel].iter().enumerate() {
            plot.side_by_side(policy, count, &values);
            let means: Vec<(f64, f64)> = line.iter().map(|(x, i)| (*x, i.estimate)).collect();
            plot.line(&means, policies.style(policy));
            for (x, interval) in line {
                plot.error_y(*x, (interval.low, interval.high), policies.style(policy));
            }
            plot.markers(&means, policies.style(policy));
        }
    })
}

fn line(finding: &Finding, condition: usize, policy: usize) -> Line {
    let judged = finding.path.iter().map(|place| {
        let judged = &place.policies[policy].conditions[condition];
        (place.value, judged.interval)
    });
    judged
        .filter(|(_, interval)| interval.low.is_finite() && interval.high.is_finite())
        .collect()
}

/// All intervals, and the limit.
fn y_axis(label: &str, limit: f64, lines: &[Line]) -> Axis {
    let all = lines.iter().flatten();
    let ends = all.flat_map(|(_, i)| [i.low, i.high, i.estimate]);
    Axis::fitting(label, ends.chain([limit]))
}

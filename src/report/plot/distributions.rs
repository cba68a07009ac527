//! Distribution functions of measured and simulated times of a server, one below the other.

use super::panels::stacked;
use super::theme;
use super::{Axis, Canvas, Figure, PlotError, Swatch};
use crate::validation::{Comparison, Duration, Measure};

/// `None` where nothing was simulated.
pub(in crate::report) fn draw(
    title: &str,
    comparison: &Comparison,
) -> Result<Option<Canvas>, PlotError> {
    let drawn: Vec<&Measure> = comparison
        .measures
        .iter()
        .filter(|measure| !measure.simulated_ms.is_empty())
        .collect();
    let curves = |measure: &Measure| {
        [
            ("measured", &measure.measured_ms),
            ("simulated", &measure.simulated_ms),
        ]
        .into_iter()
        .enumerate()
        .filter(|(_, (_, values))| !values.is_empty())
        .map(|(at, (name, values))| (name, theme::series(at), shares(values)))
        .collect::<Vec<_>>()
    };
    let figures = drawn.iter().enumerate().map(|(at, measure)| {
        let values = measure.measured_ms.iter().chain(&measure.simulated_ms);
        let mut figure = Figure::new(
            Axis::log(
                label(measure.duration),
                values.copied().filter(|ms| *ms > 0.0),
            ),
            Axis::linear_between("Share of requests", 0.0, 1.0),
        );
        figure.plot_height_pt = 0.6 * theme::PLOT_HEIGHT_PT;
        if at == 0 {
            title.clone_into(&mut figure.title);
            for (name, style, _) in curves(measure) {
                figure.legend_entry(name, style, Swatch::Line);
            }
        }
        figure
    });
    let figures: Vec<Figure> = figures.collect();
    if figures.is_empty() {
        return Ok(None);
    }
    stacked(&figures, |at, plot| {
        for (_, style, points) in curves(drawn[at]) {
            plot.line(&points, style);
        }
    })
    .map(Some)
}

fn label(duration: Duration) -> &'static str {
    match duration {
        Duration::FirstToken => "Time to first token (ms)",
        Duration::PerToken => "Time per output token (ms)",
        Duration::EndToEnd => "End to end (ms)",
    }
}

/// The steps of the share of requests that took no longer.
fn shares(values: &[f64]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|ms| *ms > 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let steps = sorted.iter().enumerate();
    steps
        .flat_map(|(at, ms)| [(*ms, at as f64 / count), (*ms, (at + 1) as f64 / count)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_rise_from_none_to_all() {
        let steps = shares(&[3.0, 1.0]);
        assert_eq!(steps, [(1.0, 0.0), (1.0, 0.5), (3.0, 0.5), (3.0, 1.0)]);
    }
}

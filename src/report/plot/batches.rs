//! The batches of servers over simulated time: how many queries run, how many wait, and how
//! much of the memory for keys and values is in use.

use super::panels::stacked;
use super::theme;
use super::{Axis, Canvas, Figure, PlotError, Swatch};
use crate::report::DrawnPolicies;

/// The batches at an instant, on average over the servers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Batches {
    /// Simulated time, in seconds.
    pub time_s: f64,
    /// Queries that run, a server.
    pub running: f64,
    /// Queries that wait, a server.
    pub waiting: f64,
    /// Share of the memory in use.
    pub memory: f64,
}

/// A quantity along the vertical axis of a panel.
type Quantity = (&'static str, fn(&Batches) -> f64);

const QUANTITIES: [Quantity; 3] = [
    ("Running a server", |batches| batches.running),
    ("Waiting a server", |batches| batches.waiting),
    ("Memory in use (%)", |batches| 100.0 * batches.memory),
];

/// A curve for each policy in a panel for each quantity; `None` where there is no curve of two
/// instants.
pub(in crate::report) fn draw(
    title: &str,
    policies: &[(String, Vec<Batches>)],
) -> Result<Option<Canvas>, PlotError> {
    if policies.iter().all(|(_, curve)| curve.len() < 2) {
        return Ok(None);
    }
    let drawn = DrawnPolicies::of(policies.iter().map(|(name, _)| name));
    let all = || policies.iter().flat_map(|(_, curve)| curve);
    let figures = QUANTITIES.iter().enumerate().map(|(panel, (label, of))| {
        let mut figure = Figure::new(
            Axis::linear("Time (s)", all().map(|batches| batches.time_s)),
            Axis::bounded(label, all().map(of).chain([0.0]), (0.0, f64::INFINITY)),
        );
        figure.plot_height_pt = 0.5 * theme::PLOT_HEIGHT_PT;
        if panel == 0 {
            title.clone_into(&mut figure.title);
            for (name, style) in drawn.iter() {
                figure.legend_entry(name, style, Swatch::Line);
            }
        }
        figure
    });
    let figures: Vec<Figure> = figures.collect();
    stacked(&figures, |panel, plot| {
        for (at, (_, curve)) in policies.iter().enumerate() {
            let (_, of) = QUANTITIES[panel];
            let points = curve.iter().map(|batches| (batches.time_s, of(batches)));
            plot.line(&points.collect::<Vec<_>>(), drawn.style(at));
        }
    })
    .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_picture_where_there_is_time() {
        let batches = |time_s| Batches {
            time_s,
            running: 3.0 * time_s,
            waiting: 0.0,
            memory: 0.1 * time_s,
        };
        let curve = |instants: &[f64]| instants.iter().map(|t| batches(*t)).collect();
        let of = |instants: &[f64]| {
            let policies = [("EdgeAll".to_owned(), curve(instants))];
            draw("batches", &policies).unwrap().is_some()
        };
        assert!(!of(&[]) && !of(&[1.0]));
        assert!(of(&[0.0, 1.0, 2.0]));
    }
}

//! The accuracy-delay plane: what a policy costs in time beside what it gives in
//! right answers, and below it, where messages are counted, what it costs in bytes. A policy
//! that the sweep changes is a curve, any other a point.

use super::slice::Slice;
use super::{Axis, Canvas, Figure, PlotError, Scale, extent, interval, panels};
use crate::experiment::{Estimate, PointResult, PolicyResult};
use crate::report::DrawnPolicies;

/// A cost along the horizontal axis of a panel: its name, and its estimate.
type Cost = (&'static str, fn(&PolicyResult) -> Option<Estimate>);

const COSTS: [Cost; 2] = [
    ("Mean delay (ms)", |result| Some(result.delay_mean_ms)),
    ("Sent up (kB a query)", |result| {
        result.measure("sent_up_kb")
    }),
];

/// Curves in a plane want a square.
const HEIGHT_PT: f64 = 270.0;
/// Two of them want a page.
const HEIGHT_OF_TWO_PT: f64 = 200.0;

/// Where a policy is at one point of the sweep.
#[derive(Debug, Clone, Copy)]
struct Place {
    cost: Estimate,
    accuracy: Estimate,
}

/// One panel, and where its policies are.
struct Panel {
    figure: Figure,
    curves: Vec<Vec<Place>>,
}

pub(super) fn draw(
    title: &str,
    slice: &Slice<'_, PointResult>,
) -> Result<Option<Canvas>, PlotError> {
    let policies = DrawnPolicies::of(slice.series);
    let panels = COSTS.iter().filter_map(|cost| panel(slice, cost));
    let mut panels: Vec<Panel> = panels.collect();
    if panels.len() > 1 {
        for panel in &mut panels {
            panel.figure.plot_height_pt = HEIGHT_OF_TWO_PT;
        }
    }
    let Some(first) = panels.first_mut() else {
        return Ok(None);
    };
    first.figure.title = title.to_owned();
    first.figure.policies(&policies);
    let (figures, curves): (Vec<Figure>, Vec<Vec<Vec<Place>>>) = panels
        .into_iter()
        .map(|panel| (panel.figure, panel.curves))
        .unzip();
    panels::stacked(&figures, |panel, plot| {
        for (policy, curve) in curves[panel].iter().enumerate() {
            let style = policies.style(policy);
            let means: Vec<(f64, f64)> = curve
                .iter()
                .map(|place| (place.cost.mean, place.accuracy.mean))
                .collect();
            plot.line(&means, style);
            for place in curve {
                if let Some(ends) = interval(place.accuracy) {
                    plot.error_y(place.cost.mean, ends, style);
                }
                if let Some((low, high)) = interval(place.cost) {
                    let ends = (Some(low), Some(high));
                    plot.error_x(place.accuracy.mean, place.cost.mean, ends, style);
                }
            }
        }
        for (policy, curve) in curves[panel].iter().enumerate() {
            for place in curve {
                let at = [(place.cost.mean, place.accuracy.mean)];
                plot.markers(&at, policies.style(policy));
            }
        }
    })
    .map(Some)
}

/// The panel of a cost; nothing where it is not known.
fn panel(slice: &Slice<'_, PointResult>, (name, cost): &Cost) -> Option<Panel> {
    let curves: Vec<Vec<Place>> = (0..slice.series.len())
        .map(|policy| curve(slice, policy, *cost))
        .collect();
    let places = || curves.iter().flatten();
    places().next()?;
    let costs = || places().flat_map(|place| extent(place.cost));
    let of_cost = match Axis::estimates(
        name,
        places().map(|place| place.cost.mean),
        costs(),
        (0.0, f64::INFINITY),
    ) {
        log if log.scale == Scale::Log => log,
        // Where curves lie matters here, and not how far from zero.
        _ => Axis::linear(name, costs()),
    };
    let mut figure = Figure::new(
        of_cost,
        Axis::bounded(
            "Accuracy (%)",
            places().flat_map(|p| extent(p.accuracy)),
            (0.0, 100.0),
        ),
    );
    figure.plot_height_pt = HEIGHT_PT;
    Some(Panel { figure, curves })
}

fn curve(
    slice: &Slice<'_, PointResult>,
    policy: usize,
    cost: fn(&PolicyResult) -> Option<Estimate>,
) -> Vec<Place> {
    let mut points: Vec<_> = slice
        .points
        .iter()
        .filter_map(|along| Some((along.x, along.point.policies.get(policy)?)))
        .collect();
    points.sort_by(|a, b| a.0.unwrap_or(0.0).total_cmp(&b.0.unwrap_or(0.0)));
    // The same at every point: the sweep does not concern it.
    points.dedup_by(|a, b| a.1.policy == b.1.policy);
    points
        .into_iter()
        .filter_map(|(_, result)| {
            Some(Place {
                cost: cost(result)?,
                accuracy: result.accuracy.scaled(100.0),
            })
        })
        .filter(|place| place.cost.mean.is_finite() && place.accuracy.mean.is_finite())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_policy_that_the_sweep_leaves_alone_is_one_point() {
        let mut results = fixture::sweep(3, 2);
        for (at, point) in results.points.iter_mut().enumerate() {
            point.policies[1].policy = format!("Goa(tau: 0.{at})");
        }
        let (_, delay) = COSTS[0];
        assert_eq!(curve(&Slice::only(&results), 0, delay).len(), 1);
        assert_eq!(curve(&Slice::only(&results), 1, delay).len(), 3);
        assert!(draw("", &Slice::only(&results)).unwrap().is_some());
        assert!(
            draw("", &Slice::only(&fixture::no_query()))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn bytes_have_a_panel_where_they_are_counted() {
        let mut results = fixture::sweep(1, 2);
        let panels = |results: &_| {
            let slice = Slice::only(results);
            COSTS.map(|cost| panel(&slice, &cost).is_some())
        };
        assert_eq!(panels(&results), [true, false]);
        for policy in &mut results.points[0].policies {
            let sent = Estimate {
                mean: 2.5,
                ci95: Some(0.1),
            };
            policy.measures.push(("sent_up_kb", sent));
        }
        assert_eq!(panels(&results), [true, true]);
    }
}

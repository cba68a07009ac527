//! The accuracy-delay plane: what a policy costs in time beside what it gives in
//! right answers. A policy that the sweep changes is a curve, any other a point.

use super::slice::Slice;
use super::{Axis, Canvas, Figure, PlotError, Scale, extent, interval};
use crate::experiment::{Estimate, PointResult};
use crate::report::DrawnPolicies;

const DELAY: &str = "Mean delay (ms)";

/// Curves in a plane want a square.
const HEIGHT_PT: f64 = 270.0;

/// Where a policy is at one point of the sweep.
#[derive(Debug, Clone, Copy)]
struct Place {
    delay_ms: Estimate,
    accuracy: Estimate,
}

pub(super) fn draw(
    title: &str,
    slice: &Slice<'_, PointResult>,
) -> Result<Option<Canvas>, PlotError> {
    let curves: Vec<Vec<Place>> = (0..slice.series.len())
        .map(|policy| curve(slice, policy))
        .collect();
    let places = || curves.iter().flatten();
    if places().next().is_none() {
        return Ok(None);
    }
    let delays = || places().flat_map(|place| extent(place.delay_ms));
    let of_delay = match Axis::estimates(
        DELAY,
        places().map(|place| place.delay_ms.mean),
        delays(),
        (0.0, f64::INFINITY),
    ) {
        log if log.scale == Scale::Log => log,
        // Where curves lie matters here, and not how far from zero.
        _ => Axis::linear(DELAY, delays()),
    };
    let mut figure = Figure::new(
        of_delay,
        Axis::bounded(
            "Accuracy (%)",
            places().flat_map(|p| extent(p.accuracy)),
            (0.0, 100.0),
        ),
    );
    figure.title = title.to_owned();
    figure.plot_height_pt = HEIGHT_PT;
    let policies = DrawnPolicies::of(slice.series);
    figure.policies(&policies);
    figure
        .draw(|plot| {
            for (policy, curve) in curves.iter().enumerate() {
                let style = policies.style(policy);
                let means: Vec<(f64, f64)> = curve
                    .iter()
                    .map(|place| (place.delay_ms.mean, place.accuracy.mean))
                    .collect();
                plot.line(&means, style);
                for place in curve {
                    if let Some(ends) = interval(place.accuracy) {
                        plot.error_y(place.delay_ms.mean, ends, style);
                    }
                    if let Some((low, high)) = interval(place.delay_ms) {
                        let ends = (Some(low), Some(high));
                        plot.error_x(place.accuracy.mean, place.delay_ms.mean, ends, style);
                    }
                }
            }
            for (policy, curve) in curves.iter().enumerate() {
                for place in curve {
                    let at = [(place.delay_ms.mean, place.accuracy.mean)];
                    plot.markers(&at, policies.style(policy));
                }
            }
        })
        .map(Some)
}

fn curve(slice: &Slice<'_, PointResult>, policy: usize) -> Vec<Place> {
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
        .map(|(_, result)| Place {
            delay_ms: result.delay_mean_ms,
            accuracy: result.accuracy.scaled(100.0),
        })
        .filter(|place| place.delay_ms.mean.is_finite() && place.accuracy.mean.is_finite())
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
        assert_eq!(curve(&Slice::only(&results), 0).len(), 1);
        assert_eq!(curve(&Slice::only(&results), 1).len(), 3);
        assert!(draw("", &Slice::only(&results)).unwrap().is_some());
        assert!(
            draw("", &Slice::only(&fixture::no_query()))
                .unwrap()
                .is_none()
        );
    }
}

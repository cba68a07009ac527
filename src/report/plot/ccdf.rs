//! The complementary CDF of delay, and of the times of tokens, on logarithmic axes, at the sweep's last point,
//! which is as a rule the one of greatest load; the `.hgrm` files hold the others.
//!
//! Of delay, markers are the reported quantiles with their 95 % intervals; an arrow says that
//! the run is too short to bound one. Where queries arrive over time, a band joins
//! the intervals of many quantiles, each by itself; it ends where they have no
//! upper bound.

use super::slice::Slice;
use super::{Axis, Canvas, Figure, PlotError};
use crate::experiment::{DelayCounts, PointResult, PolicyResult, UNIT};
use crate::report::DrawnPolicies;

/// Share of a policy's queries that may be faster than the left end of the axis.
const CUT: f64 = 0.005;

/// A time that queries take.
pub(super) struct Time {
    /// How its figure is called.
    pub name: &'static str,
    /// The horizontal axis.
    label: &'static str,
    /// The vertical axis.
    beyond: &'static str,
    /// All of its values; `None` where it is not measured.
    of: fn(&PolicyResult) -> Option<&DelayCounts>,
    /// Whether results have quantiles and a band of it.
    has_quantiles: bool,
}

/// All times that have such a figure.
pub(super) const TIMES: [Time; 3] = [
    Time {
        name: "delay_ccdf",
        label: "Delay t (ms)",
        beyond: "P(delay > t)",
        of: |policy| Some(&policy.histogram),
        has_quantiles: true,
    },
    Time {
        name: "ttft_ccdf",
        label: "Time to first token t (ms)",
        beyond: "P(TTFT > t)",
        of: |policy| Some(&policy.token_times.as_ref()?.first),
        has_quantiles: false,
    },
    Time {
        name: "tpot_ccdf",
        label: "Time per later token t (ms)",
        beyond: "P(TPOT > t)",
        of: |policy| Some(&policy.token_times.as_ref()?.later),
        has_quantiles: false,
    },
];

/// `None` if no query completed.
pub(super) fn draw(
    title: &str,
    slice: &Slice<'_, PointResult>,
    time: &Time,
) -> Result<Option<Canvas>, PlotError> {
    let Some(last) = slice.points.last() else {
        return Ok(None);
    };
    let point = last.point;
    let policies = point.policies.iter().enumerate();
    let shown: Vec<(usize, &PolicyResult, &DelayCounts)> = policies
        .filter_map(|(at, policy)| Some((at, policy, (time.of)(policy)?)))
        .filter(|(_, _, times)| times.total() > 0)
        .collect();
    let times = || shown.iter().map(|(_, _, times)| *times);
    let Some(most) = times().map(DelayCounts::total).max() else {
        return Ok(None);
    };
    let ends = times()
        .flat_map(|d| [d.value_at_quantile(CUT), d.max()])
        .map(ms);
    let mut figure = Figure::new(
        Axis::log(time.label, ends),
        Axis::log(time.beyond, [(1.0 / most as f64).min(0.1), 1.0]),
    );
    figure.title = title.to_owned();
    figure.note = slice.note(last);
    let policies = DrawnPolicies::of(point.policies.iter().map(|policy| &policy.policy));
    for (at, ..) in &shown {
        let swatch = match time.has_quantiles {
            true => super::Swatch::LineAndMarker,
            false => super::Swatch::Line,
        };
        figure.legend_entry(policies.label(*at), policies.style(*at), swatch);
    }
    let lowest = figure.y.low;
    let drawing = figure.draw(|plot| {
        for (at, policy, _) in shown.iter().filter(|_| time.has_quantiles) {
            plot.band_x(&band(policy), policies.style(*at));
        }
        for (at, _, times) in &shown {
            plot.line(&curve(times, lowest), policies.style(*at));
        }
        for (at, policy, _) in shown.iter().filter(|_| time.has_quantiles) {
            let style = policies.style(*at);
            for q in &policy.delay_quantiles {
                let beyond = 1.0 - q.quantile;
                // A quantile that fewer than one query lies beyond is just the
                // slowest query.
                if beyond < lowest || beyond * (policy.queries as f64) < 1.0 {
                    continue;
                }
                if q.low_ms.is_some() || q.high_ms.is_some() {
                    plot.error_x(beyond, q.value_ms, (q.low_ms, q.high_ms), style);
                }
                plot.markers(&[(q.value_ms, beyond)], style);
            }
        }
    })?;
    Ok(Some(drawing))
}

/// The steps of the share of delays that are longer. Nothing is longer than the
/// slowest: there the curve falls to `floor`, the end of the axis.
fn curve(delays: &DelayCounts, floor: f64) -> Vec<(f64, f64)> {
    let total = delays.total();
    let mut longer = total;
    let mut points = Vec::new();
    let mut share = 1.0;
    for (value, count) in delays.iter() {
        let delay = ms(value);
        points.push((delay, share));
        longer -= count.min(longer);
        share = longer as f64 / total as f64;
        points.push((delay, share.max(floor)));
    }
    points
}

/// (share of delays beyond, ends of the interval) while both ends are known.
fn band(policy: &PolicyResult) -> Vec<(f64, f64, f64)> {
    policy
        .delay_band
        .iter()
        .map_while(|q| Some((1.0 - q.quantile, q.low_ms?, q.high_ms?)))
        .collect()
}

fn ms(ns: u64) -> f64 {
    ns as f64 * UNIT.0 * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_curve_is_the_share_of_longer_delays() {
        let results = fixture::sweep(1, 1);
        let histogram = &results.points[0].policies[0].histogram;
        let points = curve(histogram, 1e-5);
        assert_eq!(points[0].1, 1.0);
        assert!(points.is_sorted_by(|a, b| a.0 <= b.0 && a.1 >= b.1));
        assert_eq!(points.last().unwrap().1, 1e-5);
        for &(delay, share) in points.iter().skip(1).step_by(200) {
            let ns = (delay * 1e6).round() as u64;
            let longer = histogram.total() - histogram.count_up_to(ns);
            assert!((longer as f64 / histogram.total() as f64) <= share);
        }
        assert!(
            draw("", &Slice::only(&fixture::no_query()), &TIMES[0])
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn the_band_holds_the_curve_and_ends_where_it_has_no_bound() {
        let results = fixture::sweep(1, 1);
        let policy = &results.points[0].policies[0];
        let band = band(policy);
        assert!(band.len() > 20 && band.len() < policy.delay_band.len());
        for &(beyond, low, high) in &band {
            let value = policy.histogram.value_at_quantile(1.0 - beyond);
            assert!(low <= ms(value) && ms(value) <= high, "{beyond}");
        }
    }
}

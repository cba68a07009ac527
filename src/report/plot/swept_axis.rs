//! The axis of a swept field.

use super::axis::{Axis, MOST_TICKS};
use super::ticks::plainly;

/// How far apart ticks at swept values must be, as a share of the axis.
const LEAST_APART: f64 = 0.07;

/// How far ratios of neighbouring swept values may differ to be taken for equal: they may
/// have been rounded.
const SAME_RATIO: f64 = 1.15;

/// The least ratio that makes a logarithmic axis worth it.
const LEAST_RATIO: f64 = 1.5;

impl Axis {
    /// An axis of swept values: each is written where there are few and they lie apart.
    /// Values of equal ratios lie at equal distances.
    pub fn swept(label: &str, values: &[f64]) -> Self {
        let mut axis = match of_equal_ratios(values) {
            true => Self::log(label, values.iter().copied()),
            false => Self::fitting(label, values.iter().copied()),
        };
        let mut places: Vec<f64> = values.iter().filter_map(|&v| axis.place(v)).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let apart = places
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= LEAST_APART);
        let short = values
            .iter()
            .all(|value| plainly(*value).chars().count() <= 5);
        if apart && short && places.len() as f64 <= MOST_TICKS && places.len() > 1 {
            axis.ticks = values.iter().map(|&v| (v, plainly(v))).collect();
            axis.minor_ticks.clear();
        }
        axis
    }
}

/// Whether at least three values, in whatever order, follow each other at equal ratios.
fn of_equal_ratios(values: &[f64]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ratios: Vec<f64> = sorted.windows(2).map(|pair| pair[1] / pair[0]).collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    let is_positive = sorted.first().is_some_and(|first| *first > 0.0);
    is_positive && ratios.len() >= 2 && least >= LEAST_RATIO && most <= SAME_RATIO * least
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::Scale;

    #[test]
    fn swept_values_of_equal_ratios_lie_at_equal_distances() {
        for (values, scale) in [
            (&[10.0, 32.0, 100.0, 316.0, 1000.0][..], Scale::Log),
            (&[8.0, 4.0, 2.0, 1.0], Scale::Log),
            (&[60.0, 70.0, 80.0], Scale::Linear),
            (&[1.0, 1.2, 1.44], Scale::Linear),
            (&[0.0, 1.0, 2.0], Scale::Linear),
            (&[1.0, 2.0], Scale::Linear),
            (&[0.1, 0.2, 0.4, 0.8, 1.2], Scale::Linear),
        ] {
            let axis = Axis::swept("", values);
            assert_eq!(axis.scale, scale, "{values:?}");
        }
        let axis = Axis::swept("", &[10.0, 32.0, 100.0]);
        let ticks: Vec<&str> = axis.ticks.iter().map(|tick| &*tick.1).collect();
        assert_eq!(ticks, ["10", "32", "100"]);
    }
}

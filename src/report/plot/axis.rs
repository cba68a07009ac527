//! Axes: their range, ticks and labels.

use super::ticks::{labelled, multiples, nice_step, plainly, power, scientific};

/// How values lie along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithm; only positive values have a place.
    Log,
}

/// One axis of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// How values lie along it.
    pub scale: Scale,
    /// The least value shown.
    pub low: f64,
    /// The greatest value shown.
    pub high: f64,
    /// Where a value is written, and what.
    pub ticks: Vec<(f64, String)>,
    /// Grid lines without a label.
    pub minor_ticks: Vec<f64>,
}

/// Ratio of greatest to least value from which a linear axis hides the lesser ones.
const WIDE_RATIO: f64 = 50.0;

/// Ratio of the greatest end of an interval to the least estimate from which intervals may
/// leave too little of a linear axis to the estimates.
const LONG_RATIO: f64 = 8.0;

/// The share of a linear axis below which estimates cannot be told apart.
const CRUSHED: f64 = 0.25;

/// Ends of intervals below this share of the least estimate do not stretch a logarithmic
/// axis.
const LOWEST: f64 = 0.1;

/// An axis shows at least this share of its greatest value: less would make a difference of
/// nothing look like one.
const LEAST_SPAN: f64 = 0.05;

/// Labels on an axis, at most.
pub(super) const MOST_TICKS: f64 = 9.0;

impl Axis {
    /// An axis that shows all values with a little room on both sides. Values that
    /// are not finite are left out; no values give an axis from 0 to 1.
    pub fn linear(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = widened(extent(values));
        let room = 0.05 * (high - low);
        Self::linear_between(label, low - room, high + room)
    }

    /// An axis of estimates and of the ends of their intervals, within bounds that the
    /// quantity has.
    ///
    /// Logarithmic where that is needed to tell the estimates apart: they differ by a
    /// factor of 50, or long intervals would leave them less than a quarter of the axis.
    /// Ends at zero or below it have no place then, and intervals go to the axis' end.
    pub fn estimates(
        label: &str,
        estimates: impl IntoIterator<Item = f64>,
        ends: impl IntoIterator<Item = f64>,
        bounds: (f64, f64),
    ) -> Self {
        let estimates: Vec<f64> = estimates.into_iter().filter(|e| e.is_finite()).collect();
        let all: Vec<f64> = ends.into_iter().chain(estimates.iter().copied()).collect();
        let ((least, most), (low, high)) = (extent(estimates), extent(all.iter().copied()));
        let may_be_log = bounds.0 >= 0.0 && bounds.1.is_infinite() && least > 0.0;
        let apart = most / least >= WIDE_RATIO;
        let crushed = high / least >= LONG_RATIO && most - least < CRUSHED * (high - low);
        if may_be_log && (apart || crushed) {
            let positive = all.into_iter().filter(|end| *end >= LOWEST * least);
            return Self::log(label, positive);
        }
        Self::bounded(label, all, bounds)
    }

    /// As [`Axis::linear`], but never beyond bounds that the quantity has, and
    /// starting from the lower one where the values reach near it: a share of 2 is
    /// then seen as such. Where values differ by a factor of 50, it is logarithmic.
    pub fn bounded(label: &str, values: impl IntoIterator<Item = f64>, bounds: (f64, f64)) -> Self {
        let (least, most) = extent(values);
        if bounds.0 >= 0.0 && least > 0.0 && most / least >= WIDE_RATIO && bounds.1.is_infinite() {
            return Self::log(label, [least, most]);
        }
        let (low, high) = widened((least, most));
        let room = 0.06 * (high - low);
        let low = if low - bounds.0 < 0.5 * (high - bounds.0) {
            bounds.0
        } else {
            (low - room).max(bounds.0)
        };
        // At the upper bound a marker needs room.
        let high = if high + room > bounds.1 {
            bounds.1 + 0.3 * room
        } else {
            high + room
        };
        Self::linear_between(label, low, high)
    }

    /// Linear, or logarithmic if all values are positive and differ by a factor of
    /// 50 or more.
    pub fn fitting(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = extent(values);
        if low > 0.0 && high / low >= WIDE_RATIO {
            Self::log(label, [low, high])
        } else {
            Self::linear(label, [low, high])
        }
    }

    /// A linear axis with exactly these ends.
    pub fn linear_between(label: &str, low: f64, high: f64) -> Self {
        let step = nice_step((high - low) / (MOST_TICKS - 1.0));
        let ticks: Vec<f64> = multiples(step, low, high);
        Self {
            label: label.to_owned(),
            scale: Scale::Linear,
            low,
            high,
            ticks: labelled(&ticks, step),
            minor_ticks: Vec::new(),
        }
    }

    /// A logarithmic axis that shows all positive values; its ends are round.
    pub fn log(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = extent(values.into_iter().filter(|&value| value > 0.0));
        let (low, high) = if low > 0.0 { (low, high) } else { (0.1, 1.0) };
        // Beyond this, round numbers around them are no longer finite, or zero.
        let (low, high) = (low.clamp(1e-300, 1e300), high.clamp(1e-300, 1e300));
        let (low, high) = if high > low {
            (low, high)
        } else {
            (low / 2.0, high * 2.0)
        };
        let round = |exponent: i32| [1.0, 2.0, 5.0].map(|digit| digit * power(exponent));
        let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let all: Vec<f64> = exponents.clone().flat_map(round).collect();
        // An end that is round already may have been missed by a rounding error.
        let least = *all
            .iter()
            .rfind(|&&t| t <= low * (1.0 + 1e-9))
            .unwrap_or(&low);
        let most = *all
            .iter()
            .find(|&&t| t >= high * (1.0 - 1e-9))
            .unwrap_or(&high);
        let inside = |t: &f64| (least * (1.0 - 1e-9)..=most * (1.0 + 1e-9)).contains(t);
        let decades: Vec<f64> = exponents.clone().map(power).filter(inside).collect();
        let labels: Vec<f64> = if decades.len() >= 4 {
            let stride = (decades.len() as f64 / MOST_TICKS).ceil() as usize;
            decades.iter().copied().step_by(stride.max(1)).collect()
        } else {
            all.iter().copied().filter(inside).collect()
        };
        let minor_ticks = exponents
            .flat_map(|exponent| (1..10).map(move |digit| f64::from(digit) * power(exponent)))
            .filter(inside)
            .filter(|t| !labels.iter().any(|label| (label / t - 1.0).abs() < 1e-9))
            .collect();
        let plain = labels.iter().all(|t| (0.01..=50_000.0).contains(t));
        let ticks = labels
            .iter()
            .map(|&t| (t, if plain { plainly(t) } else { scientific(t) }))
            .collect();
        Self {
            label: label.to_owned(),
            scale: Scale::Log,
            low: least,
            high: most,
            ticks,
            minor_ticks,
        }
    }

    /// An axis of named places 0, 1, 2, ...
    pub fn categories<S: Into<String>>(label: &str, names: impl IntoIterator<Item = S>) -> Self {
        let ticks: Vec<(f64, String)> = names
            .into_iter()
            .enumerate()
            .map(|(at, name)| (at as f64, name.into()))
            .collect();
        Self {
            label: label.to_owned(),
            scale: Scale::Linear,
            low: -0.6,
            high: ticks.len().max(1) as f64 - 0.4,
            ticks,
            minor_ticks: Vec::new(),
        }
    }

    /// The same from its high end to its low one, as lists are read downwards.
    pub fn reversed(mut self) -> Self {
        (self.low, self.high) = (self.high, self.low);
        self
    }

    /// Where a value lies: 0 at the low end, 1 at the high one, `None` nowhere.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        share.is_finite().then_some(share)
    }
}

fn extent(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

/// A range with some width, also around a single value.
fn widened((low, high): (f64, f64)) -> (f64, f64) {
    let greatest = high.abs().max(low.abs());
    if greatest == 0.0 {
        return (-1.0, 1.0);
    }
    let missing = LEAST_SPAN * greatest - (high - low);
    if missing > 0.0 {
        return (low - missing / 2.0, high + missing / 2.0);
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(axis: &Axis) -> String {
        let texts: Vec<&str> = axis.ticks.iter().map(|t| &*t.1).collect();
        texts.join(" ")
    }

    #[test]
    fn ticks_are_round() {
        let axis = Axis::linear("N", (6..=12).map(|n| f64::from(n) * 10.0));
        assert_eq!(texts(&axis), "60 70 80 90 100 110 120");
        let axis = Axis::bounded("ms", [25.4, 44.2], (0.0, f64::INFINITY));
        assert_eq!(texts(&axis), "25 30 35 40 45");
        let axis = Axis::bounded("%", [3.0, 99.0], (0.0, 100.0));
        assert_eq!(axis.low, 0.0);
        assert_eq!(texts(&axis), "0 20 40 60 80 100");
        let axis = Axis::linear("tau", [0.0, 1.0]);
        assert_eq!(texts(&axis), "0.0 0.2 0.4 0.6 0.8 1.0");
        let axis = Axis::linear("", [-1.5, 3e6]);
        assert_eq!(texts(&axis), "0 5×10⁵ 10⁶ 1.5×10⁶ 2×10⁶ 2.5×10⁶ 3×10⁶");
    }

    #[test]
    fn log_ticks_are_decades_or_one_two_five() {
        assert_eq!(
            texts(&Axis::log("P", [1e-5, 1.0])),
            "10⁻⁵ 10⁻⁴ 10⁻³ 10⁻² 10⁻¹ 10⁰"
        );
        let axis = Axis::log("ms", [7.0, 180.0]);
        assert_eq!((axis.low, axis.high), (5.0, 200.0));
        assert_eq!(texts(&axis), "5 10 20 50 100 200");
        assert_eq!(axis.place(5.0), Some(0.0));
        assert_eq!(axis.place(0.0), None);
        assert_eq!(axis.place(-3.0), None);
    }

    #[test]
    fn the_ends_of_all_numbers_have_an_axis() {
        for value in [f64::MAX, f64::from_bits(1), f64::MIN_POSITIVE] {
            let axis = Axis::log("", [value]);
            assert!(0.0 < axis.low && axis.low < axis.high && axis.high.is_finite());
            assert!((1..=14).contains(&axis.ticks.len()), "{axis:?}");
        }
    }

    #[test]
    fn long_intervals_and_wide_ranges_make_an_axis_logarithmic() {
        let scale = |estimates: &[f64], ends: &[f64], bounds| {
            Axis::estimates("", estimates.to_vec(), ends.to_vec(), bounds).scale
        };
        let delay = (0.0, f64::INFINITY);
        // Whiskers of ten times the estimates.
        assert_eq!(scale(&[300.0, 500.0], &[200.0, 6000.0], delay), Scale::Log);
        assert_eq!(scale(&[30.0, 50.0], &[25.0, 60.0], delay), Scale::Linear);
        // The estimates alone decide, though an interval reaches below zero.
        let wide = Axis::estimates("", [16.0, 2e6], [-3e5, 2.1e6], delay);
        assert_eq!((wide.scale, wide.low), (Scale::Log, 10.0));
        assert_eq!(scale(&[1.0, 99.0], &[], (0.0, 100.0)), Scale::Linear);
        assert_eq!(
            scale(&[-5.0, 900.0], &[], (f64::NEG_INFINITY, f64::INFINITY)),
            Scale::Linear
        );
    }

    #[test]
    fn a_small_difference_is_not_magnified() {
        let axis = Axis::bounded("ms", [31.25, 31.31], (0.0, f64::INFINITY));
        assert!(axis.high - axis.low >= 0.05 * 31.0, "{axis:?}");
    }

    #[test]
    fn ticks_are_at_the_swept_values_where_they_have_room() {
        assert_eq!(texts(&Axis::swept("", &[0.2, 0.5, 1.0])), "0.2 0.5 1");
        assert_eq!(
            texts(&Axis::swept("", &[4.0, 8.0, 12.0, 120.0])),
            "0 20 40 60 80 100 120"
        );
        let rates: Vec<f64> = (1..=30).map(f64::from).collect();
        assert_eq!(texts(&Axis::swept("", &rates)), "0 5 10 15 20 25 30");
    }

    proptest! {
        #[test]
        fn any_values_have_an_axis(values in prop::collection::vec(any::<f64>(), 0..5)) {
            for axis in [
                Axis::linear("", values.clone()),
                Axis::log("", values.clone()),
                Axis::fitting("", values.clone()),
                Axis::bounded("", values.iter().map(|v| v.abs()), (0.0, f64::INFINITY)),
            ] {
                prop_assert!(axis.ticks.len() + axis.minor_ticks.len() < 10_000);
            }
        }

        #[test]
        fn ordinary_values_lie_inside(
            low in 1e-6f64..1e9, ratio in 1.0f64..1e6,
        ) {
            let values = [low, low * ratio];
            for axis in [
                Axis::linear("", values),
                Axis::log("", values),
                Axis::fitting("", values),
                Axis::bounded("", values, (0.0, f64::INFINITY)),
            ] {
                prop_assert!((1..=14).contains(&axis.ticks.len()), "{:?}", axis);
                for value in values {
                    let place = axis.place(value).unwrap();
                    prop_assert!((-1e-9..=1.0 + 1e-9).contains(&place), "{} in {:?}", value, axis);
                }
            }
        }
    }
}

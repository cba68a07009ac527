//! Within what range a number makes physical sense.
//!
//! The ranges are far wider than any study needs. What they keep out are values at which
//! the arithmetic itself breaks down: a Rician factor of 4,000 dB is a division by
//! infinity, and its results would be numbers that look like results.

use super::Faults;
use crate::world::distribution::Distribution;
use std::ops::RangeInclusive;

/// Coefficients of variation at most. Beyond, nearly every value that a law draws is
/// nearly nothing.
const MOST_VARIATION: f64 = 1e3;

/// The same of the gamma law, whose values fall below the least number above zero from
/// a shape of about 0.01 on.
const MOST_VARIATION_OF_GAMMA: f64 = 10.0;

impl Faults {
    /// A number that must lie in a range, the bounds included.
    pub(in crate::scenario) fn within(
        &mut self,
        field: &str,
        value: f64,
        allowed: RangeInclusive<f64>,
    ) {
        if !allowed.contains(&value) {
            self.add(field, &number(value), &words(&allowed));
        }
    }

    /// A distribution whose values, or the mean of them, must lie in a range.
    pub(super) fn distribution(
        &mut self,
        field: &str,
        distribution: &Distribution,
        allowed: RangeInclusive<f64>,
    ) {
        if let Err(fault) = distribution.check() {
            let inside = format!("{field}{}", fault.field);
            self.add(&inside, &fault.found, fault.allowed);
            return;
        }
        let mut own = |name: &str, value: f64| {
            self.within(&format!("{field}{name}"), value, allowed.clone());
        };
        match distribution {
            Distribution::Fixed(value) => own("", *value),
            Distribution::Uniform { low, high } => {
                own(".low", *low);
                own(".high", *high);
            }
            Distribution::Exponential { mean }
            | Distribution::LogNormal { mean, .. }
            | Distribution::Gamma { mean, .. }
            | Distribution::Hyperexponential { mean, .. } => own(".mean", *mean),
            Distribution::Pareto { minimum, .. } => own(".minimum", *minimum),
            Distribution::Choice(options) => {
                for (at, option) in options.iter().enumerate() {
                    own(&format!("[{at}].0"), option.0);
                }
            }
        }
        match distribution {
            Distribution::Gamma { cv, .. } => {
                self.within(&format!("{field}.cv"), *cv, 0.0..=MOST_VARIATION_OF_GAMMA);
            }
            Distribution::LogNormal { cv, .. } | Distribution::Hyperexponential { cv, .. } => {
                self.within(&format!("{field}.cv"), *cv, 0.0..=MOST_VARIATION);
            }
            // Below, the longest tails pass the greatest number there is.
            Distribution::Pareto { shape, .. } => {
                self.within(&format!("{field}.shape"), *shape, 0.1..=1e6);
            }
            Distribution::Choice(options) => {
                for (at, option) in options.iter().enumerate() {
                    self.within(&format!("{field}[{at}].1"), option.1, 0.0..=1e12);
                }
            }
            _ => {}
        }
    }
}

fn words(allowed: &RangeInclusive<f64>) -> String {
    let (least, greatest) = (number(*allowed.start()), number(*allowed.end()));
    format!("a number from {least} to {greatest}")
}

/// A number as a person would write it.
pub(super) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e6).contains(&magnitude) || !value.is_finite() {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

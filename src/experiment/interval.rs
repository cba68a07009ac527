//! Confidence intervals at any level, of what independent replications say.

use super::estimate::{RatioFold, student_t};
use super::pass::Pass;

/// An estimate and its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The ratio of two sums over independent replications, each of which gives its part
    /// of the numerator and of the denominator; a mean where all denominators are one. The
    /// interval misses the truth with a probability of `level`. Of one replication it has
    /// no bounds.
    pub fn of_ratio(parts: &[(f64, f64)], level: f64) -> Self {
        let fold = folded(parts);
        Self::around(
            fold.ratio(),
            fold.half_width(level).unwrap_or(f64::INFINITY),
        )
    }

    /// The same of a share: its interval is never narrower than that of as many
    /// independent queries with the share `expected`, so that replications that all say
    /// nothing or everything do not count as certainty.
    pub fn of_share(parts: &[(f64, f64)], expected: f64, level: f64) -> Self {
        let fold = folded(parts);
        let Some(clustered) = fold.half_width(level) else {
            return Self::around(fold.ratio(), f64::INFINITY);
        };
        let t = student_t(1.0 - level / 2.0, parts.len() - 1);
        let independent = t * (expected * (1.0 - expected) / fold.bottom()).sqrt();
        Self::around(fold.ratio(), clustered.max(independent))
    }

    fn around(estimate: f64, half_width: f64) -> Self {
        Self {
            estimate,
            low: estimate - half_width,
            high: estimate + half_width,
        }
    }
}

fn folded(parts: &[(f64, f64)]) -> RatioFold {
    let mut fold = RatioFold::default();
    for pass in Pass::ALL {
        parts
            .iter()
            .for_each(|(top, bottom)| fold.see(pass, *top, *bottom));
    }
    fold
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Estimate;

    #[test]
    fn at_five_percent_it_is_the_interval_of_results() {
        let values = [3.0, 4.5, 2.0, 7.0, 5.5];
        let parts = values.map(|value| (value, 1.0));
        let (found, known) = (Interval::of_ratio(&parts, 0.05), Estimate::of(&values));
        assert!((found.estimate - known.mean).abs() < 1e-12);
        assert!((found.high - found.estimate - known.ci95.unwrap()).abs() < 1e-12);
        let wider = Interval::of_ratio(&parts, 0.01);
        // t(4) at 99.5 % over t(4) at 97.5 %, from the table.
        let times = (wider.high - wider.estimate) / (found.high - found.estimate);
        assert!((times - 4.604 / 2.776).abs() < 1e-3, "{times}");
    }

    #[test]
    fn replications_that_agree_are_no_certainty() {
        let none_slow = [(0.0, 50.0); 10];
        let found = Interval::of_share(&none_slow, 0.01, 0.05);
        assert_eq!(found.estimate, 0.0);
        // t(9) x sqrt(0.01 x 0.99 / 500)
        assert!((found.high - 2.262 * (0.0099f64 / 500.0).sqrt()).abs() < 1e-5);
        assert_eq!(Interval::of_ratio(&[(1.0, 1.0)], 0.05).high, f64::INFINITY);
    }
}

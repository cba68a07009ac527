//! What a table says: how far uncertainty tells right answers from wrong ones, and
//! what offloading the most uncertain queries gains over offloading as many at
//! random.

mod auroc;
mod bootstrap;
mod groups;
mod reliability;
mod routing;

pub use auroc::auroc;
pub use bootstrap::Bootstrap;
pub use reliability::{ReliabilityBin, reliability};
pub use routing::{Routing, Verdict, routing};

/// A number with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A proportion with Wilson's 95 % score interval (Wilson 1927), which stays
/// within \[0, 1\] and holds its level for small counts. `None` for a count of none.
///
/// ```
/// let half = edgelm::uncertainty::analysis::wilson(5, 10).unwrap();
/// assert!((half.low - 0.2366).abs() < 1e-4 && (half.high - 0.7634).abs() < 1e-4);
/// ```
pub fn wilson(successes: usize, of: usize) -> Option<Interval> {
    if of == 0 {
        return None;
    }
    let n = of as f64;
    let p = successes as f64 / n;
    let scale = 1.0 + Z * Z / n;
    let middle = (p + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some(Interval {
        value: p,
        // At the ends the formula gives 0 and 1 up to rounding.
        low: if successes == 0 { 0.0 } else { middle - half },
        high: if successes == of { 1.0 } else { middle + half },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_against_published_values() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (successes, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let i = wilson(successes, of).unwrap();
            assert!((i.low - low).abs() < 5e-5, "{i:?}");
            assert!((i.high - high).abs() < 5e-5, "{i:?}");
        }
        assert_eq!(wilson(20, 20).unwrap().high, 1.0);
        assert_eq!(wilson(0, 0), None);
    }
}

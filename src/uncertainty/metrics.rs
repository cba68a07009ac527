//! Uncertainty of a token from the log-probabilities of its k likeliest candidates.

use super::Metric;

/// The three uncertainties of one token, and how much probability they have seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uncertainties {
    /// `1 - (p1 - p2)`, Eq. 9 of arXiv 2602.07958.
    pub margin: f64,
    /// `H / ln k` with `H = -sum p ln p`.
    pub entropy: f64,
    /// `(exp H - 1) / (k - 1)`.
    pub perplexity: f64,
    /// Sum of the k probabilities before they are renormalised: what is missing
    /// to 1 is the tail which the three figures above cannot see.
    pub mass: f64,
}

impl Uncertainties {
    /// The value of one metric.
    pub fn get(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Margin => self.margin,
            Metric::Entropy => self.entropy,
            Metric::Perplexity => self.perplexity,
        }
    }
}

/// Below this a log-probability stands for probability zero: servers write zero
/// as minus infinity or as the most negative `f32` or `f64`.
const ZERO: f64 = -1e30;

/// Margin, entropy and perplexity of a token, from the natural logarithms of the
/// probabilities of its k likeliest candidates (k = `logprobs.len()`, any order),
/// renormalised to sum 1.
///
/// With k = 1 nothing is known of the alternatives and all three are 0. `None` if
/// there is no candidate of positive probability, or a value that is no
/// log-probability (NaN, plus infinity).
///
/// ```
/// use edgelm::uncertainty::metrics::uncertainties;
/// let u = uncertainties(&[0.5f64.ln(), 0.25f64.ln(), 0.25f64.ln()]).unwrap();
/// assert!((u.margin - 0.75).abs() < 1e-12);
/// assert!((u.mass - 1.0).abs() < 1e-12);
/// ```
pub fn uncertainties(logprobs: &[f64]) -> Option<Uncertainties> {
    let highest = logprobs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if logprobs.iter().any(|l| l.is_nan()) || highest <= ZERO || highest == f64::INFINITY {
        return None;
    }
    let mut p: Vec<f64> = logprobs.iter().map(|l| libm::exp(l - highest)).collect();
    let sum: f64 = p.iter().sum();
    for value in &mut p {
        *value /= sum;
    }
    p.sort_by(|a, b| b.total_cmp(a));
    let mass = sum * libm::exp(highest);
    if p.len() == 1 {
        return Some(Uncertainties {
            margin: 0.0,
            entropy: 0.0,
            perplexity: 0.0,
            mass,
        });
    }
    let k = p.len() as f64;
    let h: f64 = -p
        .iter()
        .filter(|p| **p > 0.0)
        .map(|p| p * libm::log(*p))
        .sum::<f64>();
    // Rounding may leave H a hair outside [0, ln k].
    Some(Uncertainties {
        margin: (1.0 - (p[0] - p[1])).clamp(0.0, 1.0),
        entropy: (h / libm::log(k)).clamp(0.0, 1.0),
        perplexity: (libm::expm1(h) / (k - 1.0)).clamp(0.0, 1.0),
        mass,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(p: &[f64]) -> Uncertainties {
        uncertainties(&p.iter().map(|p| p.ln()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn closed_forms() {
        let u = of(&[0.7, 0.2, 0.1]);
        let h = -(0.7 * 0.7f64.ln() + 0.2 * 0.2f64.ln() + 0.1 * 0.1f64.ln());
        assert!((u.margin - 0.5).abs() < 1e-12);
        assert!((u.entropy - h / 3f64.ln()).abs() < 1e-12);
        assert!((u.perplexity - (h.exp() - 1.0) / 2.0).abs() < 1e-12);

        // A uniform distribution is as unsure as can be, in every metric.
        let u = of(&[0.05; 10]);
        for metric in Metric::ALL {
            assert!((u.get(metric) - 1.0).abs() < 1e-12, "{metric}");
        }
        assert!((u.mass - 0.5).abs() < 1e-12);
    }

    #[test]
    fn zero_probability_in_every_spelling() {
        for zero in [f64::NEG_INFINITY, f64::MIN, f64::from(f32::MIN), -1e31] {
            let u = uncertainties(&[0.0, zero, zero]).unwrap();
            assert_eq!((u.margin, u.entropy, u.perplexity), (0.0, 0.0, 0.0));
            assert_eq!(u.mass, 1.0);
            assert_eq!(uncertainties(&[zero, zero]), None);
        }
    }

    #[test]
    fn one_candidate_none_and_nonsense() {
        let u = uncertainties(&[-0.5]).unwrap();
        assert_eq!((u.margin, u.entropy, u.perplexity), (0.0, 0.0, 0.0));
        assert!((u.mass - (-0.5f64).exp()).abs() < 1e-15);
        assert_eq!(uncertainties(&[]), None);
        assert_eq!(uncertainties(&[0.0, f64::NAN]), None);
        assert_eq!(uncertainties(&[f64::INFINITY, 0.0]), None);
    }

    proptest! {
        #[test]
        fn bounded_and_blind_to_order_and_scale(
            mut l in prop::collection::vec(-60.0f64..0.0, 1..25), shift in -5.0f64..0.0
        ) {
            let u = uncertainties(&l).unwrap();
            for metric in Metric::ALL {
                prop_assert!((0.0..=1.0).contains(&u.get(metric)));
            }
            l.reverse();
            for value in &mut l { *value += shift; }
            let v = uncertainties(&l).unwrap();
            for metric in Metric::ALL {
                prop_assert!((u.get(metric) - v.get(metric)).abs() < 1e-9);
            }
            prop_assert!((v.mass - u.mass * shift.exp()).abs() < 1e-9 * u.mass.max(1.0));
        }
    }
}

//! Thresholds of policies: given as they are or as quantiles, or following a target.

use super::PolicySpec;
use crate::policy::Target;
use crate::uncertainty::Quantiles;

/// A threshold as it is written: one of the two.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tau {
    pub value: Option<f64>,
    pub quantile: Option<f64>,
}

impl Tau {
    fn resolve(self, quantiles: Quantiles<'_>) -> f64 {
        match (self.value, self.quantile) {
            (Some(tau), _) => tau,
            (None, Some(quantile)) => quantiles.at(quantile),
            (None, None) => 1.0,
        }
    }
}

impl PolicySpec {
    /// The threshold of a policy that has one.
    pub(super) fn tau(&self) -> Option<Tau> {
        match *self {
            Self::Goa { tau, tau_quantile }
            | Self::Marginal { tau, tau_quantile }
            | Self::Refined {
                tau, tau_quantile, ..
            }
            | Self::Optimal {
                tau, tau_quantile, ..
            }
            | Self::Threshold {
                tau, tau_quantile, ..
            } => Some(Tau {
                value: tau,
                quantile: tau_quantile,
            }),
            _ => None,
        }
    }

    /// The threshold of a policy that has one, a quantile looked up.
    pub fn threshold(&self, quantiles: Quantiles<'_>) -> Option<f64> {
        match self.inner() {
            Some(inner) => inner.threshold(quantiles),
            None => self.tau().map(|tau| tau.resolve(quantiles)),
        }
    }

    /// What a policy's threshold follows, if anything, and how far one observation
    /// moves it at most. The policy that `Random` is like decides, but is not told of
    /// answers: it follows a share, and no delay.
    pub fn target(&self) -> Option<(Target, f64)> {
        match self {
            Self::Random { like } => like
                .target()
                .filter(|(target, _)| matches!(target, Target::OffloadedShare(_))),
            Self::AdaptiveTau { target, step, .. } => Some((*target, *step)),
            _ => self.inner().and_then(Self::target),
        }
    }

    /// Whether a threshold is given as a quantile, so that a table is needed.
    pub fn needs_table(&self) -> bool {
        match self.inner() {
            Some(inner) => inner.needs_table(),
            None => self.tau().is_some_and(|tau| tau.quantile.is_some()),
        }
    }
}

//! Which server each query joins such that all are served fairly.

use super::server_rule::{SendAll, ServerRule};
use super::{Policy, PolicyError};
use crate::snapshot::{Choice, Decision, View, services};

/// `FairAssociation(alpha)`: every query is sent to a server, such that no query can raise
/// the alpha-fair utility of all by moving alone.
///
/// The utility is the sum of U(1 / delay) with U(x) = x^(1 - alpha) / (1 - alpha), or ln x
/// where alpha is 1: 0 is the greatest sum of rates, 1 proportional fairness, 2 the least
/// sum of delays, and a large alpha the least greatest delay. From the strongest signals,
/// query after query moves where the utility is greatest (Jang, Lyu, Love and Yang,
/// arXiv 2505.08573, by mechanism). Time grows with N^2 M a round.
#[derive(Debug, Clone, Copy)]
pub struct FairAssociation {
    /// At least 0.
    pub alpha: f64,
}

/// A gain below this share of the utility is rounding.
const LEAST_GAIN: f64 = 1e-12;

impl Policy for FairAssociation {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let to = ServerRule::StrongestSignal;
        let mut decision = SendAll { to }.decide(view)?;
        let delays = |decision: &Decision| -> Vec<f64> {
            let served = services(view, decision);
            served.iter().map(|service| service.total().0).collect()
        };
        // In units of the mean delay at first, so that no power overflows.
        let first = delays(&decision);
        let unit = first.iter().sum::<f64>() / first.len() as f64;
        let mut best = utility(self.alpha, unit, &first);
        loop {
            let mut moved = false;
            for query in 0..view.queries.len() {
                for (server, _) in view.links_of(query).iter() {
                    let before = decision.choices[query];
                    if before == Choice::Edge(server) {
                        continue;
                    }
                    decision.choices[query] = Choice::Edge(server);
                    let found = utility(self.alpha, unit, &delays(&decision));
                    if found > best + LEAST_GAIN * best.abs() {
                        best = found;
                        moved = true;
                    } else {
                        decision.choices[query] = before;
                    }
                }
            }
            if !moved {
                return Ok(decision);
            }
        }
    }
}

/// The alpha-fair utility of queries that take so long, in units of `unit`.
fn utility(alpha: f64, unit: f64, delays: &[f64]) -> f64 {
    let of_one = |delay: f64| {
        let rate = unit / delay;
        if alpha == 1.0 {
            rate.ln()
        } else {
            rate.powf(1.0 - alpha) / (1.0 - alpha)
        }
    };
    delays.iter().map(|&delay| of_one(delay)).sum()
}

#[cfg(test)]
mod tests {
    use super::utility;

    #[test]
    fn alpha_says_what_is_preferred() {
        // Rates of 4 and 1 against 2 and 2.
        let (apart, alike) = ([0.25, 1.0], [0.5, 0.5]);
        let better = |alpha: f64| utility(alpha, 1.0, &alike) - utility(alpha, 1.0, &apart);
        assert!(better(0.0) < 0.0, "the sum of rates is 5 against 4");
        assert_eq!(better(1.0), 0.0, "the product of rates is 4 in both");
        assert!(
            (better(2.0) - 0.25).abs() < 1e-15,
            "delays sum to 1.25 against 1"
        );
        assert!(better(40.0) > 0.0);
        assert!((utility(2.0, 1.0, &apart) + 1.25).abs() < 1e-15);
    }
}

//! What a scenario may say, but does not do what its reader expects.

use super::{Diagnostic, Loaded, Scenario};
use crate::engine::{Probe, Scheduling};
use crate::policy::{DecisionTime, PolicySpec};
use crate::world::arrivals::Arrivals;

impl Loaded {
    /// What is doubtful about the scenario before it is run, each shown where it stands.
    /// The messages stand by themselves, too, and depend on nothing but the scenario.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let policies = self.scenario.policies.iter().enumerate();
        policies
            .filter_map(|(at, policy)| {
                let mut nested = policy.nested();
                let (message, help) = nested.find_map(|policy| doubt(&self.scenario, policy))?;
                let field = format!("policies[{at}]");
                Some(Diagnostic {
                    message: format!("{field}: {message}"),
                    place: self.place_unless_overridden(&field),
                    field: Some(field),
                    help: Some(help.to_owned()),
                })
            })
            .collect()
    }
}

/// What is doubtful about a policy in this scenario, and what helps.
fn doubt(scenario: &Scenario, policy: &PolicySpec) -> Option<(String, &'static str)> {
    let arrivals = &scenario.workload.arrivals;
    let all_at_once = *arrivals == Arrivals::Batch && scenario.workload.probe == Probe::Free;
    match policy {
        PolicySpec::Refined {
            tau, tau_quantile, ..
        }
        | PolicySpec::Marginal { tau, tau_quantile }
        | PolicySpec::Optimal {
            tau, tau_quantile, ..
        } if scenario.scheduling() == Scheduling::PerArrival && !all_at_once => {
            let goa = PolicySpec::Goa {
                tau: *tau,
                tau_quantile: *tau_quantile,
            };
            Some((
                format!(
                    "{policy} decides as {goa} here: `PerArrival` asks about each query by \
                     itself, and there is nothing to weigh it against"
                ),
                "`scheduling: Every(period_ms: ..)` asks about all that wait",
            ))
        }
        PolicySpec::AdaptiveTau { start, .. } if all_at_once => {
            let goa = PolicySpec::Goa {
                tau: Some(*start),
                tau_quantile: None,
            };
            Some((
                format!(
                    "{policy} decides as {goa} here: a batch is decided at once, and it learns \
                     from what comes after a decision"
                ),
                "it is for arrivals over time, such as `Poisson(rate_per_user_hz: ..)`",
            ))
        }
        PolicySpec::Timed {
            takes: DecisionTime::Measured,
            ..
        } => Some((
            format!(
                "{policy} takes as long as this machine needs: results differ from one run to \
                 the next"
            ),
            "`takes: FixedMs(..)` gives the same bytes every time",
        )),
        _ => None,
    }
}

//! From what a scenario writes to a policy that decides.

use super::{External, PolicySpec, Start};
use crate::plan::Plan;
use crate::policy::{
    AccuracyOracle, AdaptiveTau, DEFAULT_MAX_PASSES, Deadline, EdgeAll, EdgeFirst, FairAssociation,
    Goa, Learned, LocalAll, Marginal, MinDelay, Optimal, Planned, Policy, PricedAssociation,
    Random, Refined, SendAll, ServerRule, SpecDecode, Threshold, Timed,
};
use crate::uncertainty::Quantiles;
use crate::units::Seconds;

/// What building a policy needs from outside.
#[derive(Clone, Copy)]
pub struct Build<'a> {
    /// Turns a `tau_quantile` into a threshold.
    pub quantiles: Quantiles<'a>,
    /// Connects an external program: policies themselves do no I/O.
    pub external: &'a dyn Fn(&External) -> Box<dyn Policy>,
}

impl PolicySpec {
    /// Makes the policy.
    ///
    /// The parameters must have passed [`PolicySpec::check`].
    pub fn build(&self, with: &Build<'_>) -> Box<dyn Policy> {
        // Only policies with a threshold use it.
        let tau = self.threshold(with.quantiles).unwrap_or(1.0);
        let send_all = |to| Box::new(SendAll { to }) as Box<dyn Policy>;
        match self {
            Self::EdgeAll => Box::new(EdgeAll),
            Self::LocalAll => Box::new(LocalAll),
            Self::MinDelay => Box::new(MinDelay),
            Self::Goa { .. } => Box::new(Goa { tau }),
            Self::Random { like } => Box::new(Random {
                like: like.build(with),
            }),
            Self::Marginal { .. } => Box::new(Marginal { tau }),
            Self::Refined { start, .. } => Box::new(Refined {
                tau,
                start: match start {
                    Start::Goa => Box::new(Goa { tau }),
                    Start::Marginal => Box::new(Marginal { tau }),
                    Start::MinDelay => Box::new(MinDelay),
                    Start::EdgeAll => Box::new(EdgeAll),
                },
                max_passes: DEFAULT_MAX_PASSES,
            }),
            Self::Optimal { max_nodes, .. } => Box::new(Optimal {
                tau,
                max_nodes: *max_nodes,
            }),
            Self::NearestServer => send_all(ServerRule::NearestServer),
            Self::StrongestSignal => send_all(ServerRule::StrongestSignal),
            Self::LeastLoaded => send_all(ServerRule::LeastLoaded),
            Self::PowerOfTwo => send_all(ServerRule::PowerOfTwo),
            Self::JoinShortestQueue => send_all(ServerRule::JoinShortestQueue),
            Self::Threshold { to, .. } => Box::new(Threshold { tau, to: *to }),
            Self::Deadline { slack_ms } => Box::new(Deadline {
                slack: Seconds(slack_ms * 1e-3),
            }),
            Self::AccuracyOracle => Box::new(AccuracyOracle),
            Self::AdaptiveTau {
                target,
                start,
                step,
            } => Box::new(AdaptiveTau::new(*target, *start, *step)),
            Self::SpecDecode { gamma, payload, to } => {
                Box::new(SpecDecode::new(*gamma, *payload, *to))
            }
            Self::EdgeFirst => Box::new(EdgeFirst::new(ServerRule::default())),
            Self::RecServe { to, .. }
            | Self::Uhlm { to, .. }
            | Self::Corrected { to, .. }
            | Self::Race { to, .. } => Box::new(Planned {
                plan: self.plan().unwrap_or_default(),
                to: *to,
            }),
            Self::CloudOnly => Box::new(Planned {
                plan: Plan::Cloud,
                to: ServerRule::default(),
            }),
            Self::PricedAssociation { epsilon_ms } => Box::new(PricedAssociation {
                epsilon: Seconds(epsilon_ms * 1e-3),
            }),
            Self::FairAssociation { alpha } => Box::new(FairAssociation { alpha: *alpha }),
            Self::Timed { policy, takes } => Box::new(Timed::new(policy.build(with), *takes)),
            Self::Labelled { policy, .. } => policy.build(with),
            Self::Learned {
                network: Some(network),
                ..
            } => Box::new(Learned::new(network.clone())),
            Self::Learned { network: None, .. } => unreachable!("read before it is built"),
            Self::External {
                command,
                time_limit_ms,
            } => (with.external)(&External {
                command: command.clone(),
                time_limit_ms: *time_limit_ms,
            }),
        }
    }
}

//! Policies as a scenario names them.

mod build;
mod check;
mod display;
mod threshold;

pub use build::Build;
pub use check::SpecFault;

use super::{DEFAULT_MAX_NODES, DecisionTime, Network, ServerRule, Target};
use crate::plan::{Escalation, Payload, Plan};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A policy and its parameters, as written in a scenario: `EdgeAll`,
/// `Goa(tau: 0.6)`, `Random(like: Goa(tau: 0.6))`.
///
/// Where a policy has a `tau`, queries of greater uncertainty must be offloaded.
/// Exactly one of `tau` and `tau_quantile` is given: the threshold itself in
/// 0..=1, or as a quantile of the table's own uncertainties, so that 0.4 forces
/// the most uncertain 60 % of queries to the edge, whatever the metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PolicySpec {
    /// Every query is offloaded ([`EdgeAll`](super::EdgeAll)).
    EdgeAll,
    /// No query is offloaded ([`LocalAll`](super::LocalAll)).
    LocalAll,
    /// The paper's greedy policy ([`Goa`](super::Goa)).
    Goa {
        /// The threshold, in 0..=1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau: Option<f64>,
        /// The threshold as a quantile of the table's uncertainties.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau_quantile: Option<f64>,
    },
    /// Algorithm 2 ([`MinDelay`](super::MinDelay)).
    MinDelay,
    /// As many queries as another policy offloads, chosen at random
    /// ([`Random`](super::Random)).
    Random {
        /// The policy it copies the number from.
        like: Box<PolicySpec>,
    },
    /// Greedy on the true increase of the objective ([`Marginal`](super::Marginal)).
    Marginal {
        /// The threshold, in 0..=1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau: Option<f64>,
        /// The threshold as a quantile of the table's uncertainties.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau_quantile: Option<f64>,
    },
    /// Local search on the true objective ([`Refined`](super::Refined)).
    Refined {
        /// The threshold, in 0..=1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau: Option<f64>,
        /// The threshold as a quantile of the table's uncertainties.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau_quantile: Option<f64>,
        /// What it starts from, at the same threshold.
        #[serde(default, skip_serializing_if = "is_default")]
        start: Start,
    },
    /// The exact optimum of small instances ([`Optimal`](super::Optimal)).
    Optimal {
        /// The threshold, in 0..=1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau: Option<f64>,
        /// The threshold as a quantile of the table's uncertainties.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau_quantile: Option<f64>,
        /// Partial assignments after which it gives up with an error.
        #[serde(default = "default_max_nodes")]
        max_nodes: u64,
    },
    /// Every query to the server at the least distance ([`ServerRule::NearestServer`]).
    NearestServer,
    /// Every query to the server of the best channel ([`ServerRule::StrongestSignal`]).
    StrongestSignal,
    /// Every query to the server of most compute a query ([`ServerRule::LeastLoaded`]).
    LeastLoaded,
    /// Every query to the emptier of two random servers ([`ServerRule::PowerOfTwo`]).
    PowerOfTwo,
    /// Every query to the server with fewest ([`ServerRule::JoinShortestQueue`]).
    JoinShortestQueue,
    /// Uncertainty alone decides who leaves ([`Threshold`](super::Threshold)).
    Threshold {
        /// The threshold, in 0..=1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau: Option<f64>,
        /// The threshold as a quantile of the table's uncertainties.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau_quantile: Option<f64>,
        /// How the server is chosen.
        #[serde(default, skip_serializing_if = "is_default")]
        to: ServerRule,
    },
    /// The large model wherever it is in time ([`Deadline`](super::Deadline)).
    Deadline {
        /// How long an answer may take from the scheduling instant, in milliseconds.
        slack_ms: f64,
    },
    /// Exactly the queries that only the large model gets right
    /// ([`AccuracyOracle`](super::AccuracyOracle)); not deployable.
    AccuracyOracle,
    /// GOA whose threshold follows a target over time
    /// ([`AdaptiveTau`](super::AdaptiveTau)).
    AdaptiveTau {
        /// What it holds: `DelayP99Ms(80)` or `OffloadedShare(0.5)`.
        target: Target,
        /// The threshold at the beginning of every replication, in 0..=1.
        #[serde(default = "default_start")]
        start: f64,
        /// How far one observation moves the threshold, at most.
        #[serde(default = "default_step")]
        step: f64,
    },
    /// Device, server and cloud in turn, while an answer is more uncertain than most that its
    /// tier has given ([`Planned`](super::Planned) on a [`Cascade`](crate::plan::Plan)).
    RecServe {
        /// The share of its answers that a tier passes on, in 0..=1.
        beta: f64,
        /// How many answers a tier remembers.
        #[serde(default = "default_window")]
        window: u32,
        /// Whether the cloud is the last tier; otherwise the server is.
        #[serde(default, skip_serializing_if = "is_default")]
        to_cloud: bool,
        /// How the server is chosen.
        #[serde(default, skip_serializing_if = "is_default")]
        to: ServerRule,
    },
    /// The device keeps tokens less uncertain than a threshold, the server verifies the
    /// others ([`Planned`](super::Planned) on a [`Hybrid`](crate::plan::Plan)).
    Uhlm {
        /// The threshold, in 0..=1.
        threshold: f64,
        /// What is sent of a token.
        #[serde(default, skip_serializing_if = "is_default")]
        payload: Payload,
        /// How the server is chosen.
        #[serde(default, skip_serializing_if = "is_default")]
        to: ServerRule,
    },
    /// The same by the token's probability, which is 1 less its uncertainty: the server
    /// corrects those below this.
    Corrected {
        /// The probability from which on a token is kept, in 0..=1.
        probability: f64,
        /// What is sent of a token.
        #[serde(default, skip_serializing_if = "is_default")]
        payload: Payload,
        /// How the server is chosen.
        #[serde(default, skip_serializing_if = "is_default")]
        to: ServerRule,
    },
    /// The device drafts, a server verifies ([`SpecDecode`](super::SpecDecode)).
    SpecDecode {
        /// The length of drafts; without it the best for the rounds seen so far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gamma: Option<u32>,
        /// What is sent of a token.
        #[serde(default, skip_serializing_if = "is_default")]
        payload: Payload,
        /// How the server is chosen.
        #[serde(default, skip_serializing_if = "is_default")]
        to: ServerRule,
    },
    /// Device and server at once ([`Planned`](super::Planned) on a
    /// [`Race`](crate::plan::Plan)).
    Race {
        /// The greatest uncertainty of an answer of the device that counts, in 0..=1.
        tau: f64,
        /// How the server is chosen.
        #[serde(default, skip_serializing_if = "is_default")]
        to: ServerRule,
    },
    /// Every query to the cloud ([`Planned`](super::Planned)).
    CloudOnly,
    /// To a server while it has room, then to the cloud ([`EdgeFirst`](super::EdgeFirst)).
    EdgeFirst,
    /// Every query to a server by its prices, with square-root shares
    /// ([`PricedAssociation`](super::PricedAssociation)).
    PricedAssociation {
        /// A gain for which no query moves, in milliseconds.
        #[serde(default = "default_epsilon_ms")]
        epsilon_ms: f64,
    },
    /// Every query to a server such that all are served fairly
    /// ([`FairAssociation`](super::FairAssociation)).
    FairAssociation {
        /// What is fair: at least 0.
        alpha: f64,
    },
    /// Another policy whose decisions take time ([`Timed`](super::Timed)).
    Timed {
        /// The policy that decides.
        policy: Box<PolicySpec>,
        /// How long each decision takes.
        takes: DecisionTime,
    },
    /// Another policy under a name of your own.
    Labelled {
        /// The policy that decides.
        policy: Box<PolicySpec>,
        /// What tables, figures and files call it.
        label: String,
    },
    /// What was learned elsewhere ([`Learned`](super::Learned)).
    Learned {
        /// The file that holds the network, its path relative to the scenario's folder.
        file: PathBuf,
        /// What is in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        network: Option<Network>,
    },
    /// A program of your own, asked at every scheduling instant.
    External {
        /// The program and its arguments, started in the scenario file's folder.
        command: Vec<String>,
        /// How long it may take to start, and for each answer, in milliseconds.
        #[serde(default = "default_time_limit_ms")]
        time_limit_ms: u32,
    },
}

/// A policy that another program decides, over its standard input and output.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct External {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// How long it may take to start, and for each answer, in milliseconds.
    pub time_limit_ms: u32,
}

/// What [`PolicySpec::Refined`] starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Start {
    /// The paper's greedy policy.
    #[default]
    Goa,
    /// Greedy on the true increase.
    Marginal,
    /// Algorithm 2, with what must be offloaded added.
    MinDelay,
    /// Everything at the edge.
    EdgeAll,
}

impl PolicySpec {
    /// The policy that this one is about, where it is about another.
    pub fn inner(&self) -> Option<&PolicySpec> {
        match self {
            Self::Random { like: inner }
            | Self::Timed { policy: inner, .. }
            | Self::Labelled { policy: inner, .. } => Some(inner),
            _ => None,
        }
    }

    /// It and those that it is about, from the outside in.
    pub fn nested(&self) -> impl Iterator<Item = &PolicySpec> {
        std::iter::successors(Some(self), |policy| policy.inner())
    }

    /// The policy that it is about, to be changed.
    pub fn inner_mut(&mut self) -> Option<&mut PolicySpec> {
        match self {
            Self::Random { like: inner }
            | Self::Timed { policy: inner, .. }
            | Self::Labelled { policy: inner, .. } => Some(inner),
            _ => None,
        }
    }

    /// Whether it weighs all queries of one instant against each other, as if nobody else
    /// were there.
    pub fn associates_all(&self) -> bool {
        match self {
            Self::PricedAssociation { .. } | Self::FairAssociation { .. } => true,
            _ => self.inner().is_some_and(Self::associates_all),
        }
    }

    /// The plan of several steps that its queries take, where that is one.
    pub fn plan(&self) -> Option<Plan> {
        match *self {
            Self::Timed { ref policy, .. } | Self::Labelled { ref policy, .. } => policy.plan(),
            Self::RecServe {
                beta,
                window,
                to_cloud,
                ..
            } => Some(Plan::Cascade {
                escalate: Escalation::Quantile { beta, window },
                to_cloud,
            }),
            Self::Uhlm {
                threshold: skip_below,
                payload,
                ..
            } => Some(Plan::Hybrid {
                skip_below,
                payload,
            }),
            Self::Corrected {
                probability,
                payload,
                ..
            } => Some(Plan::Hybrid {
                skip_below: 1.0 - probability,
                payload,
            }),
            Self::SpecDecode { gamma, payload, .. } => Some(Plan::Speculative {
                gamma: gamma.unwrap_or(1),
                payload,
            }),
            Self::Race { tau, .. } => Some(Plan::Race { tau }),
            Self::CloudOnly | Self::EdgeFirst => Some(Plan::Cloud),
            _ => None,
        }
    }

    /// The program that decides, with its arguments, where one does.
    pub fn program(&self) -> Option<&[String]> {
        match self {
            Self::External { command, .. } => Some(command),
            _ => self.inner().and_then(Self::program),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
fn default_max_nodes() -> u64 {
    DEFAULT_MAX_NODES
}
fn default_window() -> u32 {
    1000
}
fn default_start() -> f64 {
    0.6
}
fn default_epsilon_ms() -> f64 {
    1e-3
}
fn default_step() -> f64 {
    0.01
}
fn default_time_limit_ms() -> u32 {
    10_000
}

//! Policies as a scenario names them.

use super::{EdgeAll, Goa, LocalAll, MinDelay, Policy, Random};
use crate::uncertainty::{Metric, Table};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A policy and its parameters, as written in a scenario: `EdgeAll`,
/// `Goa(tau: 0.6)`, `Random(like: Goa(tau: 0.6))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PolicySpec {
    /// Every query is offloaded ([`EdgeAll`]).
    EdgeAll,
    /// No query is offloaded ([`LocalAll`]).
    LocalAll,
    /// The paper's greedy policy ([`Goa`]); exactly one of the two fields is given.
    Goa {
        /// Queries of greater uncertainty must be offloaded; in 0..=1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau: Option<f64>,
        /// The threshold as a quantile of the table's own uncertainties: 0.4
        /// forces the most uncertain 60 % of queries to the edge, whatever the
        /// metric.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tau_quantile: Option<f64>,
    },
    /// Algorithm 2 ([`MinDelay`]).
    MinDelay,
    /// As many queries as another policy offloads, chosen at random ([`Random`]).
    Random {
        /// The policy it copies the number from.
        like: Box<PolicySpec>,
    },
}

/// What is wrong with a policy's parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct SpecFault {
    /// The field's path inside the policy, such as `.tau` or `.like.tau`; empty
    /// for the policy as a whole.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What is allowed there.
    pub allowed: String,
}

impl PolicySpec {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn check(&self) -> Result<(), SpecFault> {
        let unit_interval = |field: &str, value: f64| {
            if (0.0..=1.0).contains(&value) {
                Ok(())
            } else {
                Err(SpecFault {
                    field: field.to_owned(),
                    found: value.to_string(),
                    allowed: "a number from 0 to 1".to_owned(),
                })
            }
        };
        match self {
            Self::EdgeAll | Self::LocalAll | Self::MinDelay => Ok(()),
            Self::Goa { tau, tau_quantile } => match (tau, tau_quantile) {
                (Some(tau), None) => unit_interval(".tau", *tau),
                (None, Some(quantile)) => unit_interval(".tau_quantile", *quantile),
                (Some(_), Some(_)) => Err(SpecFault {
                    field: String::new(),
                    found: "both `tau` and `tau_quantile`".to_owned(),
                    allowed: "one of them".to_owned(),
                }),
                (None, None) => Err(SpecFault {
                    field: String::new(),
                    found: "no threshold".to_owned(),
                    allowed: "`tau: 0.6`, or `tau_quantile: 0.4`".to_owned(),
                }),
            },
            Self::Random { like } => like.check().map_err(|fault| SpecFault {
                field: format!(".like{}", fault.field),
                ..fault
            }),
        }
    }

    /// Makes the policy. The table turns a `tau_quantile` into a threshold.
    ///
    /// The parameters must have passed [`PolicySpec::check`].
    pub fn build(&self, table: &Table, metric: Metric) -> Box<dyn Policy> {
        match self {
            Self::EdgeAll => Box::new(EdgeAll),
            Self::LocalAll => Box::new(LocalAll),
            Self::MinDelay => Box::new(MinDelay),
            Self::Goa { tau, tau_quantile } => Box::new(Goa {
                tau: match (tau, tau_quantile) {
                    (Some(tau), _) => *tau,
                    (None, Some(quantile)) => table.quantile(metric, *quantile),
                    (None, None) => 1.0,
                },
            }),
            Self::Random { like } => Box::new(Random {
                like: like.build(table, metric),
            }),
        }
    }

    /// Whether a threshold is given as a quantile, so that a table is needed.
    pub fn needs_table(&self) -> bool {
        match self {
            Self::Goa { tau_quantile, .. } => tau_quantile.is_some(),
            Self::Random { like } => like.needs_table(),
            Self::EdgeAll | Self::LocalAll | Self::MinDelay => false,
        }
    }

    /// The kind's name without its parameters.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EdgeAll => "EdgeAll",
            Self::LocalAll => "LocalAll",
            Self::MinDelay => "MinDelay",
            Self::Goa { .. } => "Goa",
            Self::Random { .. } => "Random",
        }
    }
}

impl fmt::Display for PolicySpec {
    /// As a scenario writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goa { tau: Some(tau), .. } => write!(f, "Goa(tau: {tau:?})"),
            Self::Goa {
                tau_quantile: Some(quantile),
                ..
            } => write!(f, "Goa(tau_quantile: {quantile:?})"),
            Self::Random { like } => write!(f, "Random(like: {like})"),
            other => f.write_str(other.kind()),
        }
    }
}

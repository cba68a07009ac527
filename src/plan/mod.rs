//! Plans: how a query is served once the policy has chosen who takes part, in one visit or
//! in several.
//!
//! | plan | what happens |
//! |---|---|
//! | [`Plan::Direct`] | the chosen place answers |
//! | [`Plan::Cloud`] | the chosen server passes the prompt on to the cloud, which answers |
//! | [`Plan::Cascade`] | the device answers; while an answer is too uncertain the next tier answers: the chosen server, then the cloud |
//! | [`Plan::Speculative`] | the device drafts tokens, the server verifies them, until the answer is complete |
//! | [`Plan::Hybrid`] | the device keeps the tokens that it is sure of and has the others verified |
//! | [`Plan::Race`] | device and server answer at once; the first good answer counts, the other is given up |
//!
//! A [`Progress`] says after each step of a plan what comes next ([`Step`]); it knows neither
//! stations nor the clock.

mod history;
mod payload;
mod progress;
mod token_process;
mod token_table;

pub use history::{Histories, History};
pub use payload::Payload;
pub use progress::{Message, Outcome, PlanContext, Progress, Round, Step, Traffic};
pub use token_process::{Acceptance, TokenProcess, TokenUncertainty};
pub use token_table::{ACCEPTANCE, MeasuredToken, TokenTable};

use crate::fault::Fault;
use serde::{Deserialize, Serialize};

/// Where a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// On the user's device.
    Device,
    /// At an edge server.
    Edge,
    /// In the cloud.
    Cloud,
}

impl Tier {
    /// All of them, from the user on.
    pub const ALL: [Self; 3] = [Self::Device, Self::Edge, Self::Cloud];

    /// The one behind it.
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Device => Some(Self::Edge),
            Self::Edge => Some(Self::Cloud),
            Self::Cloud => None,
        }
    }
}

/// How a query is served, whose server the policy's choice names.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Plan {
    /// By whom the choice names.
    #[default]
    Direct,
    /// By the cloud, behind the chosen server.
    Cloud,
    /// By the first tier whose answer is certain enough: device, chosen server, cloud.
    Cascade {
        /// When an answer is not.
        escalate: Escalation,
        /// Whether the cloud is the last tier; otherwise the server is.
        #[serde(default)]
        to_cloud: bool,
    },
    /// Drafts of the device, verified by the server.
    Speculative {
        /// Tokens of a draft.
        gamma: u32,
        /// What is sent of each.
        #[serde(default)]
        payload: Payload,
    },
    /// Token by token: those of an uncertainty below this are kept, of the others the
    /// server verifies each as a draft of one token.
    Hybrid {
        /// The uncertainty from which on a token is verified.
        skip_below: f64,
        /// What is sent of a token to be verified.
        #[serde(default)]
        payload: Payload,
    },
    /// By device and server at once: the device's answer counts if its uncertainty is at
    /// most this and it is there first.
    Race {
        /// The greatest uncertainty of a good answer of the device.
        tau: f64,
    },
}

/// When the answer of a tier is too uncertain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Escalation {
    /// Above this uncertainty.
    Above(f64),
    /// Above the 1 - beta quantile of the last answers of the tier.
    Quantile {
        /// The share of answers that go on.
        beta: f64,
        /// How many answers are remembered.
        #[serde(default = "default_window")]
        window: u32,
    },
}

fn default_window() -> u32 {
    1000
}

impl Plan {
    /// Checks the parameters; `vocabulary` is the number of tokens that there are.
    ///
    /// # Errors
    /// The first that is out of its range, by its name in the plan.
    pub fn check(&self, vocabulary: u32) -> Result<(), Fault> {
        let share = |field: &str, value: f64| {
            if (0.0..=1.0).contains(&value) {
                return Ok(());
            }
            Err(Fault::new(field, value, "a number from 0 to 1"))
        };
        match *self {
            Self::Direct | Self::Cloud => Ok(()),
            Self::Cascade {
                escalate: Escalation::Above(threshold),
                ..
            } => share("escalate", threshold),
            Self::Cascade {
                escalate: Escalation::Quantile { beta, window },
                ..
            } => {
                if window == 0 {
                    let allowed = "a whole number of at least 1";
                    return Err(Fault::new("escalate.window", window, allowed));
                }
                share("escalate.beta", beta)
            }
            Self::Speculative { gamma, payload } => {
                if !(1..=1000).contains(&gamma) {
                    let allowed = "a whole number from 1 to 1000";
                    return Err(Fault::new("gamma", gamma, allowed));
                }
                payload.check(vocabulary)
            }
            Self::Hybrid {
                skip_below,
                payload,
            } => {
                share("skip_below", skip_below)?;
                payload.check(vocabulary)
            }
            Self::Race { tau } => share("tau", tau),
        }
    }

    /// Whether the answer is made token by token between device and server.
    pub fn has_rounds(&self) -> bool {
        matches!(self, Self::Speculative { .. } | Self::Hybrid { .. })
    }

    /// Whether the cloud may be asked.
    pub fn needs_cloud(&self) -> bool {
        matches!(self, Self::Cloud | Self::Cascade { to_cloud: true, .. })
    }
}

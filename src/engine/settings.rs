//! How a run goes: when policies are asked, how resources are shared, when it ends.

use super::slo::Slo;
use super::verification::Tally;
use crate::route::Serving;
use crate::uncertainty::{Metric, Quantiles, Router, Table};
use crate::units::Seconds;
use crate::world::arrivals::ArrivalLaw;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// When the policy is asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Scheduling {
    /// Once, about all queries of the batch at time zero.
    Batch,
    /// About every query on its own, as soon as its uncertainty is known.
    PerArrival,
    /// Periodically, about all that wait.
    Every {
        /// The period, in milliseconds.
        period_ms: f64,
    },
}

/// What it costs to know a query's uncertainty, and what is known then.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Probe {
    /// Nothing: the paper's assumption.
    #[default]
    Free,
    /// The device computes the first token before the decision, a share of the
    /// small model's work. A query that stays local is not charged again for it.
    FirstToken {
        /// Share of W_SLM that the first token takes, in 0..=1; `None` where the device
        /// has a law of its tokens, which says it.
        #[serde(default)]
        work_share: Option<f64>,
    },
    /// A classifier of prompts on the device: its score takes the place of the uncertainty,
    /// is there before the small model begins, and tells less.
    Router {
        /// Probability that a query the small model gets wrong has a greater score than one
        /// that it gets right, strictly between 0 and 1.
        auroc: f64,
        /// What it takes on the device, in milliseconds.
        #[serde(default)]
        cost_ms: f64,
    },
}

impl Probe {
    /// What quantiles of the uncertainty are that policies see.
    pub fn quantiles<'a>(&self, table: &'a Table, metric: Metric) -> Quantiles<'a> {
        match self {
            Self::Free | Self::FirstToken { .. } => Quantiles::Of(table, metric),
            Self::Router { .. } => Quantiles::Ranks,
        }
    }

    /// The router, for queries of a table.
    pub fn router(&self, table: &Table) -> Option<Router> {
        match *self {
            Self::Free | Self::FirstToken { .. } => None,
            Self::Router { auroc, .. } => Some(Router::new(auroc, table)),
        }
    }
}

/// When a query must be answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// Time from arrival to deadline, in milliseconds.
    pub after_ms: f64,
    /// Whether a query that has not been answered by then is given up.
    #[serde(default)]
    pub drop: bool,
}

/// What follows the measured window, until all that arrived in it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum AfterWindow {
    /// Queries go on arriving, unmeasured, so that late ones meet the same load as
    /// early ones; at most until as much time again has passed.
    #[default]
    ArrivalsGoOn,
    /// Nothing arrives any more: the system empties, and late queries find it so.
    Drain,
}

/// Everything about a run but its world and its policy; SI units.
#[derive(Debug, Clone)]
pub struct Settings {
    /// When queries arrive.
    pub arrivals: ArrivalLaw,
    /// When the policy is asked.
    pub scheduling: Scheduling,
    /// Which stations there are, and how they serve.
    pub serving: Serving,
    /// What knowing the uncertainty costs.
    pub probe: Probe,
    /// When a query must be answered.
    pub deadline: Option<Deadline>,
    /// What answers have to keep.
    pub slo: Option<Slo>,
    /// The measured window ends here. Ignored for `Batch`.
    pub duration: Option<Seconds>,
    /// The measured window ends with the arrival of the last of so many queries,
    /// those of the warm-up among them. Ignored for `Batch`.
    pub queries: Option<u64>,
    /// The measured window begins here: what arrives earlier is simulated but not
    /// measured.
    pub warm_up: Seconds,
    /// What follows the window. Ignored for `Batch`.
    pub after: AfterWindow,
    /// How often the recorder is shown the state of all stations.
    pub sample_every: Option<Seconds>,
    /// Where it is given, every event is verified, and counted in it.
    pub verification: Option<Arc<Tally>>,
}

impl Default for Settings {
    /// The paper's snapshot: a batch, held shares.
    fn default() -> Self {
        Self {
            arrivals: ArrivalLaw::default(),
            scheduling: Scheduling::Batch,
            serving: Serving::default(),
            probe: Probe::Free,
            deadline: None,
            slo: None,
            duration: None,
            queries: None,
            warm_up: Seconds(0.0),
            after: AfterWindow::default(),
            sample_every: None,
            verification: None,
        }
    }
}

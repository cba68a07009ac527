//! What the queries of a scenario are.

use super::is_default;
use super::timeline::TokenSpec;
use crate::engine::{Deadline, Probe};
use crate::plan::TokenProcess;
use crate::uncertainty::{Metric, Synthetic, Table};
use crate::world::arrivals::Arrivals;
use crate::world::distribution::Distribution;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The queries: when they arrive and what they ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkloadSpec {
    /// When queries arrive.
    pub arrivals: Arrivals,
    /// Size of a query on the uplink (D), in bits.
    pub query_bits: Distribution,
    /// Work of the small model for one query (W_SLM), in GFLOP.
    pub slm_gflop: Distribution,
    /// Work of the large model for one query (W_LLM), in GFLOP.
    pub llm_gflop: Distribution,
    /// Size and works from token counts, in place of the three above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenSpec>,
    /// What becomes of the small model's tokens where a server verifies them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_process: Option<TokenProcess>,
    /// What knowing a query's uncertainty costs: `Free`, `FirstToken(work_share: ..)` or
    /// `Router(auroc: .., cost_ms: ..)` on the device before the decision.
    #[serde(skip_serializing_if = "is_default")]
    pub probe: Probe,
    /// When a query must be answered; without it there is no deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// What uncertainty says of correctness.
    pub uncertainty: UncertaintySpec,
}

impl Default for WorkloadSpec {
    fn default() -> Self {
        Self {
            arrivals: Arrivals::Batch,
            query_bits: Distribution::Fixed(1300.0),
            slm_gflop: Distribution::Fixed(2.596),
            llm_gflop: Distribution::Fixed(16.863),
            tokens: None,
            token_process: None,
            probe: Probe::Free,
            deadline: None,
            uncertainty: UncertaintySpec::default(),
        }
    }
}

/// The uncertainty-correctness table, and the metric that policies see.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UncertaintySpec {
    /// Where the table comes from.
    pub table: TableSource,
    /// `Margin`, `Entropy` or `Perplexity`.
    pub metric: Metric,
    /// Runs every policy once by each of these metrics, on the same draws, instead
    /// of by `metric`: for comparing metrics, which needs records that hold them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compare_metrics: Vec<Metric>,
}

/// Where an uncertainty table comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum TableSource {
    /// The table that edgelm carries, shaped like Fig. 2 of the paper:
    /// `scenarios/tables/paper-fig2-shape.csv`.
    #[default]
    PaperShape,
    /// A CSV file, its path relative to the scenario file's folder.
    File(PathBuf),
    /// The table itself.
    Inline(Table),
    /// A made-up pair of models; see [`Synthetic`].
    Synthetic {
        /// Share of queries that the small model answers right.
        slm_accuracy: f64,
        /// Share of queries that the large model answers right.
        llm_accuracy: f64,
        /// How well uncertainty tells the small model's errors, 0.5 not at all.
        auroc: f64,
        /// Correlation of the two models' correctness.
        correlation: f64,
    },
}

impl TableSource {
    /// The made-up pair, if it is one.
    pub fn synthetic(&self) -> Option<Synthetic> {
        match *self {
            Self::Synthetic {
                slm_accuracy,
                llm_accuracy,
                auroc,
                correlation,
            } => Some(Synthetic {
                slm_accuracy,
                llm_accuracy,
                auroc,
                correlation,
            }),
            _ => None,
        }
    }
}

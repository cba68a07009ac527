//! How unsure the small model is of a query, and what that says of the answer.
//!
//! The lever of uncertainty-aware offloading is that the small model's doubt at
//! the first answer token predicts whether its answer is right. Here live the
//! three ways of measuring that doubt ([`metrics`]), and the tables from which a
//! simulation draws it together with the correctness of both models' answers
//! ([`Table`]): either one record per measured question, or bins; a pair of models can
//! also be made up ([`Synthetic`]). [`analysis`] says what a table is worth.

pub mod analysis;
mod bins;
mod error;
pub mod metrics;
mod reading;
mod records;
mod router;
mod synthetic;
mod table;

pub use bins::{Bin, Bins};
pub use error::TableError;
pub use records::Records;
pub use router::{Quantiles, Router};
pub use synthetic::Synthetic;
pub use table::Table;

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which function of the top-k probabilities of the first answer token is taken
/// as uncertainty. All three lie in \[0, 1\], 0 = certain; their values do not
/// compare with each other.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub enum Metric {
    /// `1 - (p1 - p2)`, Eq. 9 of arXiv 2602.07958.
    #[default]
    Margin,
    /// `H / ln k`, H the entropy in nats.
    Entropy,
    /// `(exp H - 1) / (k - 1)`.
    Perplexity,
}

impl Metric {
    /// Every metric, in the order in which files list them.
    pub const ALL: [Metric; 3] = [Metric::Margin, Metric::Entropy, Metric::Perplexity];

    /// The lower-case name, which is also the name of the column in a table.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Margin => "margin",
            Metric::Entropy => "entropy",
            Metric::Perplexity => "perplexity",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a table says of one query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Uncertainty of the small model's first answer token, in \[0, 1\].
    pub uncertainty: f64,
    /// Whether the small model, on the device, would answer right.
    pub slm_correct: bool,
    /// Whether the large model, at the edge, would answer right.
    pub llm_correct: bool,
}

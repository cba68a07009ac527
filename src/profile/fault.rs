//! What may go wrong with one question.

use crate::model_server;
use std::fmt;

/// Why a question got no usable answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The server gave no answer.
    Server(model_server::Fault),
    /// JSON of another shape than that of an answer.
    Shape(String),
    /// An answer without the log-probabilities that were asked for.
    NoLogProbabilities,
    /// Fewer candidates than asked for.
    TooFewCandidates {
        /// How many were asked for.
        wanted: usize,
        /// How many came.
        got: usize,
    },
    /// An answer of no characters.
    Empty,
    /// The scoring command failed.
    Scoring(String),
}

impl Fault {
    /// Whether the same request may fare better a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Fault::Server(fault) if fault.is_passing())
    }

    /// Whether every other question would meet the same fault, so that asking on
    /// is pointless until the user has changed something.
    pub fn concerns_all(&self) -> bool {
        matches!(self, Fault::Server(fault) if fault.concerns_all())
    }

    /// The kind in a few words, by which faults are counted.
    pub fn kind(&self) -> String {
        match self {
            Fault::Server(fault) => fault.kind(),
            Fault::Shape(_) => "not an answer".to_owned(),
            Fault::NoLogProbabilities => "without log-probabilities".to_owned(),
            Fault::TooFewCandidates { .. } => "too few candidates".to_owned(),
            Fault::Empty => "empty answer".to_owned(),
            Fault::Scoring(_) => "not scored".to_owned(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Server(fault) => fault.fmt(f),
            Fault::Shape(what) => write!(f, "the server's answer is not understood: {what}"),
            Fault::NoLogProbabilities => write!(
                f,
                "the answer came without log-probabilities, without which there is no uncertainty"
            ),
            Fault::TooFewCandidates { wanted, got } => write!(
                f,
                "asked for the {wanted} likeliest candidates of the first token, got {got} \
                 (give a smaller --top-k, or raise the server's limit)"
            ),
            Fault::Empty => write!(
                f,
                "the answer is empty (--empty-answers wrong counts such answers as wrong)"
            ),
            Fault::Scoring(why) => write!(f, "the answer could not be scored: {why}"),
        }
    }
}

impl std::error::Error for Fault {}

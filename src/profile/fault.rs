//! What may go wrong with one request.

use std::fmt;
use std::time::Duration;

/// Why a question got no usable answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// No connection: nobody listens, no such host, no secure channel.
    Unreachable(String),
    /// No answer in time.
    TimedOut(Duration),
    /// The connection broke, or what came was not HTTP.
    Broken(String),
    /// A status other than 200.
    Status {
        /// The status code.
        code: u16,
        /// What the server says of it.
        message: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// Something other than JSON, and how it begins.
    NotJson(String),
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
    /// An answer that holds the API key in such a way that it cannot be taken out.
    KeyEchoed,
    /// An answer of no characters.
    Empty,
    /// The scoring command failed.
    Scoring(String),
}

impl Fault {
    /// Whether the same request may fare better a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Fault::Unreachable(_) | Fault::TimedOut(_) | Fault::Broken(_) => true,
            Fault::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }

    /// Whether every other question would meet the same fault, so that asking on
    /// is pointless until the user has changed something.
    pub fn concerns_all(&self) -> bool {
        match self {
            Fault::Unreachable(_) => true,
            Fault::Status { code, .. } => matches!(code, 300..=399 | 401 | 403 | 404 | 405),
            _ => false,
        }
    }

    /// The kind in a few words, by which faults are counted.
    pub fn kind(&self) -> String {
        match self {
            Fault::Unreachable(_) => "server not reached".to_owned(),
            Fault::TimedOut(_) => "timed out".to_owned(),
            Fault::Broken(_) => "connection broken".to_owned(),
            Fault::Status { code, .. } => format!("status {code}"),
            Fault::NotJson(_) => "not JSON".to_owned(),
            Fault::Shape(_) => "not an answer".to_owned(),
            Fault::NoLogProbabilities => "without log-probabilities".to_owned(),
            Fault::TooFewCandidates { .. } => "too few candidates".to_owned(),
            Fault::KeyEchoed => "with the API key in it".to_owned(),
            Fault::Empty => "empty answer".to_owned(),
            Fault::Scoring(_) => "not scored".to_owned(),
        }
    }
}

fn hint(code: u16) -> &'static str {
    match code {
        401 | 403 => " (is the environment variable given with --api-key-env the right key?)",
        404 | 405 => {
            " (is this the URL of an OpenAI-compatible server, and the model's name right?)"
        }
        300..=399 => " (redirected: give the URL it leads to)",
        _ => "",
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Unreachable(why) => write!(f, "the server cannot be reached: {why}"),
            Fault::TimedOut(after) => {
                write!(
                    f,
                    "no answer within {} s (--timeout-s)",
                    after.as_secs_f64()
                )
            }
            Fault::Broken(why) => write!(f, "the connection broke: {why}"),
            Fault::Status { code, message, .. } => {
                write!(f, "the server answered {code}: {message}{}", hint(*code))
            }
            Fault::NotJson(start) => {
                write!(
                    f,
                    "the server answered something other than JSON: `{start}`"
                )
            }
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
            Fault::KeyEchoed => write!(
                f,
                "the answer holds the API key, spelt so that it cannot be taken out: it is not kept"
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

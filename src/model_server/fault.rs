//! What may go wrong between a server and who asks it.

use std::fmt;
use std::time::Duration;

/// Why a server gave no answer.
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
    /// An answer that holds the API key in such a way that it cannot be taken out.
    KeyEchoed,
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

    /// Whether every other request would meet the same fault, so that asking on
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
            Fault::KeyEchoed => "with the API key in it".to_owned(),
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
            Fault::KeyEchoed => write!(
                f,
                "the answer holds the API key, spelt so that it cannot be taken out: it is not kept"
            ),
        }
    }
}

impl std::error::Error for Fault {}

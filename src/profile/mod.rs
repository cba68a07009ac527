//! Asks real models real questions, and records how unsure the small one was and
//! which of the two were right: the tables of [`uncertainty`](crate::uncertainty),
//! measured.
//!
//! [`questions`] reads bAbI's own format or JSON lines; [`request`] makes of a
//! question what is sent, to any server that [`model_server`](crate::model_server) can ask,
//! and [`response`] reads what comes back; [`scoring`] decides whether that is right;
//! [`journal`] keeps every answer as soon as it is there, so that nothing is asked
//! twice; [`mod@run`] drives all of it, [`record`] writes the table, and [`rates`]
//! says how fast the small model was. [`tokens`] asks the large model about each token of
//! the small one.

mod babi;
mod fault;
pub mod journal;
mod json_lines;
mod log_probabilities;
pub mod question;
pub mod questions;
pub mod rates;
pub mod record;
pub mod request;
pub mod response;
pub mod run;
pub mod scoring;
pub mod tokens;

pub use fault::Fault;
pub use log_probabilities::SeenToken;
pub use question::Question;
pub use questions::QuestionError;
pub use run::{Event, Settings, Summary, run};

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which of the two models is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The small model on the device.
    Slm,
    /// The large model at the edge.
    Llm,
}

impl Role {
    /// Both, in the order in which a question is put to them.
    pub const BOTH: [Role; 2] = [Role::Slm, Role::Llm];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Role::Slm => "SLM",
            Role::Llm => "LLM",
        })
    }
}

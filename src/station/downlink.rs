//! The way of an answer back to its user.

use super::held::Held;
use super::stage::Stage;
use super::{Demand, Station};
use crate::units::Seconds;
use serde::{Deserialize, Serialize};

/// What a server's answer meets on its way back.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Downlink {
    /// Nothing: it is there at once. The paper's assumption.
    #[default]
    None,
    /// A latency, the same for every answer.
    Latency {
        /// In milliseconds.
        ms: f64,
    },
}

impl Downlink {
    /// The station, with a unit for each server.
    pub fn station<'w>(servers: usize) -> Box<dyn Station<'w> + 'w> {
        Box::new(Held::new(servers))
    }

    /// What it adds to every delay, as policies predict it.
    pub fn latency(&self) -> Seconds {
        self.demand()
            .and_then(|demand| demand.time)
            .unwrap_or(Seconds(0.0))
    }

    /// What an answer asks of it; `None` where it meets nothing.
    pub fn demand(&self) -> Option<Demand> {
        match *self {
            Self::None => None,
            Self::Latency { ms } => Some(Demand {
                time: Some(Seconds(ms * 1e-3)),
                ..Demand::none(Stage::Downlink)
            }),
        }
    }
}

//! The way between the edge and the cloud.

use crate::units::{Bits, Seconds};
use crate::world::distribution::Distribution;
use crate::world::streams::StreamKey;
use serde::{Deserialize, Serialize};

/// What a message between an edge server and the cloud takes, each way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backhaul {
    /// Latency of a message, in milliseconds.
    pub latency_ms: Distribution,
    /// Rate, in megabit per second: messages do not share it.
    pub rate_mbps: f64,
}

impl Default for Backhaul {
    fn default() -> Self {
        Self {
            latency_ms: Distribution::Fixed(20.0),
            rate_mbps: 1000.0,
        }
    }
}

impl Backhaul {
    /// How long a message takes; `key` is its own.
    pub fn time(&self, bits: Bits, key: StreamKey) -> Seconds {
        let latency_ms = self.latency_ms.draw(&mut key.stream());
        Seconds(1e-3 * latency_ms + bits.0 / (self.rate_mbps * 1e6))
    }
}

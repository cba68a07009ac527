//! Access to the air: what a message waits for before its transmission begins.

use crate::units::Seconds;
use crate::world::streams::StreamKey;
use serde::{Deserialize, Serialize};

/// What a message on the uplink waits for: a grant, its slot, and retransmissions.
///
/// Retransmissions cost time and no bandwidth: the lost transmission is a few slots, the
/// wait for its acknowledgement many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// From the request to the grant of the uplink, in milliseconds.
    pub grant_ms: f64,
    /// Length of a slot, in milliseconds: a message waits for a uniform part of it.
    pub slot_ms: f64,
    /// What each retransmission takes, in milliseconds: the round trip of hybrid automatic
    /// repeat request (HARQ).
    pub harq_rtt_ms: f64,
    /// Probability that a transmission fails and is repeated, each independently.
    pub first_bler: f64,
}

impl Default for Access {
    /// 5G at 30 kHz subcarrier spacing with dynamic grants: a slot of 0.5 ms, grants after
    /// 5 slots, retransmissions after 8, and the 10 % that link adaptation aims at.
    fn default() -> Self {
        Self {
            grant_ms: 2.5,
            slot_ms: 0.5,
            harq_rtt_ms: 4.0,
            first_bler: 0.1,
        }
    }
}

impl Access {
    /// How long the message of this key waits.
    pub fn wait(&self, key: StreamKey) -> Seconds {
        let retransmissions = self.retransmissions(key.named("harq").uniform());
        let slot_ms = self.slot_ms * key.named("slot").uniform();
        Seconds(1e-3 * (self.grant_ms + slot_ms + self.harq_rtt_ms * retransmissions))
    }

    /// The geometric law's quantile: how often the message is repeated.
    fn retransmissions(&self, uniform: f64) -> f64 {
        if self.first_bler == 0.0 {
            return 0.0;
        }
        (uniform.ln() / self.first_bler.ln()).floor()
    }

    /// Its mean, as policies predict it.
    pub fn mean_wait(&self) -> Seconds {
        let repeated = self.first_bler / (1.0 - self.first_bler);
        Seconds(1e-3 * (self.grant_ms + 0.5 * self.slot_ms + self.harq_rtt_ms * repeated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_have_the_mean_and_the_share_of_retransmissions() {
        let access = Access {
            grant_ms: 3.0,
            slot_ms: 1.0,
            harq_rtt_ms: 8.0,
            first_bler: 0.25,
        };
        let key = StreamKey::root(5).named("access");
        let waits: Vec<f64> = (0..40_000).map(|i| access.wait(key.index(i)).0).collect();
        let mean = waits.iter().sum::<f64>() / waits.len() as f64;
        assert!((access.mean_wait().0 - 6.1667e-3).abs() < 1e-7);
        // Deviation of one wait 5.3 ms: of the mean 0.027 ms.
        assert!((mean - access.mean_wait().0).abs() < 1.1e-4, "{mean}");
        let repeated = |at_least: f64| {
            let beyond = waits.iter().filter(|&&wait| wait > 3e-3 + 8e-3 * at_least);
            beyond.count() as f64 / waits.len() as f64
        };
        assert!((repeated(1.0) - 0.25).abs() < 0.01);
        assert!((repeated(2.0) - 0.0625).abs() < 0.005);
        assert!(waits.iter().all(|&wait| wait >= 3e-3));
    }

    #[test]
    fn without_failures_there_is_a_grant_and_a_part_of_a_slot() {
        let access = Access {
            first_bler: 0.0,
            ..Access::default()
        };
        let key = StreamKey::root(1);
        let waits = (0..1000).map(|i| access.wait(key.index(i)).as_ms());
        assert!(waits.into_iter().all(|wait| (2.5..=3.0).contains(&wait)));
    }
}

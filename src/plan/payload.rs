//! What is sent of a drafted token.

use crate::fault::Fault;
use crate::units::Bits;
use serde::{Deserialize, Serialize};

/// What the device sends of each token that it drafts. The server needs the token; to accept
/// drafts without changing the large model's distribution it needs the small model's
/// distribution too, or the greatest part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Payload {
    /// The token: ceil(log2 V) bits of a vocabulary of V.
    #[default]
    TokenIds,
    /// The k most probable tokens: a probability of so many bits and a token each.
    TopK {
        /// How many.
        k: u32,
        /// Bits of a probability.
        bits: u32,
    },
    /// All of the vocabulary in the same way.
    Distribution {
        /// Bits of a probability.
        bits: u32,
    },
}

/// Bits that name one token of a vocabulary.
pub fn token_bits(vocabulary: u32) -> f64 {
    f64::from(vocabulary.max(2)).log2().ceil()
}

impl Payload {
    /// Its size a drafted token: k (bits + ceil(log2 V)) bits for k probabilities.
    pub fn size(&self, vocabulary: u32) -> Bits {
        let entries = |k: u32, bits: u32| f64::from(k) * (f64::from(bits) + token_bits(vocabulary));
        Bits(match *self {
            Self::TokenIds => token_bits(vocabulary),
            Self::TopK { k, bits } => entries(k, bits),
            Self::Distribution { bits } => entries(vocabulary, bits),
        })
    }

    pub(super) fn check(&self, vocabulary: u32) -> Result<(), Fault> {
        let allowed_bits = "a whole number from 1 to 64";
        match *self {
            Self::TokenIds => Ok(()),
            Self::TopK { k, .. } if k == 0 || k > vocabulary => Err(Fault::new(
                "payload.k",
                k,
                format!("a whole number from 1 to the vocabulary's {vocabulary} tokens"),
            )),
            Self::TopK { bits, .. } | Self::Distribution { bits } if !(1..=64).contains(&bits) => {
                Err(Fault::new("payload.bits", bits, allowed_bits))
            }
            Self::TopK { .. } | Self::Distribution { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a vocabulary of 32,000 at 8 bits: 92,000 bytes in full and 86.25 of the 30 most
    /// probable (CU-HLM).
    #[test]
    fn payloads_have_their_published_sizes() {
        let bytes = |payload: Payload| payload.size(32_000).0 / 8.0;
        assert_eq!(bytes(Payload::Distribution { bits: 8 }), 92_000.0);
        assert_eq!(bytes(Payload::TopK { k: 30, bits: 8 }), 86.25);
        assert_eq!(bytes(Payload::TokenIds), 15.0 / 8.0);
    }

    /// Published latencies of a token by what is sent of it, .07 + .23 k / 32,000 s: the
    /// payload at 3.2 Mbit/s beside what does not depend on it.
    #[test]
    fn payloads_take_as_long_as_published() {
        let published = [
            (3, 0.0700),
            (32, 0.0702),
            (320, 0.0723),
            (3_200, 0.093),
            (32_000, 0.300),
        ];
        for (k, latency_s) in published {
            let found = 0.07 + Payload::TopK { k, bits: 8 }.size(32_000).0 / 3.2e6;
            assert!((found - latency_s).abs() < 6e-5, "{k}: {found}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let field = |payload: Payload| payload.check(32_000).unwrap_err().field;
        assert_eq!(field(Payload::TopK { k: 40_000, bits: 8 }), "payload.k");
        assert_eq!(field(Payload::TopK { k: 0, bits: 8 }), "payload.k");
        assert_eq!(field(Payload::Distribution { bits: 0 }), "payload.bits");
        assert_eq!(Payload::TopK { k: 30, bits: 8 }.check(32_000), Ok(()));
    }
}

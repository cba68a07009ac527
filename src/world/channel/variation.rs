//! How fading goes on in time.

use super::Channel;
use super::fading::scatter;
use crate::world::streams::StreamKey;
use serde::{Deserialize, Serialize};

/// How fading goes on in time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Variation {
    /// It does not: one draw a link and replication.
    #[default]
    Static,
    /// Drawn anew, independently, in every coherence block.
    IndependentBlocks,
    /// From block to block a first-order Gauss-Markov process whose correlation is
    /// Clarke's, J0(2 pi f T), at the Doppler frequency f and block length T.
    GaussMarkov {
        /// Greatest Doppler frequency, in hertz: speed over wavelength.
        doppler_hz: f64,
    },
}

/// One link's fading as it goes on, asked for at blocks that do not decrease.
#[derive(Debug, Clone)]
pub struct LinkFading {
    /// The block of `scattered`, and the scattered part of h there.
    block: u64,
    scattered: (f64, f64),
}

impl LinkFading {
    /// A link before its first block.
    pub fn new(channel: &Channel, key: StreamKey, user: usize, server: usize) -> Self {
        let scattered = match channel.variation {
            Variation::GaussMarkov { .. } => scatter(fading_key(key, user, server).index(0)),
            Variation::Static | Variation::IndependentBlocks => (0.0, 0.0),
        };
        Self {
            block: 0,
            scattered,
        }
    }

    /// |h|^2 relative to the mean gain, in a block. A Gauss-Markov link takes every
    /// step in between, so that its path does not depend on who asked when.
    pub fn power_at(
        &mut self,
        channel: &Channel,
        key: StreamKey,
        user: usize,
        server: usize,
        block: u64,
    ) -> f64 {
        let own = fading_key(key, user, server);
        match channel.variation {
            Variation::Static => channel.fading.power(own),
            Variation::IndependentBlocks => channel.fading.power(own.index(block)),
            Variation::GaussMarkov { .. } => {
                let rho = channel.block_correlation;
                let fresh = (1.0 - rho * rho).max(0.0).sqrt();
                while self.block < block {
                    self.block += 1;
                    let (real, imaginary) = scatter(own.index(self.block));
                    self.scattered.0 = rho * self.scattered.0 + fresh * real;
                    self.scattered.1 = rho * self.scattered.1 + fresh * imaginary;
                }
                channel.fading.power_of(self.scattered)
            }
        }
    }
}

pub(super) fn fading_key(key: StreamKey, user: usize, server: usize) -> StreamKey {
    key.named("fading").index(user as u64).index(server as u64)
}

#[cfg(test)]
mod tests {
    use super::super::{Fading, PathLoss, clarke_correlation};
    use super::*;

    #[test]
    fn gauss_markov_links_keep_their_law_and_correlate_as_clarke_says() {
        let (doppler_hz, block_s) = (20.0, 0.005);
        let channel = Channel {
            path_loss: PathLoss::default(),
            fading: Fading::Rayleigh,
            shadowing_db: 0.0,
            variation: Variation::GaussMarkov { doppler_hz },
            block_correlation: clarke_correlation(doppler_hz, block_s),
        };
        let key = StreamKey::root(6);
        let (mut powers, mut products, links) = (Vec::new(), 0.0, 40_000);
        for user in 0..links {
            let mut link = LinkFading::new(&channel, key, user, 0);
            let first = link.power_at(&channel, key, user, 0, 3);
            let second = link.power_at(&channel, key, user, 0, 4);
            powers.push(first);
            products += (first - 1.0) * (second - 1.0);
            // Whoever skips blocks sees the same.
            let mut skipping = LinkFading::new(&channel, key, user, 0);
            assert_eq!(skipping.power_at(&channel, key, user, 0, 4), second);
        }
        let mean = powers.iter().sum::<f64>() / links as f64;
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
        // Powers of jointly Gaussian links correlate as the square of h's.
        let expected = channel.block_correlation.powi(2);
        let found = products / links as f64;
        assert!((found - expected).abs() < 0.06, "{found} {expected}");
    }
}

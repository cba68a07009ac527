//! The fading of one link as a run goes on.

use super::fading::scatter;
use super::{Channel, Fading, FadingProcess, sinusoids};
use crate::units::{Metres, Seconds};
use crate::world::streams::StreamKey;

/// The instant at which a user's links are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Instant {
    /// The number of the coherence block that begins then.
    pub block: u64,
    /// When that is.
    pub time: Seconds,
    /// How far the user has travelled until then.
    pub travelled: Metres,
}

/// One link's fading as it goes on, asked for at blocks that do not decrease.
#[derive(Debug, Clone)]
pub struct LinkFading {
    /// The block of `scattered`, and the scattered part of h there, of a Gauss-Markov
    /// link; all others are functions of the instant.
    block: u64,
    scattered: (f64, f64),
}

impl LinkFading {
    /// A link before its first block.
    pub fn new(channel: &Channel, key: StreamKey, user: usize, server: usize) -> Self {
        let scattered = match channel.process {
            FadingProcess::GaussMarkov { .. } => scatter(fading_key(key, user, server).index(0)),
            FadingProcess::Static
            | FadingProcess::IndependentBlocks
            | FadingProcess::Sinusoids(_) => (0.0, 0.0),
        };
        Self {
            block: 0,
            scattered,
        }
    }

    /// |h|^2 relative to the mean gain, at an instant. A Gauss-Markov link takes every
    /// step in between, so that its path does not depend on who asked when.
    pub fn power_at(
        &mut self,
        channel: &Channel,
        key: StreamKey,
        user: usize,
        server: usize,
        instant: Instant,
    ) -> f64 {
        let own = fading_key(key, user, server);
        let fading = channel.fading;
        if fading == Fading::None {
            return 1.0;
        }
        match channel.process {
            FadingProcess::Static => fading.power(own),
            FadingProcess::IndependentBlocks => fading.power(own.index(instant.block)),
            FadingProcess::Sinusoids(doppler) => {
                let cycles = doppler.cycles(instant.time, instant.travelled);
                let direct_path = matches!(fading, Fading::Rician { .. });
                fading.power_of(sinusoids::scattered(own, cycles, direct_path))
            }
            FadingProcess::GaussMarkov { block_correlation } => {
                self.step_to(own, block_correlation, instant.block);
                fading.power_of(self.scattered)
            }
        }
    }

    fn step_to(&mut self, own: StreamKey, correlation: f64, block: u64) {
        let fresh = (1.0 - correlation * correlation).max(0.0).sqrt();
        while self.block < block {
            self.block += 1;
            let (real, imaginary) = scatter(own.index(self.block));
            self.scattered.0 = correlation * self.scattered.0 + fresh * real;
            self.scattered.1 = correlation * self.scattered.1 + fresh * imaginary;
        }
    }
}

pub(super) fn fading_key(key: StreamKey, user: usize, server: usize) -> StreamKey {
    key.named("fading").index(user as u64).index(server as u64)
}

#[cfg(test)]
mod tests {
    use super::super::{PathLoss, Shadowing};
    use super::*;

    /// The correlation between blocks of another length is that of the law: in
    /// `tests/it/fading.rs`.
    #[test]
    fn gauss_markov_links_keep_their_law_and_their_path_whoever_skips_blocks() {
        let channel = Channel {
            path_loss: PathLoss::default(),
            fading: Fading::Rayleigh,
            shadowing: Shadowing::Deviation(0.0),
            buildings: None,
            antennas_db: 0.0,
            process: FadingProcess::gauss_markov(Seconds(0.02), Seconds(0.005)),
        };
        let instant = |block: u64| Instant {
            block,
            time: Seconds(0.005 * block as f64),
            travelled: Metres(0.0),
        };
        let key = StreamKey::root(6);
        let links = 40_000;
        let (mut sum, mut squares, mut products) = (0.0, 0.0, 0.0);
        for user in 0..links {
            let mut link = LinkFading::new(&channel, key, user, 0);
            let mut power = |block| link.power_at(&channel, key, user, 0, instant(block));
            let (first, second) = (power(3), power(4));
            sum += first;
            squares += first * first;
            products += (first - 1.0) * (second - 1.0);
            let mut skipping = LinkFading::new(&channel, key, user, 0);
            let skipped = skipping.power_at(&channel, key, user, 0, instant(4));
            assert_eq!(skipped, second);
        }
        let n = links as f64;
        // Exponential powers: standard deviations 1 of the power, sqrt(20) of its square
        // and below sqrt(8) of the product, over 200 each; four of them.
        assert!((sum / n - 1.0).abs() < 0.02, "{}", sum / n);
        assert!((squares / n - 2.0).abs() < 0.09, "{}", squares / n);
        // exp(-2 x 5 / 20).
        let found = products / n;
        assert!((found - (-0.5f64).exp()).abs() < 0.057, "{found}");
    }
}

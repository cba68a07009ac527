//! The radio channel: path loss, shadowing and fading make a power gain.

use super::geometry::Point;
use super::streams::StreamKey;
use crate::units::{Metres, ratio_from_db};
use rand_distr::{Distribution as _, Exp1, StandardNormal};
use serde::{Deserialize, Serialize};

/// How the mean received power falls with distance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PathLoss {
    /// `reference_db + 10 exponent log10(d / 1 m)` decibels, d floored at `min_distance_m`.
    LogDistance {
        /// Loss at one metre in dB.
        #[serde(default = "paper_reference_db")]
        reference_db: f64,
        /// Path-loss exponent, 2 in free space.
        #[serde(default = "paper_exponent")]
        exponent: f64,
        /// Distances below this one count as this one.
        #[serde(default = "one_metre")]
        min_distance_m: f64,
    },
    /// 3GPP TR 38.901, table 7.4.1-1: street canyon with line of sight, servers 10 m
    /// high.
    UmiLos {
        /// Carrier frequency in GHz.
        carrier_ghz: f64,
        /// Height of the phones in metres, above 1.
        #[serde(default = "terminal_height")]
        terminal_height_m: f64,
    },
    /// 3GPP TR 38.901, table 7.4.1-1: urban macro without line of sight, servers 25 m
    /// high.
    UmaNlos {
        /// Carrier frequency in GHz.
        carrier_ghz: f64,
        /// Height of the phones in metres, above 1.
        #[serde(default = "terminal_height")]
        terminal_height_m: f64,
    },
}

fn terminal_height() -> f64 {
    1.5
}
fn paper_reference_db() -> f64 {
    38.5
}
fn paper_exponent() -> f64 {
    2.2
}
fn one_metre() -> f64 {
    1.0
}

impl Default for PathLoss {
    fn default() -> Self {
        Self::LogDistance {
            reference_db: paper_reference_db(),
            exponent: paper_exponent(),
            min_distance_m: one_metre(),
        }
    }
}

impl PathLoss {
    /// The mean power gain (linear, at most 1 in practice) over a distance.
    pub fn gain(&self, distance: Metres) -> f64 {
        match *self {
            Self::LogDistance {
                reference_db,
                exponent,
                min_distance_m,
            } => ratio_from_db(-reference_db) * distance.0.max(min_distance_m).powf(-exponent),
            Self::UmiLos {
                carrier_ghz,
                terminal_height_m,
            } => {
                let link = Tr38901::new(distance, 10.0, terminal_height_m, carrier_ghz);
                ratio_from_db(-link.line_of_sight(32.4, 21.0, 9.5))
            }
            Self::UmaNlos {
                carrier_ghz,
                terminal_height_m,
            } => {
                let link = Tr38901::new(distance, 25.0, terminal_height_m, carrier_ghz);
                let obstructed = 13.54 + 39.08 * link.distance_3d_m.log10() + link.carrier_db
                    - 0.6 * (terminal_height_m - 1.5);
                ratio_from_db(-obstructed.max(link.line_of_sight(28.0, 22.0, 9.0)))
            }
        }
    }
}

/// A link in the terms of 3GPP TR 38.901, table 7.4.1-1.
struct Tr38901 {
    distance_2d_m: f64,
    distance_3d_m: f64,
    height_difference_m: f64,
    breakpoint_m: f64,
    /// 20 log10(fc), fc in GHz.
    carrier_db: f64,
}

impl Tr38901 {
    fn new(ground: Metres, station_m: f64, terminal_m: f64, carrier_ghz: f64) -> Self {
        /// As the table's note has it.
        const LIGHT_M_PER_S: f64 = 3e8;
        /// Effective environment height.
        const ENVIRONMENT_M: f64 = 1.0;
        let height_difference_m = station_m - terminal_m;
        Self {
            distance_2d_m: ground.0,
            distance_3d_m: ground.0.hypot(height_difference_m),
            height_difference_m,
            breakpoint_m: 4.0
                * (station_m - ENVIRONMENT_M)
                * (terminal_m - ENVIRONMENT_M)
                * carrier_ghz
                * 1e9
                / LIGHT_M_PER_S,
            carrier_db: 20.0 * carrier_ghz.log10(),
        }
    }

    /// The two-slope loss with line of sight, in dB.
    fn line_of_sight(&self, constant_db: f64, slope: f64, breakpoint_slope: f64) -> f64 {
        let distance = self.distance_3d_m.log10();
        if self.distance_2d_m <= self.breakpoint_m {
            return constant_db + slope * distance + self.carrier_db;
        }
        let square = self.breakpoint_m.powi(2) + self.height_difference_m.powi(2);
        constant_db + 40.0 * distance + self.carrier_db - breakpoint_slope * square.log10()
    }
}

/// The law of the small-scale fading power |h|^2, of mean 1 in every case.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Fading {
    /// No line of sight: exponential power.
    #[default]
    Rayleigh,
    /// A line of sight of the given K-factor beside scattered paths.
    Rician {
        /// Power of the direct path over that of the scattered ones, in dB.
        k_db: f64,
    },
    /// None: the gain is that of the path loss (and shadowing).
    None,
}

impl Fading {
    /// Draws |h|^2 at the given key.
    fn power(self, key: StreamKey) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Rayleigh => Exp1.sample(&mut key.stream()),
            Self::Rician { .. } => self.power_of(scatter(key)),
        }
    }

    /// |h|^2 of a direct path and a scattered part given as two standard normals.
    fn power_of(self, (real, imaginary): (f64, f64)) -> f64 {
        let k = match self {
            Self::None => return 1.0,
            Self::Rayleigh => 0.0,
            Self::Rician { k_db } => ratio_from_db(k_db),
        };
        let scattered = (0.5 / (k + 1.0)).sqrt();
        let direct = (k / (k + 1.0)).sqrt();
        (direct + scattered * real).powi(2) + (scattered * imaginary).powi(2)
    }
}

/// Two standard normals.
fn scatter(key: StreamKey) -> (f64, f64) {
    let mut stream = key.stream();
    let real = StandardNormal.sample(&mut stream);
    (real, StandardNormal.sample(&mut stream))
}

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

fn fading_key(key: StreamKey, user: usize, server: usize) -> StreamKey {
    key.named("fading").index(user as u64).index(server as u64)
}

/// The law of every link: a pure function from (user, server, positions) to a
/// power gain, which holds no table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel {
    /// Mean loss with distance.
    pub path_loss: PathLoss,
    /// Small-scale fading.
    pub fading: Fading,
    /// Standard deviation of log-normal shadowing in dB; 0 for none.
    pub shadowing_db: f64,
    /// How fading goes on in time.
    pub variation: Variation,
    /// Correlation of a Gauss-Markov link from one block to the next.
    pub block_correlation: f64,
}

/// Clarke's correlation of the channel over a time: J0(2 pi f t).
pub fn clarke_correlation(doppler_hz: f64, time_s: f64) -> f64 {
    libm::j0(2.0 * std::f64::consts::PI * doppler_hz * time_s)
}

impl Channel {
    /// The power gain |h|^2 (linear) of the link from a user to a server.
    ///
    /// `key` is the replication's; the link's draws are keyed by user and server
    /// below it, so a gain may be asked at any time, in any order.
    pub fn gain(&self, key: StreamKey, user: (usize, Point), server: (usize, Point)) -> f64 {
        self.mean_gain(key, user, server) * self.fading.power(fading_key(key, user.0, server.0))
    }

    /// The power gain that links over a distance have on average.
    pub fn expected_gain(&self, distance: Metres) -> f64 {
        // The mean of a log-normal of this deviation: exp(s^2 / 2), s in nepers of power.
        let nepers = self.shadowing_db * std::f64::consts::LN_10 / 10.0;
        self.path_loss.gain(distance) * (0.5 * nepers * nepers).exp()
    }

    /// The variance of a link's power gain relative to the square of its mean, at
    /// least 1, as of Rayleigh fading without shadowing: (v + 1) exp(s^2) - 1 with v
    /// of the fading and s the shadowing's deviation in nepers of power.
    pub fn relative_variance(&self) -> f64 {
        let of_fading = match self.fading {
            Fading::None => 0.0,
            Fading::Rayleigh => 1.0,
            Fading::Rician { k_db } => {
                let k = ratio_from_db(k_db);
                (2.0 * k + 1.0) / (k + 1.0).powi(2)
            }
        };
        let nepers = self.shadowing_db * std::f64::consts::LN_10 / 10.0;
        ((of_fading + 1.0) * (nepers * nepers).exp() - 1.0).max(1.0)
    }

    /// The power gain of a link without its fading: path loss and shadowing.
    pub fn mean_gain(&self, key: StreamKey, user: (usize, Point), server: (usize, Point)) -> f64 {
        let mean = self.path_loss.gain(user.1.distance(server.1));
        if self.shadowing_db > 0.0 {
            let own = key
                .named("shadowing")
                .index(user.0 as u64)
                .index(server.0 as u64);
            let normal: f64 = StandardNormal.sample(&mut own.stream());
            mean * ratio_from_db(self.shadowing_db * normal)
        } else {
            mean
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_power(fading: Fading) -> (f64, f64) {
        let n = 100_000;
        let draws: Vec<f64> = (0..n)
            .map(|i| fading.power(StreamKey::root(2).named("fading").index(i)))
            .collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        (mean, variance)
    }

    #[test]
    fn fading_power_has_mean_one_and_the_variance_of_its_law() {
        let (mean, variance) = mean_power(Fading::Rayleigh);
        assert!((mean - 1.0).abs() < 0.02 && (variance - 1.0).abs() < 0.05);
        // Rician power: variance (2K + 1) / (K + 1)^2; K = 10 dB gives 21/121.
        let (mean, variance) = mean_power(Fading::Rician { k_db: 10.0 });
        assert!((mean - 1.0).abs() < 0.02 && (variance - 21.0 / 121.0).abs() < 0.01);
        assert_eq!(mean_power(Fading::None), (1.0, 0.0));
    }

    #[test]
    fn log_distance_loss_falls_by_22_db_a_decade_and_is_floored() {
        let loss = PathLoss::default();
        let db = |d| -10.0 * loss.gain(Metres(d)).log10();
        assert!((db(1.0) - 38.5).abs() < 1e-9);
        assert!((db(100.0) - 82.5).abs() < 1e-9);
        assert_eq!(db(0.0), db(1.0));
    }

    /// Losses in dB at 10, 100, 1,000 and 5,000 m on the ground, 5 GHz, phones at
    /// 1.5 m, computed from the standard's table.
    #[test]
    fn urban_losses_are_those_of_tr_38_901() {
        let losses = |model: PathLoss| {
            [10.0, 100.0, 1000.0, 5000.0].map(|d| -10.0 * model.gain(Metres(d)).log10())
        };
        let (carrier_ghz, terminal_height_m) = (5.0, 1.5);
        let umi = losses(PathLoss::UmiLos {
            carrier_ghz,
            terminal_height_m,
        });
        let uma = losses(PathLoss::UmaNlos {
            carrier_ghz,
            terminal_height_m,
        });
        for (found, expected) in [
            (umi, [69.8591, 88.4122, 119.3114, 147.2696]),
            (uma, [82.5131, 106.1356, 144.7641, 172.0753]),
        ] {
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() < 1e-4, "{found:?} {expected:?}");
            }
        }
    }

    #[test]
    fn shadowing_has_the_standard_deviation_it_names() {
        let channel = Channel {
            path_loss: PathLoss::default(),
            fading: Fading::None,
            shadowing_db: 8.0,
            variation: Variation::Static,
            block_correlation: 1.0,
        };
        let n = 50_000;
        let base = 10.0 * PathLoss::default().gain(Metres(100.0)).log10();
        let excess: Vec<f64> = (0..n)
            .map(|i| {
                let gain = channel.gain(
                    StreamKey::root(4),
                    (i, Point(0.0, 0.0)),
                    (0, Point(100.0, 0.0)),
                );
                10.0 * gain.log10() - base
            })
            .collect();
        let mean = excess.iter().sum::<f64>() / n as f64;
        let deviation = (excess.iter().map(|x| x * x).sum::<f64>() / n as f64).sqrt();
        assert!(mean.abs() < 0.2 && (deviation - 8.0).abs() < 0.15);
    }

    #[test]
    fn links_over_a_distance_have_the_mean_and_the_variance_announced() {
        let channel = Channel {
            path_loss: PathLoss::default(),
            fading: Fading::Rician { k_db: 3.0 },
            shadowing_db: 3.0,
            variation: Variation::Static,
            block_correlation: 1.0,
        };
        let n = 200_000;
        let gains: Vec<f64> = (0..n)
            .map(|i| {
                let user = (i, Point(0.0, 0.0));
                channel.gain(StreamKey::root(9), user, (0, Point(100.0, 0.0)))
            })
            .collect();
        let mean = gains.iter().sum::<f64>() / n as f64;
        let variance = gains.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n as f64;
        assert!((mean / channel.expected_gain(Metres(100.0)) - 1.0).abs() < 0.02);
        let relative = variance / mean.powi(2);
        assert!(
            (relative / channel.relative_variance() - 1.0).abs() < 0.05,
            "{relative} {}",
            channel.relative_variance()
        );
    }

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

//! The radio channel: path loss, shadowing and fading make a power gain.

mod buildings;
mod fading;
mod link_fading;
mod measured;
mod path_loss;
mod shadowing;
mod sinusoids;
pub mod tr38901;
mod variation;

pub use buildings::{Buildings, Inside, Walls};
pub use fading::Fading;
pub use link_fading::{Instant, LinkFading};
pub use measured::MeasuredGains;
pub use path_loss::{LineOfSight, PathLoss, Standard};
pub use shadowing::{Shadowing, StandardShadowing};
pub use variation::{Doppler, FadingProcess, Variation};

use super::geometry::Point;
use super::streams::StreamKey;
use crate::units::{Metres, db_from_ratio, ratio_from_db};
use link_fading::fading_key;
use rand::RngExt;
use rand_distr::{Distribution as _, StandardNormal};
use shadowing::State;
use tr38901::Sight;

/// The law of every link: a pure function from (user, server, positions) to a
/// power gain, which holds no table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel {
    /// Mean loss with distance.
    pub path_loss: PathLoss,
    /// Small-scale fading.
    pub fading: Fading,
    /// Log-normal shadowing.
    pub shadowing: Shadowing,
    /// Users in buildings, if there are any.
    pub buildings: Option<Buildings>,
    /// Gain of the antennas at both ends together, in dB.
    pub antennas_db: f64,
    /// How fading goes on in time.
    pub process: FadingProcess,
}

impl Channel {
    /// The power gain |h|^2 (linear) of the link from a user to a server, where fading
    /// does not go on in time; [`LinkFading`] has the fading that does.
    ///
    /// `key` is the replication's; the link's draws are keyed by user and server
    /// below it, so a gain may be asked at any time, in any order.
    pub fn gain(&self, key: StreamKey, user: (usize, Point), server: (usize, Point)) -> f64 {
        self.mean_gain(key, user, server) * self.fading.power(fading_key(key, user.0, server.0))
    }

    /// The power gain that links over a distance have on average.
    pub fn expected_gain(&self, distance: Metres) -> f64 {
        // The mean of a log-normal of this deviation: exp(s^2 / 2), s in nepers of power.
        let nepers = self.shadowing_nepers();
        let antennas = ratio_from_db(self.antennas_db);
        antennas * self.path_loss.gain(distance) * (0.5 * nepers * nepers).exp()
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
        let nepers = self.shadowing_nepers();
        ((of_fading + 1.0) * (nepers * nepers).exp() - 1.0).max(1.0)
    }

    /// The deviation of shadowing that all links have, in nepers of power. Cities, which
    /// alone ask for it, have no other.
    fn shadowing_nepers(&self) -> f64 {
        match self.shadowing {
            Shadowing::Deviation(db) => db * std::f64::consts::LN_10 / 10.0,
            Shadowing::Standard(_) => f64::NAN,
        }
    }

    /// The power gain of a link without its fading: antennas, path loss, walls, shadowing.
    pub fn mean_gain(&self, key: StreamKey, user: (usize, Point), server: (usize, Point)) -> f64 {
        let parts = self.parts(key, user, server);
        let walls_db = parts.inside.map_or(0.0, |inside| -inside.loss_db);
        parts.path_gain * gain(walls_db) * gain(parts.shadowing_db) * gain(self.antennas_db)
    }

    /// What a link's gain is made of, but for its fading.
    pub fn parts(&self, key: StreamKey, user: (usize, Point), server: (usize, Point)) -> LinkParts {
        let distance = user.1.distance(server.1);
        let Some(standard) = self.path_loss.standard() else {
            let path_gain = self.path_loss.gain(distance);
            return LinkParts {
                distance,
                sight: None,
                path_gain,
                inside: None,
                shadowing_db: self.deviation_db(key, user.0, server.0),
            };
        };
        let inside = self.buildings.and_then(|buildings| {
            buildings.user(standard.environment, standard.carrier_ghz, key, user.0)
        });
        let depth = inside.map_or(Metres(0.0), |inside| inside.depth);
        let outdoors = Metres((distance.0 - depth.0).max(0.0));
        let sight = standard.sight(outdoors, || {
            let own = key.named("line-of-sight").index(user.0 as u64);
            own.index(server.0 as u64).stream().random()
        });
        let path_loss_db = standard.environment.loss_db(standard.link(distance), sight);
        let shadowing_db = match self.shadowing {
            Shadowing::Deviation(_) => self.deviation_db(key, user.0, server.0),
            Shadowing::Standard(shadowing) => {
                let state = match inside {
                    Some(_) => State::Indoors,
                    None => State::Outdoors(sight),
                };
                shadowing.db(&standard, state, key, user, server)
            }
        };
        LinkParts {
            distance,
            sight: Some(sight),
            path_gain: ratio_from_db(-path_loss_db),
            inside,
            shadowing_db,
        }
    }

    /// The shadowing of a link in dB where all links have the same deviation.
    fn deviation_db(&self, key: StreamKey, user: usize, server: usize) -> f64 {
        match self.shadowing {
            Shadowing::Deviation(deviation_db) if deviation_db > 0.0 => {
                let own = key.named("shadowing").index(user as u64);
                let own = own.index(server as u64);
                let normal: f64 = StandardNormal.sample(&mut own.stream());
                deviation_db * normal
            }
            _ => 0.0,
        }
    }
}

/// [`ratio_from_db`], where most links have nothing to convert.
fn gain(db: f64) -> f64 {
    if db == 0.0 { 1.0 } else { ratio_from_db(db) }
}

/// What the gain of a link is made of, but for its fading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkParts {
    /// On the ground.
    pub distance: Metres,
    /// Whether it has line of sight, in a model of TR 38.901.
    pub sight: Option<Sight>,
    /// Path loss as a gain, linear.
    pub path_gain: f64,
    /// The building that the user is in.
    pub inside: Option<Inside>,
    /// What shadowing adds, in dB; below zero it takes.
    pub shadowing_db: f64,
}

impl LinkParts {
    /// Path loss, in dB.
    pub fn path_loss_db(&self) -> f64 {
        -db_from_ratio(self.path_gain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shadowing_has_the_standard_deviation_it_names() {
        let channel = Channel {
            path_loss: PathLoss::default(),
            fading: Fading::None,
            shadowing: Shadowing::Deviation(8.0),
            buildings: None,
            antennas_db: 0.0,
            process: FadingProcess::Static,
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
            shadowing: Shadowing::Deviation(3.0),
            buildings: None,
            antennas_db: 0.0,
            process: FadingProcess::Static,
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
}

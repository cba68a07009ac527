//! Users in buildings: what walls and rooms take (3GPP TR 38.901, section 7.4.3).

use super::tr38901::Environment;
use crate::units::Metres;
use crate::world::streams::StreamKey;
use rand::RngExt;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

/// Users in buildings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buildings {
    /// The share of users who are in one, 0 to 1.
    pub indoor_share: f64,
    /// How much their walls take.
    #[serde(default)]
    pub walls: Walls,
}

/// How much the walls of buildings take: table 7.4.3-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Walls {
    /// The low-loss model: concrete with ordinary windows.
    #[default]
    LowLoss,
    /// The high-loss model: concrete with windows that reflect infrared.
    HighLoss,
}

/// A user in a building.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inside {
    /// Behind the wall.
    pub depth: Metres,
    /// What wall and rooms take from each of the user's links, in dB.
    pub loss_db: f64,
}

impl Buildings {
    /// Where a user is, who stays there: `None` for outside.
    pub(super) fn user(
        &self,
        environment: Environment,
        carrier_ghz: f64,
        key: StreamKey,
        user: usize,
    ) -> Option<Inside> {
        let mut stream = key.named("building").index(user as u64).stream();
        let (place, one, other): (f64, f64, f64) =
            (stream.random(), stream.random(), stream.random());
        if place >= self.indoor_share {
            return None;
        }
        let normal: f64 = StandardNormal.sample(&mut stream);
        let deepest_m = match environment {
            Environment::RMa => 10.0,
            Environment::UMa | Environment::UMi | Environment::InH(_) => 25.0,
        };
        let depth_m = deepest_m * one.min(other);
        Some(Inside {
            depth: Metres(depth_m),
            loss_db: self.walls.loss_db(carrier_ghz)
                + 0.5 * depth_m
                + self.walls.deviation_db() * normal,
        })
    }
}

impl Walls {
    /// Through the outer wall, in dB: tables 7.4.3-1 and 7.4.3-2.
    pub fn loss_db(self, carrier_ghz: f64) -> f64 {
        let through = |db: f64| 10f64.powf(-db / 10.0);
        let concrete = through(5.0 + 4.0 * carrier_ghz);
        let passed = match self {
            Self::LowLoss => 0.3 * through(2.0 + 0.2 * carrier_ghz) + 0.7 * concrete,
            Self::HighLoss => 0.7 * through(23.0 + 0.3 * carrier_ghz) + 0.3 * concrete,
        };
        5.0 - 10.0 * passed.log10()
    }

    /// How much that differs between users, in dB: table 7.4.3-2.
    pub fn deviation_db(self) -> f64 {
        match self {
            Self::LowLoss => 4.4,
            Self::HighLoss => 6.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed from the table by another program.
    #[test]
    fn walls_take_what_the_table_has() {
        for (walls, carrier_ghz, expected) in [
            (Walls::LowLoss, 0.7, 10.2367),
            (Walls::LowLoss, 3.5, 12.6975),
            (Walls::LowLoss, 28.0, 17.8288),
            (Walls::HighLoss, 0.7, 17.7466),
            (Walls::HighLoss, 3.5, 26.8498),
            (Walls::HighLoss, 28.0, 37.9490),
        ] {
            let found = walls.loss_db(carrier_ghz);
            assert!(
                (found - expected).abs() < 1e-4,
                "{walls:?} {carrier_ghz}: {found}"
            );
        }
    }

    #[test]
    fn as_many_are_inside_and_as_deep_as_announced() {
        let buildings = Buildings {
            indoor_share: 0.8,
            walls: Walls::HighLoss,
        };
        let users = 20_000;
        let inside: Vec<Inside> = (0..users)
            .filter_map(|user| buildings.user(Environment::UMi, 3.5, StreamKey::root(3), user))
            .collect();
        let n = inside.len() as f64;
        assert!((n / users as f64 - 0.8).abs() < 0.012, "{n}");
        // The smaller of two uniform depths up to 25 m is 25 / 3 m on average.
        let depth_m = inside.iter().map(|user| user.depth.0).sum::<f64>() / n;
        assert!((depth_m - 25.0 / 3.0).abs() < 0.2, "{depth_m}");
        let excess =
            |user: &Inside| user.loss_db - 0.5 * user.depth.0 - Walls::HighLoss.loss_db(3.5);
        let mean = inside.iter().map(excess).sum::<f64>() / n;
        let deviation = (inside.iter().map(|user| excess(user).powi(2)).sum::<f64>() / n).sqrt();
        assert!(
            mean.abs() < 0.2 && (deviation - 6.5).abs() < 0.15,
            "{mean} {deviation}"
        );
    }
}

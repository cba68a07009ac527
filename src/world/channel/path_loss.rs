//! How the mean received power falls with distance.

use crate::units::{Metres, ratio_from_db};
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
    /// The carrier frequency in GHz of the models that depend on it.
    pub fn carrier_ghz(&self) -> Option<f64> {
        match *self {
            Self::LogDistance { .. } => None,
            Self::UmiLos { carrier_ghz, .. } | Self::UmaNlos { carrier_ghz, .. } => {
                Some(carrier_ghz)
            }
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

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
}

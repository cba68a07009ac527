//! How the mean received power falls with distance.

use super::tr38901::{Environment, Link, Office, Sight};
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
    /// 3GPP TR 38.901: street canyon, all links with line of sight; `UMi(..)` with
    /// `line_of_sight: Always`.
    UmiLos {
        /// Carrier frequency in GHz.
        carrier_ghz: f64,
        /// Height of the phones in metres, above 1.
        #[serde(default = "terminal_height")]
        terminal_height_m: f64,
    },
    /// 3GPP TR 38.901: urban macro, no link with line of sight; `UMa(..)` with
    /// `line_of_sight: Never`.
    UmaNlos {
        /// Carrier frequency in GHz.
        carrier_ghz: f64,
        /// Height of the phones in metres, above 1.
        #[serde(default = "terminal_height")]
        terminal_height_m: f64,
    },
    /// 3GPP TR 38.901, urban macro: servers 25 m high.
    UMa {
        /// Carrier frequency in GHz.
        carrier_ghz: f64,
        /// Height of the phones in metres, 1.5 to 13.
        #[serde(default = "terminal_height")]
        terminal_height_m: f64,
        /// Which links have line of sight.
        #[serde(default)]
        line_of_sight: LineOfSight,
    },
    /// 3GPP TR 38.901, urban micro in a street canyon: servers 10 m high.
    UMi {
        /// Carrier frequency in GHz.
        carrier_ghz: f64,
        /// Height of the phones in metres, 1.5 to 22.5.
        #[serde(default = "terminal_height")]
        terminal_height_m: f64,
        /// Which links have line of sight.
        #[serde(default)]
        line_of_sight: LineOfSight,
    },
    /// 3GPP TR 38.901, rural macro: servers 35 m high, buildings 5 m, streets 20 m wide.
    RMa {
        /// Carrier frequency in GHz.
        carrier_ghz: f64,
        /// Height of the phones in metres, 1 to 10.
        #[serde(default = "terminal_height")]
        terminal_height_m: f64,
        /// Which links have line of sight.
        #[serde(default)]
        line_of_sight: LineOfSight,
    },
    /// 3GPP TR 38.901, an office: servers 3 m high.
    InH {
        /// Carrier frequency in GHz.
        carrier_ghz: f64,
        /// Height of the phones in metres, 0.5 to 3.
        #[serde(default = "one_metre")]
        terminal_height_m: f64,
        /// Which links have line of sight.
        #[serde(default)]
        line_of_sight: LineOfSight,
        /// How it is divided.
        #[serde(default)]
        office: Office,
    },
}

/// Which links have line of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum LineOfSight {
    /// Each with the probability that its distance has (TR 38.901, table 7.4.2-1). A link
    /// keeps its luck: a user who moves gains and loses line of sight as distances change.
    #[default]
    Drawn,
    /// All.
    Always,
    /// None.
    Never,
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

/// A model of TR 38.901 with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standard {
    /// Where links are.
    pub environment: Environment,
    /// In GHz.
    pub carrier_ghz: f64,
    /// Height of the phones.
    pub terminal_height: Metres,
    /// Which links have line of sight.
    pub line_of_sight: LineOfSight,
}

impl Standard {
    /// A link over a distance on the ground.
    pub fn link(&self, distance: Metres) -> Link {
        Link {
            distance,
            terminal_height: self.terminal_height,
            carrier_ghz: self.carrier_ghz,
        }
    }

    /// Whether a link has line of sight, of which `outdoors` lies outside of buildings.
    /// `luck`, in 0..1, is drawn once a link.
    pub fn sight(&self, outdoors: Metres, luck: impl FnOnce() -> f64) -> Sight {
        let has = match self.line_of_sight {
            LineOfSight::Always => true,
            LineOfSight::Never => false,
            LineOfSight::Drawn => luck() < self.environment.sight_probability(outdoors),
        };
        if has { Sight::Line } else { Sight::Obstructed }
    }
}

impl PathLoss {
    /// The carrier frequency in GHz of the models that depend on it.
    pub fn carrier_ghz(&self) -> Option<f64> {
        self.standard().map(|standard| standard.carrier_ghz)
    }

    /// The model of TR 38.901 that it is, if it is one.
    pub fn standard(&self) -> Option<Standard> {
        let (environment, carrier_ghz, height_m, line_of_sight) = match *self {
            Self::LogDistance { .. } => return None,
            Self::UmiLos {
                carrier_ghz,
                terminal_height_m,
            } => (
                Environment::UMi,
                carrier_ghz,
                terminal_height_m,
                LineOfSight::Always,
            ),
            Self::UmaNlos {
                carrier_ghz,
                terminal_height_m,
            } => (
                Environment::UMa,
                carrier_ghz,
                terminal_height_m,
                LineOfSight::Never,
            ),
            Self::UMa {
                carrier_ghz,
                terminal_height_m,
                line_of_sight,
            } => (
                Environment::UMa,
                carrier_ghz,
                terminal_height_m,
                line_of_sight,
            ),
            Self::UMi {
                carrier_ghz,
                terminal_height_m,
                line_of_sight,
            } => (
                Environment::UMi,
                carrier_ghz,
                terminal_height_m,
                line_of_sight,
            ),
            Self::RMa {
                carrier_ghz,
                terminal_height_m,
                line_of_sight,
            } => (
                Environment::RMa,
                carrier_ghz,
                terminal_height_m,
                line_of_sight,
            ),
            Self::InH {
                carrier_ghz,
                terminal_height_m,
                line_of_sight,
                office,
            } => (
                Environment::InH(office),
                carrier_ghz,
                terminal_height_m,
                line_of_sight,
            ),
        };
        Some(Standard {
            environment,
            carrier_ghz,
            terminal_height: Metres(height_m),
            line_of_sight,
        })
    }

    /// The mean power gain (linear, at most 1 in practice) over a distance; where line of
    /// sight is drawn, that with line of sight.
    pub fn gain(&self, distance: Metres) -> f64 {
        if let Self::LogDistance {
            reference_db,
            exponent,
            min_distance_m,
        } = *self
        {
            return ratio_from_db(-reference_db) * distance.0.max(min_distance_m).powf(-exponent);
        }
        self.standard().map_or(f64::NAN, |standard| {
            let sight = standard.sight(distance, || 0.0);
            let link = standard.link(distance);
            ratio_from_db(-standard.environment.loss_db(link, sight))
        })
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

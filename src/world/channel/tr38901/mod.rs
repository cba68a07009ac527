//! Outdoor and office links of 3GPP TR 38.901 (release 17), section 7.4: path loss, the
//! probability of line of sight, the deviation of shadowing and its correlation distance.
//! A file for each environment.

mod inh;
mod rma;
mod uma;
mod umi;

use crate::units::Metres;
use serde::{Deserialize, Serialize};

/// The speed of light as the notes of table 7.4.1-1 have it.
const LIGHT_M_PER_S: f64 = 3e8;

/// Where phones and servers stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Urban macro, servers 25 m high.
    UMa,
    /// Urban micro, a street canyon, servers 10 m high.
    UMi,
    /// Rural macro, servers 35 m high, buildings of 5 m, streets of 20 m.
    RMa,
    /// An office, servers 3 m high.
    InH(Office),
}

/// How an office is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Office {
    /// Rooms and open areas.
    #[default]
    Mixed,
    /// One open area.
    Open,
}

/// Whether a link has line of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It has.
    Line,
    /// It is obstructed.
    Obstructed,
}

/// A link in the terms of table 7.4.1-1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// On the ground.
    pub distance: Metres,
    /// Of the phone, above the ground.
    pub terminal_height: Metres,
    /// In GHz.
    pub carrier_ghz: f64,
}

impl Environment {
    /// Height of the servers above the ground, in metres.
    pub fn station_height_m(self) -> f64 {
        match self {
            Self::UMa => uma::STATION_M,
            Self::UMi => umi::STATION_M,
            Self::RMa => rma::STATION_M,
            Self::InH(_) => inh::STATION_M,
        }
    }

    /// The path loss of a link in dB: table 7.4.1-1.
    pub fn loss_db(self, link: Link, sight: Sight) -> f64 {
        let link = Geometry::new(link, self.station_height_m());
        match self {
            Self::UMa => uma::loss_db(&link, sight),
            Self::UMi => umi::loss_db(&link, sight),
            Self::RMa => rma::loss_db(&link, sight),
            Self::InH(_) => inh::loss_db(&link, sight),
        }
    }

    /// The probability of line of sight over a distance on the ground outside of
    /// buildings: table 7.4.2-1.
    pub fn sight_probability(self, outdoors: Metres) -> f64 {
        match self {
            Self::UMa => uma::sight_probability(outdoors.0),
            Self::UMi => umi::sight_probability(outdoors.0),
            Self::RMa => rma::sight_probability(outdoors.0),
            Self::InH(office) => inh::sight_probability(outdoors.0, office),
        }
    }

    /// The standard deviation of a link's shadowing in dB: table 7.4.1-1.
    pub fn shadowing_db(self, link: Link, sight: Sight) -> f64 {
        match self {
            Self::UMa => uma::shadowing_db(sight),
            Self::UMi => umi::shadowing_db(sight),
            Self::RMa => rma::shadowing_db(&Geometry::new(link, rma::STATION_M), sight),
            Self::InH(_) => inh::shadowing_db(sight),
        }
    }

    /// The same for phones in buildings: table 7.5-6, O2I.
    pub fn indoor_shadowing_db(self) -> f64 {
        match self {
            Self::UMa | Self::UMi | Self::InH(_) => 7.0,
            Self::RMa => 8.0,
        }
    }

    /// The distance over which the correlation of shadowing falls to 1/e: table 7.5-6.
    pub fn correlation_distance(self, sight: Sight) -> Metres {
        let (line_m, obstructed_m) = match self {
            Self::UMa => (37.0, 50.0),
            Self::UMi => (10.0, 13.0),
            Self::RMa => (37.0, 120.0),
            Self::InH(_) => (10.0, 6.0),
        };
        Metres(match sight {
            Sight::Line => line_m,
            Sight::Obstructed => obstructed_m,
        })
    }

    /// The same for phones in buildings.
    pub fn indoor_correlation_distance(self) -> Metres {
        Metres(match self {
            Self::UMa | Self::UMi | Self::InH(_) => 7.0,
            Self::RMa => 120.0,
        })
    }
}

/// Of the urban environments: certain up to 18 m, then falling over a distance.
fn urban_sight_probability(distance_m: f64, decay_m: f64) -> f64 {
    if distance_m <= 18.0 {
        return 1.0;
    }
    18.0 / distance_m + (-distance_m / decay_m).exp() * (1.0 - 18.0 / distance_m)
}

/// What the formulas are written in.
struct Geometry {
    distance_2d_m: f64,
    distance_3d_m: f64,
    station_m: f64,
    terminal_m: f64,
    carrier_ghz: f64,
}

impl Geometry {
    fn new(link: Link, station_m: f64) -> Self {
        Self {
            distance_2d_m: link.distance.0,
            distance_3d_m: link.distance.0.hypot(station_m - link.terminal_height.0),
            station_m,
            terminal_m: link.terminal_height.0,
            carrier_ghz: link.carrier_ghz,
        }
    }

    /// 20 log10(fc), fc in GHz.
    fn carrier_db(&self) -> f64 {
        20.0 * self.carrier_ghz.log10()
    }

    /// The two-slope loss with line of sight of the urban environments, in dB, with the
    /// breakpoint of note 1 over an environment 1 m high.
    fn urban_sight_db(&self, constant_db: f64, slope: f64, breakpoint_slope: f64) -> f64 {
        const ENVIRONMENT_M: f64 = 1.0;
        let breakpoint_m = 4.0
            * (self.station_m - ENVIRONMENT_M)
            * (self.terminal_m - ENVIRONMENT_M)
            * self.carrier_ghz
            * 1e9
            / LIGHT_M_PER_S;
        let distance = self.distance_3d_m.log10();
        if self.distance_2d_m <= breakpoint_m {
            return constant_db + slope * distance + self.carrier_db();
        }
        let square = breakpoint_m.powi(2) + (self.station_m - self.terminal_m).powi(2);
        constant_db + 40.0 * distance + self.carrier_db() - breakpoint_slope * square.log10()
    }
}

#[cfg(test)]
mod tests;

//! An office.

use super::{Geometry, Office, Sight};

/// Height of the servers, in metres.
pub(super) const STATION_M: f64 = 3.0;

/// Table 7.4.1-1, InH - Office.
pub(super) fn loss_db(link: &Geometry, sight: Sight) -> f64 {
    let distance = link.distance_3d_m.log10();
    let line_of_sight = 32.4 + 17.3 * distance + link.carrier_db();
    match sight {
        Sight::Line => line_of_sight,
        Sight::Obstructed => {
            let obstructed = 38.3 * distance + 17.3 + 24.9 * link.carrier_ghz.log10();
            obstructed.max(line_of_sight)
        }
    }
}

/// Table 7.4.2-1, indoor - mixed office and indoor - open office.
pub(super) fn sight_probability(distance_m: f64, office: Office) -> f64 {
    match office {
        Office::Mixed if distance_m <= 1.2 => 1.0,
        Office::Mixed if distance_m < 6.5 => (-(distance_m - 1.2) / 4.7).exp(),
        Office::Mixed => (-(distance_m - 6.5) / 32.6).exp() * 0.32,
        Office::Open if distance_m <= 5.0 => 1.0,
        Office::Open if distance_m <= 49.0 => (-(distance_m - 5.0) / 70.8).exp(),
        Office::Open => (-(distance_m - 49.0) / 211.7).exp() * 0.54,
    }
}

/// Table 7.4.1-1, InH - Office.
pub(super) fn shadowing_db(sight: Sight) -> f64 {
    match sight {
        Sight::Line => 3.0,
        Sight::Obstructed => 8.03,
    }
}

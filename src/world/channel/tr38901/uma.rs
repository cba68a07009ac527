//! Urban macro: phones up to 13 m high.

use super::{Geometry, Sight};

/// Height of the servers, in metres.
pub(super) const STATION_M: f64 = 25.0;

/// Table 7.4.1-1, UMa.
pub(super) fn loss_db(link: &Geometry, sight: Sight) -> f64 {
    let line_of_sight = link.urban_sight_db(28.0, 22.0, 9.0);
    match sight {
        Sight::Line => line_of_sight,
        Sight::Obstructed => {
            let obstructed = 13.54 + 39.08 * link.distance_3d_m.log10() + link.carrier_db()
                - 0.6 * (link.terminal_m - 1.5);
            obstructed.max(line_of_sight)
        }
    }
}

/// Table 7.4.2-1, UMa, for phones up to 13 m high.
pub(super) fn sight_probability(distance_m: f64) -> f64 {
    super::urban_sight_probability(distance_m, 63.0)
}

/// Table 7.4.1-1, UMa.
pub(super) fn shadowing_db(sight: Sight) -> f64 {
    match sight {
        Sight::Line => 4.0,
        Sight::Obstructed => 6.0,
    }
}

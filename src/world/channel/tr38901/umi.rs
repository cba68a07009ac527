//! Urban micro: a street canyon.

use super::{Geometry, Sight};

/// Height of the servers, in metres.
pub(super) const STATION_M: f64 = 10.0;

/// Table 7.4.1-1, UMi - Street Canyon.
pub(super) fn loss_db(link: &Geometry, sight: Sight) -> f64 {
    let line_of_sight = link.urban_sight_db(32.4, 21.0, 9.5);
    match sight {
        Sight::Line => line_of_sight,
        Sight::Obstructed => {
            let obstructed =
                22.4 + 35.3 * link.distance_3d_m.log10() + 21.3 * link.carrier_ghz.log10()
                    - 0.3 * (link.terminal_m - 1.5);
            obstructed.max(line_of_sight)
        }
    }
}

/// Table 7.4.2-1, UMi - Street Canyon.
pub(super) fn sight_probability(distance_m: f64) -> f64 {
    super::urban_sight_probability(distance_m, 36.0)
}

/// Table 7.4.1-1, UMi - Street Canyon.
pub(super) fn shadowing_db(sight: Sight) -> f64 {
    match sight {
        Sight::Line => 4.0,
        Sight::Obstructed => 7.82,
    }
}

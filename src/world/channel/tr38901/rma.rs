//! Rural macro, with the heights and widths that the table gives as defaults.

use super::{Geometry, LIGHT_M_PER_S, Sight};
use std::f64::consts::PI;

/// Height of the servers, in metres.
pub(super) const STATION_M: f64 = 35.0;
/// Average height of buildings, in metres.
const BUILDING_M: f64 = 5.0;
/// Average width of streets, in metres.
const STREET_M: f64 = 20.0;

/// Table 7.4.1-1, RMa.
pub(super) fn loss_db(link: &Geometry, sight: Sight) -> f64 {
    let line_of_sight = sight_db(link);
    match sight {
        Sight::Line => line_of_sight,
        Sight::Obstructed => {
            let station = STATION_M.log10();
            let terminal = (11.75 * link.terminal_m).log10();
            let obstructed = 161.04 - 7.1 * STREET_M.log10() + 7.5 * BUILDING_M.log10()
                - (24.37 - 3.7 * (BUILDING_M / STATION_M).powi(2)) * station
                + (43.42 - 3.1 * station) * (link.distance_3d_m.log10() - 3.0)
                + link.carrier_db()
                - (3.2 * terminal.powi(2) - 4.97);
            obstructed.max(line_of_sight)
        }
    }
}

/// The two slopes with line of sight.
fn sight_db(link: &Geometry) -> f64 {
    let before = |distance_m: f64| {
        let power = BUILDING_M.powf(1.72);
        20.0 * (40.0 * PI * distance_m * link.carrier_ghz / 3.0).log10()
            + (0.03 * power).min(10.0) * distance_m.log10()
            - (0.044 * power).min(14.77)
            + 0.002 * BUILDING_M.log10() * distance_m
    };
    let breakpoint_m = breakpoint_m(link);
    if link.distance_2d_m <= breakpoint_m {
        before(link.distance_3d_m)
    } else {
        before(breakpoint_m) + 40.0 * (link.distance_3d_m / breakpoint_m).log10()
    }
}

/// Note 5 of the table.
fn breakpoint_m(link: &Geometry) -> f64 {
    2.0 * PI * STATION_M * link.terminal_m * link.carrier_ghz * 1e9 / LIGHT_M_PER_S
}

/// Table 7.4.2-1, RMa.
pub(super) fn sight_probability(distance_m: f64) -> f64 {
    if distance_m <= 10.0 {
        return 1.0;
    }
    (-(distance_m - 10.0) / 1000.0).exp()
}

/// Table 7.4.1-1, RMa.
pub(super) fn shadowing_db(link: &Geometry, sight: Sight) -> f64 {
    match sight {
        Sight::Line if link.distance_2d_m <= breakpoint_m(link) => 4.0,
        Sight::Line => 6.0,
        Sight::Obstructed => 8.0,
    }
}

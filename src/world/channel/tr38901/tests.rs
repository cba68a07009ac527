//! Losses and probabilities of the standard's tables, by hand and by a second program.

use super::*;

fn losses(environment: Environment, sight: Sight, carrier_ghz: f64, height_m: f64) -> [f64; 4] {
    [10.0, 100.0, 1000.0, 5000.0].map(|distance_m| {
        let link = Link {
            distance: Metres(distance_m),
            terminal_height: Metres(height_m),
            carrier_ghz,
        };
        environment.loss_db(link, sight)
    })
}

/// Losses in dB at 10, 100, 1,000 and 5,000 m on the ground, computed from the
/// standard's table by another program.
#[test]
fn losses_are_those_of_the_table() {
    use Environment::{InH, RMa, UMa, UMi};
    use Sight::{Line, Obstructed};
    let office = InH(Office::Mixed);
    for (environment, sight, carrier_ghz, height_m, expected) in [
        (UMa, Line, 5.0, 1.5, [72.9380, 86.2362, 109.7252, 137.6794]),
        (
            UMa,
            Obstructed,
            5.0,
            1.5,
            [82.5131, 106.1356, 144.7641, 172.0753],
        ),
        (
            UMa,
            Line,
            28.0,
            6.0,
            [86.2439, 101.1126, 122.9449, 138.3206],
        ),
        (
            UMa,
            Obstructed,
            28.0,
            6.0,
            [91.8319, 118.2441, 157.0262, 184.3390],
        ),
        (UMi, Line, 5.0, 1.5, [69.8591, 88.4122, 119.3114, 147.2696]),
        (
            UMi,
            Obstructed,
            5.0,
            1.5,
            [76.7563, 107.9432, 143.1886, 167.8617],
        ),
        (
            UMi,
            Line,
            28.0,
            10.0,
            [82.3432, 103.3432, 124.3432, 139.0215],
        ),
        (
            UMi,
            Obstructed,
            28.0,
            10.0,
            [85.9745, 121.2745, 156.5745, 181.2481],
        ),
        (RMa, Line, 0.7, 1.5, [60.3010, 70.2190, 93.3816, 121.3311]),
        (
            RMa,
            Obstructed,
            0.7,
            1.5,
            [60.3010, 78.6944, 116.4449, 143.4395],
        ),
        (RMa, Line, 3.5, 3.0, [73.9057, 84.1583, 105.4591, 125.3594]),
        (
            RMa,
            Obstructed,
            3.5,
            3.0,
            [73.9057, 89.9086, 127.7327, 154.7281],
        ),
        (
            office,
            Line,
            5.0,
            1.0,
            [63.8267, 80.9809, 98.2794, 110.3716],
        ),
        (
            office,
            Obstructed,
            5.0,
            1.0,
            [73.3305, 111.3077, 149.6044, 176.3749],
        ),
        (
            office,
            Line,
            60.0,
            1.5,
            [85.3466, 102.5639, 119.8630, 131.9552],
        ),
        (
            office,
            Obstructed,
            60.0,
            1.5,
            [100.0610, 138.1778, 176.4760, 203.2465],
        ),
    ] {
        let found = losses(environment, sight, carrier_ghz, height_m);
        for (a, b) in found.iter().zip(expected) {
            assert!(
                (a - b).abs() < 1e-4,
                "{environment:?} {sight:?}: {found:?} {expected:?}"
            );
        }
    }
}

#[test]
fn sight_is_as_probable_as_in_the_table() {
    use Environment::{InH, RMa, UMa, UMi};
    let probabilities = |environment: Environment| {
        [1.0, 6.0, 15.0, 30.0, 100.0, 500.0]
            .map(|distance_m| environment.sight_probability(Metres(distance_m)))
    };
    for (environment, expected) in [
        (
            UMa,
            [
                1.000000000000,
                1.000000000000,
                1.000000000000,
                0.848458063046,
                0.347670836844,
                0.036344584257,
            ],
        ),
        (
            UMi,
            [
                1.000000000000,
                1.000000000000,
                1.000000000000,
                0.773839283403,
                0.230984749698,
                0.036000895796,
            ],
        ),
        (
            RMa,
            [
                1.000000000000,
                1.000000000000,
                0.995012479193,
                0.980198673307,
                0.913931185271,
                0.612626394184,
            ],
        ),
        (
            InH(Office::Mixed),
            [
                1.000000000000,
                0.360134899912,
                0.246554927796,
                0.155626997128,
                0.018178195680,
                0.000000085268,
            ],
        ),
        (
            InH(Office::Open),
            [
                1.000000000000,
                0.985974986083,
                0.868278348395,
                0.702501779534,
                0.424393968907,
                0.064148196058,
            ],
        ),
    ] {
        let found = probabilities(environment);
        for (a, b) in found.iter().zip(expected) {
            assert!(
                (a - b).abs() < 1e-9,
                "{environment:?}: {found:?} {expected:?}"
            );
        }
    }
}

#[test]
fn losses_go_on_without_a_step_at_the_breakpoint() {
    for (environment, breakpoint_m) in [
        // 4 x 24 x 0.5 x 3.5e9 / 3e8, 4 x 9 x 0.5 x 3.5e9 / 3e8,
        // 2 pi x 35 x 1.5 x 3.5e9 / 3e8
        (Environment::UMa, 560.0),
        (Environment::UMi, 210.0),
        (Environment::RMa, 3848.451),
    ] {
        let loss = |distance_m: f64| {
            let link = Link {
                distance: Metres(distance_m),
                terminal_height: Metres(1.5),
                carrier_ghz: 3.5,
            };
            environment.loss_db(link, Sight::Line)
        };
        let (before, after) = (loss(breakpoint_m - 0.01), loss(breakpoint_m + 0.01));
        assert!(
            (after - before).abs() < 0.01,
            "{environment:?} {before} {after}"
        );
        let slope = loss(1.02 * breakpoint_m) - loss(1.01 * breakpoint_m);
        let steep = 40.0 * (1.02f64 / 1.01).log10();
        assert!((slope / steep - 1.0).abs() < 0.02, "{environment:?}");
    }
}

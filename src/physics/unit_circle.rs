//! The cosine and the sine of an angle in turns, in a form that compilers vectorise: no
//! call, no branch. The same bits on every machine.

use std::f64::consts::TAU;

/// 1.5 x 2^52: added and taken away again, it rounds a float below 2^51 to an integer.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// The cosine and the sine of 2 pi x `turns`, each within 4e-16 of the true value, for
/// |turns| < 2^49.
///
/// The angle is taken from the nearest quarter of a turn, which leaves at most pi / 4,
/// and turned back by that quarter. The polynomials are those of fdlibm's kernels.
#[inline]
pub fn cosine_and_sine(turns: f64) -> (f64, f64) {
    let quarters = (4.0 * turns + ROUNDING) - ROUNDING;
    let whole = (turns + ROUNDING) - ROUNDING;
    let angle = (turns - 0.25 * quarters) * TAU;
    let z = angle * angle;
    let cosine = 1.0 - 0.5 * z + z * z * cosine_tail(z);
    let sine = angle + angle * z * sine_tail(z);
    // From -2 to 2; the cosine and the sine of so many quarters:
    let quarter = quarters - 4.0 * whole;
    let along = 1.0 - quarter.abs();
    let across = quarter * (2.0 - quarter.abs());
    (
        along * cosine - across * sine,
        across * cosine + along * sine,
    )
}

#[inline]
fn cosine_tail(z: f64) -> f64 {
    let high = 2.480_158_728_947_673e-5
        + z * (-2.755_731_435_139_066_3e-7
            + z * (2.087_572_321_298_175e-9 + z * -1.135_964_755_778_819_5e-11));
    4.166_666_666_666_66e-2 + z * (-1.388_888_888_887_411e-3 + z * high)
}

#[inline]
fn sine_tail(z: f64) -> f64 {
    let high = -1.984_126_982_985_795e-4
        + z * (2.755_731_370_707_006_8e-6
            + z * (-2.505_076_025_340_686_3e-8 + z * 1.589_690_995_211_55e-10));
    -1.666_666_666_666_663_2e-1 + z * (8.333_333_333_322_49e-3 + z * high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_a_library_that_computes_in_radians() {
        let mut x = -3.0;
        while x < 3.0 {
            let (cosine, sine) = cosine_and_sine(x);
            // Whole turns are taken off without loss before radians lose any.
            let (expected_sine, expected_cosine) = libm::sincos((x - x.round()) * TAU);
            assert!((cosine - expected_cosine).abs() < 4e-16, "cos at {x}");
            assert!((sine - expected_sine).abs() < 4e-16, "sin at {x}");
            x += 1.3e-5;
        }
    }

    #[test]
    fn quarters_are_exact_however_many_turns_there_were() {
        for turns in [0.0, 7.0, -3e6, 1e12] {
            assert_eq!(cosine_and_sine(turns), (1.0, 0.0));
            assert_eq!(cosine_and_sine(turns + 0.25), (0.0, 1.0));
            assert_eq!(cosine_and_sine(turns + 0.5), (-1.0, 0.0));
            assert_eq!(cosine_and_sine(turns + 0.75), (0.0, -1.0));
        }
    }
}

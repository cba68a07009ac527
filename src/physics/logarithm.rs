//! log2(1 + x) and log2(1 + 1/y) in a form that compilers vectorise: no call, no
//! branch, one division.

/// From the bits of sqrt(1/2) to those of 1: added to the bits of a float it makes the
/// exponent change at sqrt(1/2) x 2^k instead of at 2^k.
const TO_ROOT: u64 = 0x3ff0_0000_0000_0000 - 0x3fe6_a09e_667f_3bcd;
/// The bits of 2^52: a float whose last bits are an integer below 2^52.
const INTEGER: u64 = 0x4330_0000_0000_0000;
/// 2^52.
const INTEGER_BASE: f64 = 4_503_599_627_370_496.0;
/// The bias of the exponent.
const BIAS: f64 = 1023.0;

/// log2(1 + x) for finite x >= 0, within 7e-16 of the true value relative to it, for
/// tiny x too.
///
/// With 1 + x = 2^e m and m in [sqrt(1/2), sqrt(2)), log2(1 + x) = e + log2(m), and
/// ln(m) = 2 artanh(f) with f = (m - 1) / (m + 1), |f| <= 0.1716. Both sides of f are scaled by 2^e, so that x itself, not the
/// rounded 1 + x, makes the numerator.
#[inline]
pub fn log2_1p(x: f64) -> f64 {
    let shifted = (1.0 + x).to_bits() + TO_ROOT;
    let exponent = f64::from_bits((shifted >> 52) | INTEGER) - (INTEGER_BASE + BIAS);
    let power = f64::from_bits(shifted & 0xfff0_0000_0000_0000);
    let f = (x - (power - 1.0)) / ((x + 1.0) + power);
    exponent + log2_from(f)
}

/// log2(1 + 1/y) for finite y > 0, within 7e-16 of the true value relative to it: the
/// spectral efficiency where noise and interference are y times the signal.
///
/// As [`log2_1p`], with 1 + 1/y = (y + 1) / y = 2^e m. The difference of the bits of
/// y + 1 and y is within 0.0861 of the logarithm: rounded it is e, and |f| <= 0.2004.
#[inline]
pub fn log2_1p_of_inverse(y: f64) -> f64 {
    let difference = (1.0 + y).to_bits() - y.to_bits();
    let e = (difference + (1 << 51)) >> 52;
    let exponent = f64::from_bits(e | INTEGER) - INTEGER_BASE;
    let power = f64::from_bits((e + 1023) << 52);
    let f = (1.0 - (power - 1.0) * y) / (1.0 + (power + 1.0) * y);
    exponent + log2_from(f)
}

/// log2(m) from f = (m - 1) / (m + 1), |f| <= 0.2004: eleven terms of artanh's series
/// leave 2e-17.
#[inline]
fn log2_from(f: f64) -> f64 {
    let z = f * f;
    let (z2, z4, z8) = (
        z * z,
        (z * z) * (z * z),
        (z * z) * (z * z) * (z * z) * (z * z),
    );
    let low = (1.0 / 3.0 + z * (1.0 / 5.0)) + z2 * (1.0 / 7.0 + z * (1.0 / 9.0));
    let middle = (1.0 / 11.0 + z * (1.0 / 13.0)) + z2 * (1.0 / 15.0 + z * (1.0 / 17.0));
    let series = low + z4 * middle + z8 * (1.0 / 19.0 + z * (1.0 / 21.0));
    (f + f * (z * series)) * (2.0 * std::f64::consts::LOG2_E)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_standard_librarys_over_thirty_orders_of_magnitude() {
        let mut x = 1e-18;
        while x < 1e12 {
            let expected = f64::ln_1p(x) * std::f64::consts::LOG2_E;
            let found = log2_1p(x);
            assert!((found / expected - 1.0).abs() < 7e-16, "{x:e}: {found:e}");
            x *= 1.000_03;
        }
    }

    #[test]
    fn the_inverses_agrees_too() {
        let mut y = 1e-12;
        while y < 1e18 {
            // Of a large y the inverse itself, not 1 + 1/y, is what is left.
            let expected = f64::ln_1p(1.0 / y) * std::f64::consts::LOG2_E;
            let found = log2_1p_of_inverse(y);
            assert!((found / expected - 1.0).abs() < 7e-16, "{y:e}: {found:e}");
            y *= 1.000_03;
        }
        assert_eq!(log2_1p_of_inverse(1.0), 1.0);
        assert!((log2_1p_of_inverse(1e-300) / 996.578_428_466_208_7 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn it_is_exact_where_it_can_be() {
        assert_eq!(log2_1p(0.0), 0.0);
        assert_eq!(log2_1p(1.0), 1.0);
        assert_eq!(log2_1p(7.0), 3.0);
    }
}

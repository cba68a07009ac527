//! How numbers are written: always the same text for the same number.

use crate::scenario::SweptValue;

/// The shortest text that reads back as the same number; empty if it is not finite.
pub(super) fn shortest(value: f64) -> String {
    if !value.is_finite() {
        String::new()
    } else if value == 0.0 {
        "0".to_owned()
    } else if (1e-6..1e16).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// A swept value: a number as [`shortest`] has it, anything else as RON.
pub(super) fn swept(value: &SweptValue) -> String {
    match value {
        SweptValue::Number(number) => shortest(*number),
        SweptValue::Ron(_) => value.to_string(),
    }
}

/// [`shortest`], or nothing.
pub(super) fn optional(value: Option<f64>) -> String {
    value.map(shortest).unwrap_or_default()
}

/// How many decimals show `significant` digits of a positive number; at most 6.
pub(super) fn decimals(value: f64, significant: i32) -> usize {
    if !value.is_finite() || value == 0.0 {
        return significant.saturating_sub(1).clamp(0, 6) as usize;
    }
    let magnitude = value.abs().log10().floor() as i32;
    (significant - 1 - magnitude).clamp(0, 6) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shortest_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                prop_assert_eq!(shortest(value).parse::<f64>().unwrap(), value);
            } else {
                prop_assert_eq!(shortest(value), "");
            }
        }
    }

    #[test]
    fn plain_numbers_stay_plain() {
        let written: Vec<String> = [120.0, 0.6, -0.0, 1e-9, 2.5e20, f64::NAN]
            .into_iter()
            .map(shortest)
            .collect();
        assert_eq!(written, ["120", "0.6", "0", "1e-9", "2.5e20", ""]);
    }

    #[test]
    fn decimals_show_the_digits_asked_for() {
        assert_eq!(decimals(31.2345, 4), 2);
        assert_eq!(decimals(0.0123, 2), 3);
        assert_eq!(decimals(1234.0, 2), 0);
    }
}

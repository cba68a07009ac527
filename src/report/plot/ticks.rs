//! Round numbers for the ticks of axes, and how they are written.

/// The least of 1, 2, 5 times a power of ten that is not below `rough`.
pub(super) fn nice_step(rough: f64) -> f64 {
    if !(rough.is_finite() && rough > 0.0) {
        return 1.0;
    }
    let exponent = rough.log10().floor() as i32;
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power(exponent))
        .find(|step| *step >= rough * (1.0 - 1e-9))
        .unwrap_or(rough)
}

pub(super) fn multiples(step: f64, low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (
        (low / step - 1e-9).ceil() as i64,
        (high / step + 1e-9).floor() as i64,
    );
    // Beyond this the step is lost in the values' own rounding.
    if last.saturating_sub(first) > 100 {
        return vec![low, high];
    }
    (first..=last).map(|k| k as f64 * step).collect()
}

pub(super) fn power(exponent: i32) -> f64 {
    // Parsing is exact where powi is not.
    format!("1e{exponent}").parse().unwrap_or(f64::NAN)
}

pub(super) fn labelled(ticks: &[f64], step: f64) -> Vec<(f64, String)> {
    let greatest = ticks.iter().fold(0.0f64, |most, t| most.max(t.abs()));
    let places = (-step.log10().floor()).max(0.0);
    if greatest >= 1e6 || places > 5.0 {
        return ticks.iter().map(|&t| (t, scientific(t))).collect();
    }
    ticks
        .iter()
        .map(|&t| {
            let text = format!("{t:.*}", places as usize);
            (t, typographic(&text))
        })
        .collect()
}

pub(super) fn plainly(value: f64) -> String {
    typographic(&format!("{value}"))
}

/// "2×10⁶", "10⁻³".
pub(super) fn scientific(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    // Twelve digits hide that 3 x 0.1 is not 0.3.
    let text = format!("{:e}", format!("{value:.11e}").parse().unwrap_or(value));
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let exponent: String = exponent
        .chars()
        .map(|c| match c.to_digit(10) {
            Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
            None => '⁻',
        })
        .collect();
    match mantissa {
        "1" => format!("10{exponent}"),
        "-1" => format!("−10{exponent}"),
        other => format!("{}×10{exponent}", typographic(other)),
    }
}

/// With a minus sign instead of a hyphen.
fn typographic(number: &str) -> String {
    number.replace('-', "−")
}

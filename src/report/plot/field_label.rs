//! What an axis calls a field of the scenario.

/// Fields that have a usual name and symbol.
const KNOWN: [(&str, &str, &str); 9] = [
    ("users.count", "Number of users", "N"),
    ("servers.count", "Number of servers", "M"),
    ("servers.bandwidth_mhz", "Bandwidth of a server", "B"),
    (
        "servers.max_per_user_tflops",
        "Greatest capacity per query",
        "C_max",
    ),
    ("users.tx_power_mw", "Transmit power", "P"),
    ("workload.query_bits", "Query size", "D"),
    ("workload.slm_gflop", "Work of the small model", "W_SLM"),
    ("workload.llm_gflop", "Work of the large model", "W_LLM"),
    (
        "workload.arrivals.rate_per_user_hz",
        "Arrival rate per user",
        "λ",
    ),
];

/// Units as they end a field's name, and as they are written; longer ones first.
const UNITS: [(&str, &str); 23] = [
    ("_dbm_per_hz", "dBm/Hz"),
    ("_j_per_gflop", "J/GFLOP"),
    ("_m_per_s", "m/s"),
    ("_per_s", "1/s"),
    ("_gflops", "GFLOP/s"),
    ("_tflops", "TFLOP/s"),
    ("_gflop", "GFLOP"),
    ("_tflop", "TFLOP"),
    ("_dbm", "dBm"),
    ("_bits", "bit"),
    ("_mhz", "MHz"),
    ("_ghz", "GHz"),
    ("_khz", "kHz"),
    ("_hz", "Hz"),
    ("_db", "dB"),
    ("_mw", "mW"),
    ("_ms", "ms"),
    ("_us", "µs"),
    ("_km", "km"),
    ("_kmh", "km/h"),
    ("_s", "s"),
    ("_m", "m"),
    ("_w", "W"),
];

/// An axis label for a field's path: "Number of users N",
/// "users.capacity.high (GFLOP/s)".
pub fn field_label(field: &str) -> String {
    let (name, unit) = without_unit(field);
    let name = match KNOWN.iter().find(|known| known.0 == field) {
        Some((_, name, symbol)) => format!("{name} {symbol}"),
        None if is_threshold(field) => "Threshold τ".to_owned(),
        None => name,
    };
    match unit {
        Some(unit) => format!("{name} ({unit})"),
        None => name,
    }
}

/// What stands before "= 120": a symbol, or the field's path.
pub fn field_symbol(field: &str) -> &str {
    match KNOWN.iter().find(|known| known.0 == field) {
        Some((_, _, symbol)) => symbol,
        None if is_threshold(field) => "τ",
        None => field,
    }
}

fn is_threshold(field: &str) -> bool {
    field.starts_with("policies") && field.ends_with(".tau")
}

/// The path with the unit taken out of the segment that carries it.
fn without_unit(field: &str) -> (String, Option<&'static str>) {
    let mut unit = None;
    let segments: Vec<&str> = field
        .split('.')
        .map(|segment| {
            let found = UNITS
                .iter()
                .find_map(|(end, unit)| Some((segment.strip_suffix(end)?, *unit)));
            match found {
                Some((name, found)) if !name.is_empty() => {
                    unit = Some(found);
                    name
                }
                _ => segment,
            }
        })
        .collect();
    (segments.join("."), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_units() {
        for (field, label) in [
            ("users.count", "Number of users N"),
            ("servers.bandwidth_mhz", "Bandwidth of a server B (MHz)"),
            (
                "users.capacity_gflops.high",
                "users.capacity.high (GFLOP/s)",
            ),
            ("policies[1].tau", "Threshold τ"),
            ("channel.noise_dbm_per_hz", "channel.noise (dBm/Hz)"),
            ("seed", "seed"),
            (
                "workload.arrivals.rate_per_user_hz",
                "Arrival rate per user λ (Hz)",
            ),
            (
                "workload.arrivals.rate_per_s",
                "workload.arrivals.rate (1/s)",
            ),
            (
                "users.mobility.speed_max_m_per_s",
                "users.mobility.speed_max (m/s)",
            ),
            ("energy.server_j_per_gflop", "energy.server (J/GFLOP)"),
        ] {
            assert_eq!(field_label(field), label);
        }
        assert_eq!(field_symbol("users.count"), "N");
        assert_eq!(field_symbol("channel.shadowing_db"), "channel.shadowing_db");
    }
}

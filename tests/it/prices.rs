//! The ledger of prices: what a query costs is what it sends, what is computed for it and
//! whether it is answered right.

use crate::command::run_in;
use std::fs;

/// The results of a scenario, by policy and column.
fn results(more: &str) -> Vec<std::collections::HashMap<String, String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "(users: (count: 30), replications: 20, prices: (per_gigabyte_air: 1e6, per_device_pflop: \
         1e5, per_server_pflop: 1e4, per_gigabyte_backhaul: 3e6, per_wrong_answer: 10), {more})"
    );
    fs::write(folder.path().join("a.ron"), text).expect("written");
    let (code, _, stderr) = run_in(folder.path(), &["run", "a.ron", "--export", "csv"]);
    assert_eq!(code, 0, "{stderr}");
    let table = folder.path().join("output/a/results.csv");
    let mut table = csv::Reader::from_path(table).expect("results");
    let rows = table.deserialize();
    rows.map(|row| row.expect("a row")).collect()
}

#[test]
fn a_query_costs_what_it_sends_what_is_computed_and_being_wrong() {
    let work = "workload: (query_bits: Fixed(1600), slm_gflop: Fixed(2), llm_gflop: Fixed(30))";
    let rows = results(&format!("policies: [EdgeAll, LocalAll], {work}"));
    for (row, transmission, compute) in [
        // 200 bytes and four of an answer of one token, 30 GFLOP; 2 GFLOP.
        (&rows[0], 204e-9 * 1e6, 30e-6 * 1e4),
        (&rows[1], 0.0, 2e-6 * 1e5),
    ] {
        let number = |name: &str| row[name].parse::<f64>().expect(name);
        let wrong = 10.0 * (1.0 - number("accuracy"));
        for (name, expected) in [
            ("cost_transmission", transmission),
            ("cost_compute", compute),
            ("cost_accuracy", wrong),
            ("cost", transmission + compute + wrong),
        ] {
            assert!(
                (number(name) - expected).abs() < 1e-9 * (1.0 + expected),
                "{name}: {row:?}"
            );
        }
        assert!(number("cost_ci95") > 0.0);
    }
}

#[test]
fn plans_pay_for_every_byte() {
    let rows = results(
        "sharing: Live, cloud: (accuracy: 0.95), workload: (arrivals: Poisson(rate_per_user_hz: 1)),
         run: (duration_s: 10), policies: [CloudOnly, EdgeAll]",
    );
    for row in &rows {
        let kilobytes = |name: &str| row[name].parse::<f64>().expect(name);
        // A gigabyte is a million kilobytes.
        let air = kilobytes("sent_up_kb") + kilobytes("sent_down_kb");
        let expected = air + 3.0 * kilobytes("backhaul_kb");
        let found: f64 = row["cost_transmission"].parse().expect("a cost");
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    }
    assert!(rows[0]["backhaul_kb"].parse::<f64>().expect("a number") > 0.0);
}

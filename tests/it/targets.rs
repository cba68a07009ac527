//! Thresholds that follow a target: how they move, and that edgelm says where the target
//! was not met, and only there.

use super::detail::{edgelm, folder_with, number, rows};
use crate::timeline::run;
use edgelm::experiment::PolicyResult;
use serde_json::Value;
use std::fs;

/// Phones that are faster than the servers: whoever need not leave stays. With tau = 0
/// everybody leaves, with a p99 of 57 ms; with tau = 1 one in a thousand.
fn cell(replications: u32, run: &str, policies: &str) -> String {
    format!(
        "(users: (count: 30), replications: {replications}, sharing: Live,
          servers: (capacity_tflops: Fixed(1.6)),
          workload: (arrivals: Poisson(rate_per_user_hz: 10), slm_gflop: Fixed(0.3)),
          run: ({run}), policies: [{policies}])"
    )
}

const SETTLED: &str = "duration_s: 30, warm_up: Seconds(10)";

fn missed(result: &PolicyResult) -> Option<&String> {
    let mut warnings = result.warnings.iter();
    warnings.find(|warning| warning.contains("was not met"))
}

#[test]
fn targets_that_can_be_met_are_and_nothing_is_said() {
    let shares = [0.3, 0.9, 1.0];
    let delays_ms = [20.0, 40.0, 1000.0];
    let policies: Vec<String> = shares
        .iter()
        .map(|share| format!("AdaptiveTau(target: OffloadedShare({share}))"))
        .chain(delays_ms.map(|ms| format!("AdaptiveTau(target: DelayP99Ms({ms}))")))
        .collect();
    let results = run(&cell(6, SETTLED, &policies.join(", ")));
    for result in &results {
        assert_eq!(missed(result), None);
    }
    for (result, share) in results.iter().zip(shares) {
        assert!((result.offloaded_share.mean - share).abs() < 0.01);
    }
    for (result, ms) in results[shares.len()..].iter().zip(delays_ms) {
        let p99 = &result.delay_quantiles[3];
        assert!(p99.low_ms.is_some_and(|low| low <= ms), "{p99:?}");
    }
    // The last target asks nothing: tau is 0.
    assert!(results[5].delay_quantiles[3].value_ms < 100.0);
}

#[test]
fn targets_that_no_tau_meets_are_warned_about() {
    // By the servers' speed whoever can leave does, whatever tau: 0.978 of them and more.
    let fast = "(users: (count: 30), replications: 3, sharing: Live,
        workload: (arrivals: Poisson(rate_per_user_hz: 10)), run: (duration_s: 10),
        policies: [AdaptiveTau(target: OffloadedShare(0.3)),
            Random(like: AdaptiveTau(target: OffloadedShare(0.3))),
            AdaptiveTau(target: DelayP99Ms(5))])";
    let results = run(fast);
    for result in &results {
        let warning = missed(result).expect("warned");
        assert!(warning.contains("no tau meets it"), "{warning}");
    }
    let share = missed(&results[0]).expect("warned");
    assert!(share.contains("the target OffloadedShare(0.3)"), "{share}");
    assert!(
        share.contains("its limit of 1 in 3 of 3 replications"),
        "{share}"
    );
    assert!(results[0].offloaded_share.mean > 0.9);
    let delay = missed(&results[2]).expect("warned");
    assert!(
        delay.contains("1.000 of the queries were answered later or dropped"),
        "{delay}"
    );

    // One replication gives no interval, and it is as clear.
    let one = run(&fast.replace("replications: 3", "replications: 1"));
    assert!(one.iter().all(|result| missed(result).is_some()));
    // Of a delay between what the phones and what the servers take.
    let results = run(&cell(6, SETTLED, "AdaptiveTau(target: DelayP99Ms(5))"));
    assert!(missed(&results[0]).is_some());
}

#[test]
fn a_tau_that_is_still_on_its_way_is_told_from_one_at_its_limit() {
    let on_its_way = run(&cell(
        8,
        "duration_s: 5",
        "AdaptiveTau(target: OffloadedShare(0.9), start: 1, step: 0.001)",
    ));
    let warning = missed(&on_its_way[0]).expect("warned");
    assert!(warning.contains("within its limits"), "{warning}");
}

#[test]
fn drops_are_late_and_decisions_count_however_they_end() {
    let dropping = |target: &str| {
        let text = cell(6, SETTLED, &format!("AdaptiveTau(target: {target})"));
        let drop = "slm_gflop: Fixed(0.3), deadline: (after_ms: 11, drop: true)";
        run(&text.replace("slm_gflop: Fixed(0.3)", drop)).remove(0)
    };
    // Every second query is sent away and none of these is back in time.
    let share = dropping("OffloadedShare(0.5)");
    assert_eq!(missed(&share), None);
    assert!(share.offloaded_share.mean < 0.01);
    // No answer is later than 11 ms, but many are none.
    let delay = dropping("DelayP99Ms(11)");
    let answered = &delay.delay_quantiles[3];
    assert!(answered.value_ms <= 11.01);
    let dropped = delay.measure("dropped_share").expect("a deadline").mean;
    assert_eq!(missed(&delay).is_some(), dropped > 0.01, "{dropped}");
}

#[test]
fn the_time_series_shows_tau() {
    let folder = folder_with(&cell(
        1,
        "duration_s: 6",
        "Goa(tau_quantile: 0.4), AdaptiveTau(target: OffloadedShare(0), start: 0.2), EdgeAll",
    ));
    edgelm(&folder, &["run", "small.ron", "--time-series", "500"])
        .assert()
        .success();
    let out = folder.path().join("output/small");
    let series = rows(&out.join("time_series.csv"));
    let others = series.iter().filter(|row| row["station"] != "policy");
    assert!(others.map(|row| &row["tau"]).all(String::is_empty));
    let of = |kind: &str| {
        let own = series.iter();
        own.filter(|row| row["station"] == "policy" && row["policy"].starts_with(kind))
            .collect::<Vec<_>>()
    };
    // Constant, in other words: the 0.4 quantile of the table.
    let goa = of("Goa");
    let tau = number(goa[0], "tau");
    assert!(goa.iter().all(|row| number(row, "tau") == tau) && tau > 0.0 && tau < 1.0);
    assert!(of("EdgeAll").iter().all(|row| row["tau"].is_empty()));
    // It starts where it is told to, rises with every query that leaves, and stays.
    let adaptive: Vec<f64> = of("Adaptive")
        .iter()
        .map(|row| number(row, "tau"))
        .collect();
    assert!(adaptive.len() > 10);
    assert_eq!(adaptive[0], 0.2);
    assert!(adaptive.windows(2).all(|pair| pair[1] >= pair[0]));
    assert_eq!(adaptive.last(), Some(&1.0));
    let replications = rows(&out.join("replications.csv"));
    let ends: Vec<&str> = replications.iter().map(|row| &*row["tau_at_end"]).collect();
    assert_eq!(ends, [&*goa[0]["tau"], "1", ""]);
}

#[test]
fn the_warning_is_on_stderr_and_in_results_json() {
    let folder = folder_with(&cell(
        2,
        "duration_s: 5",
        "AdaptiveTau(target: DelayP99Ms(5)), Goa(tau: 0.6)",
    ));
    let assert = edgelm(&folder, &["run", "small.ron"]).assert().success();
    let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    let text = fs::read_to_string(folder.path().join("output/small/results.json"));
    let document: Value = serde_json::from_str(&text.expect("written")).expect("JSON");
    let policies = &document["points"][0]["policies"];
    let warnings = policies[0]["warnings"].as_array().expect("a list");
    let warning = warnings
        .iter()
        .filter_map(Value::as_str)
        .find(|warning| warning.starts_with("the target DelayP99Ms(5.0) was not met"))
        .expect("warned");
    assert!(stderr.contains(warning), "{stderr}");
    assert!(!policies[1].to_string().contains("was not met"));
}

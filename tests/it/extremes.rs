//! A number of a scenario at the ends of what f64 holds gives an error that names its
//! field, and at the ends of what is allowed a finite result, a warning or an error: never
//! a number that only looks like a result.

use edgelm::experiment::{Experiment, Results, RunError};
use edgelm::scenario::{Loaded, Override};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Every kind of number, between them.
const SCENARIOS: [&str; 6] = [
    "(replications: 2, users: (count: 3), policies: [EdgeAll, Goa(tau: 0.6), \
      Deadline(slack_ms: 5)], workload: (tokens: Some(())))",
    "(replications: 2, users: (count: 3, placement: Grid(columns: 2, rows: 2), \
      capacity_gflops: LogNormal(mean: 90, cv: 0.5)), \
      servers: (placement: Hexagonal(columns: 2, rows: 2, spacing_m: 100), \
      capacity_tflops: Pareto(minimum: 9, shape: 2)), \
      channel: (fading: Rician(k_db: 9), path_loss: UmiLos(carrier_ghz: 28)), \
      policies: [EdgeAll, LocalAll], workload: (slm_gflop: Gamma(mean: 2, cv: 0.5), \
      llm_gflop: Hyperexponential(mean: 16, cv: 2), query_bits: Choice([(1300, 1), (13, 2)])), \
      energy: Some((device_j_per_gflop: 0.1, server_j_per_gflop: 0.05)))",
    "(replications: 2, users: (count: 3, mobility: RandomWaypoint(speed_min_m_per_s: 1, \
      speed_max_m_per_s: 2, pause_s: 1)), channel: (carrier_ghz: Some(3.5)), sharing: Live, \
      workload: (arrivals: Poisson(rate_per_user_hz: 2), deadline: Some((after_ms: 100)), \
      probe: FirstToken(work_share: 0.1)), scheduling: Some(Every(period_ms: 20)), \
      run: (duration_s: Some(3), warm_up: Seconds(1)), policies: [EdgeAll, \
      AdaptiveTau(target: DelayP99Ms(90), start: 0.5, step: 0.1)])",
    "(replications: 2, users: (count: 3, mobility: Listed([[(0, 1, 1), (9, 100, 100)]])), \
      channel: (variation: Some(GaussMarkov(coherence_ms: 20)), path_loss: UmaNlos(carrier_ghz: 2)), \
      workload: (arrivals: Bursty(rate_per_user_hz: 2, burst_ratio: 4, burst_mean_s: 0.5, \
      quiet_mean_s: 0.5)), run: (duration_s: Some(3)), policies: [EdgeAll, LocalAll])",
    "(replications: 2, users: (count: 3), channel: (variation: Some(Jakes(doppler_hz: Some(20))), \
      block_ms: 20), workload: (arrivals: Periodic(period_s: 0.5, jitter_s: 0.1)), \
      run: (duration_s: Some(3)), policies: [EdgeAll, LocalAll])",
    "(replications: 2, users: (count: 3), workload: (arrivals: Gamma(rate_per_user_hz: 2, \
      cv: 1.5)), run: (duration_s: Some(3)), policies: [EdgeAll, LocalAll])",
];

/// Counts have ranges of their own, and time or memory to fill at the upper ends of them.
const COUNTS: [&str; 8] = [
    "seed",
    "count",
    "columns",
    "rows",
    "replications",
    "time_limit_ms",
    "max_nodes",
    "queries",
];

/// The paths of all numbers in a scenario, as `--set` takes them.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    let join = |name: &str| match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    };
    match value {
        Value::Number(_) => found.push(path.to_owned()),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                paths(item, &format!("{path}[{at}]"), found);
            }
        }
        Value::Object(fields) => {
            for (name, inner) in fields {
                // A variant's name is no step of a path.
                if name.starts_with(char::is_uppercase) {
                    let list = if inner.is_array() { "[0]" } else { "" };
                    paths(inner, &format!("{path}{list}"), found);
                } else {
                    paths(inner, &join(name), found);
                }
            }
        }
        _ => {}
    }
}

fn with(text: &str, path: &str, value: &str) -> Result<Experiment, String> {
    let set = [Override::set(path, value)];
    Loaded::from_text(text, Path::new("extreme.ron"), &set)
        .and_then(Experiment::new)
        .map_err(|found| {
            let each: Vec<String> = found.iter().map(ToString::to_string).collect();
            each.join("\n")
        })
}

/// Runs for at most a twentieth of a second.
fn run_briefly(experiment: &Experiment) -> Result<Results, RunError> {
    let stop = AtomicBool::new(false);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..25 {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            stop.store(true, Ordering::Relaxed);
        });
        let results = experiment.run(Some(1), &stop, &|| {});
        done.store(true, Ordering::Relaxed);
        results
    })
}

fn assert_finite_or_warned(results: &Results, what: &str) {
    for policy in results.points.iter().flat_map(|point| &point.policies) {
        if policy.queries == 0 {
            assert!(!policy.warnings.is_empty(), "{what}: {}", policy.policy);
            continue;
        }
        let mean = policy.delay_mean_ms.mean;
        assert!(mean.is_finite() && mean > 0.0, "{what}: mean {mean}");
        assert!(policy.accuracy.mean.is_finite(), "{what}");
        assert!(policy.objective_s.mean.is_finite(), "{what}");
        let beyond = policy
            .warnings
            .iter()
            .any(|w| w.contains("histograms tell apart"));
        for q in &policy.delay_quantiles {
            assert!(q.value_ms > 0.0, "{what}: p{} is 0", q.quantile);
            assert!(
                beyond || q.value_ms < 1e12,
                "{what}: p{} {}",
                q.quantile,
                q.value_ms
            );
        }
    }
}

/// What follows the given word of a message, as far as it is a number.
fn number_after(text: &str, word: &str) -> Option<String> {
    let rest = &text[text.find(word)? + word.len()..];
    let end = rest.find(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)));
    let number = &rest[..end.unwrap_or(rest.len())];
    let number = number.trim_end_matches('.');
    number.parse::<f64>().ok().map(|_| number.to_owned())
}

#[test]
fn every_number_has_a_range_and_the_ends_of_it_work() {
    let (mut refused, mut ran) = (0, 0);
    for text in SCENARIOS {
        let loaded = Loaded::from_text(text, Path::new("extreme.ron"), &[]).expect(text);
        let mut all = Vec::new();
        paths(
            &serde_json::to_value(&loaded.scenario).expect("plain data"),
            "",
            &mut all,
        );
        assert!(all.len() > 10, "{all:?}");
        for path in all {
            let name = path.rsplit('.').next().unwrap_or(&path);
            if COUNTS.contains(&name) {
                continue;
            }
            for value in ["1e300", "-1e300", "1e308", "NaN", "inf", "-inf"] {
                let what = format!("{path}={value}");
                let said = with(text, &path, value).err();
                let said = said.unwrap_or_else(|| panic!("{what} is allowed"));
                assert!(said.contains("allowed is"), "{what}: {said}");
                refused += 1;
                if value != "1e300" {
                    continue;
                }
                // Both bounds, where the message has them.
                for word in ["a number from ", " to "] {
                    let Some(bound) = number_after(&said, word) else {
                        continue;
                    };
                    let Ok(experiment) = with(text, &path, &bound) else {
                        continue;
                    };
                    let what = format!("{path}={bound}");
                    match run_briefly(&experiment) {
                        Ok(results) => assert_finite_or_warned(&results, &what),
                        Err(RunError::Interrupted | RunError::NotFinite { .. }) => {}
                        Err(RunError::Policy { error, .. })
                            if error.to_string().contains("never leave") => {}
                        Err(other) => panic!("{what}: {other}"),
                    }
                    ran += 1;
                }
            }
        }
    }
    println!("{refused} values refused, {ran} bounds run");
    assert!(refused > 400 && ran > 100, "{refused} refused, {ran} run");
}

/// What was found to give wrong numbers with exit code 0.
#[test]
fn wrong_numbers_of_old_are_errors_that_name_the_field() {
    for (path, value, allowed) in [
        (
            "channel.fading",
            "Rician(k_db: 4000)",
            "channel.fading.k_db: found 4000",
        ),
        (
            "workload.llm_gflop",
            "Fixed(1e300)",
            "workload.llm_gflop: found 1e300",
        ),
        (
            "users.tx_power_mw",
            "1e-300",
            "users.tx_power_mw: found 1e-300",
        ),
        (
            "channel.shadowing_db",
            "1e5",
            "channel.shadowing_db: found 100000",
        ),
        (
            "users.count",
            "18446744073709551615",
            "users.count: found 18446744073709551615",
        ),
        (
            "replications",
            "4294967295",
            "replications: found 4294967295",
        ),
    ] {
        let text = "(replications: 2, users: (count: 3), policies: [EdgeAll])";
        let said = with(text, path, value).err().expect(path);
        assert!(said.contains(allowed), "{said}");
        assert!(said.contains("allowed is a"), "{said}");
    }
}

/// Values that are each allowed and break down together: the run stops and says where.
#[test]
fn a_result_that_is_not_finite_stops_the_run() {
    let text = "(seed: 7, replications: 2, users: (count: 3, tx_power_mw: 1e-6), \
        channel: (path_loss: LogDistance(reference_db: 300, exponent: 20), shadowing_db: 100, \
        noise_dbm_per_hz: 100), workload: (query_bits: Fixed(1e15)), policies: [EdgeAll])";
    let loaded = Loaded::from_text(text, Path::new("far.ron"), &[]).expect("allowed");
    let experiment = Experiment::new(loaded).expect("one point");
    let outcome = experiment.run(Some(1), &AtomicBool::new(false), &|| {});
    let said = outcome
        .map(|_| "a result")
        .map_err(|error| error.to_string());
    let said = said.expect_err("nothing arrives");
    for part in ["EdgeAll", "seed 7", "replication 0", "stages.uplink"] {
        assert!(said.contains(part), "no {part} in: {said}");
    }
}

/// A histogram that is full says so.
#[test]
fn delays_beyond_the_histogram_are_warned_about() {
    let text = "(replications: 2, users: (count: 3, capacity_gflops: Fixed(1e-6)), \
        workload: (slm_gflop: Fixed(1e9)), policies: [LocalAll])";
    let loaded = Loaded::from_text(text, Path::new("slow.ron"), &[]).expect("allowed");
    let experiment = Experiment::new(loaded).expect("one point");
    let results = experiment
        .run(Some(1), &AtomicBool::new(false), &|| {})
        .expect("it ends");
    let warnings = &results.points[0].policies[0].warnings;
    assert!(
        warnings
            .iter()
            .any(|w| w.contains("6 of 6 delays") && w.contains("1e9 s")),
        "{warnings:?}"
    );
}

//! What `edgelm check` and `edgelm run` say of scenarios that are valid, but do not do
//! what one might expect of them.

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

fn edgelm(folder: &TempDir, args: &[&str]) -> (String, String) {
    let output = Command::cargo_bin("edgelm")
        .expect("the binary is built")
        .current_dir(folder.path())
        .args(args)
        .assert()
        .success();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let output = output.get_output();
    (text(&output.stdout), text(&output.stderr))
}

/// A scenario in time with every policy that weighs queries against each other.
fn weighing(scheduling: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = format!(
        "(users: (count: 8), replications: 2, sharing: Live,\n scheduling: {scheduling},
 servers: (capacity_tflops: Fixed(1)),
 workload: (arrivals: Poisson(rate_per_user_hz: 20)), run: (duration_s: 2),
 policies: [
    Goa(tau: 0.5),
    Refined(tau: 0.5),
    Refined(tau: 0.5, start: EdgeAll),
    Marginal(tau: 0.5),
    Optimal(tau: 0.5),
 ])"
    );
    fs::write(folder.path().join("small.ron"), text).expect("writable");
    folder
}

fn results(folder: &TempDir) -> (Vec<String>, Value) {
    let read = |name: &str| {
        let text = fs::read_to_string(folder.path().join("output/small").join(name));
        text.expect("written")
    };
    // What stands behind the policy's name.
    let rows = read("results.csv");
    let numbers = |line: &str| {
        line.rsplit_once("\",")
            .or(line.split_once("),"))
            .map(|l| l.1.to_owned())
    };
    let rows = rows.lines().skip(1).filter_map(numbers).collect();
    (
        rows,
        serde_json::from_str(&read("results.json")).expect("JSON"),
    )
}

#[test]
fn about_one_query_at_a_time_policies_that_weigh_are_goa_and_edgelm_says_so() {
    let folder = weighing("PerArrival");
    let (said, warned) = edgelm(&folder, &["check", "small.ron"]);
    assert!(said.starts_with("small.ron: ok, "), "{said}");
    assert_eq!(warned.matches("warning: ").count(), 4, "{warned}");
    let message = "policies[1]: Refined(tau: 0.5) decides as Goa(tau: 0.5) here: `PerArrival`";
    assert!(warned.contains(message), "{warned}");
    assert!(warned.contains("--> small.ron:7:5"), "{warned}");
    assert!(warned.contains("policies[4]: Optimal(tau: 0.5) decides as"));

    let (_, warned) = edgelm(&folder, &["run", "small.ron"]);
    assert_eq!(warned.matches("decides as Goa").count(), 4, "{warned}");
    let (rows, document) = results(&folder);
    let warnings = document["warnings"].as_array().expect("a list");
    assert_eq!(warnings.len(), 4);
    assert!(warnings[0].as_str().is_some_and(|w| w.starts_with(message)));
    // It is true, digit for digit.
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| *row == rows[0]), "{rows:#?}");

    // Options that bring policies stand nowhere in the file.
    let set = [
        "check",
        "small.ron",
        "--set",
        "policies=[Refined(tau: 0.5)]",
    ];
    let (_, warned) = edgelm(&folder, &set);
    assert!(
        warned.contains("policies[0]: Refined") && !warned.contains("-->"),
        "{warned}"
    );
}

#[test]
fn about_many_at_once_they_are_not_and_nothing_is_said() {
    let folder = weighing("Every(period_ms: 50)");
    let (_, warned) = edgelm(&folder, &["check", "small.ron"]);
    assert_eq!(warned, "");
    edgelm(&folder, &["run", "small.ron"]);
    let (rows, document) = results(&folder);
    assert!(document["warnings"].is_null());
    assert!(rows[1..].iter().all(|row| *row != rows[0]), "{rows:#?}");
}

#[test]
fn merged_records_bring_the_same_warnings() {
    let folder = weighing("PerArrival");
    edgelm(&folder, &["run", "small.ron"]);
    let (_, document) = results(&folder);
    let (_, warned) = edgelm(&folder, &["plan", "small.ron", "-o", "plan.json"]);
    assert_eq!(warned.matches("decides as Goa").count(), 4, "{warned}");
    edgelm(&folder, &["shard", "plan.json", "--tasks", "0..2"]);
    let (_, warned) = edgelm(&folder, &["merge", "plan.json", "records"]);
    assert_eq!(warned.matches("decides as Goa").count(), 4, "{warned}");
    assert_eq!(results(&folder).1, document);
}

#[test]
fn in_a_batch_nothing_is_learned() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = "(users: (count: 20), replications: 40,
        policies: [Goa(tau: 0.6), AdaptiveTau(target: OffloadedShare(0.1))])";
    fs::write(folder.path().join("small.ron"), text).expect("writable");
    let (_, warned) = edgelm(&folder, &["check", "small.ron"]);
    let message = "AdaptiveTau(target: OffloadedShare(0.1)) decides as Goa(tau: 0.6) here";
    assert!(warned.contains(message), "{warned}");
    let (_, warned) = edgelm(&folder, &["run", "small.ron"]);
    assert_eq!(warned.matches(message).count(), 1, "{warned}");
    assert!(!warned.contains("was not met"), "{warned}");
    let (rows, _) = results(&folder);
    assert_eq!(rows[0], rows[1]);
}

#[test]
fn shipped_scenarios_do_what_they_seem_to() {
    for entry in fs::read_dir("scenarios").expect("the folder") {
        let path = entry.expect("an entry").path();
        // One names a trace file that the user brings, one every policy there is.
        let excused = path.ends_with("azure-code.ron") || path.ends_with("policies.ron");
        if path.extension().is_some_and(|ending| ending == "ron") && !excused {
            let assert = Command::cargo_bin("edgelm")
                .expect("the binary is built")
                .arg("check")
                .arg(&path)
                .assert()
                .success();
            let warned = &assert.get_output().stderr;
            assert!(warned.is_empty(), "{}", String::from_utf8_lossy(warned));
        }
    }
}

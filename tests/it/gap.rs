//! `edgelm gap`: the table and the files, and what must hold in them.

use assert_cmd::Command;
use std::fs;
use std::path::Path;

fn gap(folder: &Path, scenario: &str, options: &[&str]) -> std::process::Output {
    fs::write(folder.join("study.ron"), scenario).expect("written");
    Command::cargo_bin("edgelm")
        .expect("the binary is built with the tests")
        .args(["gap", "study.ron"])
        .args(options)
        .current_dir(folder)
        .output()
        .expect("edgelm runs")
}

/// Policy, exact_share, gap and kept_above_tau of every row.
fn rows(folder: &Path) -> Vec<(String, f64, f64, f64)> {
    let mut reader =
        csv::Reader::from_path(folder.join("output/study-gap/gap.csv")).expect("a CSV file");
    let header = reader.headers().expect("a header").clone();
    let at = |name: &str| header.iter().position(|h| h == name).expect("the column");
    let [policy, exact, gap, kept] = ["policy", "exact_share", "gap", "kept_above_tau"].map(at);
    reader
        .records()
        .map(|row| {
            let row = row.expect("a row");
            let number = |column: usize| row[column].parse().expect("a number");
            (
                row[policy].to_owned(),
                number(exact),
                number(gap),
                number(kept),
            )
        })
        .collect()
}

#[test]
fn the_optimum_has_no_gap_and_nobody_who_obeys_is_below_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = gap(
        folder.path(),
        "(users: (count: 9), replications: 30, policies: [Optimal(tau: 0.6), Refined(tau: 0.6), \
         Goa(tau: 0.6), MinDelay, LocalAll], sweep: (field: \"users.count\", values: [5, 9]))",
        &[],
    );
    assert!(output.status.success(), "{output:?}");
    let table = String::from_utf8(output.stdout).expect("text");
    assert!(
        table.contains("users.count = 9: the optimum under tau = 0.6"),
        "{table}"
    );
    let rows = rows(folder.path());
    assert_eq!(rows.len(), 10);
    for (policy, exact, gap, kept) in rows {
        assert_eq!(exact, 1.0);
        match &*policy {
            "Optimal(tau: 0.6)" => assert!(gap.abs() < 1e-9 && kept == 0.0),
            "LocalAll" => assert_eq!(kept, 1.0),
            "MinDelay" => assert!(kept < 1.0),
            _ => assert!(gap >= -1e-12 && kept == 0.0, "{policy}: {gap}"),
        }
    }
    let png = fs::read(folder.path().join("output/study-gap/gap.png")).expect("a plot");
    assert!(png.starts_with(b"\x89PNG"));
}

#[test]
fn beyond_small_instances_the_reference_is_the_best_known_and_threads_do_not_matter() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario =
        "(users: (count: 40), replications: 60, policies: [Goa(tau: 0.6), Refined(tau: 0.6)])";
    let output = gap(folder.path(), scenario, &["--threads", "1", "--tau", "0.4"]);
    let table = String::from_utf8(output.stdout.clone()).expect("text");
    assert!(table.contains("the best known under tau = 0.4"), "{table}");
    let once = fs::read(folder.path().join("output/study-gap/gap.csv")).expect("written");
    gap(folder.path(), scenario, &["--threads", "2", "--tau", "0.4"]);
    let twice = fs::read(folder.path().join("output/study-gap/gap.csv")).expect("written");
    assert_eq!(once, twice);
    assert!(rows(folder.path()).iter().all(|row| row.1 == 0.0));
}

#[test]
fn a_threshold_beyond_1_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = gap(
        folder.path(),
        "(users: (count: 5), policies: [EdgeAll])",
        &["--tau", "1.2"],
    );
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("a number from 0 to 1"), "{error}");
}

//! `replications.csv` and the variance of delay: what each replication found is what the
//! results are made of, and the variance is theory's.

use super::detail::{EVERYTHING, Row, edgelm, folder_with, number, rows};
use crate::timeline::run;
use serde_json::Value;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::fs;

fn of<'r>(all: &'r [Row], result: &Row) -> Vec<&'r Row> {
    let same = |row: &&Row| row["value"] == result["value"] && row["policy"] == result["policy"];
    all.iter().filter(same).collect()
}

#[test]
fn the_results_are_the_means_of_the_replications() {
    let folder = folder_with(EVERYTHING);
    edgelm(&folder, &["run", "small.ron", "--replications", "5"])
        .assert()
        .success();
    let out = folder.path().join("output/small");
    let (results, all) = (
        rows(&out.join("results.csv")),
        rows(&out.join("replications.csv")),
    );
    assert_eq!(results.len(), 6);
    assert_eq!(all.len(), 6 * 5);
    for result in &results {
        let own = of(&all, result);
        let mean = |column: &str| own.iter().map(|row| number(row, column)).sum::<f64>() / 5.0;
        let mut compared = 0;
        for column in result.keys() {
            let of_replication = if column == "objective" {
                "objective_s"
            } else {
                column
            };
            let is_pooled = column.starts_with("delay_p") || column.contains("_ci95");
            let is_number = own[0]
                .get(of_replication)
                .is_some_and(|v| v.parse::<f64>().is_ok());
            let labels = ["value", "policy", "replications", "queries"];
            if is_pooled || !is_number || labels.contains(&&**column) {
                continue;
            }
            let (found, expected) = (mean(of_replication), number(result, column));
            let error = (found - expected).abs();
            assert!(
                error <= 1e-12 * expected.abs(),
                "{column}: {found} {expected}"
            );
            compared += 1;
        }
        // Means, stages, measures.
        assert_eq!(compared, 4 + 7 + 9, "{result:?}");
        let sum = |column: &str| own.iter().map(|row| number(row, column)).sum::<f64>();
        assert_eq!(sum("queries"), number(result, "queries"));
        assert!(
            own.iter()
                .all(|row| number(row, "missed_deadline") >= number(row, "dropped"))
        );
        let dropped = own
            .iter()
            .map(|row| number(row, "dropped") / (number(row, "dropped") + number(row, "queries")));
        let dropped = dropped.sum::<f64>() / 5.0;
        assert!((dropped - number(result, "dropped_share")).abs() < 1e-12);
    }
    // By point, replication and policy.
    let order: Vec<[&str; 3]> = all
        .iter()
        .map(|row| ["value", "replication", "policy"].map(|column| &*row[column]))
        .collect();
    assert_eq!(order[0], ["6", "0", "Goa(tau: 0.6)"]);
    assert_eq!(order[1], ["6", "0", "EdgeAll"]);
    assert_eq!(order[3], ["6", "1", "Goa(tau: 0.6)"]);
    assert_eq!(order[15], ["14", "0", "Goa(tau: 0.6)"]);
}

#[test]
fn variances_pool_as_the_manual_says() {
    let folder = folder_with(EVERYTHING);
    edgelm(
        &folder,
        &[
            "run",
            "small.ron",
            "--queries",
            "--detail-replications",
            "2",
        ],
    )
    .assert()
    .success();
    let out = folder.path().join("output/small");
    let read = |name: &str| rows(&out.join(name));
    let (results, all, queries) = (
        read("results.csv"),
        read("replications.csv"),
        read("queries.csv"),
    );
    let text = fs::read_to_string(out.join("results.json")).expect("written");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let points = document["points"].as_array().expect("points");
    let policies = points.iter().flat_map(|point| point["policies"].as_array());
    let written = policies
        .flatten()
        .map(|policy| &policy["delay_variance_ms2"]);
    for (result, written) in results.iter().zip(written) {
        let own = of(&all, result);
        let n: f64 = own.iter().map(|row| number(row, "queries")).sum();
        let weighted = |row: &&Row| number(row, "queries") * number(row, "delay_mean_ms");
        let mean = own.iter().map(weighted).sum::<f64>() / n;
        let part = |row: &&Row| {
            let apart = number(row, "delay_mean_ms") - mean;
            number(row, "queries") * (number(row, "delay_variance_ms2") + apart * apart)
        };
        let pooled = own.iter().map(part).sum::<f64>() / n;
        // The queries themselves.
        let delays: Vec<f64> = of(&queries, result)
            .iter()
            .filter(|row| row["measured"] == "true" && row["dropped"] == "false")
            .map(|row| number(row, "delay_ms"))
            .collect();
        let centre = delays.iter().sum::<f64>() / delays.len() as f64;
        let squares: f64 = delays.iter().map(|delay| (delay - centre).powi(2)).sum();
        let direct = squares / delays.len() as f64;
        let found = written["mean"].as_f64().expect("a number");
        assert!((pooled / direct - 1.0).abs() < 1e-9, "{pooled} {direct}");
        assert!((found / direct - 1.0).abs() < 1e-9, "{found} {direct}");
        assert!(
            written["ci95"]
                .as_f64()
                .is_some_and(|half_width| half_width > 0.0)
        );
        // Quantiles are those of the replication's own delays.
        for row in own {
            let mut delays: Vec<f64> = of(&queries, result)
                .iter()
                .filter(|q| q["replication"] == row["replication"])
                .filter(|q| q["measured"] == "true" && q["dropped"] == "false")
                .map(|q| number(q, "delay_ms"))
                .collect();
            delays.sort_by(f64::total_cmp);
            for (column, share) in [("delay_p50_ms", 0.5), ("delay_p99_ms", 0.99)] {
                let at = (share * delays.len() as f64).ceil() as usize - 1;
                let found = number(row, column) / delays[at] - 1.0;
                assert!(found.abs() < 1e-3, "{column}: {found}");
            }
        }
    }
}

#[test]
fn a_stopping_rule_leaves_as_many_rows_as_replications() {
    let folder = folder_with(
        "(users: (count: 5), replications: 30, policies: [LocalAll, EdgeAll],
          until: (metric: delay_mean, relative_half_width: 0.05, max_replications: 5000),
          sweep: (field: \"users.count\", values: [2, 10]))",
    );
    edgelm(&folder, &["run", "small.ron"]).assert().success();
    let out = folder.path().join("output/small");
    let all = rows(&out.join("replications.csv"));
    let mut counts = Vec::new();
    for result in rows(&out.join("results.csv")) {
        let own = of(&all, &result);
        let numbers: Vec<usize> = own
            .iter()
            .map(|r| number(r, "replication") as usize)
            .collect();
        assert_eq!(numbers, (0..own.len()).collect::<Vec<usize>>());
        assert_eq!(own.len() as f64, number(&result, "replications"));
        counts.push(own.len());
    }
    assert!(counts[0] > counts[2] && counts[2] >= 30, "{counts:?}");
}

#[test]
fn a_replication_without_a_query_has_counts_alone() {
    let folder = folder_with(
        "(users: (count: 1), replications: 3, sharing: Live, policies: [LocalAll],
          workload: (arrivals: Trace(file: \"arrivals.csv\")),
          run: (duration_s: 10, warm_up: Seconds(5)))",
    );
    let trace = "arrival_s,prompt_tokens,output_tokens\n0,1,1\n1,1,1\n";
    fs::write(folder.path().join("arrivals.csv"), trace).expect("writable");
    edgelm(&folder, &["run", "small.ron"]).assert().success();
    for row in rows(&folder.path().join("output/small/replications.csv")) {
        assert_eq!((&*row["queries"], &*row["dropped"]), ("0", "0"));
        for column in [
            "delay_mean_ms",
            "delay_variance_ms2",
            "delay_p99_ms",
            "accuracy",
        ] {
            assert_eq!(row[column], "", "{column}");
        }
    }
}

/// Devices of uniform capacity, each with one query of fixed work w: the delay is w / C,
/// with E[1 / C] = ln(b / a) / (b - a) and E[1 / C^2] = 1 / (a b).
#[test]
fn the_variance_of_a_batch_on_devices_is_that_of_their_capacities() {
    let result = run("(users: (count: 40), replications: 2000, policies: [LocalAll])").remove(0);
    let (a, b, work_gflop) = (45.53f64, 136.6, 2.596);
    let mean = (b / a).ln() / (b - a);
    let theory = (1e3_f64 * work_gflop).powi(2) * (1.0 / (a * b) - mean * mean);
    let variance = result.delay_variance_ms2;
    // 99.9 % of Student's t with as many degrees of freedom as the normal law.
    let half_width = variance.ci95.expect("replications") * 3.29 / 1.96;
    assert!(
        (variance.mean - theory).abs() <= half_width,
        "{variance:?} {theory}"
    );
    assert!(half_width < 0.02 * theory, "too wide to test anything");
}

/// M/M/1, first come first served: the time in the system is exponential with rate
/// mu - lambda, so its variance is the square of its mean.
#[test]
fn the_variance_of_m_m_1_is_the_square_of_its_mean() {
    for (load, tightness) in [(0.5f64, 0.1), (0.7, 0.15)] {
        let text = format!(
            "(users: (count: 1, capacity_gflops: Fixed(1)), replications: 40, sharing: Live,
              workload: (arrivals: Poisson(rate_per_user_hz: {load}),
                         slm_gflop: Exponential(mean: 1)),
              run: (duration_s: 20000, warm_up: Seconds(500)), policies: [LocalAll])"
        );
        let result = run(&text).remove(0);
        let theory = (1e3 / (1.0 - load)).powi(2);
        let variance = result.delay_variance_ms2;
        // 99.9 % of Student's t with 39 degrees of freedom.
        let t = StudentsT::new(0.0, 1.0, 39.0).expect("39 degrees of freedom");
        let half_width = variance.ci95.expect("replications") * 3.558 / t.inverse_cdf(0.975);
        assert!(
            (variance.mean - theory).abs() <= half_width,
            "{variance:?} {theory}"
        );
        assert!(half_width < tightness * theory, "too wide to test anything");
    }
}

//! Shares that are not equal, as a run hands them out.

use crate::command::edgelm;
use std::path::Path;

/// One server without a limit a query, whose users reach it alone.
const ONE_SERVER: &str = "(
    replications: 3,
    users: (count: 20),
    servers: (
        placement: Listed([(250, 250)]),
        max_per_user_tflops: 1000,
        capacity_tflops: 15,
        ALLOCATION
    ),
    workload: (llm_gflop: Uniform(low: 5, high: 40)),
    policies: [EdgeAll],
)";

/// The rows of a table: values by the names of their columns.
type Rows = Vec<Vec<(String, f64)>>;

/// Runs a scenario; its `queries.csv` and `results.csv`.
fn run(scenario: &str) -> (Rows, Rows) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shares.ron");
    std::fs::write(&file, scenario).unwrap();
    let out = folder.path().join("out");
    let (code, _, stderr) = edgelm(
        "run",
        &[
            file.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
            "--queries",
        ],
    );
    assert_eq!(code, 0, "{stderr}");
    let of = |name: &str| rows(&out.join("shares").join(name));
    let mut queries = of("queries.csv");
    let number_of = |row: &Vec<(String, f64)>| column(std::slice::from_ref(row), "query")[0];
    // They stand there in the order in which they left.
    queries.sort_by(|a, b| number_of(a).total_cmp(&number_of(b)));
    (queries, of("results.csv"))
}

fn rows(file: &Path) -> Rows {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let names = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        let numbers = names.iter().zip(record.iter());
        numbers
            .map(|(name, text)| (name.to_owned(), text.parse().unwrap_or(f64::NAN)))
            .collect()
    };
    reader
        .records()
        .map(|record| row(record.unwrap()))
        .collect()
}

fn column(rows: &[Vec<(String, f64)>], name: &str) -> Vec<f64> {
    let value = |row: &Vec<(String, f64)>| row.iter().find(|(of, _)| of == name).unwrap().1;
    rows.iter().map(value).collect()
}

fn with(allocation: &str) -> String {
    ONE_SERVER.replace("ALLOCATION", allocation)
}

fn both(allocation: &str) -> String {
    with(&format!(
        "allocation: (bandwidth: {allocation}, compute: {allocation})"
    ))
}

fn close(a: f64, b: f64) {
    assert!((a / b - 1.0).abs() < 1e-12, "{a} against {b}");
}

#[test]
fn square_root_shares_take_the_square_of_the_sum_of_roots() {
    let (equal, _) = run(&with(""));
    let (square_root, _) = run(&both("SquareRoot"));
    let (weighted, _) = run(&both("WeightedSquareRoot"));
    let (four, _) = run(&both("AlphaFair(4)"));
    let uncertainty = column(&equal, "uncertainty");
    assert_eq!(equal.len(), 20);
    for stage in ["uplink_ms", "edge_compute_ms"] {
        // Of twenty with equal shares each takes twenty times what it would alone.
        let alone: Vec<f64> = column(&equal, stage).iter().map(|ms| ms / 20.0).collect();
        let roots: f64 = alone.iter().map(|ms| ms.sqrt()).sum();
        close(column(&square_root, stage).iter().sum(), roots * roots);
        let weighted_ms = column(&weighted, stage);
        let objective = uncertainty.iter().zip(&weighted_ms).map(|(u, ms)| u * ms);
        let roots = uncertainty
            .iter()
            .zip(&alone)
            .map(|(u, ms)| (u * ms).sqrt());
        close(objective.sum(), roots.sum::<f64>().powi(2));
        // From the shares, d_i^(3/4) over their sum.
        let powers: f64 = alone.iter().map(|ms| ms.powf(0.75)).sum();
        for (found, ms) in column(&four, stage).iter().zip(&alone) {
            close(*found, ms.powf(0.25) * powers);
        }
    }
}

#[test]
fn equal_shares_that_are_written_change_nothing_and_add_jains_index() {
    let (queries, results) = run(&with(""));
    let (written_queries, written) = run(&both("Equal"));
    assert_eq!(
        column(&queries, "delay_ms"),
        column(&written_queries, "delay_ms")
    );
    assert!(results[0].iter().all(|(name, _)| name != "delay_jain"));
    let index = column(&written, "delay_jain")[0];
    assert!(index > 0.5 && index < 1.0);
    // The greatest alpha: all take the same time.
    let (_, alike) = run(&both("AlphaFair(1000)"));
    assert!(column(&alike, "delay_jain")[0] > 0.9999);
    // Alpha 1 is proportional fairness, which is equal shares here.
    let (proportional, _) = run(&both("AlphaFair(1)"));
    for (a, b) in column(&proportional, "delay_ms")
        .iter()
        .zip(column(&queries, "delay_ms"))
    {
        close(*a, b);
    }
}

#[test]
fn where_unequal_shares_are_not_known_they_are_refused() {
    let refused = |change: &str, said: &str| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shares.ron");
        std::fs::write(&file, both("SquareRoot")).unwrap();
        let (code, stdout, stderr) = edgelm("check", &[file.to_str().unwrap(), "--set", change]);
        assert_eq!(code, 2, "{change}: {stdout}");
        assert!(stderr.contains(said), "{change}: {stderr}");
    };
    refused("sharing=Live", "not equal with `sharing: Live`");
    refused(
        "scheduling=PerArrival",
        "not equal with queries of several instants",
    );
    refused(
        "servers.allocation.compute=AlphaFair(0)",
        "servers.allocation.compute",
    );
    refused("servers.allocation.compute=Round", "SquareRoot");
    let (code, _, stderr) = edgelm(
        "check",
        &[
            "scenarios/gap.ron",
            "--set",
            "servers.allocation=(compute: AlphaFair(0.5))",
            "--set",
            "policies=[Optimal(tau: 0.6)]",
        ],
    );
    assert_eq!(code, 2);
    assert!(stderr.contains("an alpha of at least 1"), "{stderr}");
}

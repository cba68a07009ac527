//! Policies whose decisions take time.

use crate::command::run_in;
use edgelm::experiment::Study;
use edgelm::plan::Plan;
use edgelm::policy::{Policy, PolicyError};
use edgelm::snapshot::{Choice, Decision, View};
use edgelm::units::Seconds;
use std::path::Path;

/// Runs a scenario with details; the text of its results and of its queries.
fn run(scenario: &str) -> (String, Vec<Vec<String>>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("timed.ron"), scenario).unwrap();
    let (code, _, stderr) = run_in(
        folder.path(),
        &["run", "timed.ron", "--queries", "--out", "out"],
    );
    assert_eq!(code, 0, "{stderr}");
    let read = |name: &str| {
        std::fs::read_to_string(Path::new(&folder.path()).join("out/timed").join(name)).unwrap()
    };
    let mut reader = csv::Reader::from_reader(read("queries.csv").into_bytes().leak() as &[u8]);
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    let all = std::iter::once(header).chain(rows).collect();
    (read("results.csv"), all)
}

fn column(rows: &[Vec<String>], name: &str) -> Vec<f64> {
    let at = rows[0].iter().position(|other| other == name).unwrap();
    rows[1..]
        .iter()
        .map(|row| row[at].parse().unwrap())
        .collect()
}

/// The rows of one policy, in the order of their queries.
fn of_policy(rows: &[Vec<String>], policy: &str) -> Vec<Vec<String>> {
    let at = |name: &str| rows[0].iter().position(|other| other == name).unwrap();
    let (name, query) = (at("policy"), at("query"));
    let mut own: Vec<Vec<String>> = rows[1..]
        .iter()
        .filter(|row| row[name] == policy)
        .cloned()
        .collect();
    own.sort_by_key(|row| row[query].parse::<u64>().unwrap());
    assert!(!own.is_empty(), "{policy}");
    own.insert(0, rows[0].clone());
    own
}

#[test]
fn a_batch_waits_for_its_decision_and_nothing_else_changes() {
    let (_, rows) = run("(users: (count: 40), replications: 2, policies: [
            Goa(tau: 0.6),
            Timed(policy: Goa(tau: 0.6), takes: FixedMs(414)),
        ])");
    let at_once = of_policy(&rows, "Goa(tau: 0.6)");
    let timed = of_policy(&rows, "Timed(policy: Goa(tau: 0.6), takes: FixedMs(414.0))");
    let waits = column(&timed, "wait_ms");
    assert_eq!(waits.len(), 40);
    assert!(waits.iter().all(|ms| (ms - 414.0).abs() < 1e-9));
    for stage in [
        "uplink_ms",
        "edge_compute_ms",
        "local_compute_ms",
        "device_queue_ms",
    ] {
        assert_eq!(column(&timed, stage), column(&at_once, stage), "{stage}");
    }
    let delays = column(&at_once, "delay_ms")
        .into_iter()
        .zip(column(&timed, "delay_ms"));
    for (at_once, timed) in delays {
        assert!((timed - at_once - 414.0).abs() < 1e-9);
    }
}

/// Queries arrive as a Poisson process and each decision takes as long as it does, about
/// all who have come by then: a queue with bulk service, M/D/1 of bulks. Who arrives while
/// the policy is idle waits for one decision, who arrives while it is at work for the rest of
/// that and for one more: between one and two decisions for all.
#[test]
fn who_comes_while_the_policy_decides_waits_for_its_next_decision() {
    let (_, rows) = run("(
            users: (count: 20),
            replications: 1,
            sharing: Live,
            workload: (arrivals: Poisson(rate_per_user_hz: 5)),
            run: (duration_s: 20),
            policies: [Timed(policy: EdgeAll, takes: FixedMs(30))],
        )");
    let waits = column(&rows, "wait_ms");
    assert!(waits.len() > 1500);
    assert!(
        waits
            .iter()
            .all(|ms| (30.0 - 1e-9..60.0 + 1e-9).contains(ms))
    );
    // Idle before an arrival with the probability 1 / (1 + lambda s): cycles of a mean idle
    // time 1 / lambda, then decisions until one ends with nobody there. With lambda s = 3 a
    // decision ends so with probability e^-3, and there are e^3 decisions a cycle.
    let lambda_s = 20.0 * 5.0 * 0.03;
    let busy = f64::exp(lambda_s) * lambda_s;
    let idle_share = 1.0 / (1.0 + busy);
    let mean = idle_share * 30.0 + (1.0 - idle_share) * 45.0;
    let found = waits.iter().sum::<f64>() / waits.len() as f64;
    assert!((found - mean).abs() < 0.8, "{found} against {mean}");
}

#[test]
fn a_query_that_is_dropped_while_the_policy_decides_is_not_sent() {
    let (results, rows) = run("(
            users: (count: 30),
            replications: 1,
            workload: (deadline: (after_ms: 100, drop: true)),
            policies: [Timed(policy: Goa(tau: 0.6), takes: FixedMs(150))],
        )");
    assert!(results.contains("dropped_share"));
    assert_eq!(column(&rows, "wait_ms"), [100.0; 30]);
    assert_eq!(column(&rows, "uplink_ms"), [0.0; 30]);
}

#[test]
fn a_measured_decision_takes_time_and_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "(users: (count: 60), replications: 2, policies: [
        Timed(policy: Refined(tau: 0.6), takes: Measured),
    ])";
    std::fs::write(folder.path().join("timed.ron"), scenario).unwrap();
    let (code, _, stderr) = run_in(folder.path(), &["check", "timed.ron"]);
    assert_eq!(code, 0);
    assert!(
        stderr.contains("results differ from one run to the next"),
        "{stderr}"
    );
    let (_, rows) = run(scenario);
    let waits = column(&rows, "wait_ms");
    assert!(waits.iter().all(|ms| *ms > 0.0 && *ms == waits[0]));
}

/// Knows whom it was last asked about, and holds that its plans are asked for the same.
struct Remembers(Vec<usize>);

impl Policy for Remembers {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        self.0 = view.queries.iter().map(|query| query.user).collect();
        let choices = vec![Choice::Edge(0); view.queries.len()];
        Ok(Decision { choices })
    }

    fn plan(&mut self, view: &View<'_>, query: usize) -> Plan {
        assert_eq!(view.queries[query].user, self.0[query]);
        assert_eq!(view.queries.len(), self.0.len());
        Plan::Direct
    }

    fn decision_time(&self) -> Seconds {
        Seconds(0.02)
    }
}

#[test]
fn plans_are_those_of_the_queries_that_were_decided_whoever_left_meanwhile() {
    let text = "(users: (count: 40), sharing: Live, replications: 2, run: (duration_s: 10), \
        workload: (arrivals: Poisson(rate_per_user_hz: 1), deadline: (after_ms: 45, drop: true)), \
        policies: [EdgeAll])";
    let study = Study::from_ron(text).unwrap();
    let study = study.policy("remembers", || Remembers(Vec::new()));
    let results = study.run().unwrap();
    let remembers = &results.points[0].policies[1];
    let dropped = remembers.measure("dropped_share").expect("a deadline");
    assert!(dropped.mean > 0.1 && dropped.mean < 0.9, "{dropped:?}");
    assert!(remembers.queries > 20);
}

//! What each policy promises, and how scenarios name them.

use crate::command::run_in;
use crate::random_instance::Instance;
use edgelm::experiment::Experiment;
use edgelm::policy::{
    AccuracyOracle, Deadline, Policy, PolicySpec, SendAll, ServerRule, Threshold,
};
use edgelm::scenario::{Loaded, policy_from_text};
use edgelm::snapshot::{Choice, Decision, Truth, View};
use edgelm::units::{FlopPerSecond, Seconds};
use edgelm::world::geometry::Point;
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn decided(mut policy: impl Policy, view: &View<'_>) -> Decision {
    policy.decide(view).expect("it can decide")
}

fn counts(decision: &Decision, servers: usize) -> Vec<usize> {
    (0..servers)
        .map(|j| {
            let there = |choice: &&Choice| **choice == Choice::Edge(j);
            decision.choices.iter().filter(there).count()
        })
        .collect()
}

/// Users and servers on a line, the best channel deliberately not the shortest.
fn positioned() -> Instance {
    let mut instance = Instance::draw(12, 3, None, false, 1);
    for (j, server) in instance.servers.iter_mut().enumerate() {
        server.position = Some(Point(100.0 * j as f64, 0.0));
        server.capacity = FlopPerSecond([1e13, 2e13, 1e13][j]);
    }
    for (i, query) in instance.queries.iter_mut().enumerate() {
        query.position = Some(Point(20.0 * i as f64, 0.0));
        for j in 0..3 {
            instance.gains[i * 3 + j] = if j == i % 3 { 1e-8 } else { 1e-9 };
        }
    }
    instance
}

#[test]
fn server_rules_choose_by_their_one_criterion() {
    let instance = positioned();
    let view = instance.view();
    let nearest = decided(
        SendAll {
            to: ServerRule::NearestServer,
        },
        &view,
    );
    // Users at 0, 20, 40 | 60 .. 140 | 160 .. 220 m.
    assert_eq!(counts(&nearest, 3), [3, 5, 4]);
    let strongest = decided(
        SendAll {
            to: ServerRule::StrongestSignal,
        },
        &view,
    );
    assert!((0..12).all(|i| strongest.choices[i] == Choice::Edge(i % 3)));
    // Twice the capacity takes twice the queries.
    let least = decided(
        SendAll {
            to: ServerRule::LeastLoaded,
        },
        &view,
    );
    assert_eq!(counts(&least, 3), [3, 6, 3]);
    let shortest = decided(
        SendAll {
            to: ServerRule::JoinShortestQueue,
        },
        &view,
    );
    assert_eq!(counts(&shortest, 3), [4, 4, 4]);
}

#[test]
fn a_server_that_is_busy_already_gets_fewer() {
    let mut instance = positioned();
    instance.servers[0].connected = 10;
    let view = instance.view();
    let shortest = decided(
        SendAll {
            to: ServerRule::JoinShortestQueue,
        },
        &view,
    );
    assert_eq!(counts(&shortest, 3), [0, 6, 6]);
    let two = decided(
        SendAll {
            to: ServerRule::PowerOfTwo,
        },
        &view,
    );
    // Server 0 is never the emptier of two.
    assert_eq!(counts(&two, 3)[0], 0);
    assert_eq!(two.offloaded(), 12);
}

/// Two choices keep the fullest server close to the mean, where one choice does not.
#[test]
fn the_power_of_two_choices_balances() {
    let instance = Instance::draw(2_000, 10, None, false, 8);
    let view = instance.view();
    let two = counts(
        &decided(
            SendAll {
                to: ServerRule::PowerOfTwo,
            },
            &view,
        ),
        10,
    );
    let most = two.iter().max().copied().unwrap_or(0);
    // A single random choice has a standard deviation of 13 around 200.
    assert!(most <= 205, "{two:?}");
}

#[test]
fn without_positions_nearest_server_says_what_to_do() {
    let instance = Instance::draw(3, 2, None, false, 1);
    let error = SendAll {
        to: ServerRule::NearestServer,
    }
    .decide(&instance.view())
    .unwrap_err()
    .to_string();
    assert!(
        error.contains("positions") && error.contains("StrongestSignal"),
        "{error}"
    );
}

#[test]
fn threshold_offloads_exactly_those_above() {
    let instance = positioned();
    let view = instance.view();
    let decision = decided(
        Threshold {
            tau: 0.5,
            to: ServerRule::StrongestSignal,
        },
        &view,
    );
    for (query, choice) in view.queries.iter().zip(&decision.choices) {
        assert_eq!(query.uncertainty > 0.5, *choice != Choice::Local);
    }
}

#[test]
fn a_deadline_that_nothing_misses_offloads_all_and_one_that_all_miss_saves_time() {
    let instance = positioned();
    let view = instance.view();
    let all = decided(
        Deadline {
            slack: Seconds(1e9),
        },
        &view,
    );
    assert_eq!(all.offloaded(), 12);
    let hurry = decided(
        Deadline {
            slack: Seconds(0.0),
        },
        &view,
    );
    let mut slow = positioned();
    for query in &mut slow.queries {
        query.local_capacity = FlopPerSecond(1e30);
    }
    let stay = decided(
        Deadline {
            slack: Seconds(0.0),
        },
        &slow.view(),
    );
    assert_eq!(stay.offloaded(), 0);
    assert!(hurry.offloaded() > 0);
}

#[test]
fn the_oracle_offloads_what_only_the_large_model_gets_right() {
    let mut instance = positioned();
    for (i, query) in instance.queries.iter_mut().enumerate() {
        query.truth = Some(Truth {
            slm_correct: i % 2 == 0,
            llm_correct: i % 3 == 0,
        });
    }
    let decision = decided(AccuracyOracle, &instance.view());
    for i in 0..12 {
        let expected = i % 2 == 1 && i % 3 == 0;
        assert_eq!(decision.choices[i] != Choice::Local, expected, "query {i}");
    }
    instance.queries[3].truth = None;
    assert!(AccuracyOracle.decide(&instance.view()).is_err());
}

/// One query at a time leaves nothing to choose: as many as GOA offloads is that query
/// or none.
#[test]
fn a_random_query_of_one_is_that_query() {
    let text = "(users: (count: 60), replications: 2, sharing: Live, scheduling: PerArrival,
                workload: (arrivals: Poisson(rate_per_user_hz: 10), llm_gflop: LogNormal(mean: 16.863, cv: 0.5)),
                run: (duration_s: 2), policies: [Goa(tau: 0.6), Random(like: Goa(tau: 0.6))])";
    let experiment = Loaded::from_text(text, Path::new("random"), &[])
        .and_then(Experiment::new)
        .expect("a valid scenario");
    let results = experiment
        .run(None, &AtomicBool::new(false), &|| ())
        .expect("it runs");
    let [goa, random] = &results.points[0].policies[..] else {
        panic!("two policies");
    };
    assert!(goa.offloaded_share.mean > 0.5 && goa.offloaded_share.mean < 1.0);
    assert_eq!(random.histogram, goa.histogram);
    assert_eq!(random.accuracy, goa.accuracy);
}

/// In the whole simulator nothing answers more queries right than the oracle.
#[test]
fn the_oracle_is_the_ceiling_of_accuracy() {
    let text = "(users: (count: 60), replications: 100, policies: [AccuracyOracle, EdgeAll, \
                LocalAll, Goa(tau: 0.6), Refined(tau: 0.6), Threshold(tau: 0.3)])";
    let experiment = Loaded::from_text(text, Path::new("oracle"), &[])
        .and_then(Experiment::new)
        .expect("a valid scenario");
    let results = experiment
        .run(None, &AtomicBool::new(false), &|| ())
        .expect("it runs");
    for other in &results.points[0].policies[1..] {
        let difference = other.difference.as_ref().expect("to the oracle").accuracy;
        let half_width = difference.ci95.expect("100 replications");
        assert!(difference.mean + half_width < 0.0, "{}", other.policy);
    }
}

/// Every kind of policy, in every way to write it.
pub const EVERY_POLICY: [&str; 24] = [
    "EdgeAll",
    "LocalAll",
    "MinDelay",
    "Goa(tau: 0.6)",
    "Goa(tau_quantile: 0.4)",
    "Random(like: Goa(tau: 0.6))",
    "Marginal(tau: 0.6)",
    "Refined(tau: 0.6)",
    "Refined(tau: 0.6, start: Marginal)",
    "Optimal(tau: 0.6)",
    "Optimal(tau: 0.6, max_nodes: 1000)",
    "NearestServer",
    "StrongestSignal",
    "LeastLoaded",
    "PowerOfTwo",
    "JoinShortestQueue",
    "Threshold(tau: 0.6)",
    "Threshold(tau_quantile: 0.4, to: LeastLoaded)",
    "Deadline(slack_ms: 40.0)",
    "AccuracyOracle",
    "AdaptiveTau(target: DelayP99Ms(80.0))",
    "AdaptiveTau(target: OffloadedShare(0.5), start: 0.3, step: 0.02)",
    "External(command: [\"python3\", \"my_policy.py\"])",
    "External(command: [\"./policy\"], time_limit_ms: 200)",
];

#[test]
fn every_policy_is_written_as_a_scenario_writes_it() {
    for text in EVERY_POLICY {
        let spec: PolicySpec = policy_from_text(text, "--policy").expect(text);
        assert_eq!(spec.to_string(), text);
        assert!(text.starts_with(spec.kind()));
    }
}

#[test]
fn parameters_out_of_range_and_misspelt_names_are_named() {
    for (text, expected) in [
        (
            "Refined(tau: 1.5)",
            "tau: found 1.5, allowed is a number from 0 to 1",
        ),
        ("Marginal()", "found no threshold"),
        ("Optimal(tau: 0.6, tau_quantile: 0.4)", "one of them"),
        ("Optimal(tau: 0.6, max_nodes: 0)", "max_nodes: found 0"),
        ("Deadline(slack_ms: -1)", "slack_ms: found -1"),
        ("AdaptiveTau(target: OffloadedShare(2))", "target: found 2"),
        (
            "AdaptiveTau(target: DelayP99Ms(80), step: 0)",
            "step: found 0",
        ),
        ("Random(like: Threshold(tau: -0.1))", "like.tau: found -0.1"),
        (
            "External(command: [\"x\"], time_limit_ms: 0)",
            "time_limit_ms: found 0",
        ),
        ("Nearest", "`NearestServer`"),
        ("Refined(tau: 0.6, start: Gao)", "`Goa`"),
        ("Threshold(tau: 0.6, to: LeastLoad)", "`LeastLoaded`"),
    ] {
        let error = policy_from_text(text, "--policy")
            .expect_err(text)
            .to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_policy_bears_its_label_in_every_table_figure_and_condition() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = |first: &str| {
        format!(
            "(users: (count: 20), replications: 20, policies: [{first}, EdgeAll, \
             Random(like: Labelled(policy: Goa(tau: 0.6), label: \"ours\"))])"
        )
    };
    let write = |name: &str, first: &str| {
        std::fs::write(folder.path().join(name), scenario(first)).unwrap();
    };
    write("plain.ron", "Goa(tau: 0.6)");
    write(
        "mine.ron",
        "Labelled(policy: Goa(tau: 0.6), label: \"ours, 0.6\")",
    );
    write(
        "same.ron",
        "Labelled(policy: Goa(tau: 0.6), label: \"EdgeAll\")",
    );
    write("none.ron", "Labelled(policy: Goa(tau: 0.6), label: \"\")");
    let run = |arguments: &[&str]| run_in(folder.path(), arguments);
    assert_eq!(run(&["run", "plain.ron"]).0, 0);
    let (code, said, stderr) = run(&["run", "mine.ron"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(said.contains("ours, 0.6"), "{said}");
    // Nothing but the name differs.
    let read = |name: &str, file: &str| {
        std::fs::read_to_string(folder.path().join("output").join(name).join(file)).unwrap()
    };
    let plain = read("plain", "results.csv").replace("Goa(tau: 0.6)", "#");
    let labelled = read("mine", "results.csv").replace("\"ours, 0.6\"", "#");
    assert_eq!(labelled, plain);
    assert!(read("mine", "results.json").contains("\"ours, 0.6\""));
    let condition = ["--such-that", "accuracy > ours, 0.6 - 2"];
    let field = [
        "--field",
        "users.count",
        "--between",
        "5",
        "9",
        "--step",
        "4",
    ];
    let find = [&["find", "mine.ron"], &field[..], &condition[..]].concat();
    let (code, said, stderr) = run(&find);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        said.contains("ours, 0.6") && said.contains("holds"),
        "{said}"
    );
    for (file, parts) in [
        (
            "same.ron",
            ["policies[1]: found EdgeAll", "each policy once"],
        ),
        (
            "none.ron",
            ["policies[0].label: found \"\"", "1 to 60 characters"],
        ),
    ] {
        let (code, _, stderr) = run(&["run", file]);
        assert_eq!(code, 2);
        for part in parts {
            assert!(stderr.contains(part), "no {part} in {stderr}");
        }
    }
}

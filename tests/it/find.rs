//! `edgelm find`: the questions that have known answers, the promise of its intervals, and
//! what it says of questions that cannot be asked.

use crate::command::{example, run};
use edgelm::finding::{Answer, Question, Search};
use edgelm::scenario::{Loaded, Override};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn edgelm(arguments: &[&str], out: &Path) -> (i32, String, String) {
    let out = out.to_str().expect("UTF-8");
    run(&[&["find"], arguments, &["--out", out]].concat())
}

const QUESTION: [&str; 11] = [
    "scenarios/fig3.ron",
    "--field",
    "users.count",
    "--between",
    "60",
    "200",
    "--such-that",
    "delay_mean_ms < 30",
    "--max-replications",
    "64",
    "--threads",
];

#[test]
fn the_same_question_has_the_same_answer_on_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let ask = |threads: &str, out: &str| {
        let out = folder.path().join(out);
        let coarse = [threads, "--step", "10"];
        let (code, said, stderr) = edgelm(&[&QUESTION[..], &coarse].concat(), &out);
        assert_eq!(code, 0, "{stderr}");
        let of = |file: &str| fs::read(out.join("fig3-find").join(file)).expect(file);
        (said, ["find.csv", "find.json", "find.png"].map(of))
    };
    let (one, four) = (ask("1", "one"), ask("4", "four"));
    assert!(one == four, "{} and {}", one.0, four.0);
    assert!(one.0.contains("EdgeAll"), "{}", one.0);
    assert!(
        one.0.contains("holds nowhere"),
        "LocalAll takes 31 ms: {}",
        one.0
    );

    let found: Value = serde_json::from_slice(&one.1[1]).expect("JSON");
    for place in found["path"].as_array().expect("a path") {
        for policy in place["policies"].as_array().expect("policies") {
            let number = |of: &Value, name: &str| of[name].as_f64().expect(name);
            let condition = &policy["conditions"][0];
            let (low, high) = (number(condition, "low"), number(condition, "high"));
            let looks = (number(policy, "replications") / 16.0).log2() + 1.0;
            assert_eq!(number(condition, "level"), 0.05 / 2f64.powf(looks));
            let expected = match policy["verdict"].as_str().expect("a verdict") {
                "holds" => high < 30.0,
                "fails" => low > 30.0,
                _ => low <= 30.0 && 30.0 <= high,
            };
            assert!(expected, "{policy}");
        }
    }
}

/// A phone with one query after another is an M/D/1 queue: the mean delay at a load rho is
/// s (1 + rho / (2 (1 - rho))), so that it stays below 2 s up to rho = 2/3. Of 30
/// seeds the range between what holds and what fails must hold that in 95 %, less four
/// standard deviations.
#[test]
fn the_truth_lies_between_what_holds_and_what_fails() {
    let text = "(
        users: (count: 1, capacity_gflops: Fixed(100)),
        workload: (slm_gflop: Fixed(10), arrivals: Poisson(rate_per_user_hz: 1.0)),
        run: (duration_s: 100.0, warm_up: Seconds(20)),
        policies: [LocalAll],
    )";
    let loaded = Loaded::from_text(text, Path::new("md1.ron"), &[])
        .unwrap_or_else(|wrong| panic!("{}", wrong[0].render(false)));
    // s is 0.1 s: a load of 2/3 is 6.67 arrivals a second.
    let truth = 20.0 / 3.0;
    let question = Question {
        field: "workload.arrivals.rate_per_user_hz".to_owned(),
        low: 4.0,
        high: 9.0,
        step: Some(0.25),
        such_that: vec!["delay_mean_ms < 200".to_owned()],
        min_replications: 8,
        max_replications: 16,
    };
    let seeds = 30;
    let (mut held, mut width) = (0, 0.0);
    for seed in 0..seeds {
        let seeded = loaded
            .with_override(&Override::set("seed", &seed.to_string()))
            .expect("a seed");
        let search = Search::new(&seeded, &question).expect("a question");
        let found = search
            .run(None, &AtomicBool::new(false), &|_| ())
            .expect("an answer");
        let Answer::UpTo {
            holds,
            fails: Some(fails),
        } = found.answers[0]
        else {
            panic!("{:?}", found.answers);
        };
        held += i32::from(holds <= truth && truth <= fails);
        width += (fails - holds) / f64::from(seeds);
    }
    assert!(held >= 24, "{held} of {seeds}, on average {width} wide");
    assert!(width < 1.2, "{width}");
}

#[test]
fn a_quantile_of_a_fixed_delay_is_found_exactly() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("fixed.ron");
    // The phone takes 1000 / capacity ms.
    fs::write(
        &scenario,
        "(users: (count: 5, capacity_gflops: Fixed(10)), workload: (slm_gflop: Fixed(1)), \
         policies: [LocalAll])",
    )
    .expect("a scenario");
    let arguments = [
        scenario.to_str().expect("UTF-8"),
        "--field",
        "users.capacity_gflops",
        "--between",
        "10",
        "100",
        "--step",
        "1",
        "--such-that",
        "delay_mean_ms < 20.1",
        "--such-that",
        "accuracy >= LocalAll",
        "--json",
    ];
    let (code, said, stderr) = edgelm(&arguments, folder.path());
    assert_eq!(code, 0, "{stderr}");
    let found: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(found["answers"][0]["answer"], "from", "{found}");
    assert_eq!(found["answers"][0]["holds"], 50.0, "{found}");
    assert_eq!(found["answers"][0]["fails"], 49.0, "{found}");
}

#[test]
fn a_question_that_cannot_be_asked_costs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let ask = |changes: &[(usize, &str)]| {
        let mut arguments = [&QUESTION[..], &["1"]].concat();
        for (at, value) in changes {
            arguments[*at] = value;
        }
        let (code, said, stderr) = edgelm(&arguments, folder.path());
        assert_eq!((code, &*said), (2, ""), "{stderr}");
        stderr
    };
    for (changes, parts) in [
        (
            &[(2, "users.cuont")][..],
            ["no field `users.cuont`", "`users.count`"],
        ),
        (
            &[(4, "300")],
            ["--between: found 300 200", "the smaller one first"],
        ),
        (&[(4, "0")], ["users.count", "--field users.count, at 0"]),
        (
            &[(7, "delay_p98_ms < 3")],
            ["found `delay_p98_ms`", "did you mean"],
        ),
        (
            &[(7, "accuracy > EdgAll - 2")],
            ["found `EdgAll - 2`", "did you mean `EdgeAll`?"],
        ),
        (
            &[(9, "3")],
            [
                "--replications: found 16 at least and 3 at most",
                "2 at least",
            ],
        ),
        (
            &[(8, "--step"), (9, "0.5")],
            ["--step: found 0.5", "a whole number above 0"],
        ),
    ] {
        let said = ask(changes);
        for part in parts {
            assert!(said.contains(part), "no {part} in {said}");
        }
    }
    let left = fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 0, "nothing is begun");
}

/// The command of the manual's page gives the answer that stands there.
#[test]
fn the_page_has_the_answer() {
    let (words, text) = example("docs/find.md");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(words[0], "find");
    let folder = tempfile::tempdir().expect("a folder");
    let (code, said, stderr) = edgelm(&words[1..], folder.path());
    assert_eq!(code, 0, "{stderr}");
    let lines = |text: &str| -> Vec<String> {
        text.trim_end()
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    assert_eq!(lines(&said), lines(&text));
}

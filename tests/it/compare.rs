//! `edgelm compare`: two runs beside each other, held to their own results.

use crate::command::run as edgelm;
use serde_json::Value;
use std::path::Path;

/// A small run; where it is.
fn run(folder: &Path, name: &str, changes: &[&str]) -> String {
    let out = folder.join(name);
    let mut arguments = vec!["run", "scenarios/fig3.ron", "--replications", "12"];
    arguments.extend(["--set", "sweep.values=[20, 40]", "--out"]);
    arguments.push(out.to_str().expect("UTF-8"));
    arguments.extend(changes);
    let (code, _, stderr) = edgelm(&arguments);
    assert_eq!(code, 0, "{stderr}");
    out.join("fig3").to_str().expect("UTF-8").to_owned()
}

#[test]
fn differences_are_those_of_the_results_and_paired() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str, changes: &[&str]| run(folder.path(), name, changes);
    let full = at("full", &[]);
    let half = at("half", &["--set", "users.tx_power_mw=100"]);
    let (code, said, stderr) = edgelm(&["compare", &full, &half, "--json"]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(stderr.trim(), "users.tx_power_mw: 200.0 there, 100.0 here");
    let found: Value = serde_json::from_str(&said).expect("JSON");
    let results = |folder: &str| -> Value {
        let text = std::fs::read_to_string(Path::new(folder).join("results.json"));
        serde_json::from_str(&text.expect("results")).expect("JSON")
    };
    let (of_full, of_half) = (results(&full), results(&half));
    let groups = found["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 2 * 5);
    let mut narrower = 0;
    for (at, group) in groups.iter().enumerate() {
        assert_eq!(group["replications"], 12);
        let of = |results: &Value| results["points"][at / 5]["policies"][at % 5].clone();
        let number = |value: &Value| value.as_f64().expect("a number");
        let delay = &group["measures"]["delay_mean_ms"];
        for (side, results) in [("first", &of_full), ("second", &of_half)] {
            let policy = of(results);
            assert_eq!(group["policy"], policy["policy"]);
            let (mean, known) = (number(&delay[side]["mean"]), &policy["delay_mean_ms"]);
            assert!(
                (mean - number(&known["mean"])).abs() < 1e-9,
                "{mean} {known}"
            );
            let ci95 = number(&delay[side]["ci95"]);
            assert!((ci95 - number(&known["ci95"])).abs() < 1e-9);
        }
        let mean = |side: &str| number(&delay[side]["mean"]);
        assert!((mean("difference") - (mean("second") - mean("first"))).abs() < 1e-9);
        let ci95 = |side: &str| number(&delay[side]["ci95"]);
        narrower += i32::from(ci95("difference") < ci95("first").hypot(ci95("second")));
        if group["policy"] == "LocalAll" {
            assert_eq!((mean("difference"), ci95("difference")), (0.0, 0.0));
        }
    }
    assert!(
        narrower >= 8,
        "the same draws make differences sure: {narrower} of 10"
    );
    let (code, said, _) = edgelm(&["compare", &full, &half]);
    assert_eq!(code, 0);
    assert!(
        said.contains("LocalAll") && said.contains("0 ± 0"),
        "{said}"
    );
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str, changes: &[&str]| run(folder.path(), name, changes);
    let one = at("one", &["--set", "policies=[EdgeAll, LocalAll]"]);
    let other = at("other", &["--seed", "2", "--set", "policies=[EdgeAll]"]);
    let fewer = at(
        "fewer",
        &["--set", "policies=[EdgeAll]", "--set", "sweep.values=[20]"],
    );
    let (code, said, stderr) = edgelm(&["compare", &one, &other]);
    assert_eq!((code, &*said), (2, ""));
    assert!(stderr.contains("seed: found 1 and 2"), "{stderr}");
    let (code, said, stderr) = edgelm(&["compare", &one, &fewer]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(stderr.contains("only one run has LocalAll 20"), "{stderr}");
    let nowhere = folder.path().join("nowhere");
    let (code, _, stderr) = edgelm(&["compare", &one, nowhere.to_str().expect("UTF-8")]);
    assert_eq!(code, 2);
    assert!(stderr.contains("nowhere/results.json: found"), "{stderr}");
}

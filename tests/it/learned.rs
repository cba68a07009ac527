//! `Learned(file: ..)`: what was learned elsewhere decides here.

use crate::command::run_in;
use edgelm::policy::observation::Shape;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// Sends every query to the server of the best gain: the device has a score that no gain
/// reaches from below.
fn strongest_signal(servers: usize, batches: bool) -> Value {
    let shape = Shape { servers, batches };
    let features = shape.names();
    let row = |wanted: &str| -> Vec<f64> {
        let weight = |name: &String| if name == wanted { 1.0 } else { 0.0 };
        features.iter().map(weight).collect()
    };
    let mut weights = vec![row("")];
    weights.extend((0..servers).map(|j| row(&format!("server_{j}_gain_db"))));
    let mut biases = vec![-1e7];
    biases.extend(vec![0.0; servers]);
    json!({
        "features": features,
        "mean": vec![0.0; shape.width()],
        "deviation": vec![1.0; shape.width()],
        "layers": [{"weights": weights, "biases": biases}],
    })
}

fn folder(network: &Value) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("net.json"), network.to_string()).unwrap();
    let scenario = "(users: (count: 40), replications: 5, policies: [StrongestSignal, \
                    Learned(file: \"net.json\"), \
                    Timed(policy: Learned(file: \"net.json\"), takes: FixedMs(0.001))])";
    fs::write(folder.path().join("s.ron"), scenario).unwrap();
    folder
}

fn rows(folder: &TempDir, out: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join(out).join("results.csv")).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_network_that_looks_at_gains_is_strongest_signal() {
    let folder = folder(&strongest_signal(4, false));
    let (code, _, stderr) = run_in(folder.path(), &["run", "s.ron", "--export", "csv"]);
    assert_eq!(code, 0, "{stderr}");
    let rows = rows(&folder, "output/s");
    let learned = rows[2].replace("\"Learned(file: \"\"net.json\"\")\",", "StrongestSignal,");
    let (header, rule) = (&rows[0], &rows[1]);
    // All but paired differences, which are to the first policy.
    let columns = header
        .split(',')
        .take_while(|name| !name.contains("minus"))
        .count();
    let first = |row: &str| row.split(',').take(columns).collect::<Vec<_>>().join(",");
    assert!(columns > 10, "{header}");
    assert_eq!(first(&learned), first(rule));
}

#[test]
fn a_plan_carries_what_was_learned() {
    let folder = folder(&strongest_signal(4, false));
    let run = |arguments: &[&str]| {
        let (code, said, stderr) = run_in(folder.path(), arguments);
        assert_eq!(code, 0, "{arguments:?}: {stderr}");
        said
    };
    run(&["run", "s.ron", "--export", "csv"]);
    run(&["plan", "s.ron", "--out", "s.plan"]);
    fs::remove_file(folder.path().join("net.json")).unwrap();
    run(&["shard", "s.plan", "--tasks", "0..1", "--out", "records"]);
    run(&[
        "merge", "s.plan", "records", "--out", "merged", "--export", "csv",
    ]);
    assert_eq!(rows(&folder, "merged/s"), rows(&folder, "output/s"));
}

#[test]
fn what_does_not_fit_is_said_before_the_run() {
    let mut wrong = strongest_signal(4, false);
    wrong["layers"][0]["biases"] = json!([1.0]);
    for (network, said) in [
        (strongest_signal(3, false), "those of 4 servers: 24 names"),
        (wrong, "policies[1].layers[0].biases: found 1, allowed is 5"),
        (
            json!({"features": []}),
            "net.json: found no network: missing field `mean`",
        ),
    ] {
        let folder = folder(&network);
        let (code, said_out, stderr) = run_in(folder.path(), &["run", "s.ron"]);
        assert_eq!((code, said_out.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
    let folder = folder(&strongest_signal(4, false));
    fs::rename(
        folder.path().join("net.json"),
        folder.path().join("nett.json"),
    )
    .unwrap();
    let (code, _, stderr) = run_in(folder.path(), &["check", "s.ron"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("nett.json"), "{stderr}");
}

#[test]
fn servers_that_batch_show_tokens_batches_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "(users: (count: 20, serving: Phone(model: \"llama-3.2-1b-4bit\", hardware: \
        \"snapdragon-8-elite-npu\")), servers: (serving: Batching(model: \"llama-3.1-8b\", card: \
        \"rtx-4090\")), sharing: Live, replications: 2, run: (duration_s: 20), workload: (arrivals: \
        Poisson(rate_per_user_hz: 0.5), tokens: (prompt_tokens: 64, output_tokens: 40)), policies: \
        [StrongestSignal, Labelled(policy: Learned(file: \"net.json\"), label: \"learned\")])";
    fs::write(folder.path().join("s.ron"), scenario).unwrap();
    let run = |network: &Value| {
        fs::write(folder.path().join("net.json"), network.to_string()).unwrap();
        run_in(
            folder.path(),
            &["run", "s.ron", "--export", "csv", "--fresh"],
        )
    };
    let (code, _, stderr) = run(&strongest_signal(4, true));
    assert_eq!(code, 0, "{stderr}");
    let text = fs::read_to_string(folder.path().join("output/s/results.csv")).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(rows[0].replace("StrongestSignal", "learned"), rows[1]);
    // A network of lumps of work does not know of tokens.
    let (code, _, stderr) = run(&strongest_signal(4, false));
    assert_eq!(code, 2);
    assert!(stderr.contains("policies[1].features"), "{stderr}");
    // Whoever has an empty batch and nothing on its way takes all: the first of equal ones.
    let mut idle = strongest_signal(4, true);
    let features = Shape {
        servers: 4,
        batches: true,
    }
    .names();
    for server in 0..4 {
        let wanted = format!("server_{server}_running");
        let row = features
            .iter()
            .map(|name| -f64::from(u8::from(*name == wanted)));
        idle["layers"][0]["weights"][server + 1] = json!(row.collect::<Vec<f64>>());
    }
    let (code, _, stderr) = run(&idle);
    assert_eq!(code, 0, "{stderr}");
    let text = fs::read_to_string(folder.path().join("output/s/results.csv")).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_ne!(rows[0].replace("StrongestSignal", "learned"), rows[1]);
}

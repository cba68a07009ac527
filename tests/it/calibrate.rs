//! `edgelm calibrate`: from logs of servers to their laws.

use crate::command::run as edgelm;
use edgelm::llm::ServerBlock;
use edgelm::scenario::RonFile;
use serde_json::Value;
use std::fs;
use std::path::Path;

const LOG: &str = "scenarios/logs/rtx-4090_llama-3.1-8b.csv";

fn json(arguments: &[&str]) -> Value {
    let (code, said, stderr) = edgelm(arguments);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&said).expect("JSON")
}

/// Calibrated on the first 100 of 300 requests to vLLM, the other 200 are at most 3 % off.
#[test]
fn a_third_of_a_log_tells_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let block = folder.path().join("block.ron");
    let block = block.to_str().expect("UTF-8");
    let fit = json(&[
        "calibrate",
        LOG,
        "--model",
        "llama-3.1-8b",
        "--card",
        "rtx-4090",
        "--kv-tokens",
        "41408",
        "--first",
        "100",
        "--resamples",
        "0",
        "--out",
        block,
        "--json",
    ]);
    let number = |name: &str| fit[name].as_f64().expect(name);
    assert_eq!(fit["scored"], 100);
    assert!(number("error") < 0.015, "{fit}");
    assert!(number("held_out_error") < 0.03, "{fit}");
    assert!(number("data_sheet_held_out_error") > 0.2, "{fit}");
    let found = json(&["validate", LOG, "--server", block, "--json"]);
    let mean = |side: &str| found["ttft"][side]["mean"].as_f64().expect("a mean");
    assert!((mean("simulated") / mean("measured") - 1.0).abs() < 0.05);
    let text = fs::read_to_string(block).expect("the block");
    assert!(text.contains("requests scored") && text.contains("calibrated: ("));
}

/// Fifty requests at a known server: the law that made their times is found again, and a
/// scenario can name the block.
#[test]
fn the_law_that_made_a_log_is_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let law = "law: Affine(step_ms: 12, per_token_ms: 0.8, per_context_token_us: 4)";
    fs::write(
        at("truth.ron"),
        format!("({law}, request_ms: 30, max_running: 6, token_budget: 256, kv_tokens: 4000)"),
    )
    .expect("writable");
    let mut arrivals = "arrival_s,prompt_tokens,output_tokens\n".to_owned();
    for request in 0..50u32 {
        let arrival = 0.11 * f64::from(request) + 0.05 * f64::from(request % 3);
        let (prompt, answer) = (20 + (request * 37) % 150, 5 + (request * 23) % 40);
        arrivals.push_str(&format!("{arrival},{prompt},{answer}\n"));
    }
    fs::write(at("arrivals.csv"), arrivals).expect("writable");
    let (code, _, stderr) = edgelm(&[
        "validate",
        &at("arrivals.csv"),
        "--server",
        &at("truth.ron"),
        "--requests",
        &at("times.csv"),
    ]);
    assert_eq!(code, 0, "{stderr}");
    let mut log = "arrival_s,prompt_tokens,output_tokens,first_token_s,end_s\n".to_owned();
    for row in fs::read_to_string(at("times.csv"))
        .expect("rows")
        .lines()
        .skip(1)
    {
        let cells: Vec<&str> = row.split(',').collect();
        log.push_str(&[cells[0], cells[1], cells[2], cells[5], cells[6]].join(","));
        log.push('\n');
    }
    fs::write(at("log.csv"), log).expect("writable");
    let options = [
        "--max-running",
        "6",
        "--token-budget",
        "256",
        "--kv-tokens",
        "4000",
    ];
    let (log, out) = (at("log.csv"), at("block.ron"));
    let mut arguments = vec![
        "calibrate",
        &log,
        "--out",
        &out,
        "--json",
        "--resamples",
        "20",
    ];
    arguments.extend(options);
    let fit = json(&arguments);
    assert!(fit["error"].as_f64().expect("an error") < 0.01, "{fit}");
    let near = |name: &str, truth: f64, within: f64| {
        let parameter = &fit["parameters"][name];
        let value = parameter["value"].as_f64().expect(name);
        assert!((value - truth).abs() < within, "{name}: {fit}");
        assert!(parameter["interval"].is_array(), "{fit}");
    };
    near("step_ms", 12.0, 1.5);
    near("per_token_ms", 0.8, 0.1);
    // The same again, to the bit.
    let again = json(&arguments);
    assert_eq!(fit, again);
    // A scenario names the block, and finds what is wrong in it.
    let scenario = "(users: (count: 4), policies: [EdgeAll], replications: 1, sharing: Live,
        servers: (serving: Batching(file: \"block.ron\")), run: (duration_s: 2),
        workload: (arrivals: Poisson(rate_per_user_hz: 1),
                   tokens: (prompt_tokens: Fixed(50), output_tokens: Fixed(5))))";
    fs::write(at("cell.ron"), scenario).expect("writable");
    let (code, _, stderr) = edgelm(&["run", &at("cell.ron"), "--out", &at("out")]);
    assert_eq!(code, 0, "{stderr}");
    let beside = scenario.replace("\"block.ron\"", "\"block.ron\", max_running: 3");
    fs::write(at("cell.ron"), beside).expect("writable");
    let (code, _, stderr) = edgelm(&["check", &at("cell.ron")]);
    assert_eq!(code, 2);
    assert!(stderr.contains("a file beside other fields"), "{stderr}");
    // A log with longer prompts than the calibration has seen.
    let long = "arrival_s,prompt_tokens,output_tokens\n0,900,5\n";
    fs::write(at("long.csv"), long).expect("writable");
    let (code, _, stderr) = edgelm(&["validate", &at("long.csv"), "--server", &at("block.ron")]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("prompt tokens: 900 here, up to 168 calibrated"),
        "{stderr}"
    );
}

#[test]
fn the_block_of_the_second_validated_server_is_made_by_the_line_in_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("server.ron");
    let arguments = [
        "calibrate",
        "scenarios/logs/llama-cpp_smollm2-135m.csv",
        "--max-running",
        "8",
        "--token-budget",
        "256",
        "--kv-tokens",
        "4096",
        "--out",
        out.to_str().unwrap(),
    ];
    let (code, said, stderr) = edgelm(&arguments);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        said.contains("per request: 3.98 % of the 120 scored"),
        "{said}"
    );
    let shipped = root.join("scenarios/servers/llama-cpp_smollm2-135m.ron");
    let read = |file: &Path| RonFile::<ServerBlock>::read(file).unwrap().value;
    let shipped = read(&shipped);
    let made = ServerBlock {
        name: shipped.name.clone(),
        ..read(&out)
    };
    assert_eq!(made, shipped);
}

#[test]
fn what_is_missing_is_said_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("block.ron");
    let to = out.to_str().expect("UTF-8");
    for (options, said) in [
        (
            &["--law", "Roofline"][..],
            "a roofline rests on a model's size",
        ),
        (&["--model", "llama-3.1-9b"], "llama-3.1-8b"),
        (
            &["--model", "llama-3.1-8b", "--card", "rtx-4091"],
            "rtx-4090",
        ),
        (&["--first", "3"], "3 measured requests"),
    ] {
        let mut arguments = vec!["calibrate", LOG, "--out", to];
        arguments.extend(options);
        let (code, _, stderr) = edgelm(&arguments);
        assert_eq!(code, 2, "{options:?}: {stderr}");
        assert!(stderr.contains(said), "{options:?}: {stderr}");
    }
    assert!(!Path::new(to).exists());
}

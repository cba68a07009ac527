//! `edgelm validate`: how near a simulated server comes to a measured one, and what is
//! said of logs and servers that cannot be used.

use crate::command;
use crate::manual_numbers::says;
use edgelm::llm::{Catalog, ServerBlock, ServerSpec};
use edgelm::scenario::RonFile;
use edgelm::validation::{Comparison, Log, replay};
use serde_json::Value;
use std::fs;
use std::path::Path;

const LOG: &str = "scenarios/logs/rtx-4090_llama-3.1-8b.csv";
const SERVER: &str = "scenarios/servers/rtx-4090_llama-3.1-8b.ron";

fn edgelm(args: &[&str]) -> (i32, String, String) {
    command::edgelm("validate", args)
}

/// What was said, a text a line, with single spaces.
fn lines(said: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    said.lines().map(words).collect()
}

fn shipped() -> (Log, ServerSpec) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let log = Log::parse(&fs::read_to_string(root.join(LOG)).unwrap()).unwrap();
    let block = RonFile::<ServerBlock>::read(&root.join(SERVER)).unwrap();
    (log, block.value.resolve(&Catalog::default()).unwrap())
}

/// The figures of an independent program that replays the same requests by the same rules:
/// error end to end 2.13 % over all requests and 2.55 % over those that the rates were not
/// fitted on, mean TTFT 2.8 % above, 237 preemptions.
#[test]
fn a_measured_overload_is_met_within_its_known_error() {
    let (log, server) = shipped();
    assert_eq!((log.requests.len(), server.kv_blocks), (300, 2588));
    let replayed = replay(&log, &server).unwrap();
    let found = Comparison::new(&log, &replayed);
    assert_eq!(
        (found.measured, found.refused, found.preemptions),
        (300, 0, 237)
    );
    let [first, _, end] = &found.measures;
    let error = 100.0 * end.mean_absolute_relative_error.unwrap();
    assert!((error - 2.13).abs() < 0.1, "{error}");
    let mean_ms = |summary: Option<edgelm::validation::Summary>| summary.unwrap().mean_ms;
    let above = 100.0 * (mean_ms(first.simulated) / mean_ms(first.measured) - 1.0);
    assert!((above - 2.8).abs() < 0.2, "{above}");
    let pairs = log.requests.iter().zip(&replayed.requests).skip(100);
    let errors = pairs.map(|(request, simulated)| {
        let measured = request.measured.unwrap().end - request.arrival;
        let simulated = simulated.unwrap().end - request.arrival;
        (simulated / measured - 1.0).abs()
    });
    let held_out = 100.0 * errors.sum::<f64>() / 200.0;
    assert!((held_out - 2.55).abs() < 0.1, "{held_out}");
}

#[test]
fn the_page_shows_what_is_said() {
    let (code, said, stderr) = edgelm(&[LOG, "--server", SERVER]);
    assert_eq!(code, 0, "{stderr}");
    let lines = lines(&said);
    assert_eq!(lines.len(), 12);
    says("docs/catalog.md", &lines);
}

#[test]
fn the_second_validated_server_is_as_its_page_says() {
    const LOG: &str = "scenarios/logs/llama-cpp_smollm2-135m.csv";
    const SERVER: &str = "scenarios/servers/llama-cpp_smollm2-135m.ron";
    let (code, said, stderr) = edgelm(&[LOG, "--server", SERVER]);
    assert_eq!(code, 0, "{stderr}");
    let lines = lines(&said);
    says("docs/validation.md", &lines);
}

#[test]
fn a_picture_shows_both() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (png, svg) = (file("v.png"), file("v.svg"));
    for place in [&png, &svg] {
        let (code, _, stderr) = edgelm(&[LOG, "--server", SERVER, "--plot", place]);
        assert_eq!(code, 0, "{stderr}");
    }
    let drawn = std::fs::read_to_string(&svg).unwrap();
    for text in [
        "measured",
        "simulated",
        "Time to first token (ms)",
        "End to end (ms)",
    ] {
        assert!(drawn.contains(text), "{text}");
    }
    assert!(std::fs::read(&png).unwrap().starts_with(b"\x89PNG"));
    let (code, said, stderr) = edgelm(&[LOG, "--server", SERVER, "--plot", &file("v.pdf")]);
    assert_eq!((code, said.as_str()), (2, ""));
    assert!(stderr.contains(".png or .svg"), "{stderr}");
}

#[test]
fn json_has_all_figures() {
    let (code, said, _) = edgelm(&[LOG, "--server", SERVER, "--json"]);
    assert_eq!(code, 0);
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(found["log"], "rtx-4090_llama-3.1-8b.csv");
    assert_eq!(found["server"], "RTX 4090, Llama-3.1-8B");
    assert_eq!(found["requests"], 300);
    assert_eq!(found["preemptions"], 237);
    let per_request = found["per_request_error"].as_f64().unwrap();
    assert!((per_request - 0.0213).abs() < 0.001, "{per_request}");
    let end_s = found["end_to_end"]["measured"]["mean"].as_f64().unwrap();
    assert!((1.0..1000.0).contains(&end_s), "in seconds: {end_s}");
    for name in ["ttft", "tpot", "end_to_end"] {
        for side in ["measured", "simulated"] {
            let value = |what: &str| found[name][side][what].as_f64().unwrap();
            assert!(value("p50") <= value("p90") && value("p90") <= value("p99"));
            assert!(value("mean") > 0.0);
        }
        assert!(
            found[name]["mean_absolute_relative_error"]
                .as_f64()
                .unwrap()
                < 0.1
        );
    }
}

#[test]
fn requests_are_written_in_the_order_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(place("server.ron"), "(name: \"s\", law: Affine(step_ms: 5, per_token_ms: 0.1, per_context_token_us: 0.1), max_running: 8, token_budget: 64, kv_tokens: 160)").unwrap();
    let header = "arrival_s,prompt_tokens,output_tokens,first_token_s,end_s\n";
    // The second comes first, the third cannot fit.
    let rows = "0.012,70,3,,\n0,100,10,0.0250,0.08\n0,160,1,,\n";
    fs::write(place("log.csv"), format!("{header}{rows}")).unwrap();
    let (code, said, stderr) = edgelm(&[
        &place("log.csv"),
        "--server",
        &place("server.ron"),
        "--requests",
        &place("out.csv"),
    ]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        said.starts_with("3 requests, 1 measured, 1 refused, "),
        "{said}"
    );
    let written = fs::read_to_string(place("out.csv")).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(
        lines[0],
        "arrival_s,prompt_tokens,output_tokens,first_token_s,end_s,simulated_first_token_s,\
         simulated_end_s,preemptions"
    );
    assert_eq!(lines.len(), 4);
    assert!(lines[1].starts_with("0.012,70,3,,,0."), "{}", lines[1]);
    assert!(
        lines[2].starts_with("0,100,10,0.025,0.08,0.02"),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3], "0,160,1,,,,,");

    // Without measurements all is simulated only.
    fs::write(place("log.csv"), format!("{header}0,10,2,,\n")).unwrap();
    let (code, said, _) = edgelm(&[&place("log.csv"), "--server", &place("server.ron")]);
    assert_eq!(code, 0);
    assert!(
        said.starts_with("1 request, 0 measured, 0 refused, 0 preemptions\n"),
        "{said}"
    );
    assert!(
        !said.contains("measured (ms)") && said.contains("simulated (ms)"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_used_is_said_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let place = folder.path().join(name);
        fs::write(&place, text).unwrap();
        place.to_str().unwrap().to_owned()
    };
    let server = |fields: &str| {
        file(
            "server.ron",
            &format!("(model: \"llama-3.1-8b\", {fields})"),
        )
    };
    let log = |rows: &str| {
        file(
            "log.csv",
            &format!("arrival_s,prompt_tokens,output_tokens,first_token_s,end_s\n{rows}"),
        )
    };
    let refused = |log: &str, server: &str| {
        let (code, said, stderr) = edgelm(&[log, "--server", server]);
        assert_eq!((code, said.as_str()), (2, ""), "{stderr}");
        stderr
    };
    let good = log("0,10,2,,\n");
    for (fields, said) in [
        ("card: \"rtx-4900\"", "did you mean `rtx-4090`?"),
        (
            "card: \"l4\", law: Affine(step_ms: 1, per_token_ms: 1, per_context_token_us: 1)",
            "either `law` or `card`",
        ),
        (
            "law: Roofline(tflops: 1, gb_per_s: 1, step_ms: 1), memory_gb: 16",
            "a model that leaves room",
        ),
        ("card: \"l4\", max_runing: 3", "did you mean `max_running`?"),
        ("card: \"l4\", max_running: 0", "max_running: found 0"),
        ("card: \"l4\", order: Priority", "a log has no priorities"),
    ] {
        let stderr = refused(&good, &server(fields));
        assert!(stderr.contains(said), "{stderr}");
        assert!(stderr.contains("server.ron:1:"), "{stderr}");
    }
    let fine = server("card: \"rtx-4090\"");
    for (rows, said) in [
        (
            "0,0,2,,\n",
            "line 2: prompt_tokens: found `0`, allowed is a whole number",
        ),
        ("0,1,1,,\n0,1,,,\n", "line 3: output_tokens: found ``"),
        (
            "1,1,1,0.5,2\n",
            "line 2: first_token_s: found `0.5`, allowed is a time after",
        ),
    ] {
        let stderr = refused(&log(rows), &fine);
        assert!(stderr.contains(said), "{stderr}");
    }
    let stderr = refused("scenarios/logs/rtx-4090_llama-3.1-8b.cvs", &fine);
    assert!(stderr.contains("did you mean"), "{stderr}");
    let (code, _, stderr) = edgelm(&[&log("0,10,2,,\n"), "--server", &fine, "--requests", "src"]);
    assert_eq!(code, 2, "{stderr}");
}

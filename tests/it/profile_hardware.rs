//! `edgelm profile --hardware`: how fast the small model was, as an entry of the catalogue.

use crate::model_server::{Answer, Server, chat};
use serde_json::json;
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

fn edgelm(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"));
    command.current_dir(folder.path()).args(arguments);
    command.output().expect("edgelm")
}

fn profiled(
    answer: fn(&crate::model_server::Request) -> Answer,
    more: &[&str],
) -> (TempDir, Output) {
    let folder = tempfile::tempdir().expect("a folder");
    let question = |at: usize| {
        let question =
            json!({"id": at.to_string(), "prompt": "word ".repeat(8 + at), "answers": ["x"]});
        format!("{question}\n")
    };
    let questions: String = (0..12).map(question).collect();
    fs::write(folder.path().join("q.jsonl"), questions).expect("written");
    let server = Server::start(answer);
    let common = [
        "profile",
        "--questions",
        "q.jsonl",
        "--slm",
        &server.url,
        "--llm",
        &server.url,
        "--out",
        "table.csv",
        "--hardware",
        "phone.ron",
    ];
    let output = edgelm(&folder, &[&common, more].concat());
    (folder, output)
}

#[test]
fn a_measured_phone_is_an_entry_that_scenarios_name() {
    // Prompts take 2 ms a token, answers 11.9855.
    let answer = |request: &crate::model_server::Request| {
        let mut answer = chat(request, "x");
        let tokens = request.prompt().len() / 4;
        answer["timings"]["prompt_ms"] = json!(2.0 * tokens as f64);
        Answer::json(&answer)
    };
    let (folder, output) = profiled(answer, &["--slm-entry", "llama-3.2-1b-4bit"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let said = "phone.ron: 500.0 tokens/s of prompts, 83.4 tokens/s of answers";
    assert!(stderr.contains(said), "{stderr}");
    let text = fs::read_to_string(folder.path().join("phone.ron")).expect("an entry");
    assert!(text.contains("2.0000 ms (+- 0.0000, 95 %) per token of prompts of llama-3.2-1b-4bit"));
    let shown = edgelm(&folder, &["catalog", "phone", "--catalog", "phone.ron"]);
    assert!(
        shown.status.success(),
        "{}",
        String::from_utf8_lossy(&shown.stderr)
    );

    // A phone of it takes as long: 40 tokens of prompt and two of answer. The file is named, or
    // stands in place.
    let in_place: String = text.lines().skip(1).collect();
    let in_place = format!("Entries{}", in_place.trim());
    let mut tables = Vec::new();
    for catalog in ["File(\"phone.ron\")", &in_place] {
        let scenario = format!(
            "(users: (count: 1, serving: Phone(model: \"llama-3.2-1b-4bit\", hardware: \
             \"phone\")), catalog: {catalog}, workload: (tokens: (prompt_tokens: 40, \
             output_tokens: 2)), policies: [LocalAll], replications: 2)"
        );
        fs::write(folder.path().join("one.ron"), scenario).expect("written");
        let run = edgelm(&folder, &["run", "one.ron", "--export", "csv", "--fresh"]);
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        tables.push(String::from_utf8_lossy(&run.stdout).into_owned());
    }
    assert_eq!(tables[0], tables[1]);
    let rows = fs::read_to_string(folder.path().join("output/one/results.csv")).expect("results");
    let column = |name: &str| {
        let mut lines = rows.lines().filter(|line| !line.starts_with('#'));
        let header = lines.next().unwrap().split(',').position(|one| one == name);
        let row = lines
            .next()
            .unwrap()
            .split(',')
            .nth(header.expect(name))
            .unwrap();
        row.parse::<f64>().expect(name)
    };
    // 40 x 2 ms and 11.9855 ms; keys, values and attention add a little.
    let mean_ms = column("delay_mean_ms");
    assert!((91.98..92.6).contains(&mean_ms), "{mean_ms}");
}

#[test]
fn own_entries_that_cannot_be_used_are_shown_where_they_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let hardware = "hardware: [(name: \"phone\", kind: Phone, rates: Achieved(tflops: (-1, \"x\"), \
                    gb_per_s: (1, \"x\")), step_ms: (0, \"x\"))]";
    fs::write(folder.path().join("own.ron"), format!("({hardware})")).expect("written");
    for (catalog, place) in [
        ("File(\"own.ron\")".to_owned(), "own.ron:1:"),
        (format!("Entries({hardware})"), "one.ron:1:"),
        ("File(\"own.rno\")".to_owned(), "did you mean"),
    ] {
        let scenario = format!("(users: (count: 1), catalog: {catalog}, policies: [LocalAll])");
        fs::write(folder.path().join("one.ron"), scenario).expect("written");
        let output = edgelm(&folder, &["check", "one.ron"]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(place), "{stderr}");
    }
}

#[test]
fn without_times_there_is_no_entry() {
    let silent = |request: &crate::model_server::Request| {
        let mut answer = chat(request, "x");
        answer["timings"] = json!(null);
        Answer::json(&answer)
    };
    let (folder, output) = profiled(silent, &["--slm-entry", "llama-3.2-1b-4bit"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("no hardware is written"), "{stderr}");
    assert!(!folder.path().join("phone.ron").exists());

    let (folder, output) = profiled(silent, &["--slm-entry", "qwen2.5-0.5"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("llama-3.2-1b-4bit"), "{stderr}");
    assert!(
        !folder.path().join("table.csv").exists(),
        "before any question is asked"
    );
    let (_, output) = profiled(silent, &[]);
    assert_eq!(output.status.code(), Some(2));
}

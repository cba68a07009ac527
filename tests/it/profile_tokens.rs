//! `edgelm profile --tokens`: what the large model makes of the small one's tokens, and runs
//! with what was measured.

use crate::model_server::{Answer, Request, Server};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

/// The answer of every question, and with which probability each of its tokens is accepted.
const TOKENS: [(&str, f64); 3] = [(" one", 0.9), (" two", 0.3), (" three", 0.6)];

/// The small model gives its token .9 and the rest to another; of the large one the two share
/// so much that sum of min(p, q) is what it should be.
fn answer(request: &Request) -> Answer {
    assert_eq!(request.path, "/v1/completions");
    let prompt = request.prompt();
    let candidates = |token: &str, p: f64| json!({token: p.ln(), " else": (1.0 - p).ln()});
    let small = request.body["model"] == json!("small");
    let (tokens, listed): (Vec<&str>, Vec<Value>) = if small {
        TOKENS
            .map(|(token, _)| (token, candidates(token, 0.9)))
            .into_iter()
            .unzip()
    } else {
        // Asked for the next token of a prefix.
        let place = TOKENS
            .iter()
            .filter(|(token, _)| prompt.contains(token))
            .count();
        let (token, accepted) = TOKENS[place.min(2)];
        // min(.9, q) + min(.1, 1 - q) is q + .1 for q up to .9, so that q = accepted - .1.
        (vec![token], vec![candidates(token, accepted - 0.1)])
    };
    Answer::json(&json!({
        "choices": [{"text": tokens.concat(), "index": 0, "finish_reason": "length",
            "logprobs": {"tokens": tokens, "top_logprobs": listed}}],
        "usage": {"completion_tokens": tokens.len(), "prompt_tokens": 5 + TOKENS.iter().filter(|(token, _)| prompt.contains(token)).count()},
    }))
}

fn edgelm(folder: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"));
    command.current_dir(folder.path()).args(arguments);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("edgelm");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code().expect("a code"), text(stdout), text(stderr))
}

fn profile(folder: &TempDir, server: &Server, path: &str) -> (i32, String, String) {
    let questions: String = (0..8)
        .map(|at| {
            format!(
                "{}\n",
                json!({"id": at.to_string(), "prompt": format!("q{at}:"), "answers": ["one"]})
            )
        })
        .collect();
    fs::write(folder.path().join("q.jsonl"), questions).expect("written");
    let model = |name: &str| format!("{}{path},{name}", server.url);
    edgelm(
        folder,
        &[
            "profile",
            "--questions",
            "q.jsonl",
            "--slm",
            &model("small"),
            "--llm",
            &model("large"),
            "--out",
            "table.csv",
            "--tokens",
            "tokens.csv",
            "--top-k",
            "2",
        ],
    )
}

#[test]
fn tokens_are_measured_once_and_scenarios_run_with_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(answer);
    let (code, said, stderr) = profile(&folder, &server, "/v1/completions");
    assert_eq!(code, 0, "{stderr}");
    assert!(
        said.contains("tokens.csv: 24 tokens of 8 answers, 60.0 % accepted on average"),
        "{said}"
    );
    let table = fs::read_to_string(folder.path().join("tokens.csv")).expect("a table");
    // It says of itself what it is, and nothing of right answers.
    assert!(table.starts_with("# Tokens of a small model as a large one sees them"));
    assert!(table.contains("# Questions: 8 from q.jsonl") && !table.contains("Right:"));
    let mut rows = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(table.as_bytes());
    let header = rows.headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|column| column == name).expect(name);
    let (margin, acceptance) = (column("margin"), column("acceptance"));
    for (at, row) in rows.records().enumerate() {
        let row = row.expect("a row");
        let (token, accepted) = TOKENS[at % 3];
        assert_eq!(&row[column("token")], token);
        let number = |at: usize| row[at].parse::<f64>().expect("a number");
        assert!((number(acceptance) - accepted).abs() < 1e-12, "{row:?}");
        assert!((number(margin) - 0.2).abs() < 1e-12, "{row:?}");
    }
    // Answers of both models for the table, the small one's once more for its tokens, and for
    // each token a request to the large one.
    let asked = server.seen().len();
    assert_eq!(asked, 8 * 3 + 8 * 3);
    let (code, again, _) = profile(&folder, &server, "/v1/completions");
    assert_eq!((code, again), (0, said));
    assert_eq!(server.seen().len(), asked, "nothing is asked twice");

    let scenario = "(users: (count: 10, serving: Phone(model: \"llama-3.2-1b-4bit\", hardware: \
        \"snapdragon-8-elite-npu\")), servers: (serving: Batching(model: \"llama-3.1-8b\", \
        card: \"rtx-4090\")), sharing: Live, replications: 4, run: (duration_s: 60), \
        workload: (arrivals: Poisson(rate_per_user_hz: 0.1), tokens: (prompt_tokens: 40, \
        output_tokens: 200), token_process: (table: File(\"tokens.csv\"))), policies: \
        [SpecDecode(gamma: 1), Uhlm(threshold: 0.1), Uhlm(threshold: 0.3)])";
    fs::write(folder.path().join("drafts.ron"), scenario).expect("written");
    let (code, _, stderr) = edgelm(&folder, &["run", "drafts.ron", "--export", "csv"]);
    assert_eq!(code, 0, "{stderr}");
    let results = folder.path().join("output/drafts/results.csv");
    let mut rows = csv::Reader::from_path(results).expect("results");
    let header = rows.headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|column| column == name).expect(name);
    let share = |row: &csv::StringRecord, name: &str| -> f64 {
        row[column(name)].parse().expect("a share")
    };
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    // A draft of one token is accepted as often as a measured token is.
    let accepted = share(&rows[0], "accepted_share");
    assert!((accepted - 0.6).abs() < 0.02, "{accepted}");
    // All tokens have the uncertainty .2.
    assert_eq!([1, 2].map(|at| share(&rows[at], "kept_share")), [0.0, 1.0]);
}

#[test]
fn a_prefix_that_is_cut_into_other_tokens_is_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    // Of " one two" the server makes one token.
    let server = Server::start(|request| {
        let joined = request.prompt().ends_with(" one two");
        let mut answer = answer(request);
        if joined {
            answer.body = answer
                .body
                .replace("\"prompt_tokens\":7", "\"prompt_tokens\":6");
        }
        answer
    });
    let (code, said, stderr) = profile(&folder, &server, "/v1/completions");
    assert_eq!(code, 0, "{stderr}");
    assert!(said.contains("16 tokens of 8 answers"), "{said}");
    assert!(stderr.contains("8 tokens are left out"), "{stderr}");
}

#[test]
fn what_cannot_be_asked_or_read_is_said_before_any_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(answer);
    let (code, _, stderr) = profile(&folder, &server, "/v1/chat/completions");
    assert_eq!(code, 2);
    assert!(stderr.contains("--slm: found a chat"), "{stderr}");
    assert!(server.seen().is_empty());

    let bad = "id,margin,acceptance\na,0.5,2\n";
    fs::write(folder.path().join("tokens.csv"), bad).expect("written");
    let scenario = "(users: (count: 3), policies: [EdgeAll], workload: (token_process: \
        (table: File(\"tokens.csv\"))))";
    fs::write(folder.path().join("a.ron"), scenario).expect("written");
    let (code, _, stderr) = edgelm(&folder, &["check", "a.ron"]);
    assert_eq!(code, 2);
    for part in ["line 2: acceptance: found 2", "tokens.csv:2:1"] {
        assert!(stderr.contains(part), "no {part} in {stderr}");
    }
    // In place, too, and a plan holds what was in the file.
    let inline = scenario.replace(
        "File(\"tokens.csv\")",
        "Rows([(uncertainty: 0.5, acceptance: 7)])",
    );
    fs::write(folder.path().join("a.ron"), inline).expect("written");
    let (code, _, stderr) = edgelm(&folder, &["check", "a.ron"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("table[0].acceptance: found 7"), "{stderr}");
}

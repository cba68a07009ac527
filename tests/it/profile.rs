//! `edgelm profile` against a server that answers, and misbehaves, as real ones do.

use crate::model_server::{Answer, Request, Server, candidates, chat};
use assert_cmd::Command;
use edgelm::uncertainty::{Metric, Records, Table};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Four questions, in the three manners of bAbI's tasks.
const PLACES: &str = "1 Ann went to the bathroom.\n2 Where is Ann? |bathroom|1\n\
    3 Bob went to the hall.\n4 Where is Bob?|hall|3\n";
const LISTS: &str =
    "1 Ann got the milk.\n2 Ann got the ball.\n3 What is Ann carrying? \tmilk,ball\t1 2\n";
const PATHS: &str =
    "1 The hall is south of the den.\n2 How do you go from the den to the hall?\ts,s\t1\n";
const QUESTIONS: usize = 4;

struct Folder {
    dir: tempfile::TempDir,
    questions: Vec<PathBuf>,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let questions = [
            ("qa1_places_test.txt", PLACES),
            ("qa8_lists_test.txt", LISTS),
            ("qa19_paths_test.txt", PATHS),
        ]
        .map(|(name, text)| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        });
        Self {
            dir,
            questions: questions.to_vec(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, slm: &str, llm: &str) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("edgelm"));
        command
            .arg("profile")
            .arg("--questions")
            .args(&self.questions)
            .args(["--slm", slm, "--llm", llm, "--longest-wait-s", "0.05"])
            .arg("--out")
            .arg(self.path("table.csv"));
        command
    }

    fn run(&self, slm: &str, llm: &str, more: &[&str]) -> Outcome {
        let mut command = self.command(slm, llm);
        command.args(more);
        Outcome::of(command)
    }

    fn table(&self) -> String {
        std::fs::read_to_string(self.path("table.csv")).unwrap()
    }

    fn records(&self) -> Records {
        match Table::parse(&self.table()).unwrap() {
            Table::Records(records) => records,
            Table::Bins(_) => panic!("records expected"),
        }
    }
}

struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Outcome {
    fn of(command: std::process::Command) -> Self {
        let output = Command::from_std(command).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// The small model knows places only, the large one lists too, nobody the way.
fn knows(request: &Request) -> &'static str {
    match (request.prompt(), request.is_slm()) {
        (p, _) if p.contains("Where is Ann?") => " Bathroom.",
        (p, true) if p.contains("Where is Bob?") => "kitchen",
        (p, false) if p.contains("Where is Bob?") => "the hall",
        (p, false) if p.contains("carrying") => "Ball and milk.",
        (p, true) if p.contains("carrying") => "milk",
        _ => "north",
    }
}

fn good(request: &Request) -> Answer {
    Answer::json(&chat(request, knows(request)))
}

/// The three metrics, computed another way than the program does: from plain
/// probabilities.
fn expected(prompt: &str, k: usize) -> [f64; 3] {
    let p: Vec<f64> = candidates(prompt, k).iter().map(|l| l.exp()).collect();
    let sum: f64 = p.iter().sum();
    let p: Vec<f64> = p.iter().map(|p| p / sum).collect();
    let h: f64 = p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
    let k = k as f64;
    [1.0 - (p[0] - p[1]), h / k.ln(), (h.exp() - 1.0) / (k - 1.0)]
}

#[test]
fn records_are_what_the_server_said() {
    let (folder, server) = (Folder::new(), Server::start(good));
    let url = format!("{}/v1,tiny", server.url);
    let outcome = folder.run(
        &url,
        &url,
        &[
            "--top-k",
            "7",
            "--raw",
            folder.path("raw").to_str().unwrap(),
        ],
    );
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("4 records"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("SLM 25.0 %"), "{}", outcome.stdout);
    let records = folder.records();
    assert_eq!(records.slm_correct, [true, false, false, false]);
    assert_eq!(records.llm_correct, [true, true, true, false]);
    let asked: Vec<Request> = server.seen();
    assert_eq!(asked.len(), 2 * QUESTIONS);
    assert!(
        asked
            .iter()
            .all(|r| r.path == "/v1/chat/completions" && r.body["model"] == "tiny")
    );
    let slm: Vec<&Request> = asked.iter().filter(|r| r.is_slm()).collect();
    for (row, request) in slm.iter().enumerate() {
        let expected = expected(request.prompt(), 7);
        for (metric, expected) in Metric::ALL.into_iter().zip(expected) {
            let found = records.uncertainty(metric)[row];
            assert!(
                (found - expected).abs() < 1e-9,
                "{metric} {found} {expected}"
            );
        }
    }
    // Everything else that was asked for is there, too.
    let table = folder.table();
    assert!(
        table.contains("271.783") && table.contains("11.9855"),
        "{table}"
    );
    assert!(table.contains("qa8_lists_test:3,qa8_lists,"), "{table}");
    let raw = std::fs::read_to_string(folder.path("raw")).unwrap();
    let lines: Vec<Value> = raw
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 2 * QUESTIONS);
    assert_eq!(lines[0]["response"]["object"], "chat.completion");

    // Once more: nothing is asked, the same bytes are written.
    let again = folder.run(&url, &url, &["--top-k", "7"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(server.seen().len(), 2 * QUESTIONS);
    assert_eq!(folder.table(), table);
    // Another question is another question, even to the same model.
    assert_eq!(folder.run(&url, &url, &["--top-k", "8"]).code, 0);
    assert_eq!(server.seen().len(), 3 * QUESTIONS);
}

#[test]
fn the_older_shape_of_completions() {
    let folder = Folder::new();
    let server = Server::start(|request| {
        // Two candidates are written alike, as end tokens are.
        let text = r#"{"choices": [{"text": " bathroom", "logprobs": {"tokens": [" ba"],
            "token_logprobs": [-0.7], "top_logprobs": [
            {" ba": -0.6931471805599453, "": -1.3862943611198906, "": -1.3862943611198906}]}}]}"#;
        assert!(request.body.get("messages").is_none());
        Answer::text(200, "application/json", text.to_owned())
    });
    let url = format!("{}/v1/completions", server.url);
    let outcome = folder.run(&url, &url, &["--top-k", "3"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(
        folder
            .records()
            .margin
            .iter()
            .all(|m| (m - 0.75).abs() < 1e-12)
    );
    assert_eq!(server.seen()[0].body["logprobs"], json!(3));
}

/// One fault on one question: which, what is said of it, and how it is counted.
#[test]
fn every_fault_names_its_question_and_is_counted() {
    let no_logprobs = |r: &Request| {
        let mut answer = chat(r, "bathroom");
        answer["choices"][0]
            .as_object_mut()
            .unwrap()
            .remove("logprobs");
        Answer::json(&answer)
    };
    let capped = |r: &Request| {
        let mut answer = chat(r, "bathroom");
        let content = &mut answer["choices"][0]["logprobs"]["content"][0];
        content["top_logprobs"].as_array_mut().unwrap().truncate(5);
        Answer::json(&answer)
    };
    type Fault = Box<dyn Fn(&Request) -> Answer + Send + Sync>;
    let cases: Vec<(Fault, &str, &str, usize)> = vec![
        (
            Box::new(no_logprobs),
            "without log-probabilities",
            "1 x SLM without log-probabilities",
            1,
        ),
        (Box::new(capped), "got 5", "1 x SLM too few candidates", 1),
        (
            Box::new(|r| Answer::json(&chat(r, " \n"))),
            "is empty",
            "1 x SLM empty answer",
            1,
        ),
        (
            Box::new(|_| Answer::text(200, "text/html", "<html><b>Welcome</b></html>".to_owned())),
            "`<html><b>Welcome</b></html>`",
            "1 x SLM not JSON",
            1,
        ),
        (
            Box::new(|_| {
                Answer::error(
                    400,
                    "request (5031 tokens) exceeds the available context size",
                )
            }),
            "400: Bad Request: request (5031 tokens)",
            "1 x SLM status 400",
            1,
        ),
        (
            Box::new(|_| Answer::error(500, "out of memory")),
            "out of memory",
            "1 x SLM status 500",
            3,
        ),
        (
            Box::new(|_| Answer::error(429, "slow down").header("retry-after", "1")),
            "429",
            "1 x SLM status 429",
            3,
        ),
        (
            Box::new(|r| good(r).after(Duration::from_secs(20))),
            "no answer within 0.5 s",
            "1 x SLM timed out",
            3,
        ),
        (
            Box::new(|_| Answer::json(&json!({"choices": []}))),
            "choices",
            "1 x SLM not an answer",
            1,
        ),
        (
            Box::new(|_| Answer::json(&json!({"error": {"message": "no slot"}}))),
            "no slot",
            "1 x SLM not an answer",
            1,
        ),
    ];
    for (fault, said, counted, tries) in cases {
        let folder = Folder::new();
        let server = Server::start(move |r| {
            if r.is_slm() && r.prompt().contains("Where is Bob?") {
                fault(r)
            } else {
                good(r)
            }
        });
        let more = ["--retries", "2", "--timeout-s", "0.5"];
        let outcome = folder.run(&server.url, &server.url, &more);
        assert_eq!(outcome.code, 1, "{counted}: {}", outcome.stderr);
        let line = outcome.stderr.lines().find(|l| l.contains(said));
        let line = line.unwrap_or_else(|| panic!("{said}: {}", outcome.stderr));
        assert!(line.contains("question qa1_places_test:4 (SLM)"), "{line}");
        let counted = format!("1 of 4 questions have no record: {counted}");
        assert!(
            outcome.stderr.contains(&counted),
            "{counted}: {}",
            outcome.stderr
        );
        let asked = server
            .seen()
            .into_iter()
            .filter(|r| r.is_slm() && r.prompt().contains("Bob?"));
        assert_eq!(asked.count(), tries, "{counted}");
        // The good records are kept, and allowing the loss makes it no error.
        assert_eq!(folder.records().len(), 3, "{counted}");
        let allowed = folder.run(
            &server.url,
            &server.url,
            &[&more[..], &["--max-failures", "25"]].concat(),
        );
        assert_eq!(allowed.code, 0, "{counted}: {}", allowed.stderr);
        assert!(allowed.stderr.contains(&counted), "{}", allowed.stderr);
    }
}

#[test]
fn passing_faults_pass() {
    let folder = Folder::new();
    let server = Server::start(|request| match request.earlier {
        0 => Answer::error(503, "loading"),
        1 => Answer::error(429, "slow down").header("retry-after", "1"),
        _ => good(request),
    });
    let begun = Instant::now();
    let mut command = folder.command(&server.url, &server.url);
    command.args(["--longest-wait-s", "30", "--concurrency", "8"]);
    // Given twice on one command line would be an error: build it anew.
    let mut once = std::process::Command::new(command.get_program());
    let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let at = args.iter().position(|a| a == "--longest-wait-s").unwrap();
    once.args(&args[..at]).args(&args[at + 2..]);
    let outcome = Outcome::of(once);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(folder.records().len(), QUESTIONS);
    // Half a second of our own, then the one that the server asked for.
    assert!(begun.elapsed() >= Duration::from_millis(1500));
    assert!(
        outcome.stderr.contains("again in 1.0 s"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_would_fail_every_question_stops_at_once() {
    let refused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let unauthorised = Server::start(|_| Answer::error(401, "bad key"));
    let not_found = Server::start(|_| Answer::error(404, "File Not Found"));
    let redirect = Server::start(|_| {
        Answer::text(301, "text/html", String::new()).header("location", "http://elsewhere/")
    });
    for (url, said, kind) in [
        (&refused, "connection refused", "server not reached"),
        (
            &unauthorised.url,
            "401: Unauthorized: bad key",
            "status 401",
        ),
        (
            &not_found.url,
            "404: Not Found: File Not Found",
            "status 404",
        ),
        (&redirect.url, "redirected", "status 301"),
    ] {
        let folder = Folder::new();
        let outcome = folder.run(url, url, &["--retries", "1"]);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        let line = outcome
            .stderr
            .lines()
            .find(|l| l.contains(said))
            .expect(&outcome.stderr);
        assert!(line.contains("question qa1_places_test:2 (SLM)"), "{line}");
        let counted = format!("4 of 4 questions have no record: 1 x SLM {kind}, 3 not asked");
        assert!(outcome.stderr.contains(&counted), "{}", outcome.stderr);
        assert!(!folder.path("table.csv").exists());
    }
    assert_eq!(unauthorised.seen().len(), 1);
}

#[test]
fn a_server_that_keeps_failing_is_left_alone() {
    let folder = Folder::new();
    let server = Server::start(|_| Answer::error(500, "broken"));
    let outcome = folder.run(&server.url, &server.url, &["--retries", "0"]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains("too many faults in a row"),
        "{}",
        outcome.stderr
    );
    assert_eq!(server.seen().len(), 5);
}

#[test]
fn the_number_of_requests_under_way_changes_no_byte() {
    let server =
        Server::start(|r| good(r).after(Duration::from_millis(r.prompt().len() as u64 % 7)));
    let tables: Vec<String> = ["1", "3", "16"]
        .iter()
        .map(|n| {
            let folder = Folder::new();
            let outcome = folder.run(&server.url, &server.url, &["--concurrency", n]);
            assert_eq!(outcome.code, 0, "{}", outcome.stderr);
            folder.table()
        })
        .collect();
    assert_eq!(tables[0], tables[1]);
    assert_eq!(tables[0], tables[2]);
}

#[test]
fn killed_and_resumed_it_writes_the_same_table_and_asks_nothing_twice() {
    let mut questions = String::new();
    for i in 0..30 {
        questions += &format!("1 Ann went to place {i}.\n2 Where is Ann?\tbathroom\t1\n");
    }
    let slow = || Server::start(|r| good(r).after(Duration::from_millis(15)));
    let write = |folder: &Folder| std::fs::write(&folder.questions[0], &questions).unwrap();

    let (whole, server) = (Folder::new(), slow());
    write(&whole);
    // The server's name stands in the table: both runs must ask the same one.
    let outcome = whole.run(&server.url, &server.url, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let in_one_go = server.seen().len();
    assert_eq!(in_one_go, 2 * 32);

    let folder = Folder::new();
    write(&folder);
    for after in [7, 20, 41] {
        let mut child = folder
            .command(&server.url, &server.url)
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while server.seen().len() < in_one_go + after {
            assert!(
                child.try_wait().unwrap().is_none(),
                "ended before it was killed"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!folder.path("table.csv").exists());
    }
    let outcome = folder.run(&server.url, &server.url, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(folder.table(), whole.table());
    // At each of the three kills one request was under way, whose answer was lost.
    let asked = server.seen().len() - in_one_go;
    assert!((2 * 32..=2 * 32 + 3).contains(&asked), "{asked}");
}

#[test]
fn keys_are_sent_and_nowhere_else() {
    let folder = Folder::new();
    let server = Server::start(|r| {
        let key = r.authorization.clone().unwrap_or_default();
        if r.is_slm() {
            good(r)
        } else {
            Answer::error(400, &format!("you sent {key}"))
        }
    });
    let mut command = folder.command(&server.url, &server.url);
    command
        .args([
            "--slm-api-key-env",
            "EDGELM_TEST_SLM",
            "--api-key-env",
            "EDGELM_TEST_BOTH",
        ])
        .arg("--raw")
        .arg(folder.path("raw"))
        .env("EDGELM_TEST_SLM", "small-s3cret")
        .env("EDGELM_TEST_BOTH", "large-s3cret");
    let outcome = Outcome::of(command);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains("you sent Bearer ***"),
        "{}",
        outcome.stderr
    );
    for request in server.seen() {
        let key = if request.is_slm() { "small" } else { "large" };
        assert_eq!(request.authorization, Some(format!("Bearer {key}-s3cret")));
    }
    let mut texts = outcome.stdout + &outcome.stderr;
    for entry in std::fs::read_dir(folder.dir.path()).unwrap() {
        texts += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    assert!(!texts.contains("s3cret"));

    let unset = folder.run(
        &server.url,
        &server.url,
        &["--api-key-env", "EDGELM_TEST_UNSET"],
    );
    assert_eq!(unset.code, 2);
    assert!(
        unset.stderr.contains("EDGELM_TEST_UNSET"),
        "{}",
        unset.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_command_may_decide_what_is_right() {
    let (folder, server) = (Folder::new(), Server::start(good));
    let outcome = folder.run(&server.url, &server.url, &["--scorer", "grep -q north"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(folder.records().slm_correct, [false, false, false, true]);
    // A command that fails costs no answer: nothing is asked again.
    let asked = server.seen().len();
    let broken = folder.run(&server.url, &server.url, &["--scorer", "exit 9"]);
    assert_eq!(broken.code, 1);
    assert!(
        broken
            .stderr
            .contains("4 x LLM not scored, 4 x SLM not scored"),
        "{}",
        broken.stderr
    );
    assert_eq!(server.seen().len(), asked);
}

#[test]
fn worked_examples_json_lines_and_empty_answers_that_count() {
    let folder = Folder::new();
    let examples = folder.path("qa1_places_train.txt");
    std::fs::write(
        &examples,
        "1 Eve went to the roof.\n2 Where is Eve?\troof\t1\n",
    )
    .unwrap();
    let own = folder.path("own.jsonl");
    std::fs::write(
        &own,
        "{\"id\": \"x\", \"prompt\": \"Say ok.\", \"answers\": [\"ok\"]}\n",
    )
    .unwrap();
    let server = Server::start(|r| match r.prompt() {
        "Say ok." => Answer::json(&chat(r, "")),
        _ => good(r),
    });
    let mut command = folder.command(&server.url, &server.url);
    command
        .arg("--examples")
        .arg(&examples)
        .args(["--empty-answers", "wrong"]);
    let mut command = {
        let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        let mut with_own = std::process::Command::new(command.get_program());
        let at = args.iter().position(|a| a == "--slm").unwrap();
        with_own.args(&args[..at]).arg(&own).args(&args[at..]);
        with_own
    };
    command.args(["--body", "{\"seed\": 3, \"stream\": null}"]);
    let outcome = Outcome::of(command);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(folder.records().len(), QUESTIONS + 1);
    assert!(
        outcome.stderr.contains("task qa8_lists: no worked example"),
        "{}",
        outcome.stderr
    );
    for request in server.seen() {
        let messages = request.body["messages"].as_array().unwrap().len();
        let shot = request.prompt().contains("Where is");
        assert_eq!(messages, if shot { 3 } else { 1 });
        assert_eq!(request.body["seed"], 3);
        assert!(request.body.get("stream").is_none());
    }
}

#[test]
fn wrong_input_ends_before_any_request() {
    let server = Server::start(good);
    let check = |folder: &Folder, slm: &str, more: &[&str], said: &str| {
        let outcome = folder.run(slm, &server.url, more);
        assert_eq!(outcome.code, 2, "{said}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    };
    let folder = Folder::new();
    check(
        &folder,
        "localhost:8080",
        &[],
        "--slm: found `localhost:8080`",
    );
    check(&folder, "http://u:p@h", &[], "--api-key-env");
    check(&folder, &server.url, &["--top-k", "1"], "--top-k");
    check(&folder, &server.url, &["--body", "[]"], "JSON object");
    check(&folder, &server.url, &["--max-failures", "120"], "0 to 100");
    check(
        &folder,
        &server.url,
        &["--examples", "/no/such/file"],
        "/no/such/file",
    );
    std::fs::write(folder.path("table.csv"), "mine").unwrap();
    check(&folder, &server.url, &[], "did not write");
    assert_eq!(folder.table(), "mine");
    assert_eq!(folder.run(&server.url, &server.url, &["--force"]).code, 0);
    assert_eq!(folder.records().len(), QUESTIONS);

    let asked = server.seen().len();
    let broken = Folder::new();
    std::fs::write(&broken.questions[1], "1 A.\nhello\n").unwrap();
    check(
        &broken,
        &server.url,
        &[],
        "qa8_lists_test.txt:2: found `hello`",
    );
    std::fs::write(&broken.questions[1], "1 A.\n").unwrap();
    check(&broken, &server.url, &[], "no question");
    let folder = Folder::new();
    let missing = Path::new("/no/such/folder/t.csv").to_str().unwrap();
    let mut command = folder.command(&server.url, &server.url);
    let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    command = std::process::Command::new(command.get_program());
    command.args(&args[..args.len() - 1]).arg(missing);
    let outcome = Outcome::of(command);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("/no/such/folder"),
        "{}",
        outcome.stderr
    );
    assert_eq!(server.seen().len(), asked);
}

//! `edgelm load` against servers that answer, and fail, as real ones do.

use crate::model_server::streaming::{Manner, PROMPT, StreamingServer, TEMPLATE_TOKENS, TOKEN};
use edgelm::validation::Log;
use serde_json::Value;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn command(folder: &TempDir, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"));
    command
        .args(["load", url])
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null());
    command
}

fn load(folder: &TempDir, url: &str, arguments: &[&str]) -> Outcome {
    let output = command(folder, url, arguments).output().expect("edgelm");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn log(folder: &TempDir) -> (String, Log) {
    let text = fs::read_to_string(folder.path().join("load.csv")).expect("a log");
    let log = Log::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (text, log)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Requests every 50 ms from zero on.
fn trace(folder: &TempDir, requests: u32) {
    let rows = (0..requests).map(|at| format!("{},{},6\n", f64::from(at) * 0.05, 20 + at));
    let text = format!(
        "arrival_s,prompt_tokens,output_tokens\n{}",
        rows.collect::<String>()
    );
    fs::write(folder.path().join("trace.csv"), text).expect("written");
}

const TRACE: [&str; 4] = ["--trace", "trace.csv", "--warm-up", "0"];
/// Requests that warm the server all the same: two whose tokens are counted.
const COUNTING: usize = 2;

#[test]
fn a_log_holds_when_tokens_came() {
    let server = StreamingServer::start(|_, _| Manner::Whole);
    let (folder, url) = (folder(), format!("{},tiny", server.url));
    let arguments = [
        "--rate",
        "20",
        "--prompt-tokens",
        "Uniform(low: 15, high: 40)",
        "--answer-tokens",
        "4",
        "--for",
        "2",
        "--body",
        "{\"top_k\": 3}",
    ];
    let begin = Instant::now();
    let outcome = load(&folder, &url, &arguments);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(
        begin.elapsed() >= Duration::from_secs(1),
        "arrivals are kept"
    );
    let (text, log) = log(&folder);
    assert!(
        text.contains("# told by the server: (max_running: 6)\n"),
        "{text}"
    );
    assert!(text.contains("20 per second; seed 1"), "{text}");
    // 40 expected, of standard deviation 6.3.
    assert!((20..60).contains(&log.requests.len()), "{text}");
    let mut before = 0.0;
    for request in &log.requests {
        let times = request.measured.expect("measured");
        // Each request has a thread of its own: neighbours may swap.
        assert!(request.arrival.0 >= before - 0.1);
        before = request.arrival.0;
        assert!((15..=40).contains(&request.prompt_tokens), "{request:?}");
        assert_eq!(request.output_tokens, 4);
        assert!(times.first_token.0 - request.arrival.0 >= PROMPT.as_secs_f64());
        let gaps = times.end.0 - times.first_token.0;
        assert!(gaps >= 0.9 * 3.0 * TOKEN.as_secs_f64(), "{request:?}");
        assert_eq!(request.server.expect("told").prompt_ms, 30.5);
    }
    let seen = server.seen.lock().unwrap().clone();
    // Two prompts are counted, four more warm the server; none of them is recorded.
    assert_eq!(seen.len(), log.requests.len() + COUNTING + 4);
    for body in &seen {
        assert_eq!(body["model"], "tiny");
        assert_eq!(body["top_k"], 3);
        assert_eq!(body["ignore_eos"], true);
        assert_eq!(body["cache_prompt"], false);
    }
    // The recorded length is the server's own count, template and all.
    for (request, body) in log.requests.iter().zip(&seen[COUNTING + 4..]) {
        let words = body["messages"][0]["content"]
            .as_str()
            .unwrap()
            .split(' ')
            .count() as u64;
        let told = log.requests.iter().map(|one| one.prompt_tokens);
        assert!(
            told.clone().any(|tokens| tokens == words + TEMPLATE_TOKENS),
            "{request:?}"
        );
    }
    assert!(
        outcome
            .stdout
            .contains("requests sent\nsent later than due"),
        "{}",
        outcome.stdout
    );

    // All is there: nothing is sent again, and the same log is written.
    let again = load(&folder, &url, &arguments);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(self::log(&folder).0, text);
    assert_eq!(server.seen.lock().unwrap().len(), seen.len());
    assert_eq!(again.stdout, outcome.stdout);
    // Another load is not mixed with it.
    let other = load(
        &folder,
        &url,
        &[
            "--rate",
            "1",
            "--prompt-tokens",
            "9",
            "--answer-tokens",
            "4",
        ],
    );
    assert_eq!(other.code, Some(2));
    assert!(
        other.stderr.contains("of a load with other options"),
        "{}",
        other.stderr
    );
}

#[test]
fn a_calibration_takes_what_the_server_told() {
    let server = StreamingServer::start(|_, _| Manner::Whole);
    let folder = folder();
    trace(&folder, 20);
    let outcome = load(&folder, &server.url, &TRACE);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let calibrate = |more: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"));
        command.current_dir(folder.path());
        command.args([
            "calibrate",
            "load.csv",
            "--resamples",
            "0",
            "--out",
            "block.ron",
        ]);
        let output = command.args(more).output().expect("edgelm");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{stderr}");
        fs::read_to_string(folder.path().join("block.ron")).expect("a block")
    };
    let block = calibrate(&[]);
    assert!(block.contains("max_running: 6,"), "{block}");
    let block = calibrate(&["--max-running", "3"]);
    assert!(block.contains("max_running: 3,"), "{block}");
}

#[test]
fn faults_are_counted_and_said_and_the_log_is_kept() {
    let manners = [
        Manner::Whole,
        Manner::Fewer,
        Manner::BrokenOff,
        Manner::WithoutEnd,
        Manner::AtOnce,
        Manner::Empty,
        Manner::ErrorInside,
        Manner::Status(503),
    ];
    let server = StreamingServer::start(move |_, earlier| match earlier.checked_sub(COUNTING) {
        Some(request) => manners[request % manners.len()],
        None => Manner::Whole,
    });
    let folder = folder();
    trace(&folder, 16);
    let outcome = load(&folder, &server.url, &TRACE);
    assert_eq!(outcome.code, Some(1));
    let said = "12 of 16 requests came without times: 75.0 %, more than --max-failures 5 %";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    let counts = "16 requests sent, 2 not served (status 503), 2 with fewer tokens than asked \
                  for, 6 without times (answer broken off), 2 without times (answered without \
                  streaming), 2 without times (no token in the answer)\n";
    assert!(outcome.stdout.starts_with(counts), "{}", outcome.stdout);
    let (text, log) = log(&folder);
    // What was refused was not at the server; everything else was.
    assert_eq!(log.requests.len(), 14);
    let measured = log.requests.iter().filter(|one| one.measured.is_some());
    let tokens: Vec<u64> = measured.map(|one| one.output_tokens).collect();
    assert_eq!(tokens, [6, 3, 6, 3]);
    let refused = text
        .lines()
        .filter(|line| line.starts_with("# not served: due at"));
    assert_eq!(refused.count(), 2, "{text}");
    assert!(text.contains("27 + 6 tokens: the server answered 503: Service Unavailable: not now "));

    let tolerated = load(
        &folder,
        &server.url,
        &[&TRACE[..], &["--max-failures", "80"]].concat(),
    );
    assert_eq!(tolerated.code, Some(0), "{}", tolerated.stderr);
    let json = load(
        &folder,
        &server.url,
        &[&TRACE[..], &["--max-failures", "80", "--json"]].concat(),
    );
    let document: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(document["measured"], 4);
    assert_eq!(
        document["shortcomings"]["without times (answer broken off)"],
        6
    );
    assert!(document["ttft"]["p99"].as_f64().unwrap() >= PROMPT.as_secs_f64());
}

#[test]
fn a_server_that_stops_in_the_middle_is_loaded_further_when_it_is_back() {
    let server = StreamingServer::start(|_, _| Manner::Whole);
    let folder = folder();
    trace(&folder, 40);
    let child = command(&folder, &server.url, &TRACE)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("edgelm");
    while server.seen.lock().unwrap().len() < COUNTING + 10 {
        std::thread::sleep(Duration::from_millis(5));
    }
    server.stop();
    let output = child.wait_with_output().expect("ended");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("were not sent (the server cannot be reached"),
        "{stderr}"
    );
    let (_, first) = log(&folder);
    assert!(
        (5..30).contains(&first.requests.len()),
        "{}",
        first.requests.len()
    );

    let address = server.url.trim_start_matches("http://").to_owned();
    let _server = StreamingServer::start_at(&address, |_, _| Manner::Whole);
    let outcome = load(&folder, &format!("http://{address}"), &TRACE);
    assert!(
        outcome.stderr.contains("requests were sent already"),
        "{}",
        outcome.stderr
    );
    let (text, all) = log(&folder);
    assert_eq!(all.requests.len(), 40, "{text}");
    assert!(!text.contains("not served"), "{text}");
    assert_eq!(all.requests[..first.requests.len()], first.requests);
    let gap = all.requests[first.requests.len()].arrival.0
        - all.requests[first.requests.len() - 1].arrival.0;
    assert!(gap >= 60.0, "the server was idle in between: {gap}");
}

#[cfg(unix)]
#[test]
fn a_killed_load_goes_on() {
    let server = StreamingServer::start(|_, _| Manner::Whole);
    let folder = folder();
    trace(&folder, 30);
    let mut child = command(&folder, &server.url, &TRACE)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("edgelm");
    let journal = folder.path().join("load.csv.journal");
    while fs::read_to_string(&journal).map_or(0, |text| text.matches("ended").count()) < 8 {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(!folder.path().join("load.csv").exists());
    let outcome = load(
        &folder,
        &server.url,
        &[&TRACE[..], &["--max-failures", "50"]].concat(),
    );
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let (text, log) = log(&folder);
    assert_eq!(log.requests.len(), 30, "{text}");
    let measured = log
        .requests
        .iter()
        .filter(|one| one.measured.is_some())
        .count();
    assert!(
        measured >= 25,
        "what was under way is simulated only: {text}"
    );
}

#[test]
fn servers_that_take_fewer_fields_are_asked_with_fewer() {
    let strict = |field: &'static str| {
        StreamingServer::start(move |body, _| match body.get(field) {
            Some(_) => Manner::Status(400),
            None => Manner::Whole,
        })
    };
    for (field, said, prompt_tokens) in [
        ("ignore_eos", "does not take `ignore_eos`", 20),
        ("stream_options", "does not tell the lengths of prompts", 20),
    ] {
        let (server, folder) = (strict(field), folder());
        trace(&folder, 3);
        let outcome = load(&folder, &server.url, &TRACE);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        let (_, log) = log(&folder);
        assert_eq!(log.requests[0].prompt_tokens, prompt_tokens);
        assert_eq!(log.requests[0].output_tokens, 6);
    }
    let (server, folder) = (StreamingServer::start(|_, _| Manner::Status(401)), folder());
    trace(&folder, 3);
    let outcome = load(&folder, &server.url, &TRACE);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("401"), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("nothing was recorded"),
        "{}",
        outcome.stderr
    );
    assert!(!folder.path().join("load.csv").exists());
}

#[test]
fn a_late_start_is_recorded() {
    let server = StreamingServer::start(|_, _| Manner::Whole);
    let folder = folder();
    fs::write(
        folder.path().join("trace.csv"),
        "arrival_s,prompt_tokens,output_tokens\n0,20,10\n0,20,10\n0,20,10\n",
    )
    .expect("written");
    let outcome = load(
        &folder,
        &server.url,
        &[&TRACE[..], &["--max-in-flight", "1"]].concat(),
    );
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let (text, log) = log(&folder);
    let rows = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let late: Vec<f64> = rows
        .map(|row| row.split(',').nth(5).unwrap().parse().unwrap())
        .collect();
    let one = PROMPT.as_secs_f64() + 9.0 * TOKEN.as_secs_f64();
    assert!(late[1] >= one && late[2] >= 2.0 * one, "{late:?}");
    for (request, late) in log.requests.iter().zip(late) {
        assert!(
            (request.arrival.0 - late).abs() < 1e-6,
            "the log has the time of sending"
        );
    }
}

#[test]
fn bad_input_is_refused_before_anything_is_sent() {
    let server = StreamingServer::start(|_, _| Manner::Whole);
    let folder = folder();
    trace(&folder, 3);
    fs::write(folder.path().join("mine.csv"), "my thesis").expect("written");
    fs::write(
        folder.path().join("bad.csv"),
        "arrival_s,prompt_tokens,output_tokens\n0,x,1\n",
    )
    .expect("written");
    let lengths = ["--prompt-tokens", "9", "--answer-tokens", "4"];
    for (arguments, said) in [
        (vec![], "--trace <FILE>|--rate <HZ>"),
        (vec!["--rate", "1"], "--prompt-tokens"),
        (vec!["--rate", "0"], "above 0"),
        (
            [&["--rate", "1", "--trace", "trace.csv"], &lengths[..]].concat(),
            "cannot be used with",
        ),
        (
            [&["--rate", "1e4", "--for", "1e6"], &lengths[..]].concat(),
            "more than 1000000",
        ),
        (
            [&["--rate", "1e-4", "--for", "1"], &lengths[..]].concat(),
            "no request is due",
        ),
        (vec!["--trace", "bad.csv"], "prompt_tokens: found `x`"),
        (vec!["--trace", "trcae.csv"], "did you mean ./trace.csv?"),
        (
            vec!["--trace", "trace.csv", "--out", "mine.csv"],
            "`edgelm load` did not write",
        ),
        (
            vec!["--trace", "trace.csv", "--api-key-env", "EDGELM_NO_KEY"],
            "EDGELM_NO_KEY",
        ),
        (
            vec![
                "--rate",
                "1",
                "--prompt-tokens",
                "Uniform(low: 3)",
                "--answer-tokens",
                "4",
            ],
            "Uniform(low: 8, high: 60)",
        ),
        (
            vec![
                "--rate",
                "1",
                "--prompt-tokens",
                "Fixed(-3)",
                "--answer-tokens",
                "4",
            ],
            "found -3",
        ),
    ] {
        let outcome = load(&folder, &server.url, &arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains(said),
            "{arguments:?}: {}",
            outcome.stderr
        );
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("mine.csv")).unwrap(),
        "my thesis"
    );
    assert!(server.seen.lock().unwrap().is_empty());
}

#[test]
fn the_key_is_in_no_file_and_no_message() {
    const KEY: &str = "sk-Test-0123456789-AbCdEf";
    let server = StreamingServer::start(|_, earlier| match earlier.checked_sub(COUNTING) {
        Some(request) if request % 2 == 1 => Manner::Echo,
        _ => Manner::Whole,
    });
    let folder = folder();
    trace(&folder, 8);
    let output = command(&folder, &server.url, &TRACE)
        .args(["--api-key-env", "EDGELM_TEST_KEY", "--max-failures", "60"])
        .env("EDGELM_TEST_KEY", KEY)
        .output()
        .expect("edgelm");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("who is Bearer ***?"), "{said}");
    let mut texts = vec![said.into_owned()];
    for name in ["load.csv", "load.csv.journal"] {
        texts.push(fs::read_to_string(folder.path().join(name)).expect(name));
    }
    for text in texts {
        assert!(!text.contains("0123456789"), "{text}");
    }
}

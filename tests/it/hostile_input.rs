//! Files that nobody would write by hand: an error with its exit code, never a panic, an
//! abort or a file somewhere else.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

pub fn edgelm(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Outcome {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary is built");
    // It may have refused before it read.
    let _ = child.stdin.take().expect("piped").write_all(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Outcome {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

#[track_caller]
pub fn assert_refused(outcome: &Outcome, parts: &[&str]) {
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    for part in parts {
        assert!(
            outcome.stderr.contains(part),
            "no {part}: {}",
            outcome.stderr
        );
    }
}

pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn an_error_beside_a_character_of_many_bytes() {
    let here = folder();
    for text in [
        "é{\"a\":1}",
        "{\"é\":1}",
        "{é",
        "\"é",
        "é",
        "{\"users\": \"é\"é",
    ] {
        let decided = edgelm(
            here.path(),
            &["decide", "-", "--policy", "EdgeAll"],
            text.as_bytes(),
        );
        assert_refused(&decided, &["error"]);
        fs::write(here.path().join("plan.json"), text).expect("written");
        let merged = edgelm(here.path(), &["merge", "plan.json", "."], b"");
        assert_refused(&merged, &["plan.json"]);
    }
}

#[test]
fn what_is_nested_too_deep_or_cut_short() {
    let here = folder();
    let deep: Vec<String> = ["(", "[", "{", "(a:", "A(", "Some("]
        .iter()
        .map(|open| open.repeat(33_000))
        .collect();
    let short = [
        "(title:'é')",
        "(title:'",
        "(title:\"",
        "(title:'\\",
        "(users:r#\"",
        "/*",
    ];
    for text in deep.iter().map(String::as_str).chain(short) {
        fs::write(here.path().join("s.ron"), text).expect("written");
        assert_refused(&edgelm(here.path(), &["check", "s.ron"], b""), &["error"]);
        let set = format!("title={text}");
        if set.len() < 1000 {
            fs::write(here.path().join("s.ron"), SMALL).expect("written");
            assert_refused(
                &edgelm(here.path(), &["check", "s.ron", "--set", &set], b""),
                &[],
            );
        }
    }
    for open in ["[", "{\"a\":"] {
        let decided = edgelm(
            here.path(),
            &["decide", "-", "--policy", "EdgeAll"],
            open.repeat(100_000).as_bytes(),
        );
        assert_refused(&decided, &["error"]);
    }
}

pub const SMALL: &str = "(replications: 2, users: (count: 3), policies: [EdgeAll, LocalAll])";

#[test]
fn a_byte_order_mark_is_passed_over() {
    let here = folder();
    fs::write(here.path().join("s.ron"), format!("\u{feff}{SMALL}")).expect("written");
    let checked = edgelm(here.path(), &["check", "s.ron"], b"");
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    fs::write(
        here.path().join("s.ron"),
        "\u{feff}(users: (count: 0), policies: [EdgeAll])",
    )
    .expect("written");
    let checked = edgelm(here.path(), &["check", "s.ron"], b"");
    assert_refused(&checked, &["s.ron:1:17", "users.count: found 0"]);
    let instance = "\u{feff}{\"tx_power_w\": 1}";
    let decided = edgelm(
        here.path(),
        &["decide", "-", "--policy", "EdgeAll"],
        instance.as_bytes(),
    );
    assert_refused(&decided, &["missing field `noise_w`"]);
}

/// A plan says what its folder is called: a plain name, or merge would write elsewhere.
#[test]
fn a_plan_cannot_write_elsewhere() {
    let here = folder();
    fs::write(here.path().join("s.ron"), SMALL).expect("written");
    assert_eq!(
        edgelm(here.path(), &["plan", "s.ron", "--out", "plan.json"], b"").code,
        Some(0)
    );
    let plan = fs::read_to_string(here.path().join("plan.json")).expect("written");
    for name in [
        "../../x", "/tmp/x", "..", ".", "", "a/b", "a\\\\b", "a\\u0007",
    ] {
        let changed = plan.replace("\"name\": \"s\"", &format!("\"name\": \"{name}\""));
        assert_ne!(changed, plan);
        fs::write(here.path().join("bad.json"), with_its_hash(&changed)).expect("written");
        for command in [
            vec!["merge", "bad.json", "."],
            vec!["shard", "bad.json", "--tasks", "0..1"],
        ] {
            let outcome = edgelm(here.path(), &command, b"");
            assert_refused(&outcome, &["bad.json", "its name is `", "without slashes"]);
        }
    }
}

/// A plan's text with the hash that its content has.
fn with_its_hash(plan: &str) -> String {
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(plan).expect("an object");
    fields.shift_remove("hash");
    let content = serde_json::to_string(&fields).expect("plain data");
    let hash = blake3::hash(content.as_bytes()).to_hex().to_string();
    let mut text = format!("{{\n\"hash\": \"{hash}\"");
    for (name, value) in &fields {
        text.push_str(&format!(",\n\"{name}\": {value}"));
    }
    text + "\n}\n"
}

#[test]
fn a_plan_with_its_hash_is_a_plan() {
    let here = folder();
    fs::write(here.path().join("s.ron"), SMALL).expect("written");
    edgelm(here.path(), &["plan", "s.ron", "--out", "plan.json"], b"");
    let plan = fs::read_to_string(here.path().join("plan.json")).expect("written");
    assert_eq!(with_its_hash(&plan), plan);
}

#[test]
fn a_trace_that_loops_must_take_time() {
    let here = folder();
    let header = "arrival_s,prompt_tokens,output_tokens\n";
    let scenario = "(replications: 1, users: (count: 2), policies: [EdgeAll], workload: \
        (arrivals: Trace(file: \"t.csv\", at_end: Loop)), run: (duration_s: 1))";
    fs::write(here.path().join("s.ron"), scenario).expect("written");
    for (rows, parts) in [
        ("0,1,1\n0,1,1\n", ["all at 0 s", "different times"]),
        ("0,1,1\n", ["all at 0 s", "different times"]),
        (
            "0,1,1\n1e-300,1,1\n",
            ["is over after 2e-300 s", "at least 1e-6 s"],
        ),
        (
            "5,1,1\n5.0000000000000009,1,1\n",
            ["is over after", "at least 1e-6 s"],
        ),
        (
            "0,1,1\n1e300,1,1\n",
            ["arrival_s: found `1e300`", "from 0 to 1e9"],
        ),
        (
            "0,1e300,1\n",
            ["prompt_tokens: found `1e300`", "from 0 to 1e9"],
        ),
    ] {
        fs::write(here.path().join("t.csv"), format!("{header}{rows}")).expect("written");
        assert_refused(&edgelm(here.path(), &["run", "s.ron"], b""), &parts);
    }
}

/// A file without an end is not read to its end.
#[cfg(target_os = "linux")]
#[test]
fn a_file_without_an_end_is_refused() {
    let here = folder();
    let scenario = "(users: (count: 2), policies: [EdgeAll], \
        workload: (uncertainty: (table: File(\"/dev/zero\"))))";
    fs::write(here.path().join("s.ron"), scenario).expect("written");
    let checked = edgelm(here.path(), &["check", "s.ron"], b"");
    assert_refused(&checked, &["/dev/zero", "larger than 1 GiB"]);
}

/// What `check` passes `run` does not refuse, nor die of.
#[test]
fn check_refuses_what_run_could_not_do() {
    let here = folder();
    fs::write(here.path().join("s.ron"), SMALL).expect("written");
    let title = format!("title=\"{}\"", "x".repeat(100_000));
    let values: Vec<String> = (1..=900_000).map(|n| n.to_string()).collect();
    let sweep = format!(
        "(replications: 300, users: (count: 3), policies: [EdgeAll], \
         sweep: (field: \"users.tx_power_mw\", values: [{}]))",
        values[..1_000].join(", ")
    );
    fs::write(here.path().join("sweep.ron"), sweep).expect("written");
    for (arguments, part) in [
        (
            vec!["--replications", "4294967295"],
            "replications: found 4294967295",
        ),
        (vec!["--set", &*title], "title: found 100000 characters"),
        (
            vec!["--set", "users.count=18446744073709551615"],
            "users.count: found 18446744073709551615",
        ),
        (
            vec![
                "--set",
                "users.placement=Grid(columns: 4294967296, rows: 4294967296)",
            ],
            "users.placement.columns: found 4294967296",
        ),
    ] {
        for command in ["check", "run"] {
            let started = Instant::now();
            let outcome = edgelm(
                here.path(),
                &[&[command, "s.ron"], &arguments[..]].concat(),
                b"",
            );
            assert_refused(&outcome, &[part, "allowed is a"]);
            assert!(started.elapsed() < Duration::from_secs(5), "{part}");
        }
    }
    let checked = edgelm(
        here.path(),
        &["check", "sweep.ron", "--replications", "10000000"],
        b"",
    );
    assert_refused(
        &checked,
        &[
            "replications: found 10000000 at 1000 points",
            "at most 250000 at each",
        ],
    );
}

/// Checking takes time in proportion to the sweep.
#[test]
fn a_long_sweep_is_checked_in_seconds() {
    let here = folder();
    let values: Vec<String> = (1..=30_000).map(|n| n.to_string()).collect();
    let sweep = format!(
        "(replications: 1, users: (count: 3), policies: [EdgeAll], \
         sweep: (field: \"users.tx_power_mw\", values: [{}]))",
        values.join(", ")
    );
    fs::write(here.path().join("s.ron"), sweep).expect("written");
    let started = Instant::now();
    let checked = edgelm(here.path(), &["check", "s.ron"], b"");
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert!(
        checked.stdout.contains("30000 points"),
        "{}",
        checked.stdout
    );
    println!("30,000 points checked in {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// One user, one server, gain as given.
fn instance(gain: &str, flop: &str, bits: &str) -> String {
    format!(
        r#"{{"tx_power_w": 0.2, "noise_w": 4e-13, "users": [{{"uncertainty": 0.5,
        "query_bits": {bits}, "slm_flop": {flop}, "llm_flop": {flop}, "local_flops": 9e10}}],
        "servers": [{{"flops": 1.5e13, "max_flops_per_user": 1.5e12, "bandwidth_hz": 1e8}}],
        "gain": [[{gain}]]}}"#
    )
}

#[test]
fn a_delay_that_is_none_is_blamed_on_what_it_is_of() {
    let here = folder();
    let decide = |gain: &str, flop: &str, bits: &str| {
        let text = instance(gain, flop, bits);
        edgelm(
            here.path(),
            &["decide", "-", "--policy", "EdgeAll"],
            text.as_bytes(),
        )
    };
    let nothing = decide("0", "1e10", "1300");
    assert_eq!(nothing.code, Some(1));
    assert!(
        nothing.stderr.contains("a link of gain 0"),
        "{}",
        nothing.stderr
    );
    let tiny = decide("1e-300", "1e10", "1e30");
    assert_eq!(tiny.code, Some(1));
    assert!(!tiny.stderr.contains("gain 0"), "{}", tiny.stderr);
    assert!(
        tiny.stderr.contains("the delay of user 0 is inf"),
        "{}",
        tiny.stderr
    );
    assert_refused(
        &decide("1e-9", "1e300", "1300"),
        &["users[0].slm_flop", "from 1e-9 to 1e30"],
    );
    assert_eq!(decide("1e-9", "1e10", "1300").code, Some(0));
}

/// File names that are no names for a folder.
#[cfg(unix)]
#[test]
fn scenario_files_of_odd_names_keep_out_of_each_others_folders() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let here = folder();
    for name in ["..ron", "...ron"] {
        fs::write(here.path().join(name), SMALL).expect("written");
        assert_refused(
            &edgelm(here.path(), &["run", name], b""),
            &["its results would be called `.", "without slashes"],
        );
    }
    for bytes in [&b"caf\xe8.ron"[..], b"caf\xe9.ron"] {
        let name = OsStr::from_bytes(bytes);
        fs::write(here.path().join(name), SMALL).expect("written");
        let status = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"))
            .arg("run")
            .arg(name)
            .current_dir(here.path())
            .output()
            .expect("it runs");
        assert!(status.status.success(), "{status:?}");
    }
    for name in ["caf%E8", "caf%E9"] {
        assert!(
            here.path()
                .join("output")
                .join(name)
                .join("results.csv")
                .exists()
        );
    }
}

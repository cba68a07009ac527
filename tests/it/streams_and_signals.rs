//! What edgelm says and to whom, and what it does when nobody listens or it is told to stop.

use crate::hostile_input::{SMALL, assert_refused, edgelm, folder};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a scenario, a file's name or a server says cannot write over the terminal.
#[test]
fn control_characters_do_not_reach_the_terminal() {
    let here = folder();
    let title = "a\u{1b}[2Jb\u{9b}1mc";
    fs::write(
        here.path().join("s.ron"),
        format!("(title: \"{title}\", users: (count: 0), policies: [EdgeAll])"),
    )
    .expect("written");
    let outcome = edgelm(here.path(), &["check", "s.ron"], b"");
    assert_refused(&outcome, &["users.count"]);
    assert!(
        !outcome.stderr.contains(['\u{1b}', '\u{9b}']),
        "{:?}",
        outcome.stderr
    );
    let outcome = edgelm(here.path(), &["check", "no\u{1b}[2Jfile.ron"], b"");
    assert_refused(&outcome, &[]);
    assert!(!outcome.stderr.contains('\u{1b}'), "{:?}", outcome.stderr);
}

/// Records that would go nowhere are not computed.
#[cfg(unix)]
#[test]
fn records_to_a_closed_standard_output_are_refused() {
    let here = folder();
    fs::write(here.path().join("s.ron"), SMALL).expect("written");
    edgelm(here.path(), &["plan", "s.ron", "--out", "plan.json"], b"");
    let program = assert_cmd::cargo::cargo_bin!("edgelm");
    let shard = format!(
        "'{}' shard plan.json --tasks 0..1 --out -",
        program.display()
    );
    for ending in [">&-", ">/dev/null"] {
        let output = Command::new("sh")
            .args(["-c", &format!("{shard} {ending}")])
            .current_dir(here.path())
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{ending}: {said}");
        assert!(said.contains("no record is kept"), "{said}");
    }
    let kept = Command::new("sh")
        .args(["-c", &format!("{shard} | wc -c")])
        .current_dir(here.path())
        .output()
        .expect("a shell");
    let bytes: usize = String::from_utf8_lossy(&kept.stdout)
        .trim()
        .parse()
        .expect("a number");
    assert!(bytes > 100);
}

/// `2>&1 | head -1` ends nothing: results are in files.
#[cfg(unix)]
#[test]
fn nobody_listening_is_no_panic() {
    let here = folder();
    fs::write(here.path().join("s.ron"), SMALL).expect("written");
    let program = assert_cmd::cargo::cargo_bin!("edgelm");
    for (command, code) in [
        ("run s.ron", "0"),
        ("check no-such-file.ron", "2"),
        ("check s.ron", "0"),
    ] {
        for listener in ["true", "head -c 1"] {
            let line = format!(
                "{{ '{0}' {command}; echo $? >code; }} 2>&1 | {listener} >heard",
                program.display()
            );
            Command::new("sh")
                .args(["-c", &line])
                .current_dir(here.path())
                .output()
                .expect("a shell");
            let said = fs::read_to_string(here.path().join("code")).expect("written");
            assert_eq!(said.trim(), code, "{command} | {listener}");
        }
    }
    assert!(here.path().join("output/s/results.csv").exists());
}

/// SIGTERM ends a run within a replication, and the exit code says so.
#[cfg(unix)]
#[test]
fn a_long_replication_can_be_stopped() {
    let here = folder();
    let scenario = "(replications: 1, users: (count: 20), policies: [EdgeAll], workload: \
        (arrivals: Poisson(rate_per_user_hz: 5)), run: (duration_s: 1e8))";
    fs::write(here.path().join("s.ron"), scenario).expect("written");
    for arguments in [
        vec!["run", "s.ron"],
        vec!["gap", "s.ron"],
        vec!["run", "s.ron", "--set", "run.warm_up=Mser5"],
    ] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"))
            .args(&arguments)
            .current_dir(here.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary is built");
        std::thread::sleep(Duration::from_millis(700));
        let asked = Instant::now();
        let kill = Command::new("kill").arg(child.id().to_string()).status();
        assert!(kill.expect("there is kill").success(), "it had ended");
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(130), "{arguments:?}");
        assert!(asked.elapsed() < Duration::from_secs(5), "{arguments:?}");
    }
}

/// Of each kind of warning one is shown.
#[test]
fn warnings_are_shown_once_a_kind() {
    let here = folder();
    let scenario = "(replications: 5, users: (count: 3), policies: [EdgeAll, LocalAll], \
        sweep: (field: \"users.tx_power_mw\", values: [100, 200, 300]))";
    fs::write(here.path().join("s.ron"), scenario).expect("written");
    let ran = edgelm(here.path(), &["run", "s.ron"], b"");
    let shown: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|l| l.starts_with("warning"))
        .collect();
    assert_eq!(shown.len(), 1, "{}", ran.stderr);
    assert!(
        shown[0].contains("too short to bound the quantile"),
        "{}",
        shown[0]
    );
    let json = fs::read_to_string(here.path().join("output/s/results.json")).expect("written");
    let all = json.matches("too short to bound").count();
    assert!(all > 5, "{all}");
    let more = format!(
        "{} more of this kind, all in `warnings` of results.json",
        all - 1
    );
    assert!(shown[0].contains(&more), "{} of {all}", shown[0]);
}

//! Policies in other processes: what a good one gives, and what becomes of bad ones.

use assert_cmd::Command;
use std::fs;
use std::path::Path;

/// `None`, loudly, where there is no Python.
fn python() -> Option<&'static str> {
    let found = std::process::Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("SKIPPED: no python3 on this machine, external policies are not tested");
    }
    found.then_some("python3")
}

fn edgelm(arguments: &[&str], folder: &Path) -> std::process::Output {
    Command::cargo_bin("edgelm")
        .expect("the binary is built with the tests")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("edgelm runs")
}

/// Runs a scenario whose one policy is the given Python program; gives its error.
fn error_of(program: &str, time_limit_ms: u32) -> Option<String> {
    let python = python()?;
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("policy.py"), program).expect("written");
    fs::write(
        folder.path().join("study.ron"),
        format!(
            "(users: (count: 5), replications: 60, policies: [LocalAll, External(command: \
             [\"{python}\", \"policy.py\"], time_limit_ms: {time_limit_ms})])"
        ),
    )
    .expect("written");
    let output = edgelm(
        &["run", "--allow-programs", "study.ron", "--out", "out"],
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "no results of a failed run");
    // The journal holds whole records, for `--resume`; nothing else may be there.
    let left: Vec<String> = fs::read_dir(folder.path().join("out/study"))
        .into_iter()
        .flatten()
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != ".journal.records")
        .collect();
    assert!(left.is_empty(), "nothing is half-written: {left:?}");
    let error = String::from_utf8(output.stderr).expect("text");
    assert!(error.contains("python3 policy.py"), "{error}");
    Some(error)
}

const HELLO: &str = "import sys, json, time\n\
    def say(x): print(json.dumps(x), flush=True)\n\
    next(sys.stdin)\nsay({'protocol': 1})\n";

fn answering(expression: &str) -> String {
    format!(
        "{HELLO}for line in sys.stdin:\n    m = json.loads(line)\n    if m['type'] == 'decide':\n        {expression}\n"
    )
}

#[track_caller]
fn assert_error(program: &str, time_limit_ms: u32, expected: &[&str]) {
    if let Some(error) = error_of(program, time_limit_ms) {
        for part in expected {
            assert!(error.contains(part), "no `{part}` in: {error}");
        }
    }
}

#[test]
fn goa_in_python_gives_the_same_bytes_as_goa() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/external/goa.py");
    fs::copy(script, folder.path().join("goa.py")).expect("copied");
    let scenario = |policy: &str| {
        format!(
            "(users: (count: 40), replications: 60, policies: [MinDelay, {policy}], \
             sweep: (field: \"users.count\", values: [20, 40]))"
        )
    };
    let results = |label: &str, policy: &str, threads: &str| {
        let file = folder.path().join("study.ron");
        fs::write(file, scenario(policy)).expect("written");
        let arguments = [
            "run",
            "--allow-programs",
            "study.ron",
            "--out",
            label,
            "--threads",
            threads,
        ];
        let output = edgelm(&arguments, folder.path());
        assert!(output.status.success(), "{output:?}");
        fs::read_to_string(folder.path().join(label).join("study/results.csv")).expect("written")
    };
    let external = format!("External(command: [\"{python}\", \"goa.py\", \"0.6\"])");
    let builtin = results("builtin", "Goa(tau: 0.6)", "2");
    let replayed = results("external", &external, "2");
    let label = format!("\"{}\"", external.replace('"', "\"\""));
    assert!(replayed.contains(&label), "{replayed}");
    assert_eq!(replayed.replace(&label, "Goa(tau: 0.6)"), builtin);
    assert_eq!(results("single", &external, "1"), replayed);
}

/// A program that sends every query to the strongest server on a plan, and says of events how
/// they go on.
const PLANNER: &str = r#"
import json, sys
plan, how = json.loads(sys.argv[1]), sys.argv[2]
for line in sys.stdin:
    m = json.loads(line)
    say = lambda x: print(json.dumps(x), flush=True)
    if m["type"] == "hello":
        say({"protocol": 1, "follow": how != "ignore"})
    elif m["type"] == "decide":
        state = m["servers"][0]["batching"]
        assert state["running"] <= state["max_running"] == 64 and state["kv_tokens"] > 10000
        for query in m["queries"]:
            assert query["tokens"]["prompt"] >= 1 and query["local_service_s"] > 0
        best = [[at, max(range(len(q["gain"])), key=lambda j: q["gain"][j])]
                for at, q in enumerate(m["queries"])]
        say({"id": m["id"], "offload": best, "plans": [[at, plan] for at, _ in best]})
    elif m["type"] == "event":
        what = m["what"]
        if "answered" in what:
            uncertain = what["answered"]["uncertainty"] > 0.5
            goes_on = "escalate" if uncertain else "accept"
        else:
            assert what["verified"]["accepted"] <= what["verified"]["drafted"]
            goes_on = {"draft": int(how)}
        say({"id": m["id"], "goes_on": goes_on})
"#;

/// What a policy gives in a cell of phones and batching servers, under the same name.
fn planned(folder: &Path, policy: &str) -> String {
    let scenario = include_str!("../../scenarios/systems/plans.ron");
    let (head, tail) = scenario.split_once("policies: [").expect("policies");
    let (_, tail) = tail.split_once("],\n    sweep").expect("a sweep");
    let labelled = format!("Labelled(policy: {policy}, label: \"it\")");
    let text = format!("{head}policies: [{labelled}],\n    sweep{tail}");
    fs::write(folder.join("study.ron"), text).expect("written");
    fs::write(folder.join("planner.py"), PLANNER).expect("written");
    let shorter = [
        "--set",
        "run.duration_s=8",
        "--set",
        "run.warm_up=Seconds(1)",
        "--set",
        "users.count=30",
        "--set",
        "sweep.values=[0.1]",
        "--replications",
        "2",
        "--export",
        "csv",
    ];
    let run = ["run", "--allow-programs", "study.ron"];
    let output = edgelm(&[&run[..], &shorter].concat(), folder);
    assert!(output.status.success(), "{output:?}");
    let folder = folder.join("output/study");
    ["results.csv", "replications.csv"]
        .map(|file| fs::read_to_string(folder.join(file)).expect("written"))
        .concat()
}

#[test]
fn programs_give_plans_and_are_asked_again() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let external = |plan: &str, how: &str| {
        let plan = plan.replace('"', "\\\"");
        let command =
            format!("External(command: [\"{python}\", \"planner.py\", \"{plan}\", \"{how}\"])");
        planned(folder.path(), &command)
    };
    let four = planned(folder.path(), "SpecDecode(gamma: 4)");
    assert!(four.contains("sent_up_kb"));
    assert_eq!(external(r#"{"Speculative": {"gamma": 4}}"#, "ignore"), four);
    // The first draft by the plan, all others as the program says.
    let grows = external(r#"{"Speculative": {"gamma": 4}}"#, "2");
    assert_ne!(grows, four);
    assert_eq!(external(r#"{"Speculative": {"gamma": 4}}"#, "4"), four);
    // It escalates what a plan of this threshold would.
    let above = |threshold: &str| {
        format!(r#"{{"Cascade": {{"escalate": {{"Above": {threshold}}}, "to_cloud": true}}}}"#)
    };
    let by_plan = external(&above("0.5"), "ignore");
    assert_eq!(external(&above("1.0"), "4"), by_plan);
    assert_ne!(external(&above("1.0"), "ignore"), by_plan);
}

#[test]
fn plans_and_continuations_that_cannot_be_are_refused() {
    let stays = answering("say({'id': m['id'], 'offload': [], 'plans': [[0, 'Cloud']]})");
    assert_error(
        &stays,
        30_000,
        &["gave query 0 a plan, but sent it to no server"],
    );
    let nobody = answering("say({'id': m['id'], 'offload': [[0, 1]], 'plans': [[99, 'Cloud']]})");
    assert_error(
        &nobody,
        30_000,
        &["gave query 99 a plan, but it does not wait"],
    );
    let twice = answering(
        "say({'id': m['id'], 'offload': [[0, 1]], 'plans': [[0, 'Cloud'], [0, 'Direct']]})",
    );
    assert_error(
        &twice,
        30_000,
        &["gave query 0 a plan, but has given it one already"],
    );
    let unknown = answering("say({'id': m['id'], 'offload': [[0, 1]], 'plans': [[0, 'Clowd']]})");
    assert_error(
        &unknown,
        30_000,
        &["which is no answer", "unknown variant `Clowd`"],
    );
}

#[test]
fn a_policy_that_dies_is_quoted() {
    assert_error(
        &answering("sys.exit('my model file is missing')"),
        30_000,
        &[
            "ended (exit status: 1)",
            "my model file is missing",
            "where an answer was due",
        ],
    );
}

#[test]
fn a_policy_that_dies_before_its_greeting_is_quoted() {
    assert_error(
        "import numbpy\n",
        30_000,
        &["ended", "ModuleNotFoundError", "numbpy"],
    );
}

#[test]
fn a_policy_that_sleeps_is_late() {
    assert_error(
        &answering("print('thinking', file=sys.stderr, flush=True); time.sleep(60)"),
        // Long enough for Python to start on a busy machine.
        5_000,
        &["did not answer within 5000 ms", "thinking"],
    );
}

#[test]
fn a_policy_that_does_not_read_is_late_too() {
    assert_error("import time\ntime.sleep(60)\n", 500, &["within 500 ms"]);
}

#[test]
fn a_policy_that_prints_garbage_is_shown_its_line() {
    assert_error(
        &answering("print('deciding now...', flush=True)"),
        30_000,
        &["answered `deciding now...`", "no answer"],
    );
}

#[test]
fn an_answer_with_an_unknown_field_is_no_answer() {
    assert_error(
        &answering("say({'id': m['id'], 'offloaded': []})"),
        30_000,
        &["unknown field `offloaded`", "`offload`"],
    );
}

#[test]
fn a_policy_that_decides_twice_for_a_query_is_told_which() {
    assert_error(
        &answering("say({'id': m['id'], 'offload': [[2, 0], [3, 1], [2, 3]]})"),
        30_000,
        &["decided twice for query 2 (user 2): server 0, then server 3"],
    );
}

#[test]
fn a_policy_that_names_server_99_is_told_how_many_there_are() {
    assert_error(
        &answering("say({'id': m['id'], 'offload': [[0, 99]]})"),
        30_000,
        &["sent query 0 to server 99", "there are 4"],
    );
    assert_error(
        &answering("say({'id': m['id'], 'offload': [[0, -1]]})"),
        30_000,
        &["sent query 0 to server -1"],
    );
}

#[test]
fn a_policy_that_names_query_5_of_5_is_told_how_many_wait() {
    assert_error(
        &answering("say({'id': m['id'], 'offload': [[5, 0]]})"),
        30_000,
        &["decided for query 5, but 5 wait"],
    );
}

#[test]
fn an_answer_to_another_question_is_refused() {
    assert_error(
        &answering("say({'id': m['id'] + 1, 'offload': []})"),
        30_000,
        &["answered message 2 where message 1 was asked"],
    );
}

#[test]
fn another_protocol_is_refused() {
    assert_error(
        "import sys\nnext(sys.stdin)\nprint('{\"protocol\": 7}', flush=True)\nsys.stdin.read()\n",
        30_000,
        &["speaks protocol 7, this edgelm speaks 1"],
    );
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("study.ron"),
        "(users: (count: 5), policies: [External(command: [\"no-such-program\", \"x\"])])",
    )
    .expect("written");
    let output = edgelm(&["run", "--allow-programs", "study.ron"], folder.path());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("cannot start `no-such-program x`"),
        "{error}"
    );
    // An empty command is seen before anything runs.
    fs::write(
        folder.path().join("study.ron"),
        "(users: (count: 5), policies: [External(command: [])])",
    )
    .expect("written");
    let output = edgelm(&["run", "--allow-programs", "study.ron"], folder.path());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("policies[0].command: found no program"),
        "{error}"
    );
}

/// Completions reach a policy that asked for them, in order of time.
#[test]
fn a_policy_that_observes_is_told_of_every_answer() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("policy.py"),
        "import sys, json\n\
         next(sys.stdin)\n\
         print(json.dumps({'protocol': 1, 'observe': True}), flush=True)\n\
         log = open('log.txt', 'w')\n\
         for line in sys.stdin:\n    \
             m = json.loads(line)\n    \
             log.write(line); log.flush()\n    \
             if m['type'] == 'decide':\n        \
                 print(json.dumps({'id': m['id'], 'offload': [[0, 1]]}), flush=True)\n",
    )
    .expect("written");
    fs::write(
        folder.path().join("study.ron"),
        format!("(users: (count: 3), replications: 2, policies: [External(command: [\"{python}\", \"policy.py\"])])"),
    )
    .expect("written");
    let output = edgelm(&["run", "--allow-programs", "study.ron"], folder.path());
    assert!(output.status.success(), "{output:?}");
    let log = fs::read_to_string(folder.path().join("log.txt")).expect("written");
    let kinds: Vec<String> = log
        .lines()
        .map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).expect("JSON");
            message["type"].as_str().expect("a type").to_owned()
        })
        .collect();
    let replication = [
        "begin_replication",
        "decide",
        "completed",
        "completed",
        "completed",
    ];
    assert_eq!(kinds, [replication, replication].concat());
    assert_eq!(log.matches("\"server\":1").count(), 2);
}

/// A scenario may be a stranger's: its programs run only where somebody said so.
#[test]
fn programs_of_a_scenario_need_consent() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let program = "External(command: [\"sh\", \"-c\", \"touch ran\"])";
    fs::write(
        at("study.ron"),
        format!("(users: (count: 5), replications: 1, policies: [Random(like: {program})])"),
    )
    .expect("written");
    assert!(
        edgelm(&["check", "study.ron"], folder.path())
            .status
            .success()
    );
    let planned = edgelm(&["plan", "study.ron", "--out", "plan.json"], folder.path());
    assert!(planned.status.success(), "{planned:?}");
    let commands = [
        vec!["run", "study.ron"],
        vec!["gap", "study.ron"],
        vec!["trace", "study.ron"],
        vec!["shard", "plan.json", "--tasks", "0..1"],
    ];
    for command in &commands {
        let output = edgelm(command, folder.path());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command:?}: {error}");
        for part in [
            "[\"sh\", \"-c\", \"touch ran\"]",
            "policies[0]",
            "--allow-programs",
        ] {
            assert!(error.contains(part), "{command:?}: no {part} in {error}");
        }
        assert!(!at("ran").exists() && !at("output").exists(), "{command:?}");
    }
    for command in commands {
        let output = edgelm(
            &[&command[..], &["--allow-programs"]].concat(),
            folder.path(),
        );
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        // It runs, and gives no decisions.
        assert_eq!(output.status.code(), Some(1), "{command:?}: {error}");
        assert!(error.contains("runs the program [\"sh\""), "{error}");
        assert!(at("ran").exists(), "{command:?}");
        fs::remove_file(at("ran")).expect("it is there");
    }
    let set = format!("policies=[{program}]");
    let output = edgelm(&["run", "study.ron", "--set", &set], folder.path());
    assert_eq!(output.status.code(), Some(1), "named on the command line");
    assert!(at("ran").exists());
}

/// What a program floods waits in its pipe, and what it starts ends with it.
#[cfg(target_os = "linux")]
#[test]
fn a_flood_is_bounded_and_nothing_is_left_running() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let program = format!(
        "{HELLO}import subprocess, os\n\
         child = subprocess.Popen(['sleep', '987'])\n\
         open('child', 'w').write(str(child.pid))\n\
         line = 'x' * 100000\n\
         for n in range(30000):\n    print(line)\n\
         open('done', 'w').write('3 GB were read')\n\
         time.sleep(60)\n"
    );
    fs::write(folder.path().join("policy.py"), program).expect("written");
    fs::write(
        folder.path().join("study.ron"),
        format!(
            "(users: (count: 3), replications: 1, policies: [External(command: [\"{python}\", \
             \"policy.py\"], time_limit_ms: 20000)])"
        ),
    )
    .expect("written");
    let output = edgelm(&["run", "--allow-programs", "study.ron"], folder.path());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("which is no answer"), "{error}");
    assert!(!folder.path().join("done").exists(), "all of it was read");
    let child = fs::read_to_string(folder.path().join("child")).expect("it was started");
    // One that has ended and waits for its parent still has a folder, but no command.
    let command = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
    assert!(command.is_empty(), "{child} still runs");
}

//! `docs/errors.md`: each of its messages is one that edgelm says, with its exit code.

use std::fs;
use std::path::Path;
use std::process::Command;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md"));

/// The messages in the first column of the table below a heading.
fn messages(heading: &str) -> Vec<&'static str> {
    let (_, section) = PAGE
        .split_once(heading)
        .unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n## ").next().expect("a first part");
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|line| line.split_once("` |").expect("a column").0)
        .collect()
}

/// Whether a text holds the parts of a message, in their order, with anything for `...`.
fn says(text: &str, message: &str) -> bool {
    let mut rest = text;
    message.split("...").all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn a_message_is_found_by_its_parts() {
    assert!(says("error: unknown field `x` here", "unknown field ..."));
    assert!(says(
        "a: found 3, allowed is 4",
        "...: found ..., allowed is ..."
    ));
    assert!(!says("allowed is 4, found 3", "found ..., allowed is ..."));
}

/// What to run, in a folder that has `good.ron` and what the setup makes.
struct Case {
    /// The beginning of the message on the page.
    message: &'static str,
    setup: fn(&Path),
    line: &'static str,
}

const GOOD: &str = "(replications: 2, users: (count: 3), policies: [EdgeAll, LocalAll])";

fn nothing(_: &Path) {}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("written");
}

fn trace(folder: &Path) {
    write(
        folder,
        "t.csv",
        "arrival_s,prompt_tokens,output_tokens\n0,1,1\n0,1,1\n",
    );
    write(
        folder,
        "s.ron",
        "(replications: 1, users: (count: 2), policies: [EdgeAll], workload: (arrivals: \
         Trace(file: \"t.csv\", at_end: Loop)), run: (duration_s: 1))",
    );
}

fn program(folder: &Path, command: &str) {
    write(
        folder,
        "s.ron",
        &format!(
            "(replications: 1, users: (count: 2), policies: [External(command: {command}, \
             time_limit_ms: 300)])"
        ),
    );
}

fn unfinished(folder: &Path) {
    let work = folder.join("output/.good.0123456789ab.edgelm");
    fs::create_dir_all(&work).expect("made");
    write(&work, ".journal.records", "records");
    write(&work, "plan.json", "{\"scenario\": {\"seed\": 7}}");
}

fn instance(folder: &Path) {
    write(
        folder,
        "i.json",
        r#"{"tx_power_w": 0.2, "noise_w": 4e-13, "users": [{"uncertainty": 0.5,
        "query_bits": 1300, "slm_flop": 1e9, "llm_flop": 1e10, "local_flops": 9e10}],
        "servers": [{"flops": 1.5e13, "max_flops_per_user": 1.5e12, "bandwidth_hz": 1e8}],
        "gain": [[0]]}"#,
    );
}

const LEARNED: &str = "(users: (count: 3), policies: [Learned(file: \"n.json\")])";

const OF_INPUT: [Case; 19] = [
    Case {
        message: "unknown field",
        setup: |f| write(f, "s.ron", "(usres: 1)"),
        line: "check s.ron",
    },
    Case {
        message: "...: found ..., allowed is a number",
        setup: nothing,
        line: "check good.ron --set users.tx_power_mw=1e300",
    },
    Case {
        message: "there is no field",
        setup: nothing,
        line: "check good.ron --set users.cuont=3",
    },
    Case {
        message: "users.count: found",
        setup: nothing,
        line: "run good.ron --set users.count=1000000000",
    },
    Case {
        message: "replications: found",
        setup: nothing,
        line: "check good.ron --replications 10000000 --set 'sweep=(field: \"seed\", values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26])'",
    },
    Case {
        message: "the scenario would run",
        setup: |f| program(f, "[\"sh\"]"),
        line: "run s.ron",
    },
    Case {
        message: "Loop of a trace",
        setup: trace,
        line: "run s.ron",
    },
    Case {
        message: "cannot read",
        setup: nothing,
        line: "run god.ron",
    },
    Case {
        message: "cannot create",
        setup: |f| write(f, "taken", ""),
        line: "run good.ron --out taken",
    },
    Case {
        message: "another edgelm",
        setup: nothing,
        line: "",
    },
    Case {
        message: "--resume:",
        setup: unfinished,
        line: "run good.ron --resume",
    },
    Case {
        message: "its content does not",
        setup: nothing,
        line: "plan good.ron --out p.json && sed -i.old s/EdgeAll/MinDelay/ p.json && edgelm merge p.json .",
    },
    Case {
        message: "its name is",
        setup: nothing,
        line: "",
    },
    Case {
        message: "a record in it",
        setup: nothing,
        line: "",
    },
    Case {
        message: "standard output is closed",
        setup: nothing,
        line: "plan good.ron --out p.json && edgelm shard p.json --tasks 0..1 --out - >/dev/null",
    },
    Case {
        message: "found no network",
        setup: |f| {
            write(f, "n.json", "{}");
            write(f, "s.ron", LEARNED);
        },
        line: "check s.ron",
    },
    Case {
        message: "found ... names, or other ones",
        setup: |f| {
            let network = r#"{"features": [], "mean": [], "deviation": [], "layers": []}"#;
            write(f, "n.json", network);
            write(f, "s.ron", LEARNED);
        },
        line: "check s.ron",
    },
    Case {
        message: "it is of a load",
        setup: |f| {
            let other = "{\"began\":{\"plan\":\"other\",\"offset_s\":0.0,\"told\":{}}}\n";
            write(f, "load.csv.journal", other);
        },
        line: "load http://127.0.0.1:9 --rate 1 --prompt-tokens 8 --answer-tokens 4",
    },
    Case {
        message: "SSL_CERT_FILE",
        setup: |f| {
            write(
                f,
                "q.jsonl",
                "{\"id\": \"a\", \"prompt\": \"2\", \"answers\": [\"4\"]}\n",
            )
        },
        line: "check good.ron && SSL_CERT_FILE=none edgelm profile --questions q.jsonl --slm https://127.0.0.1:1 --llm https://127.0.0.1:1 --out t.csv",
    },
];

const ON_THE_WAY: [Case; 7] = [
    Case {
        message: "the measured",
        setup: nothing,
        line: "run good.ron --set 'channel.path_loss=LogDistance(reference_db: 300, exponent: 20)' --set channel.noise_dbm_per_hz=100 --set users.tx_power_mw=1e-6",
    },
    Case {
        message: "cannot start",
        setup: |f| program(f, "[\"no-such-program\"]"),
        line: "run s.ron --allow-programs",
    },
    Case {
        message: "did not answer",
        setup: |f| program(f, "[\"sleep\", \"9\"]"),
        line: "run s.ron --allow-programs",
    },
    Case {
        message: "which is no answer",
        setup: |f| program(f, "[\"echo\", \"hello\"]"),
        line: "run s.ron --allow-programs",
    },
    Case {
        message: "sends user",
        setup: instance,
        line: "decide i.json --policy EdgeAll",
    },
    Case {
        message: "the server cannot be reached",
        setup: |f| {
            write(
                f,
                "q.jsonl",
                "{\"id\": \"a\", \"prompt\": \"2\", \"answers\": [\"4\"]}\n",
            )
        },
        line: "profile --questions q.jsonl --slm http://127.0.0.1:1 --llm http://127.0.0.1:1 --out t.csv --retries 0",
    },
    // Held to by hostile_server.rs, which has a server.
    Case {
        message: "the answer holds the API key",
        setup: nothing,
        line: "",
    },
];

/// Messages whose commands are elsewhere, with the sources of theirs.
const ELSEWHERE: [(&str, &str); 4] = [
    ("another edgelm", include_str!("crash_safety.rs")),
    ("its name is", include_str!("hostile_input.rs")),
    (
        "a record in it",
        include_str!("../../src/experiment/record_error.rs"),
    ),
    (
        "the answer holds the API key",
        include_str!("hostile_server.rs"),
    ),
];

#[cfg(unix)]
#[test]
fn every_message_of_the_page_is_said() {
    let program = assert_cmd::cargo::cargo_bin!("edgelm");
    for (heading, code, cases) in [
        ("## Of input", 2, &OF_INPUT[..]),
        ("## On the way", 1, &ON_THE_WAY[..]),
    ] {
        let messages = messages(heading);
        assert_eq!(messages.len(), cases.len(), "{heading}: each has its case");
        for (message, case) in messages.into_iter().zip(cases) {
            assert!(
                message.starts_with(case.message),
                "{message} is not {}",
                case.message
            );
            if case.line.is_empty() {
                let source = ELSEWHERE.iter().find(|(begin, _)| *begin == case.message);
                let (_, source) = source.unwrap_or_else(|| panic!("{message} is nowhere"));
                let words = message.split("...").next().expect("a first part");
                let words = words.trim_end_matches([',', ' ', '`', ':']);
                assert!(source.contains(words), "{words} is in no test");
                continue;
            }
            let folder = tempfile::tempdir().expect("a folder");
            write(folder.path(), "good.ron", GOOD);
            (case.setup)(folder.path());
            let shell = format!(
                "edgelm() {{ '{}' \"$@\"; }}; edgelm {}",
                program.display(),
                case.line
            );
            let output = Command::new("sh")
                .args(["-c", &shell])
                .current_dir(folder.path())
                .output()
                .expect("a shell");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{message}: {said}");
            assert!(says(&said, message), "{message}\nis not in\n{said}");
        }
    }
}

#[test]
fn every_warning_of_the_page_is_in_the_sources() {
    let sources = [
        include_str!("../../src/experiment/warnings.rs"),
        include_str!("../../src/cli/capacity.rs"),
    ]
    .concat()
    .replace("\\\"", "\"")
    .replace("\\\n", "");
    let dense: String = sources.split_whitespace().collect::<Vec<_>>().join(" ");
    for message in messages("## Warnings") {
        let longest = message.split("...").max_by_key(|part| part.len());
        let part = longest.expect("a part").trim_matches([' ', ':', ',']);
        assert!(dense.contains(part), "{part} is in no source");
    }
}

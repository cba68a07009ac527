//! Every command that the manual shows is run, in the order of its page and shortened, in a
//! folder with nothing but the scenarios.

use crate::command::{run_in, words};
use crate::golden::small;
use std::fs;
use std::path::Path;

/// Pages whose commands other tests run, as their reader does.
const ELSEWHERE: [&str; 1] = ["docs/first-study.md"];

/// What makes a run of a system's scenario small.
const SYSTEM_IN_TIME: [&str; 4] = [
    "--set",
    "run.duration_s=8",
    "--set",
    "run.warm_up=Seconds(2)",
];

fn pages() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec!["README.md".to_owned()];
    for folder in ["docs", "docs/systems"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                pages.push(format!("{folder}/{name}"));
            }
        }
    }
    pages.sort();
    pages.retain(|page| !ELSEWHERE.contains(&page.as_str()));
    pages
}

/// The commands of a page: those of its blocks, and those in its text that name a scenario
/// that is there.
fn commands(page: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let mut commands = Vec::new();
    for (at, part) in text.split("```").enumerate() {
        if at % 2 == 1 {
            let Some(block) = part.strip_prefix("sh\n") else {
                continue;
            };
            for line in block.replace("\\\n", " ").lines() {
                let line = line.split(" #").next().unwrap_or(line).trim();
                let command = line.replace("cargo run --release -- ", "edgelm ");
                if command.starts_with("edgelm ") {
                    commands.push(command);
                }
            }
        } else {
            let spans = part.split('`').enumerate().filter(|(at, _)| at % 2 == 1);
            let named =
                spans.map(|(_, span)| span.split_whitespace().collect::<Vec<_>>().join(" "));
            commands.extend(named.filter(|span| {
                span.starts_with("edgelm ") && span.contains("scenarios/") && !span.contains('|')
            }));
        }
    }
    commands
}

/// A command's arguments, shortened: what it says itself comes last and counts.
fn shortened(command: &str) -> Vec<String> {
    let mut words = words(command);
    words.remove(0);
    let mut more: Vec<&str> = Vec::new();
    match &*words[0] {
        "run" => {
            let name = Path::new(&words[1]).file_stem().unwrap().to_str().unwrap();
            let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&words[1]));
            let in_time = text.is_ok_and(|text| text.contains("duration_s"));
            match words[1].contains("systems/") {
                true if in_time => more.extend(SYSTEM_IN_TIME),
                true => {}
                false => more.extend(small(name)),
            }
            if let Some(at) = more.iter().position(|word| *word == "--replications") {
                more.drain(at..at + 2);
            }
            more.extend(["--replications", "2", "--export", "csv"]);
        }
        "find" => more.extend(["--max-replications", "16"]),
        "gap" => more.extend(["--replications", "2", "--set", "sweep.values=[4, 8]"]),
        _ => {}
    }
    if let (Some(ours), true) = (
        more.iter().position(|word| *word == "--replications"),
        words.iter().any(|word| word == "--replications"),
    ) {
        more.drain(ours..ours + 2);
    }
    words.splice(1..1, more.into_iter().map(str::to_owned));
    words
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = entry.map(|e| (e.path(), to.join(e.file_name()))).unwrap();
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

#[test]
fn every_command_of_the_manual_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut counts = (0, 0);
    for page in pages() {
        let folder = tempfile::tempdir().unwrap();
        copy(&root.join("scenarios"), &folder.path().join("scenarios"));
        for command in commands(&page) {
            // They need a shell, a model server or a trace that everyone downloads: other tests
            // run them with servers and traces of their own.
            let elsewhere = [
                "$(",
                "edgelm profile",
                "edgelm load",
                "mine.csv",
                "azure-code",
            ];
            if elsewhere.iter().any(|part| command.contains(part)) {
                counts.1 += 1;
                continue;
            }
            let words = shortened(&command);
            let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
            let (code, stdout, stderr) = run_in(folder.path(), &arguments);
            assert_eq!(code, 0, "{page}: {command}\n{arguments:?}\n{stderr}");
            assert!(
                !(stdout.is_empty() && stderr.is_empty()),
                "{page}: {command}"
            );
            counts.0 += 1;
        }
    }
    assert!(counts.0 > 35, "{counts:?}");
    assert!(counts.1 < 5, "{counts:?}");
}

//! `--verify` and `edgelm replay`: runs hold what they must after every event, and their events
//! can be compared. `golden.rs` verifies every other shipped scenario.

use crate::command::edgelm;
use std::fs;
use std::path::Path;

/// What a verified run has counted: events, visits, and those beside a reference station.
fn verified(stderr: &str) -> [u64; 3] {
    let line = stderr.lines().find(|line| line.starts_with("verified: "));
    let words = line.unwrap_or_else(|| panic!("{stderr}")).split(' ');
    let numbers: Vec<u64> = words.filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().expect("three numbers")
}

fn run(scenario: &str, out: &Path, options: &[&str]) -> (String, String) {
    let out = out.to_str().unwrap();
    let arguments = [&[scenario, "--replications", "1", "--out", out], options].concat();
    let (code, stdout, stderr) = edgelm("run", &arguments);
    assert_eq!(code, 0, "{scenario}: {stderr}");
    (stdout, stderr)
}

const IN_TIME: [&str; 4] = [
    "--set",
    "run.duration_s=3",
    "--set",
    "run.warm_up=Seconds(1)",
];

#[test]
fn results_are_the_same_whether_they_are_verified_or_not() {
    let root = tempfile::tempdir().unwrap();
    let [with, without] = ["with", "without"].map(|name| root.path().join(name));
    let scenario = "scenarios/serving.ron";
    let (_, said) = run(scenario, &with, &[&IN_TIME[..], &["--verify"]].concat());
    let (_, silent) = run(scenario, &without, &IN_TIME);
    let [events, visits, completions] = verified(&said);
    assert!(
        events > 10_000 && visits > 10_000 && completions > 1_000,
        "{said}"
    );
    assert!(!silent.contains("verified"), "{silent}");
    let files = |out: &Path| {
        let folder = fs::read_dir(out.join("serving")).unwrap();
        let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    };
    let [a, b] = [files(&with), files(&without)];
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a.file_name(), b.file_name());
        assert!(
            fs::read(a).unwrap() == fs::read(b).unwrap(),
            "{}",
            a.display()
        );
    }
}

#[test]
fn every_system_is_as_it_must_be_after_every_event() {
    let root = tempfile::tempdir().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/systems");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "ron") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let in_time = if text.contains("duration_s") {
            &IN_TIME[..]
        } else {
            &[]
        };
        let options = [in_time, &["--verify", "--export", "csv"]].concat();
        let (_, said) = run(file.to_str().unwrap(), root.path(), &options);
        assert!(verified(&said)[0] > 1_000, "{}: {said}", file.display());
        seen += 1;
    }
    assert!(seen >= 4);
}

#[test]
fn live_sharing_runs_beside_the_reference_stations() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("live.ron");
    let scenario = "(users: (count: 40), policies: [EdgeAll, Goa(tau: 0.6)], sharing: Live,
        workload: (arrivals: Poisson(rate_per_user_hz: 5), deadline: (after_ms: 60, drop: true)),
        run: (duration_s: 4))";
    fs::write(&file, scenario).unwrap();
    let (_, said) = run(file.to_str().unwrap(), root.path(), &["--verify"]);
    let [_, visits, completions] = verified(&said);
    // Every visit to the air and to a server but those that a deadline ended.
    assert!(completions as f64 > 0.8 * visits as f64, "{said}");
}

#[test]
fn a_replay_shows_every_event_and_where_two_runs_part() {
    let replay = |options: &[&str]| {
        let scenario = ["scenarios/fig3.ron", "--point", "0", "--replication", "1"];
        let (code, stdout, stderr) = edgelm("replay", &[&scenario[..], options].concat());
        assert_eq!(code, 0, "{stderr}");
        (stdout, stderr)
    };
    let (all, said) = replay(&[]);
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(
        lines[0],
        "event,time_s,what,in_system,answered,dropped,hash"
    );
    assert!(lines[1].starts_with("1,0,"), "{}", lines[1]);
    let last: Vec<&str> = lines[lines.len() - 1].split(',').collect();
    assert_eq!(last[3..6], ["0", "60", "0"]);
    assert_eq!(
        said.trim(),
        format!("{} events, all as they must be", lines.len() - 1)
    );
    assert_eq!(replay(&[]).0, all);
    // The manual shows what is printed.
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verification.md"));
    let shown = [&lines[..1], &lines[118..121]].concat().join("\n");
    assert!(page.contains(&format!("```text\n{shown}\n```")), "{shown}");
    // A part of it has the same lines.
    let (part, _) = replay(&["--from", "50", "--events", "10"]);
    assert_eq!(part.lines().skip(1).collect::<Vec<_>>(), lines[50..60]);
    // From where something differs on every line does.
    let (other, _) = replay(&["--set", "servers.bandwidth_mhz=100.001"]);
    let hash = |line: &str| line.rsplit(',').next().unwrap().to_owned();
    let pairs = lines.iter().zip(other.lines()).skip(1);
    let same: Vec<bool> = pairs.map(|(a, b)| hash(a) == hash(b)).collect();
    let parted = same.iter().position(|same| !same).expect("they part");
    assert!(
        parted > 0 && same[parted..].iter().all(|same| !same),
        "{parted}"
    );
}

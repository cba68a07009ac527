//! A study needs no more memory for ten times as many tasks: records lie in their store,
//! and what is folded is dropped.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Records of one task as they are in memory take 30 kB.
const SCENARIO: &str = "(users: (count: 1), policies: [LocalAll])";

/// Runs edgelm in a folder; returns the most memory it held, in MB.
fn peak_mb(folder: &Path, arguments: &[&str], stdout: Stdio) -> f64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_edgelm"))
        .current_dir(folder)
        .args(arguments)
        .stdout(stdout)
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0.0_f64;
    loop {
        // Gone once the process has ended, and never less than before until then.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        peak_kb = peak_kb.max(kb.unwrap_or(0.0));
        match child.try_wait().expect("it can be waited for") {
            Some(ended) => {
                assert!(ended.success(), "{arguments:?}: {ended}");
                return peak_kb / 1024.0;
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

#[test]
fn it_does_not_grow_with_the_number_of_tasks() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("many.ron"), SCENARIO).expect("writable");
    let peaks = |tasks: u32| {
        let replications = (tasks * 25).to_string();
        let named = ["many.ron", "--replications", &replications];
        let run = peak_mb(folder, &[&["run"], &named[..]].concat(), Stdio::null());
        let plan = [&["plan", "-o", "plan.json"], &named[..]].concat();
        peak_mb(folder, &plan, Stdio::null());
        fs::create_dir_all(folder.join("records")).expect("writable");
        let records = File::create(folder.join("records/all.records")).expect("writable");
        let range = format!("0..{tasks}");
        let shard = ["shard", "plan.json", "--tasks", &range, "--out", "-"];
        let shard = peak_mb(folder, &shard, records.into());
        let merge = ["merge", "plan.json", "records", "--out", "merged"];
        let merge = peak_mb(folder, &merge, Stdio::null());
        [run, shard, merge]
    };
    let (few, many) = (peaks(2_000), peaks(12_000));
    for (step, (few, many)) in ["run", "shard", "merge"].iter().zip(few.iter().zip(many)) {
        assert!(*few > 5.0, "{step}: {few} MB");
        // Held in memory, the records of 10,000 tasks more would take 300 MB.
        assert!(many < few + 40.0, "{step}: {few} MB, then {many} MB");
    }
    let results = |of: &str| fs::read(folder.join(of).join("many/results.json")).expect("results");
    assert!(results("output") == results("merged"));
}

//! The contract of plan, shard and merge: however the tasks of a plan are packed,
//! repeated, torn or killed, the result is the bytes of `edgelm run` or a refusal
//! that says why.

use assert_cmd::Command;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Six points of two tasks each, policies on a table that lies in a file.
const SCENARIO: &str = "(users: (count: 8), replications: 50, policies: [EdgeAll, Goa(tau: 0.6)],
    workload: (uncertainty: (table: File(\"doubt.csv\"))),
    sweep: (field: \"users.count\", values: [1, 2, 5, 10, 20, 30]))";
const TASKS: usize = 12;

fn edgelm() -> Command {
    let mut command = Command::cargo_bin("edgelm").expect("the binary is built");
    for variable in ["HQ_TASK_ID", "JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID"] {
        command.env_remove(variable);
    }
    command
}

/// A study with its plan, its records and what `edgelm run` writes.
struct Study {
    folder: TempDir,
    expected: BTreeMap<String, Vec<u8>>,
    stdout: Vec<u8>,
}

impl Study {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn study() -> &'static Study {
    static STUDY: OnceLock<Study> = OnceLock::new();
    STUDY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("scenario")).expect("writable");
        fs::write(at("scenario/study.ron"), SCENARIO).expect("writable");
        let table = fs::read("scenarios/tables/paper-fig2-shape.csv").expect("the table");
        fs::write(at("scenario/doubt.csv"), table).expect("writable");
        let stdout = edgelm()
            .args(["run", "--out"])
            .args([at("run"), at("scenario/study.ron")])
            .assert()
            .success()
            .get_output()
            .stdout
            .clone();
        edgelm()
            .args(["plan", "-o"])
            .args([at("plan.json"), at("scenario/study.ron")])
            .assert()
            .success();
        // From here on the plan must be enough.
        fs::remove_dir_all(at("scenario")).expect("removable");
        edgelm()
            .args(["shard", "--tasks", &format!("0..{TASKS}"), "--out"])
            .args([at("records"), at("plan.json")])
            .assert()
            .success();
        let expected = files(&at("run/study"));
        Study {
            folder,
            expected,
            stdout,
        }
    })
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("a file"))
        })
        .collect()
}

fn task_file(task: usize) -> String {
    format!("task-{task:07}.records")
}

/// Merges folders; returns exit code, stdout, stderr, and the files written.
fn merge(folders: &[&Path]) -> (i32, String, String, BTreeMap<String, Vec<u8>>) {
    let out = tempfile::tempdir().expect("a folder");
    let output = edgelm()
        .arg("merge")
        .arg(study().path("plan.json"))
        .args(folders)
        .arg("--out")
        .arg(out.path())
        .output()
        .expect("it starts");
    let written = out.path().join("study");
    let written = if written.exists() {
        files(&written)
    } else {
        BTreeMap::new()
    };
    (
        output.status.code().expect("it exits"),
        String::from_utf8(output.stdout).expect("UTF-8"),
        String::from_utf8(output.stderr).expect("UTF-8"),
        written,
    )
}

fn shard_to_stdout(tasks: &str, threads: &str) -> Vec<u8> {
    let output = edgelm()
        .arg("shard")
        .arg(study().path("plan.json"))
        .args(["--tasks", tasks, "--out", "-", "--threads", threads])
        .assert()
        .success();
    output.get_output().stdout.clone()
}

/// A folder with a copy of every record.
fn copy() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files(&study().path("records")) {
        fs::write(folder.path().join(name), bytes).expect("writable");
    }
    folder
}

#[test]
fn merged_records_are_the_bytes_of_a_run() {
    let (code, stdout, stderr, written) = merge(&[&study().path("records")]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(stdout.as_bytes(), study().stdout);
    assert!(written == study().expected, "files differ");
    assert!(written.len() > 5, "a run writes more than that");
}

#[test]
fn a_record_does_not_depend_on_what_it_was_run_with() {
    let records = files(&study().path("records"));
    assert_eq!(records.len(), TASKS);
    for task in [0, 5, TASKS - 1] {
        let alone = shard_to_stdout(&format!("{task}..{}", task + 1), "1");
        assert!(alone == records[&task_file(task)], "task {task}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every task at least once, in random blocks over two folders, some as files of
    /// one record, some as files of many, on one or two threads.
    #[test]
    fn packing_and_duplicates_do_not_change_a_byte(
        cuts in prop::collection::btree_set(1..TASKS, 0..5),
        again in prop::collection::vec((0..TASKS, 1..4usize), 0..3),
        streams in any::<u32>(),
    ) {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let mut edges = vec![0];
        edges.extend(cuts);
        edges.push(TASKS);
        let mut blocks: Vec<(usize, usize)> = edges.windows(2).map(|w| (w[0], w[1])).collect();
        blocks.extend(again.iter().map(|&(from, length)| (from, (from + length).min(TASKS))));
        for (at, (from, to)) in blocks.into_iter().enumerate() {
            let folder = folders[(streams >> (at + 16) & 1) as usize].path();
            let tasks = format!("{from}..{to}");
            let threads = if at % 2 == 0 { "1" } else { "2" };
            if streams >> at & 1 == 1 {
                let stream = shard_to_stdout(&tasks, threads);
                fs::write(folder.join(format!("block-{at}.records")), stream).unwrap();
            } else {
                edgelm().arg("shard").arg(study().path("plan.json"))
                    .args(["--tasks", &tasks, "--threads", threads, "--out"]).arg(folder)
                    .assert().success();
            }
        }
        let (code, stdout, stderr, written) = merge(&[folders[0].path(), folders[1].path()]);
        prop_assert_eq!(code, 0, "{}", stderr);
        prop_assert_eq!(stdout.as_bytes(), &study().stdout[..]);
        prop_assert!(written == study().expected);
    }

    /// Whatever byte is flipped and wherever a file ends, the task counts as missing,
    /// and running what merge prints makes the study whole.
    #[test]
    fn a_damaged_record_is_missing_until_it_is_run_again(
        task in 0..TASKS, at in any::<prop::sample::Index>(), flip in prop::option::of(0..8u8),
    ) {
        let folder = copy();
        let file = folder.path().join(task_file(task));
        let mut bytes = fs::read(&file).unwrap();
        let at = at.index(bytes.len() - 1) + 1;
        match flip {
            Some(bit) => bytes[at] ^= 1 << bit,
            None => bytes.truncate(at),
        }
        fs::write(&file, bytes).unwrap();
        let (code, stdout, stderr, written) = merge(&[folder.path()]);
        prop_assert_eq!(code, 3, "{}", stderr);
        prop_assert_eq!(&stdout, &format!("{task}..{}\n", task + 1));
        prop_assert!(stderr.contains(&task_file(task)) && stderr.contains("damaged"), "{}", stderr);
        prop_assert!(written.is_empty());
        edgelm().arg("shard").arg(study().path("plan.json"))
            .args(["--tasks", stdout.trim(), "--out"]).arg(folder.path())
            .assert().success();
        let (code, _, stderr, written) = merge(&[folder.path()]);
        prop_assert_eq!(code, 0, "{}", stderr);
        prop_assert!(written == study().expected);
    }
}

#[test]
fn missing_ranges_are_what_shard_takes() {
    let folder = copy();
    for task in [0, 3, 4, 5, 11] {
        fs::remove_file(folder.path().join(task_file(task))).expect("removable");
    }
    let (code, stdout, stderr, _) = merge(&[folder.path()]);
    assert_eq!((code, &*stdout), (3, "0..1,3..6,11..12\n"));
    assert!(stderr.contains("5 tasks are missing"), "{stderr}");
    let assert = edgelm()
        .arg("shard")
        .arg(study().path("plan.json"))
        .args(["--tasks", stdout.trim(), "--out"])
        .arg(folder.path())
        .assert()
        .success();
    let told = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(told.contains("5 tasks run, 0 were there"), "{told}");
    assert!(files(folder.path()) == files(&study().path("records")));
}

#[test]
fn records_that_are_there_are_not_run_again() {
    let folder = copy();
    let stamp = |task| {
        let metadata = fs::metadata(folder.path().join(task_file(task))).expect("a file");
        metadata.modified().expect("a time")
    };
    let before = stamp(2);
    let assert = edgelm()
        .arg("shard")
        .arg(study().path("plan.json"))
        .args(["--tasks", "0..12", "--out"])
        .arg(folder.path())
        .assert()
        .success();
    let told = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(told.contains("0 tasks run, 12 were there"), "{told}");
    assert_eq!(stamp(2), before);
}

#[test]
fn array_schedulers_say_the_block() {
    for (variable, index, expected) in [
        ("SLURM_ARRAY_TASK_ID", "0", 0..5),
        ("JOB_COMPLETION_INDEX", "1", 5..10),
        ("HQ_TASK_ID", "2", 10..12),
        ("HQ_TASK_ID", "3", 0..0),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        edgelm()
            .arg("shard")
            .arg(study().path("plan.json"))
            .args(["--block", "5", "--out"])
            .arg(folder.path())
            .env(variable, index)
            .assert()
            .success();
        let names: Vec<String> = files(folder.path()).into_keys().collect();
        let wanted: Vec<String> = expected.map(task_file).collect();
        assert_eq!(names, wanted, "{variable}={index}");
    }
    // Inside an allocation of Slurm, HyperQueue's index is the innermost.
    let folder = tempfile::tempdir().expect("a folder");
    edgelm()
        .arg("shard")
        .arg(study().path("plan.json"))
        .arg("--out")
        .arg(folder.path())
        .env("SLURM_ARRAY_TASK_ID", "0")
        .env("HQ_TASK_ID", "7")
        .assert()
        .success();
    assert!(folder.path().join(task_file(7)).exists());
}

/// Arguments for `shard` or `merge`, and a part of the refusal.
fn refused(arguments: &[&str], environment: &[(&str, &str)], says: &str) {
    let output = edgelm()
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn what_cannot_be_used_is_refused() {
    let plan = study().path("plan.json");
    let plan = plan.to_str().expect("UTF-8");
    let folder = copy();
    let records = folder.path().to_str().expect("UTF-8");
    let scratch = tempfile::tempdir().expect("a folder");
    let at = |name: &str| {
        let path = scratch.path().join(name);
        path.to_str().expect("UTF-8").to_owned()
    };

    refused(&["shard", plan, "--tasks", "5..13"], &[], "tasks 0..12");
    refused(&["shard", plan, "--tasks", "5"], &[], "0..40");
    refused(
        &["shard", plan, "--out", records],
        &[],
        "SLURM_ARRAY_TASK_ID",
    );
    refused(
        &["shard", plan, "--out", records],
        &[("SLURM_ARRAY_TASK_ID", "first")],
        "found first",
    );

    // A changed plan, a plan of another version and format, no plan at all.
    let text = fs::read_to_string(plan).expect("the plan");
    for (name, from, to, says) in [
        (
            "seed",
            "\"seed\":1,",
            "\"seed\":2,",
            "does not match its hash",
        ),
        ("table", "0.6", "0.7", "does not match its hash"),
        (
            "version",
            "\"edgelm\": \"",
            "\"edgelm\": \"9.",
            "made by edgelm 9.",
        ),
        ("format", "\"format\": 2", "\"format\": 7", "format is 7"),
        (
            "former",
            "\"format\": 2",
            "\"format\": 1",
            "its `cells` are called `tasks` now",
        ),
        ("cut", "\"tasks\": {", "\"tasks\": ", "not a plan"),
    ] {
        assert!(text.contains(from), "{name}");
        fs::write(at(name), text.replace(from, to)).expect("writable");
        refused(&["shard", &at(name), "--tasks", "0..1"], &[], says);
        refused(&["merge", &at(name), records], &[], says);
    }
    refused(
        &["merge", &at("nothing.json"), records],
        &[],
        "nothing.json",
    );
    refused(&["merge", plan, &at("nowhere")], &[], "nowhere");

    // Records of another plan are neither merged nor overwritten.
    fs::write(
        at("other.ron"),
        "(users: (count: 2), replications: 50, policies: [EdgeAll])",
    )
    .expect("writable");
    edgelm()
        .args(["plan", &at("other.ron"), "-o", &at("other.json")])
        .assert()
        .success();
    refused(
        &["merge", &at("other.json"), records],
        &[],
        "belongs to another plan",
    );
    let shard = [
        "shard",
        &at("other.json"),
        "--tasks",
        "0..1",
        "--out",
        records,
    ];
    refused(&shard, &[], "belongs to another plan");
    assert!(files(folder.path()) == files(&study().path("records")));

    // A duplicate that differs: a record of another seed, passed off as this plan's.
    let header_of = |bytes: &[u8]| bytes.iter().position(|&b| b == b'\n').expect("a header") + 1;
    let forged = forge(
        &fs::read(folder.path().join(task_file(3))).expect("a record"),
        header_of,
    );
    fs::write(folder.path().join("again.records"), forged).expect("writable");
    refused(&["merge", plan, records], &[], "records of task 3");
}

/// The same record with another sum in it and a checksum that fits: what a machine
/// with broken memory would write.
fn forge(record: &[u8], header_of: impl Fn(&[u8]) -> usize) -> Vec<u8> {
    let end = header_of(record);
    let mut payload = record[end..].to_vec();
    // The first field, `queries`, of the first of its arrays of 21 fields.
    let fields = [0xdc, 0, 21];
    let at = payload.windows(3).position(|window| window == fields);
    let at = at.expect("a replication") + 3;
    payload[at] ^= 1;
    let text = std::str::from_utf8(&record[..end - 1]).expect("UTF-8");
    let (before, _) = text.split_once("\"blake3\":\"").expect("a checksum");
    let unsigned = format!("{before}\"blake3\":\"\"}}");
    let mut hasher = blake3::Hasher::new();
    hasher.update(unsigned.as_bytes()).update(&payload);
    let sum = hasher.finalize().to_hex();
    let mut forged = format!("{before}\"blake3\":\"{sum}\"}}\n").into_bytes();
    forged.extend(payload);
    forged
}

/// A timeline whose arrivals lie in a file: the plan brings them along.
#[test]
fn a_trace_travels_with_the_plan() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(
        at("trace.ron"),
        "(users: (count: 4), replications: 30, policies: [EdgeAll, Goa(tau: 0.6)], sharing: Live,
          workload: (arrivals: Trace(file: \"arrivals.csv\")),
          run: (duration_s: 10, warm_up: Seconds(1)))",
    )
    .expect("writable");
    let mut trace = "arrival_s,prompt_tokens,output_tokens\n".to_owned();
    for arrival in 0..60 {
        trace.push_str(&format!("{},20,5\n", f64::from(arrival) * 0.15));
    }
    fs::write(at("arrivals.csv"), trace).expect("writable");
    let quiet = |arguments: &[&str]| {
        edgelm()
            .current_dir(folder.path())
            .args(arguments)
            .assert()
            .success();
    };
    quiet(&["run", "trace.ron", "--out", "expected"]);
    quiet(&["plan", "trace.ron", "-o", "plan.json"]);
    fs::remove_file(at("arrivals.csv")).expect("removable");
    quiet(&["shard", "plan.json", "--tasks", "0..30"]);
    quiet(&["merge", "plan.json", "records", "--out", "merged"]);
    assert!(files(&at("merged/trace")) == files(&at("expected/trace")));
}

/// The plan of every shipped scenario is read back as it was written.
#[test]
fn shipped_scenarios_can_be_planned() {
    let folder = tempfile::tempdir().expect("a folder");
    let (plan, empty) = (folder.path().join("plan.json"), folder.path().join("empty"));
    fs::create_dir(&empty).expect("writable");
    let mut planned = 0;
    for entry in fs::read_dir("scenarios").expect("the folder") {
        let path = entry.expect("an entry").path();
        // One names a trace file that the user brings.
        let brought = path.ends_with("azure-code.ron");
        if path.extension().is_none_or(|ending| ending != "ron") || brought {
            continue;
        }
        edgelm()
            .args([Path::new("plan"), &path, Path::new("-o"), &plan])
            .assert()
            .success();
        let output = edgelm()
            .args([Path::new("merge"), &plan, &empty])
            .output()
            .expect("it starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{}: {told}", path.display());
        assert!(output.stdout.starts_with(b"0.."), "{}", path.display());
        planned += 1;
    }
    assert!(planned > 0);
}

#[test]
fn a_reader_that_goes_away_is_a_failure() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_edgelm"))
        .arg("shard")
        .arg(study().path("plan.json"))
        .args(["--tasks", "0..12", "--out", "-"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[cfg(unix)]
mod killed {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use std::process::{Child, Command as Process, Stdio};
    use std::time::{Duration, Instant};

    const RUN: [&str; 8] = [
        "run",
        "scenarios/fig3.ron",
        "--replications",
        "300",
        "--set",
        "sweep.values=[40, 60, 80, 100]",
        "--threads",
        "2",
    ];

    fn start(out: &Path, more: &[&str]) -> Child {
        Process::new(env!("CARGO_BIN_EXE_edgelm"))
            .args(RUN)
            .args(more)
            .arg("--out")
            .arg(out)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts")
    }

    fn stderr(child: &mut Child) -> String {
        let mut text = String::new();
        let mut pipe = child.stderr.take().expect("piped");
        std::io::Read::read_to_string(&mut pipe, &mut text).expect("UTF-8");
        text
    }

    /// Twenty runs, each killed at random moments and continued until it is whole.
    #[test]
    fn resumed_after_kills_gives_the_same_bytes_twenty_times() {
        let whole = tempfile::tempdir().expect("a folder");
        let started = Instant::now();
        assert!(start(whole.path(), &[]).wait().expect("it ends").success());
        let takes = started.elapsed();
        let expected = files(&whole.path().join("fig3"));
        assert!(expected.contains_key("results.json"));
        let mut random = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(7);
        let (mut kills, mut continued) = (0, 0);
        for round in 0..20 {
            let out = tempfile::tempdir().expect("a folder");
            let mut options: &[&str] = &[];
            for attempt in 0.. {
                let mut child = start(out.path(), options);
                options = &["--resume"];
                if attempt < 4 {
                    let until = takes.mul_f64(random.random_range(0.02..0.7));
                    std::thread::sleep(until);
                    child.kill().expect("SIGKILL");
                }
                let status = child.wait().expect("it ends");
                let told = stderr(&mut child);
                if status.success() {
                    let from_before: usize = told
                        .lines()
                        .find_map(|line| line.split_once(" of 48 tasks are there")?.0.parse().ok())
                        .unwrap_or(0);
                    continued += usize::from(from_before > 0);
                    break;
                }
                assert_eq!(status.code(), None, "killed, not failed: {told}");
                kills += 1;
            }
            let found = files(&out.path().join("fig3"));
            let names: Vec<&String> = found.keys().collect();
            let all: Vec<&String> = expected.keys().collect();
            let left =
                |name: &&&String| !name.starts_with(".edgelm-") || ***name == ".edgelm-files";
            // Files that a kill left half-written have names that no reader takes.
            let names: Vec<&String> = names.iter().filter(left).copied().collect();
            assert_eq!(names, all, "round {round}");
            assert!(
                expected.iter().all(|(name, bytes)| found[name] == *bytes),
                "round {round}"
            );
        }
        assert!(kills >= 20, "only {kills} kills hit a run");
        assert!(
            continued >= 10,
            "only {continued} runs had something to continue"
        );
    }

    #[test]
    fn only_the_same_run_is_continued_and_only_once_at_a_time() {
        let out = tempfile::tempdir().expect("a folder");
        let long = ["--set", "replications=100000"];
        let mut child = start(out.path(), &long);
        let deadline = Instant::now() + Duration::from_secs(60);
        let journal = loop {
            let folders = fs::read_dir(out.path()).expect("it is there").flatten();
            let journals = folders.map(|folder| folder.path().join(".journal.records"));
            let mut begun = journals.filter(|j| fs::metadata(j).is_ok_and(|m| m.len() > 0));
            if let Some(journal) = begun.next() {
                break journal;
            }
            assert!(Instant::now() < deadline, "no record in a minute");
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut second = start(out.path(), &["--set", "replications=100000", "--resume"]);
        assert_eq!(second.wait().expect("it ends").code(), Some(2));
        assert!(stderr(&mut second).contains("another edgelm is running"));
        child.kill().expect("SIGKILL");
        child.wait().expect("it ends");

        let before = fs::read(&journal).expect("the journal");
        let mut other = start(out.path(), &["--seed", "2", "--resume"]);
        assert_eq!(other.wait().expect("it ends").code(), Some(2));
        let told = stderr(&mut other);
        for part in ["of another plan", "seed: 1 there, 2 here"] {
            assert!(told.contains(part), "no {part}: {told}");
        }
        assert!(fs::read(&journal).expect("the journal") == before);
    }

    /// A shard that is killed leaves whole records or none.
    #[test]
    fn a_killed_shard_is_run_again() {
        let plan = study().path("plan.json");
        let folder = tempfile::tempdir().expect("a folder");
        let mut random = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(11);
        for _ in 0..8 {
            let mut child = Process::new(env!("CARGO_BIN_EXE_edgelm"))
                .arg("shard")
                .arg(&plan)
                .args(["--tasks", "0..12", "--threads", "1", "--out"])
                .arg(folder.path())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            std::thread::sleep(Duration::from_millis(random.random_range(0..40)));
            child.kill().expect("SIGKILL");
            child.wait().expect("it ends");
            let whole = files(&study().path("records"));
            for (name, bytes) in files(folder.path()) {
                assert!(
                    name.starts_with(".edgelm-") || whole[&name] == bytes,
                    "{name} is half there"
                );
            }
        }
        edgelm()
            .arg("shard")
            .arg(&plan)
            .args(["--tasks", "0..12", "--out"])
            .arg(folder.path())
            .assert()
            .success();
        let (code, _, told, written) = merge(&[folder.path()]);
        assert_eq!(code, 0, "{told}");
        assert!(written == study().expected);
    }
}

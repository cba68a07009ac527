//! Whatever happens to a run or to its folder: the old results are there or the new ones,
//! whole, with a message and the documented exit code.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SMALL: &str = "(replications: 50, users: (count: 5), policies: [EdgeAll, LocalAll], \
    sweep: (field: \"users.tx_power_mw\", values: [100, 200]))";

/// Ten seconds of work and more.
const LONG: &str = "(replications: 100000, users: (count: 30), policies: [EdgeAll, LocalAll])";

struct Study(TempDir);

impl Study {
    fn new(scenario: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("s.ron"), scenario).expect("written");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"));
        command.args(arguments).current_dir(self.0.path());
        command
    }

    /// Exit code and stderr.
    fn edgelm(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), told)
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts")
    }

    /// Waits until a run has kept something; gives its work folder.
    fn work_folder(&self) -> PathBuf {
        self.journal_beyond(0)
            .parent()
            .expect("a folder")
            .to_owned()
    }

    /// Waits until a run's journal is longer than that.
    fn journal_beyond(&self, length: u64) -> PathBuf {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let entries = fs::read_dir(self.path("output"))
                .into_iter()
                .flatten()
                .flatten();
            let kept = |journal: &PathBuf| {
                fs::metadata(journal).is_ok_and(|journal| journal.len() > length)
            };
            let mut journals = entries.map(|entry| entry.path().join(".journal.records"));
            if let Some(journal) = journals.find(kept) {
                return journal;
            }
            assert!(Instant::now() < deadline, "nothing was kept in a minute");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn told(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), told)
}

/// The files of a folder by name; none where there is no folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("readable"))
        })
        .collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_finished_run_is_written_again_and_another_is_moved_aside() {
    let study = Study::new(SMALL);
    assert_eq!(study.edgelm(&["run", "s.ron"]).0, Some(0));
    let first = files(&study.path("output/s"));
    fs::write(study.path("output/s/notes.txt"), "mine").expect("writable");
    let (code, said) = study.edgelm(&["run", "s.ron"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("output/s holds the results of this study already"),
        "{said}"
    );
    let mut again = files(&study.path("output/s"));
    assert_eq!(again.remove("notes.txt").as_deref(), Some(&b"mine"[..]));
    assert!(again == first, "the same files");

    let (code, said) = study.edgelm(&["run", "s.ron", "--replications", "3"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("what was in output/s is of something else: it is in output/s.1 now"),
        "{said}"
    );
    assert!(files(&study.path("output/s")) != first);
    let mut aside = files(&study.path("output/s.1"));
    assert_eq!(aside.remove("notes.txt").as_deref(), Some(&b"mine"[..]));
    assert!(aside == first, "nothing is lost");
    assert_eq!(names(&study.path("output")), ["s", "s.1"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_continued_unless_it_is_to_begin_anew() {
    let study = Study::new(LONG);
    let mut length = 0;
    let mut interrupt = || {
        let child = study.start(&["run", "s.ron", "--threads", "1"]);
        // It listens to signals once it has added something.
        let journal = study.journal_beyond(length);
        length = fs::metadata(journal).expect("it is there").len();
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.expect("kill runs").success());
        let ended = told(child);
        length = fs::metadata(study.journal_beyond(0))
            .expect("it is there")
            .len();
        ended
    };
    let (code, said) = interrupt();
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.contains("tasks are kept: the same command continues"),
        "{said}"
    );
    let (_, said) = interrupt();
    assert!(
        said.contains("of 4000 tasks are there from before"),
        "{said}"
    );

    // Of another plan it says what differs; with --resume it refuses.
    let other = ["run", "s.ron", "--replications", "2", "--seed", "9"];
    let (code, said) = study.edgelm(&[&other[..], &["--resume"]].concat());
    assert_eq!(code, Some(2), "{said}");
    for part in [
        "replications: 100000 there, 2 here",
        "seed: 1 there, 9 here",
    ] {
        assert!(said.contains(part), "no {part}: {said}");
    }
    let (code, said) = study.edgelm(&other);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("seed: 1 there, 9 here"), "{said}");
    let (_, said) = interrupt();
    assert!(
        said.contains("of 4000 tasks are there from before"),
        "still there: {said}"
    );

    let mut fresh = study.start(&["run", "s.ron", "--threads", "1", "--fresh"]);
    std::thread::sleep(Duration::from_millis(300));
    fresh.kill().expect("SIGKILL");
    let (_, said) = told(fresh);
    assert!(!said.contains("from before"), "{said}");
}

/// Ten runs over older results, killed while the new ones are written and take their place.
#[test]
fn killed_at_any_moment_the_old_results_are_there_or_the_new() {
    let study = Study::new(SMALL);
    let run = ["run", "s.ron", "--threads", "1"];
    let other = [&run[..], &["--seed", "2"]].concat();
    assert_eq!(study.edgelm(&other).0, Some(0));
    let of_other = files(&study.path("output/s"));
    fs::remove_dir_all(study.path("output")).expect("removed");
    assert_eq!(study.edgelm(&run).0, Some(0));
    let of_run = files(&study.path("output/s"));
    let being_written = || {
        let entries = fs::read_dir(study.path("output"))
            .into_iter()
            .flatten()
            .flatten();
        entries
            .into_iter()
            .any(|entry| entry.path().join("results").exists())
    };
    let mut kills = 0;
    for round in 0..10 {
        let mut child = study.start(&other);
        while !being_written() && child.try_wait().expect("it is ours").is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_millis(4 * round));
        kills += i32::from(child.try_wait().expect("it is ours").is_none());
        child.kill().expect("SIGKILL");
        told(child);
        let found = files(&study.path("output/s"));
        assert!(found == of_run || found == of_other, "round {round}");
        // Whatever happened, the next run puts it right.
        let (code, said) = study.edgelm(&other);
        assert_eq!(code, Some(0), "round {round}: {said}");
        assert!(files(&study.path("output/s")) == of_other, "round {round}");
        let (code, said) = study.edgelm(&run);
        assert_eq!(code, Some(0), "round {round}: {said}");
        assert!(files(&study.path("output/s")) == of_run, "round {round}");
        let names = names(&study.path("output"));
        assert!(
            !names.iter().any(|name| name.starts_with('.')),
            "{round}: {names:?}"
        );
        for aside in names.iter().filter(|name| *name != "s") {
            let aside = study.path("output").join(aside);
            assert!(
                [&of_run, &of_other].contains(&&files(&aside)),
                "round {round}"
            );
            fs::remove_dir_all(aside).expect("removed");
        }
    }
    println!("{kills} of 10 kills hit a run");
    assert!(kills > 0, "no kill hit a run");
}

#[test]
fn folders_that_cannot_be_written_are_seen_before_any_work() {
    let study = Study::new(LONG);
    fs::write(study.path("taken"), "").expect("written");
    fs::create_dir(study.path("half")).expect("made");
    fs::write(study.path("half/s"), "a file where the folder would be").expect("written");
    let mut places = vec!["taken", "taken/below", "half"];
    // Read-only even for root.
    if cfg!(target_os = "linux") {
        places.push("/proc");
    }
    for place in places {
        let started = Instant::now();
        let (code, said) = study.edgelm(&["run", "s.ron", "--out", place]);
        assert_eq!(code, Some(2), "{place}: {said}");
        assert!(
            said.contains("cannot") && said.contains(place),
            "{place}: {said}"
        );
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let study = Study::new(SMALL);
    let locked = study.path("locked");
    fs::create_dir(&locked).expect("made");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).expect("ours");
    if fs::write(locked.join("probe"), "").is_ok() {
        // Root may write everywhere.
        return;
    }
    let (code, said) = study.edgelm(&["run", "s.ron", "--out", "locked"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("cannot write to the output directory"),
        "{said}"
    );
}

#[test]
fn a_folder_that_is_removed_while_running_is_made_again() {
    let study =
        Study::new("(replications: 3000, users: (count: 30), policies: [EdgeAll, LocalAll])");
    let child = study.start(&["run", "s.ron", "--threads", "1"]);
    study.work_folder();
    fs::remove_dir_all(study.path("output")).expect("removed under its hands");
    let (code, said) = told(child);
    assert_eq!(code, Some(0), "{said}");
    assert!(files(&study.path("output/s")).contains_key("results.csv"));
    assert_eq!(names(&study.path("output")), ["s"]);
}

#[cfg(unix)]
#[test]
fn results_are_written_with_nobody_to_tell() {
    let study = Study::new(SMALL);
    assert_eq!(study.edgelm(&["run", "s.ron", "--out", "told"]).0, Some(0));
    let expected = files(&study.path("told/s"));
    let program = assert_cmd::cargo::cargo_bin!("edgelm");
    for ending in [">&-", "2>&-", ">&- 2>&-", ">/dev/full", "2>/dev/full"] {
        let line = format!("'{}' run s.ron {ending}", program.display());
        let status = Command::new("sh")
            .args(["-c", &line])
            .current_dir(study.0.path())
            .stderr(Stdio::null())
            .status()
            .expect("a shell");
        // A summary that could not be written is said, by the exit code at least.
        let code = if ending == ">/dev/full" { 1 } else { 0 };
        if ending != ">/dev/full" || Path::new("/dev/full").exists() {
            assert_eq!(status.code(), Some(code), "{ending}");
        }
        assert!(files(&study.path("output/s")) == expected, "{ending}");
        fs::remove_dir_all(study.path("output")).expect("removed");
    }
}

#[test]
fn two_processes_share_a_folder() {
    let study = Study::new(LONG);
    let mut first = study.start(&["run", "s.ron", "--threads", "1"]);
    study.work_folder();
    let (code, said) = study.edgelm(&["run", "s.ron", "--threads", "1"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("another edgelm is running into"), "{said}");
    // Other plans keep out of each other's way.
    let seeds = ["5", "6", "7"];
    let others: Vec<Child> = seeds
        .iter()
        .map(|seed| study.start(&["run", "s.ron", "--replications", "200", "--seed", seed]))
        .collect();
    for other in others {
        let (code, said) = told(other);
        assert_eq!(code, Some(0), "{said}");
    }
    first.kill().expect("SIGKILL");
    told(first);
    let mut found: Vec<u64> = ["s", "s.1", "s.2"]
        .iter()
        .map(|name| {
            let path = study.path("output").join(name).join("results.json");
            let text = fs::read_to_string(path).expect("whole");
            let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            json["seed"].as_u64().expect("a number")
        })
        .collect();
    found.sort_unstable();
    assert_eq!(found, [5, 6, 7]);
}

/// A record whose every byte is changed in turn, that is cut after every byte, or that
/// belongs to something else: none is taken for a record.
#[test]
fn no_damaged_record_is_believed() {
    use edgelm::experiment::{Experiment, Plan, RecordStore, record_bytes};
    use edgelm::scenario::Loaded;
    use std::sync::atomic::AtomicBool;
    let text = "(replications: 2, users: (count: 2), policies: [EdgeAll, LocalAll])";
    let of = |text: &str| {
        let loaded = Loaded::from_text(text, Path::new("s.ron"), &[]).expect("good");
        Experiment::new(loaded).expect("one point")
    };
    let experiment = of(text);
    let plan = Plan::new(&experiment);
    let record = experiment
        .run_task(0, &AtomicBool::new(false))
        .expect("it runs");
    let bytes = record_bytes(&plan, &record);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("one.records");
    let folders = [folder.path().to_owned()];
    let accepted = |bytes: &[u8], plan: &Plan| {
        fs::write(&file, bytes).expect("written");
        RecordStore::of_folders(plan.clone(), &folders).is_ok_and(|store| store.count() == 1)
    };
    assert!(accepted(&bytes, &plan), "the whole one");
    let mut changed = bytes.clone();
    for at in 0..bytes.len() {
        for bits in [0x01, 0x80, 0xff] {
            changed[at] ^= bits;
            assert!(
                !accepted(&changed, &plan),
                "byte {at} changed by {bits:02x}"
            );
            changed[at] = bytes[at];
        }
        assert!(!accepted(&bytes[..at], &plan), "cut after {at} bytes");
    }
    println!("{} bytes, each changed 3 times and cut behind", bytes.len());
    let other = Plan::new(&of(&text.replace("count: 2", "count: 3")));
    assert!(!accepted(&bytes, &other), "another plan's");
    assert!(
        accepted(&[&bytes[..], b"garbage"].concat(), &plan),
        "what stands before"
    );
}

/// A disk that fills up at every stage of a run: needs root, for a small disk in memory.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "mounts a file system, which needs root"]
fn a_full_disk_loses_nothing() {
    let user = Command::new("id").arg("-u").output().expect("there is id");
    if user.stdout != b"0\n" {
        eprintln!("SKIPPED: not root, a full disk is not tested");
        return;
    }
    let study = Study::new(SMALL);
    let disk = study.path("disk");
    fs::create_dir(&disk).expect("made");
    let mount = |size: &str| {
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", size, "tmpfs"])
            .arg(&disk)
            .status();
        assert!(status.expect("there is mount").success(), "is this root?");
    };
    let unmount = || {
        let status = Command::new("umount").arg(&disk).status();
        assert!(status.expect("there is umount").success());
    };
    mount("size=16m");
    assert_eq!(study.edgelm(&["run", "s.ron", "--out", "disk"]).0, Some(0));
    let old = files(&disk.join("s"));
    let used: u64 = old.values().map(|bytes| bytes.len() as u64).sum();
    let (mut failed, mut written) = (0, 0);
    for tenth in 0..14 {
        // A file of ballast leaves from nothing to more than enough.
        let room = used * tenth / 10;
        let free = 16 * 1024 * 1024 - used - 256 * 1024;
        let ballast = vec![0; (free.saturating_sub(room)) as usize];
        // It may not fit whole: then there is no room at all.
        let _ = fs::write(disk.join("ballast"), ballast);
        let (code, said) = study.edgelm(&["run", "s.ron", "--seed", "2", "--out", "disk"]);
        let found = files(&disk.join("s"));
        match code {
            Some(0) => {
                written += 1;
                assert!(found != old && files(&disk.join("s.1")) == old, "{tenth}");
                fs::remove_dir_all(disk.join("s")).expect("removed");
                fs::rename(disk.join("s.1"), disk.join("s")).expect("back");
            }
            code => {
                failed += 1;
                assert!(matches!(code, Some(1 | 2)), "{tenth}: {code:?} {said}");
                assert!(said.contains("No space left"), "{tenth}: {said}");
                assert!(found == old, "{tenth}");
            }
        }
        fs::remove_file(disk.join("ballast")).expect("it is there");
    }
    println!("{failed} runs into a full disk, {written} that fitted");
    unmount();
    assert!(
        failed >= 3 && written >= 1,
        "{failed} failed, {written} written"
    );
}

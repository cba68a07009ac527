//! The seeds of the fuzz targets and mutants of them, without a fuzzer.

#[path = "../../fuzz/src/targets.rs"]
mod targets;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("readable"))
        .collect()
}

/// Seeds that are made here, since they depend on the version.
fn made(target: &str) -> Vec<Vec<u8>> {
    use edgelm::experiment::{Experiment, Plan, record_bytes, whole_records};
    use edgelm::scenario::Loaded;
    let text = "(replications: 1, users: (count: 2), policies: [EdgeAll, LocalAll])";
    let loaded = Loaded::from_text(text, Path::new("small.ron"), &[]).expect("good");
    let experiment = Experiment::new(loaded).expect("one point");
    let plan = Plan::new(&experiment);
    match target {
        "plan" => vec![plan.to_json().into_bytes()],
        "record" => {
            let never = std::sync::atomic::AtomicBool::new(false);
            let record = experiment.run_task(0, &never).expect("it runs");
            let bytes = record_bytes(&plan, &record);
            assert_eq!(whole_records(&plan, &bytes), 1, "the target's own plan");
            vec![bytes.clone(), [&bytes[..], &bytes[..]].concat()]
        }
        _ => seeds(target),
    }
}

#[test]
fn every_target_has_its_seeds_and_its_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("it is there");
    let names: BTreeSet<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), targets::ALL.len());
    let files = fs::read_dir(root.join("fuzz_targets")).expect("a folder");
    let files: BTreeSet<String> = files
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert!(
        files.iter().map(String::as_str).eq(names.iter().copied()),
        "{files:?}"
    );
    for (name, run) in targets::ALL {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        for seed in made(name) {
            run(&seed);
        }
    }
}

/// What changes at one place of a text.
#[derive(Debug, Clone)]
enum Change {
    Flip(u8),
    Insert(Vec<u8>),
    Remove(usize),
    Cut,
    Repeat(usize, usize),
}

/// Pieces that parsers trip over.
const PIECES: [&str; 20] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    ",",
    ":",
    "é",
    "\u{feff}",
    "1e999",
    "-0",
    "NaN",
    "18446744073709551616",
    "/*",
    "r#\"",
    "\u{0}",
];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<u8>().prop_map(Change::Flip),
        prop::sample::select(PIECES.to_vec()).prop_map(|p| Change::Insert(p.as_bytes().to_vec())),
        prop::collection::vec(any::<u8>(), 1..6).prop_map(Change::Insert),
        (1usize..20).prop_map(Change::Remove),
        Just(Change::Cut),
        (1usize..12, 2usize..300).prop_map(|(length, times)| Change::Repeat(length, times)),
    ]
}

fn mutant(seed: &[u8], changes: &[(f64, Change)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (place, change) in changes {
        let at = (place * bytes.len() as f64) as usize;
        match change {
            Change::Flip(bits) => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bits;
                }
            }
            Change::Insert(piece) => drop(bytes.splice(at..at, piece.iter().copied())),
            Change::Remove(length) => drop(bytes.drain(at..(at + length).min(bytes.len()))),
            Change::Cut => bytes.truncate(at),
            Change::Repeat(length, times) => {
                let piece = bytes[at..(at + length).min(bytes.len())].repeat(*times);
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// A few seconds of each target; `EDGELM_FUZZ_SECONDS` says how many.
#[test]
fn no_mutant_of_a_seed_panics() {
    let seconds = std::env::var("EDGELM_FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(1.5);
    for (name, run) in targets::ALL {
        let seeds = made(name);
        let mut runner = TestRunner::new(Config {
            cases: 1,
            failure_persistence: None,
            ..Config::default()
        });
        let strategy = (
            prop::sample::select(seeds),
            prop::collection::vec((0.0..1.0, change()), 1..8),
        );
        let (started, mut cases) = (Instant::now(), 0_u64);
        while started.elapsed() < Duration::from_secs_f64(seconds) {
            let outcome = runner.run(&strategy, |(seed, changes)| {
                run(&mutant(&seed, &changes));
                Ok(())
            });
            outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
            cases += 1;
        }
        println!("{name}: {cases} mutants");
        assert!(cases > 10, "{name} is slow: {cases} mutants in {seconds} s");
    }
}

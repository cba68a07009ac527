//! Arrivals from a file come when the file says, and a trace that cannot be played is
//! refused.

use edgelm::experiment::Experiment;
use edgelm::scenario::{Diagnostic, Loaded, Override};
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

const PLAIN: &str = "arrival_s,prompt_tokens,output_tokens\n";

/// A folder with a trace; times are in seconds.
fn plain(times: &[f64]) -> TempDir {
    let rows = times.iter().map(|time| format!("{time},10,1\n"));
    folder(&format!("{PLAIN}{}", rows.collect::<String>()))
}

fn folder(trace: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("trace.csv"), trace).expect("writable");
    folder
}

/// A scenario that plays the folder's trace; `arrivals` and `run` are its fields' own.
fn load(folder: &Path, arrivals: &str, run: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let text = format!(
        "(users: (count: 3), replications: 1, sharing: Live, run: ({run}), policies: [LocalAll],
          workload: (arrivals: Trace(file: \"trace.csv\", {arrivals})))"
    );
    Loaded::from_text(&text, &folder.join("s.ron"), &[])
}

/// How many queries are measured.
fn measured(folder: &TempDir, arrivals: &str, run: &str) -> u64 {
    let experiment = load(folder.path(), arrivals, run)
        .and_then(Experiment::new)
        .unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let results = experiment
        .run(Some(1), &AtomicBool::new(false), &|| ())
        .expect("it runs");
    results.points[0].policies[0].queries
}

fn refused(loaded: Result<Loaded, Vec<Diagnostic>>) -> String {
    let wrong = loaded.map(|_| ()).expect_err("refused");
    wrong.iter().map(Diagnostic::to_string).collect()
}

#[test]
fn a_plain_trace_keeps_its_times() {
    let trace = plain(&[5.0, 6.0, 8.0, 9.0]);
    assert_eq!(measured(&trace, "", ""), 4);
    // Warm-up and duration are in the file's own time.
    assert_eq!(measured(&trace, "", "warm_up: Seconds(7)"), 2);
    assert_eq!(measured(&trace, "", "warm_up: Seconds(4)"), 4);
    assert_eq!(measured(&trace, "", "duration_s: 8.5"), 3);
    // Twice as fast it begins in half the time.
    assert_eq!(measured(&trace, "rate_scale: 2", "duration_s: 3.5"), 2);
}

#[test]
fn time_stamps_begin_at_zero() {
    let trace = folder(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.5,10,1\n\
         2023-11-16 18:17:04.5,10,1\n2023-11-16 18:17:06.5,10,1\n",
    );
    assert_eq!(measured(&trace, "", "duration_s: 2"), 2);
    assert_eq!(measured(&trace, "", "warm_up: Seconds(0.5)"), 2);
}

/// Rounds of 5, 6 and 9 s: three arrivals in 6 s, the next round's first one mean gap of
/// 2 s after 9. The five seconds before the first are not repeated.
#[test]
fn a_loop_goes_on_one_mean_gap_after_the_last_arrival() {
    let trace = plain(&[5.0, 6.0, 9.0]);
    let by = |end: f64| measured(&trace, "at_end: Loop", &format!("duration_s: {end}"));
    // 5 6 9 | 11 12 15 | 17 18 21
    let ends = [5.5, 6.5, 10.9, 11.1, 12.1, 15.1, 16.9, 17.1, 21.1];
    assert_eq!(ends.map(by), [1, 2, 3, 4, 5, 6, 6, 7, 9]);
    assert_eq!(measured(&trace, "at_end: Loop", "queries: 100"), 100);
}

#[test]
fn a_trace_without_a_gap_cannot_loop() {
    for times in [&[2.5, 2.5, 2.5][..], &[2.5]] {
        let trace = plain(times);
        let said = refused(load(trace.path(), "at_end: Loop", "duration_s: 9"));
        for part in [
            "workload.arrivals.at_end: found Loop",
            "all at 2.5 s",
            "allowed is `Stop`",
        ] {
            assert!(said.contains(part), "no {part:?} in:\n{said}");
        }
        // Played once it needs none.
        assert_eq!(measured(&trace, "", "duration_s: 9"), times.len() as u64);
    }
}

#[test]
fn a_run_that_ends_before_its_trace_begins_is_refused() {
    let trace = plain(&[5.0, 6.0]);
    let said = refused(load(trace.path(), "", "duration_s: 5"));
    for part in ["run.duration_s: found 5", "more than 5"] {
        assert!(said.contains(part), "no {part:?} in:\n{said}");
    }
    assert!(load(trace.path(), "", "duration_s: 5.1").is_ok());
    // Played faster it begins earlier; so at a point of a sweep, too.
    let faster = load(trace.path(), "rate_scale: 2", "duration_s: 3").expect("it begins at 2.5 s");
    let one = |rate_scale: &str| Override::set("workload.arrivals.rate_scale", rate_scale);
    assert!(faster.with_override(&one("4")).is_ok());
    let slower = refused(faster.with_override(&one("1")));
    assert!(slower.contains("more than 5"), "{slower}");
}

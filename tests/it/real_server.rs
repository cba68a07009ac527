//! `edgelm profile`, `load`, `calibrate` and `validate` against llama.cpp's server with a small
//! model, for real.
//!
//! Needs Python, and PyPI on the first run; see `tests/real_server/run.sh`. The second takes two
//! minutes on a quiet machine, and should have it for itself:
//!
//! ```text
//! cargo test --test it real_server::records -- --ignored --nocapture
//! cargo test --test it real_server::a_load -- --ignored --nocapture
//! ```

#[cfg(unix)]
fn run(check: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_server/run.sh");
    let status = std::process::Command::new(script)
        .arg(check)
        .arg(assert_cmd::cargo::cargo_bin!("edgelm"))
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

#[cfg(unix)]
#[test]
#[ignore = "needs Python and downloads a model server from PyPI"]
fn records_agree_with_the_raw_answers_of_a_real_server() {
    run("profile");
}

#[cfg(unix)]
#[test]
#[ignore = "needs Python, downloads a model server from PyPI, takes minutes of a quiet machine"]
fn a_load_tells_the_times_of_another() {
    run("load");
}

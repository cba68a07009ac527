//! `edgelm profile` against llama.cpp's server with a small model, for real.
//!
//! Needs Python, and PyPI on the first run; see `tests/real_server/run.sh`:
//!
//! ```text
//! cargo test --test it real_server -- --ignored --nocapture
//! ```

#[cfg(unix)]
#[test]
#[ignore = "needs Python and downloads a model server from PyPI"]
fn records_agree_with_the_raw_answers_of_a_real_server() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_server/run.sh");
    let status = std::process::Command::new(script)
        .arg(assert_cmd::cargo::cargo_bin!("edgelm"))
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

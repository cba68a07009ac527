//! The command as a user runs it.

use assert_cmd::Command;
use std::path::Path;

/// Runs a subcommand: its exit code, what it says on stdout and on stderr.
pub fn edgelm(subcommand: &str, args: &[&str]) -> (i32, String, String) {
    run(&[&[subcommand], args].concat())
}

/// The same of a whole command line.
pub fn run(arguments: &[&str]) -> (i32, String, String) {
    run_in(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
}

/// The same in a folder.
pub fn run_in(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

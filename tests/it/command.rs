//! The command as a user runs it.

use assert_cmd::Command;

/// Runs a subcommand: its exit code, what it says on stdout and on stderr.
pub fn edgelm(subcommand: &str, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("edgelm"))
        .arg(subcommand)
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

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

/// The first command of a page, its words after `edgelm`, and what stands there as said.
pub fn example(page: &str) -> (Vec<String>, String) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let page = std::fs::read_to_string(page).expect("the page");
    let block = |kind: &str| {
        let (_, rest) = page.split_once(&format!("```{kind}\n")).expect(kind);
        rest.split("\n```").next().expect("an end").to_owned()
    };
    let mut words = words(&block("sh"));
    assert_eq!(words.remove(0), "edgelm");
    (words, block("text"))
}

/// The words of a command line; single quotes hold spaces.
pub fn words(command: &str) -> Vec<String> {
    let command = command.replace("\\\n", " ");
    let mut words = Vec::new();
    for (at, part) in command.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

//! What earlier versions called the cells of a study is refused, with the name that
//! it has now: tasks.

use assert_cmd::Command;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const SCENARIO: &str = "(users: (count: 1), replications: 2, policies: [LocalAll])";

/// A folder with a scenario and its plan.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("study.ron"), SCENARIO).expect("writable");
    let planned = edgelm(folder.path(), &["plan", "study.ron", "-o", "plan.json"]);
    assert_eq!(planned, (0, String::new()));
    folder
}

/// Runs edgelm in a folder; returns its exit code and, of a failure, its stderr.
fn edgelm(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::cargo_bin("edgelm")
        .expect("the binary is built")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("it starts");
    let code = output.status.code().expect("it exits");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    (code, if code == 0 { String::new() } else { stderr })
}

fn refused(folder: &Path, arguments: &[&str], says: &[&str]) {
    let (code, stderr) = edgelm(folder, arguments);
    assert_eq!(code, 2, "{arguments:?}: {stderr}");
    let one_line = stderr.split_whitespace().collect::<Vec<&str>>().join(" ");
    for part in says {
        assert!(one_line.contains(part), "{arguments:?}: {stderr}");
    }
}

#[test]
fn the_option_is_refused() {
    let folder = folder();
    refused(
        folder.path(),
        &["shard", "plan.json", "--cells", "0..1"],
        &["write --tasks 0..1"],
    );
}

#[test]
fn files_of_records_are_refused() {
    let folder = folder();
    let records = folder.path().join("records");
    fs::create_dir(&records).expect("writable");
    fs::write(records.join("cell-0000000.cells"), "").expect("writable");
    let says = ["cell-0000000.cells", "called tasks", ".records"];
    refused(folder.path(), &["merge", "plan.json", "records"], &says);
    let shard = ["shard", "plan.json", "--tasks", "0..1"];
    refused(folder.path(), &shard, &says);
    fs::remove_file(records.join("cell-0000000.cells")).expect("removable");

    // Under the new name, the record itself says how old it is.
    let header = "{\"edgelm_cell\":2,\"edgelm\":\"0.1.0\",\"plan\":\"\",\"cell\":0,\
                  \"arithmetic\":\"\",\"bytes\":0,\"blake3\":\"\"}\n";
    fs::write(records.join("task-0000000.records"), header).expect("writable");
    let says = ["task-0000000.records", "tasks were called cells"];
    refused(folder.path(), &["merge", "plan.json", "records"], &says);
    refused(folder.path(), &shard, &says);
}

#[test]
fn a_journal_is_not_continued() {
    let folder = folder();
    let results = folder.path().join("output/study");
    fs::create_dir_all(&results).expect("writable");
    let journal = results.join(".journal.cells");
    fs::write(&journal, "").expect("writable");
    refused(
        folder.path(),
        &["run", "study.ron", "--resume"],
        &[".journal.cells", ".records"],
    );
    // A run begins beside it, and leaves what it does not know.
    assert_eq!(edgelm(folder.path(), &["run", "study.ron"]).0, 0);
    assert!(journal.exists());
}

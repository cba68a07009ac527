//! What becomes of a folder of results, step by step.

use super::*;

fn file(name: &str, text: &str) -> OutputFile {
    OutputFile {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
    }
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const SAME: &str = "0123456789abcdef";
const OTHER: &str = "fedcba9876543210";

fn prepare(path: &Path, identity: &str) -> OutputDirectory {
    OutputDirectory::prepare(path, identity).unwrap()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_second_run_replaces_its_own_files_and_no_others() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a/b");
    let old = [file("results.csv", "old"), file("delay_a.hgrm", "old")];
    let directory = prepare(&path, SAME);
    assert!(!directory.holds_the_same());
    assert_eq!(directory.write(&old).unwrap(), Replaced::default());
    assert!(directory.holds_the_same());
    drop(directory);
    fs::write(path.join("notes.hgrm"), "mine").unwrap();
    fs::create_dir(path.join("pictures")).unwrap();
    let new = [file("results.csv", "new"), file("delay_b.hgrm", "new")];
    let replaced = prepare(&path, SAME).write(&new).unwrap();
    assert_eq!(replaced, Replaced::default());
    let expected = [
        MANIFEST,
        "delay_b.hgrm",
        "notes.hgrm",
        "pictures",
        "results.csv",
    ];
    assert_eq!(names(&path), expected);
    assert_eq!(text(&path.join("results.csv")), "new");
    assert_eq!(text(&path.join("notes.hgrm")), "mine");
    assert_eq!(
        names(&root.path().join("a")),
        ["b"],
        "nothing is left beside"
    );
}

#[test]
fn results_of_something_else_are_moved_aside() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("fig3");
    for (number, identity) in [SAME, OTHER, SAME, SAME].into_iter().enumerate() {
        let files = [file("results.csv", &number.to_string())];
        let replaced = prepare(&path, identity).write(&files).unwrap();
        let expected = match number {
            1 => Some(root.path().join("fig3.1")),
            2 => Some(root.path().join("fig3.2")),
            _ => None,
        };
        let found = replaced.moved_to.map(|to| fs::canonicalize(to).unwrap());
        assert_eq!(found, expected.map(|to| fs::canonicalize(to).unwrap()));
    }
    assert_eq!(names(root.path()), ["fig3", "fig3.1", "fig3.2"]);
    let results = [
        "fig3/results.csv",
        "fig3.1/results.csv",
        "fig3.2/results.csv",
    ];
    assert_eq!(
        results.map(|name| text(&root.path().join(name))),
        ["3", "0", "1"]
    );
}

#[test]
fn a_folder_of_others_is_shared_as_long_as_no_name_is_taken() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("mine");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("notes"), "mine").unwrap();
    prepare(&path, SAME)
        .write(&[file("results.csv", "1")])
        .unwrap();
    assert_eq!(names(&path), [MANIFEST, "notes", "results.csv"]);
    let other = root.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("results.csv"), "measured").unwrap();
    let replaced = prepare(&other, SAME)
        .write(&[file("results.csv", "1")])
        .unwrap();
    let moved = replaced.moved_to.expect("it was in the way");
    assert_eq!(text(&moved.join("results.csv")), "measured");
}

#[test]
fn results_that_were_changed_are_kept_under_another_name() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    let files = [file("results.csv", "1"), file("extra.csv", "1")];
    prepare(&path, SAME).write(&files).unwrap();
    fs::write(path.join("results.csv"), "with a remark").unwrap();
    fs::write(path.join("extra.csv"), "with a remark").unwrap();
    let replaced = prepare(&path, SAME).write(&files[..1]).unwrap();
    let renamed = ("results.csv".to_owned(), "results.csv.1".to_owned());
    assert_eq!(replaced.renamed, [renamed]);
    assert_eq!(text(&path.join("results.csv")), "1");
    assert_eq!(text(&path.join("results.csv.1")), "with a remark");
    assert_eq!(text(&path.join("extra.csv")), "with a remark");
}

/// A list of files that came from elsewhere deletes nothing.
#[test]
fn a_tampered_list_reaches_no_file() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    fs::write(root.path().join("precious"), "mine").unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("also"), "mine").unwrap();
    for identity in ["", "results of ", "results of 0123456789abcdef\n"] {
        let list = format!("{identity}\n0 ../precious\n0 ..\n\nalso\n0 also\n0 /etc/hosts\n");
        fs::write(path.join(MANIFEST), list).unwrap();
        prepare(&path, SAME)
            .write(&[file("results.csv", "new")])
            .unwrap();
        assert_eq!(names(root.path())[0], "out");
        assert_eq!(text(&root.path().join("precious")), "mine");
        let found = ["out/also", "out.1/also"].map(|name| root.path().join(name).exists());
        assert!(found.contains(&true), "{identity}");
        if !found[0] {
            fs::write(path.join("also"), "mine").unwrap();
        }
    }
}

#[test]
fn a_failed_write_leaves_what_was_there() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    prepare(&path, SAME)
        .write(&[file("results.csv", "old")])
        .unwrap();
    let twice = [file("results.csv", "new"), file("results.csv", "new")];
    let error = prepare(&path, SAME).write(&twice).unwrap_err();
    assert!(error.to_string().contains("results.csv"), "{error}");
    assert_eq!(text(&path.join("results.csv")), "old");
    assert_eq!(names(root.path()), ["out"]);
}

#[test]
fn one_process_at_a_time_makes_the_same_results() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    let first = prepare(&path, SAME);
    let error = OutputDirectory::prepare(&path, SAME).unwrap_err();
    assert!(matches!(error, DirectoryError::Busy { .. }), "{error}");
    drop(prepare(&path, OTHER));
    drop(first);
    drop(prepare(&path, SAME));
}

/// Killed at any step of taking its place: the old results are there or the new ones,
/// and the next run puts everything right.
#[test]
fn what_a_kill_leaves_is_cleared_away() {
    for (identity, exchanged) in [(SAME, false), (SAME, true), (OTHER, false), (OTHER, true)] {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("out");
        let old = [file("results.csv", "old"), file("old.csv", "old")];
        prepare(&path, identity).write(&old).unwrap();
        fs::write(path.join("notes"), "mine").unwrap();
        // Up to the exchange, or to just after it, and no further.
        let killed = prepare(&path, SAME);
        let set = killed.work.new_set().unwrap();
        put(&set, "results.csv", b"new").unwrap();
        let mut manifest = Manifest::of(SAME);
        manifest.add(&set, "results.csv").unwrap();
        put(&set, MANIFEST, manifest.text().as_bytes()).unwrap();
        fs::write(killed.work().join(".swapping"), "").unwrap();
        if exchanged {
            assert!(placing::swap(&set, &path).unwrap());
        }
        let expected = if exchanged { "new" } else { "old" };
        assert_eq!(text(&path.join("results.csv")), expected);
        drop(killed);

        drop(prepare(&path, SAME));
        assert_eq!(text(&path.join("results.csv")), expected);
        let moved = root.path().join("out.1");
        let notes = [&path, &moved].map(|at| at.join("notes").exists());
        assert!(notes.contains(&true), "{identity} {exchanged}");
        assert_eq!(moved.exists(), exchanged && identity == OTHER);
        if exchanged && identity == OTHER {
            assert_eq!(text(&moved.join("results.csv")), "old");
        }
        let left: Vec<String> = names(root.path());
        assert!(left.iter().all(|name| !name.starts_with('.')), "{left:?}");
    }
}

#[test]
fn a_file_in_the_way_is_named_with_its_reason() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    let error = OutputDirectory::prepare(root.path().join("file/out"), SAME).unwrap_err();
    assert!(matches!(error, DirectoryError::Create { .. }));
    let text = error.to_string();
    assert!(
        text.contains("file/out") && text.contains("irectory"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn results_are_as_readable_as_other_new_files() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    prepare(&path, SAME).write(&[file("out.csv", "x")]).unwrap();
    fs::write(root.path().join("other"), "").unwrap();
    let mode = |name| {
        let metadata = fs::metadata(root.path().join(name)).unwrap();
        metadata.permissions().mode()
    };
    assert_eq!(mode("out/out.csv"), mode("other"));
}

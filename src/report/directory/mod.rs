//! The folder that results are written into.
//!
//! They come about in a hidden folder beside, and take their place at once when they are
//! whole. What stood there is never lost: earlier results of the same are written again,
//! results of something else are moved to `NAME.1`, and files of others stay.

mod manifest;
mod placing;
mod work;

pub use placing::Replaced;

use super::OutputFile;
use super::streamed::StreamedFile;
use manifest::{MANIFEST, Manifest};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use work::{Work, folder_of};

/// A folder for results, and the work folder beside it.
#[derive(Debug)]
pub struct OutputDirectory {
    path: PathBuf,
    identity: String,
    work: Work,
}

/// Why a folder could not be written to.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The folder does not exist and could not be created.
    #[error("cannot create the output directory `{}`: {reason}", path.display())]
    Create {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// The folder exists, but no file can be created in it.
    #[error("cannot write to the output directory `{}`: {reason}", path.display())]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// A file could not be written. Files that existed before are whole.
    #[error("cannot write `{}`: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// The results are whole, but could not take their place.
    #[error("cannot move the results from `{}` to `{}`: {reason}", work.display(), path.display())]
    Place {
        /// Where they should be.
        path: PathBuf,
        /// Where they are.
        work: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// Another process makes the same results.
    #[error("another edgelm is running into `{}`", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
}

impl OutputDirectory {
    /// Prepares a folder for the results of what `identity` stands for, a hash. Creates
    /// the folders around it, and proves that files can be created there, so that a wrong
    /// path fails before any work. Clears away what processes that were killed left.
    ///
    /// # Errors
    /// All but [`DirectoryError::Write`].
    pub fn prepare(path: impl Into<PathBuf>, identity: &str) -> Result<Self, DirectoryError> {
        let path = path.into();
        // What a link leads to is the folder, not the link.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let folder = folder_of(&path).to_owned();
        if let Err(reason) = fs::create_dir_all(&folder) {
            return Err(DirectoryError::Create { path, reason });
        }
        if path.exists() && !path.is_dir() {
            let reason = io::Error::from(io::ErrorKind::NotADirectory);
            return Err(DirectoryError::Create { path, reason });
        }
        let work = match Work::open(&path, identity) {
            Ok(Some(work)) => work,
            Ok(None) => return Err(DirectoryError::Busy { path }),
            Err(reason) => {
                return Err(DirectoryError::NotWritable {
                    path: folder,
                    reason,
                });
            }
        };
        let recovered = work.recover(&path, identity);
        match recovered.and_then(|_| new_beside(&work.path).map(drop)) {
            Ok(()) => Ok(Self {
                path,
                identity: identity.to_owned(),
                work,
            }),
            Err(reason) => Err(DirectoryError::NotWritable {
                path: work.path.clone(),
                reason,
            }),
        }
    }

    /// Where the results will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where they come about, and where a run keeps what it continues from.
    pub fn work(&self) -> &Path {
        &self.work.path
    }

    /// Whether the folder holds results of the same already.
    pub fn holds_the_same(&self) -> bool {
        Manifest::read(&self.path).identity.as_deref() == Some(&self.identity)
    }

    /// The work folders of unfinished runs of something else into the same folder.
    pub fn unfinished(&self) -> Vec<PathBuf> {
        work::unfinished(&self.path, &self.work.path)
    }

    /// Writes files, which take their place together once all are on the disk.
    ///
    /// Earlier results of the same are gone afterwards, those of something else are moved
    /// aside, files that edgelm did not write stay.
    ///
    /// # Errors
    /// [`DirectoryError::Write`] or [`DirectoryError::Place`]; what was there before is
    /// then still whole.
    pub fn write(&self, files: &[OutputFile]) -> Result<Replaced, DirectoryError> {
        self.write_with(files, Vec::new())
    }

    /// The same together with files that were streamed into the work folder.
    ///
    /// # Errors
    /// As [`OutputDirectory::write`].
    pub fn write_with(
        &self,
        files: &[OutputFile],
        streamed: Vec<StreamedFile>,
    ) -> Result<Replaced, DirectoryError> {
        let failed = |name: &str| {
            let path = self.path.join(name);
            move |reason| DirectoryError::Write { path, reason }
        };
        let set = self.work.new_set().map_err(failed(""))?;
        let mut manifest = Manifest::of(&self.identity);
        for file in files {
            put(&set, &file.name, &file.bytes)
                .and_then(|()| manifest.add(&set, &file.name))
                .map_err(failed(&file.name))?;
        }
        for file in streamed {
            let name = file.place().file_name().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            file.settle()
                .and_then(|file| Ok(file.persist(set.join(&name))?))
                .and_then(|_| manifest.add(&set, &name))
                .map_err(failed(&name))?;
        }
        put(&set, MANIFEST, manifest.text().as_bytes()).map_err(failed(MANIFEST))?;
        self.work
            .place(&self.path, &self.identity)
            .map_err(|reason| DirectoryError::Place {
                path: self.path.clone(),
                work: set,
                reason,
            })
    }
}

/// Writes a file and brings it to the disk.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(folder.join(name))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// An empty file under a passing name in a folder; removed again unless it is
/// renamed.
pub(super) fn new_beside(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".edgelm-");
    // Results are for everyone whom the user's umask lets read them, not private
    // as temporary files are.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
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
}

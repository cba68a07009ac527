//! The folder that a run writes into.

use super::OutputFile;
use super::streamed::StreamedFile;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The list of files that edgelm put into a folder, one name a line, so that a
/// later run can take away what it does not write again, and nothing else.
const MANIFEST: &str = ".edgelm-files";

/// A folder that exists and can be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputDirectory {
    path: PathBuf,
}

/// Why a folder could not be written to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
}

impl OutputDirectory {
    /// Creates a folder with its parents if it is missing, and proves that files can
    /// be created in it, so that a wrong path fails before any work.
    ///
    /// # Errors
    /// [`DirectoryError::Create`] or [`DirectoryError::NotWritable`].
    pub fn prepare(path: impl Into<PathBuf>) -> Result<Self, DirectoryError> {
        let path = path.into();
        if let Err(reason) = fs::create_dir_all(&path) {
            return Err(DirectoryError::Create { path, reason });
        }
        match beside(&path, b"") {
            Ok(_probe) => Ok(Self { path }),
            Err(reason) => Err(DirectoryError::NotWritable { path, reason }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes files: all beside their places first, then each renamed into its own,
    /// so that none is ever half there.
    ///
    /// Files that an earlier call wrote and this one does not (plots of a policy
    /// that is no longer compared) are removed afterwards, because they would be
    /// taken for results of this run. Files that edgelm did not write stay.
    ///
    /// # Errors
    /// [`DirectoryError::Write`]; what was there before is then still whole.
    pub fn write(&self, files: &[OutputFile]) -> Result<(), DirectoryError> {
        self.write_with(files, Vec::new())
    }

    /// The same together with files that were streamed into this folder.
    ///
    /// # Errors
    /// As [`OutputDirectory::write`].
    pub fn write_with(
        &self,
        files: &[OutputFile],
        streamed: Vec<StreamedFile>,
    ) -> Result<(), DirectoryError> {
        let failed = |name: &str| {
            let path = self.path.join(name);
            move |reason| DirectoryError::Write { path, reason }
        };
        let mut written = Vec::with_capacity(files.len());
        for file in files {
            let temporary = beside(&self.path, &file.bytes).map_err(failed(&file.name))?;
            written.push((file.name.clone(), temporary));
        }
        for file in streamed {
            let name = file.place().file_name().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            let temporary = file.settle().map_err(failed(&name))?;
            written.push((name, temporary));
        }
        let old = self.manifest();
        let new: BTreeSet<String> = written.iter().map(|(name, _)| name.clone()).collect();
        // Until the stale files are gone the list holds both, so that an
        // interruption forgets none.
        self.write_manifest(old.union(&new))
            .map_err(failed(MANIFEST))?;
        for (name, temporary) in written {
            temporary
                .persist(self.path.join(&name))
                .map_err(|error| failed(&name)(error.error))?;
        }
        for stale in old.difference(&new) {
            match fs::remove_file(self.path.join(stale)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(stale)(error));
                }
                _ => {}
            }
        }
        self.write_manifest(new.iter()).map_err(failed(MANIFEST))
    }

    /// The files of earlier calls. An unreadable list is an empty one: the worst
    /// that follows is a stale file that stays.
    fn manifest(&self) -> BTreeSet<String> {
        fs::read_to_string(self.path.join(MANIFEST))
            .unwrap_or_default()
            .lines()
            .filter(|name| is_plain(name))
            .map(str::to_owned)
            .collect()
    }

    fn write_manifest<'a>(&self, names: impl Iterator<Item = &'a String>) -> io::Result<()> {
        let text: String = names.map(|name| format!("{name}\n")).collect();
        beside(&self.path, text.as_bytes())?
            .persist(self.path.join(MANIFEST))
            .map_err(|error| error.error)?;
        Ok(())
    }
}

/// Whether a name stays in its folder, whatever someone wrote into the list.
fn is_plain(name: &str) -> bool {
    let path = Path::new(name);
    path.file_name().is_some_and(|own| own == path.as_os_str())
}

/// A complete file under a passing name in the same folder, on the disk; removed
/// again unless it is renamed.
fn beside(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = new_beside(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
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

    #[test]
    fn a_second_run_replaces_its_own_files_and_no_others() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        let directory = OutputDirectory::prepare(&path).unwrap();
        fs::write(path.join("notes.hgrm"), "mine").unwrap();
        directory
            .write(&[file("results.csv", "old"), file("delay_a.hgrm", "old")])
            .unwrap();
        directory
            .write(&[file("results.csv", "new"), file("delay_b.hgrm", "new")])
            .unwrap();
        assert_eq!(
            names(&path),
            [MANIFEST, "delay_b.hgrm", "notes.hgrm", "results.csv"]
        );
        assert_eq!(fs::read_to_string(path.join("results.csv")).unwrap(), "new");
        assert_eq!(fs::read_to_string(path.join("notes.hgrm")).unwrap(), "mine");
    }

    #[test]
    fn a_tampered_list_reaches_no_other_folder() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("out");
        fs::write(root.path().join("precious"), "mine").unwrap();
        let directory = OutputDirectory::prepare(&path).unwrap();
        fs::write(path.join(MANIFEST), "../precious\n..\n\n/etc/hosts\n").unwrap();
        directory.write(&[file("results.csv", "new")]).unwrap();
        assert_eq!(names(root.path()), ["out", "precious"]);
        assert_eq!(names(&path), [MANIFEST, "results.csv"]);
    }

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let root = tempfile::tempdir().unwrap();
        let directory = OutputDirectory::prepare(root.path()).unwrap();
        directory.write(&[file("results.csv", "old")]).unwrap();
        fs::create_dir(root.path().join("taken")).unwrap();
        let error = directory
            .write(&[file("taken", "x"), file("results.csv", "new")])
            .unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        let text = fs::read_to_string(root.path().join("results.csv")).unwrap();
        assert_eq!(text, "old");
        assert_eq!(names(root.path()), [MANIFEST, "results.csv", "taken"]);
    }

    #[test]
    fn a_file_in_the_way_is_named_with_its_reason() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        let error = OutputDirectory::prepare(root.path().join("file/out")).unwrap_err();
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
        let directory = OutputDirectory::prepare(root.path()).unwrap();
        directory.write(&[file("results.csv", "x")]).unwrap();
        fs::write(root.path().join("other"), "").unwrap();
        let mode = |name| {
            let metadata = fs::metadata(root.path().join(name)).unwrap();
            metadata.permissions().mode()
        };
        assert_eq!(mode("results.csv"), mode("other"));
    }
}

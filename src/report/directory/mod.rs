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
mod tests;

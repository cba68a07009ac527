//! The folder that results are written into.
//!
//! They come about in a hidden folder beside, and take their place at once when they are
//! whole. What stood there is never lost: earlier results of the same are written again,
//! results of something else are moved to `NAME.1`, and files of others stay.

mod manifest;
mod placing;
mod work;

pub use super::directory_error::DirectoryError;
pub use placing::Replaced;

use super::OutputFile;
use super::passing_file::new_beside;
use super::streamed::StreamedFile;
use manifest::{MANIFEST, Manifest};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use work::{Work, folder_of};

/// A folder for results, and the work folder beside it.
#[derive(Debug)]
pub struct OutputDirectory {
    path: PathBuf,
    identity: String,
    work: Work,
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

#[cfg(test)]
mod tests;

//! A file that is written as things happen, and takes its place once it is whole.

use super::directory_error::DirectoryError;
use super::passing_file::new_beside;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file under a passing name in the folder it is meant for; removed again unless
/// it is kept.
#[derive(Debug)]
pub struct StreamedFile {
    place: PathBuf,
    out: BufWriter<NamedTempFile>,
}

impl StreamedFile {
    /// Begins a file; folders that are missing are created.
    ///
    /// # Errors
    /// [`DirectoryError::Create`] or [`DirectoryError::NotWritable`].
    pub fn create(place: impl Into<PathBuf>) -> Result<Self, DirectoryError> {
        let place = place.into();
        let folder = match place.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        if place.is_dir() {
            return Err(DirectoryError::Write {
                path: place,
                reason: io::Error::from(io::ErrorKind::IsADirectory),
            });
        }
        if let Err(reason) = fs::create_dir_all(&folder) {
            return Err(DirectoryError::Create {
                path: folder,
                reason,
            });
        }
        match new_beside(&folder) {
            Ok(file) => Ok(Self {
                place,
                out: BufWriter::with_capacity(1 << 16, file),
            }),
            Err(reason) => Err(DirectoryError::NotWritable {
                path: folder,
                reason,
            }),
        }
    }

    /// Where it will be.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Where it is until then.
    pub fn passing_name(&self) -> &Path {
        self.out.get_ref().path()
    }

    /// Renames the whole file into its place.
    ///
    /// # Errors
    /// [`DirectoryError::Write`]; what was there before is then still whole.
    pub fn keep(self) -> Result<(), DirectoryError> {
        let place = self.place.clone();
        let failed = |reason| DirectoryError::Write {
            path: place.clone(),
            reason,
        };
        self.settle()
            .and_then(|file| file.persist(&place).map_err(|error| error.error))
            .map(|_| ())
            .map_err(failed)
    }

    /// The whole file, on the disk, still under its passing name.
    pub(super) fn settle(self) -> io::Result<NamedTempFile> {
        let file = self.out.into_inner().map_err(|error| error.into_error())?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

impl Write for StreamedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("a/b/trace.json");
        let mut given_up = StreamedFile::create(&place).unwrap();
        given_up.write_all(b"half").unwrap();
        drop(given_up);
        assert!(!place.exists());
        let mut file = StreamedFile::create(&place).unwrap();
        file.write_all(b"whole").unwrap();
        file.keep().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"whole");
        assert_eq!(fs::read_dir(root.path().join("a/b")).unwrap().count(), 1);
        assert!(StreamedFile::create(root.path().join("a")).is_err());
        assert!(StreamedFile::create(place.join("under/a/file")).is_err());
    }
}

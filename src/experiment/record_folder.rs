//! A folder of records, one file a task, into which many machines may write.

use super::record_ending::{FORMER_ENDING, RECORDS_ENDING};
use super::record_error::RecordError;
use super::record_format::{self, Unreadable};
use super::record_store;
use super::{Plan, TaskRecord};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// A folder that takes the records of one plan.
#[derive(Debug)]
pub struct RecordFolder<'p> {
    plan: &'p Plan,
    path: PathBuf,
}

impl<'p> RecordFolder<'p> {
    /// Creates the folder with its parents if it is missing.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn prepare(plan: &'p Plan, path: PathBuf) -> Result<Self, RecordError> {
        fs::create_dir_all(&path).map_err(RecordError::io("create the folder", &path))?;
        Ok(Self { plan, path })
    }

    fn file(&self, task: usize) -> PathBuf {
        self.path.join(format!("task-{task:07}.{RECORDS_ENDING}"))
    }

    /// Whether a task's record is there and whole. A damaged one is not: it will be
    /// written anew.
    ///
    /// # Errors
    /// [`RecordError::Foreign`] if the file there is another plan's: it is not this
    /// one's to overwrite. [`RecordError::FormerName`] if an earlier version's lies there.
    pub fn has(&self, task: usize) -> Result<bool, RecordError> {
        let file = self.file(task);
        let former = self.path.join(format!("cell-{task:07}.{FORMER_ENDING}"));
        if former.exists() {
            return Err(RecordError::FormerName { file: former });
        }
        let opened = match File::open(&file) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(RecordError::io("read", &file)(error)),
        };
        let (found, end) = record_store::scan(self.plan, opened);
        match end.reason {
            Some(Unreadable::Foreign(reason)) => Err(RecordError::Foreign { file, reason }),
            Some(Unreadable::Io(reason)) => Err(RecordError::io("read", &file)(reason)),
            Some(Unreadable::Damaged(_)) => Ok(false),
            None => Ok(found.len() == 1 && found[0].task == task),
        }
    }

    /// Writes a record beside its place, brings it to the disk and renames it, so
    /// that it is never half there.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn write(&self, record: &TaskRecord) -> Result<(), RecordError> {
        let file = self.file(record.task);
        let bytes = record_format::encode(self.plan, record).bytes;
        let written = || -> io::Result<()> {
            let mut builder = tempfile::Builder::new();
            builder.prefix(".edgelm-");
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            let mut beside = builder.tempfile_in(&self.path)?;
            beside.write_all(&bytes)?;
            beside.as_file().sync_all()?;
            beside.persist(&file)?;
            Ok(())
        };
        written().map_err(RecordError::io("write", &file))
    }
}

/// A record as [`RecordStore`](super::RecordStore) reads it, for a
/// stream or a file of many.
pub fn record_bytes(plan: &Plan, record: &TaskRecord) -> Vec<u8> {
    record_format::encode(plan, record).bytes
}

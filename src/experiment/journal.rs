//! The records of a run under way, in one file that only grows, so that a run that
//! was killed can be continued.

use super::record_error::RecordError;
use super::{Plan, RecordStore};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// Its name in the folder of results; it is removed when the results are there.
const NAME: &str = ".journal.records";

/// Its name in versions that called a task a cell.
const FORMER_NAME: &str = ".journal.cells";

/// The journal of a run.
#[derive(Debug)]
pub struct Journal {
    file: PathBuf,
    store: RecordStore,
}

impl Journal {
    /// Begins a journal in a folder, in place of any that an earlier run left there.
    ///
    /// # Errors
    /// [`RecordError::Io`], [`RecordError::Busy`].
    pub fn begin(folder: &Path, plan: Plan) -> Result<Self, RecordError> {
        let path = folder.join(NAME);
        let file = open(&path)?;
        file.set_len(0).map_err(RecordError::io("write", &path))?;
        // In place of one under its former name, too, if there is one.
        let _ = fs::remove_file(folder.join(FORMER_NAME));
        Ok(Self {
            store: RecordStore::journal(plan, file, &path),
            file: path,
        })
    }

    /// Continues the journal that an interrupted run left in a folder; without one,
    /// begins it. A record that was torn when the run was killed is forgotten.
    ///
    /// # Errors
    /// As [`Journal::begin`], and [`RecordError::Foreign`] if it is another plan's,
    /// [`RecordError::FormerName`] if an earlier version's lies there.
    pub fn resume(folder: &Path, plan: Plan) -> Result<Self, RecordError> {
        Self::refuse_former(folder)?;
        let path = folder.join(NAME);
        let store = RecordStore::journal(plan, open(&path)?, &path);
        store.resume()?;
        Ok(Self { file: path, store })
    }

    /// Refuses a folder with the journal of a version that called a task a cell.
    ///
    /// # Errors
    /// [`RecordError::FormerName`].
    pub fn refuse_former(folder: &Path) -> Result<(), RecordError> {
        let file = folder.join(FORMER_NAME);
        if file.exists() {
            return Err(RecordError::FormerName { file });
        }
        Ok(())
    }

    /// Its records.
    pub fn store(&self) -> &RecordStore {
        &self.store
    }

    /// Removes the file: the results that it was for are written.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn remove(self) -> Result<(), RecordError> {
        fs::remove_file(&self.file).map_err(RecordError::io("remove", &self.file))
    }
}

/// Opens the file for this process alone: two runs into one folder would tear each
/// other's records.
fn open(file: &Path) -> Result<File, RecordError> {
    let opened = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(file)
        .map_err(RecordError::io("write", file))?;
    match opened.try_lock() {
        Err(TryLockError::WouldBlock) => Err(RecordError::Busy {
            file: file.to_owned(),
        }),
        // File systems without locks lose the warning, nothing else.
        _ => Ok(opened),
    }
}

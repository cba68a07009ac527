//! The records of a run under way, in one file that only grows, so that a run that
//! was killed can be continued.

use super::collected::{self, Collected, RecordError};
use super::record_format;
use super::{Experiment, Plan, TaskRecord};
use std::fs::{self, File, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Its name in the folder of results; it is removed when the results are there.
const NAME: &str = ".journal.records";

/// Its name in versions that called a task a cell.
const FORMER_NAME: &str = ".journal.cells";

/// How much work a power cut may cost. A killed process loses only the tasks that
/// it was in the middle of.
const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// The journal of a run, and all its records.
#[derive(Debug)]
pub struct Journal {
    file: PathBuf,
    plan: Plan,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    writer: File,
    synced: Instant,
    collected: Collected,
}

impl Journal {
    /// Begins a journal in a folder, in place of any that an earlier run left there.
    ///
    /// # Errors
    /// [`RecordError::Io`], [`RecordError::Busy`].
    pub fn begin(folder: &Path, plan: Plan) -> Result<Self, RecordError> {
        let file = folder.join(NAME);
        let writer = open(&file)?;
        writer.set_len(0).map_err(RecordError::io("write", &file))?;
        // In place of one under its former name, too, if there is one.
        let _ = fs::remove_file(folder.join(FORMER_NAME));
        let collected = Collected::new(&plan);
        Ok(Self::with(file, plan, writer, collected))
    }

    /// Continues the journal that an interrupted run left in a folder; without one,
    /// begins it. A record that was torn when the run was killed is forgotten.
    ///
    /// # Errors
    /// As [`Journal::begin`], and [`RecordError::Foreign`] if it is another plan's,
    /// [`RecordError::FormerName`] if an earlier version's lies there.
    pub fn resume(folder: &Path, plan: Plan) -> Result<Self, RecordError> {
        let former = folder.join(FORMER_NAME);
        if former.exists() {
            return Err(RecordError::FormerName { file: former });
        }
        let file = folder.join(NAME);
        let mut writer = open(&file)?;
        let bytes = fs::read(&file).map_err(RecordError::io("read", &file))?;
        let mut collected = Collected::new(&plan);
        let (records, end) = collected::records(&plan, &bytes);
        let good = collected.add_file(&file, records, end)?;
        collected.computed_as_here(&file)?;
        writer
            .set_len(good)
            .and_then(|()| writer.seek(SeekFrom::End(0)))
            .map_err(RecordError::io("write", &file))?;
        Ok(Self::with(file, plan, writer, collected))
    }

    fn with(file: PathBuf, plan: Plan, writer: File, collected: Collected) -> Self {
        Self {
            file,
            plan,
            state: Mutex::new(State {
                writer,
                synced: Instant::now(),
                collected,
            }),
        }
    }

    /// The tasks that must be run next, increasing; none once the run is complete.
    pub fn missing(&self, experiment: &Experiment) -> Vec<usize> {
        self.state().collected.missing(experiment)
    }

    /// How many tasks have no record, wanted or not.
    pub fn missing_of_all(&self) -> usize {
        self.state().collected.empty()
    }

    /// Keeps a record, in memory and in the file.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn append(&self, record: TaskRecord) -> Result<(), RecordError> {
        let encoded = record_format::encode(&self.plan, &record);
        let mut state = self.state();
        state
            .writer
            .write_all(&encoded.bytes)
            .map_err(RecordError::io("write", &self.file))?;
        if state.synced.elapsed() > SYNC_INTERVAL {
            state
                .writer
                .sync_data()
                .map_err(RecordError::io("write", &self.file))?;
            state.synced = Instant::now();
        }
        state.collected.insert(record, encoded.checksum, &self.file);
        Ok(())
    }

    /// The records; the file stays until [`Journal::remove`].
    pub fn collected(&self) -> Collected {
        let nothing = Collected::new(&self.plan);
        std::mem::replace(&mut self.state().collected, nothing)
    }

    /// Removes the file: the results that it was for are written.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn remove(self) -> Result<(), RecordError> {
        fs::remove_file(&self.file).map_err(RecordError::io("remove", &self.file))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A thread that panicked while it held the lock left a state that is sound:
        // at worst a torn record at the file's end.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

//! The records of a plan's tasks, wherever they lie: in memory is where each of them
//! begins and ends, not the records.

use super::record_ending::{FORMER_ENDING, RECORDS_ENDING};
use super::record_error::{Damaged, RecordError};
use super::record_format::{self, Found, Unreadable};
use super::record_medium::{Entry, Medium, read_at};
use super::{Plan, TaskRecord};
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much work a power cut may cost. A killed process loses only the tasks that
/// it was in the middle of.
const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// Files that are read at once.
const FILES_AT_ONCE: usize = 4096;

/// Records, at most one a task, each read when it is asked for.
#[derive(Debug)]
pub struct RecordStore {
    plan: Plan,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// By task.
    entries: Vec<Option<Entry>>,
    /// How many tasks have a record.
    kept: usize,
    /// Files that hold records.
    files: Vec<PathBuf>,
    /// The file of these that was read last.
    open: Option<(u32, File)>,
    /// Where records that are made here go, under what name, and how long it is.
    own: Option<(Medium, PathBuf, u64)>,
    synced: Instant,
    /// How the machine computes that wrote the first record, and where that is.
    arithmetic: Option<(u64, u32)>,
    damaged: Vec<Damaged>,
}

/// Stands for the store's own file.
const OWN: u32 = u32::MAX;

impl RecordStore {
    /// An empty store for records that are made here and are of no use later.
    pub fn temporary(plan: Plan) -> Self {
        let medium = Medium::temporary();
        Self::with(plan, Some((medium, "temporary records".into(), 0)))
    }

    /// A store whose own records go into a file, which is empty or whose records are
    /// added next.
    pub(super) fn journal(plan: Plan, file: File, path: &Path) -> Self {
        Self::with(plan, Some((Medium::Journal(file), path.to_owned(), 0)))
    }

    fn with(plan: Plan, own: Option<(Medium, PathBuf, u64)>) -> Self {
        Self {
            state: Mutex::new(State {
                entries: vec![None; plan.task_count()],
                kept: 0,
                files: Vec::new(),
                open: None,
                own,
                synced: Instant::now(),
                arithmetic: None,
                damaged: Vec::new(),
            }),
            plan,
        }
    }

    /// All records in the folders' files.
    ///
    /// # Errors
    /// [`RecordError`]; damaged files are no error, see [`RecordStore::damaged`].
    pub fn of_folders(plan: Plan, folders: &[PathBuf]) -> Result<Self, RecordError> {
        let store = Self::with(plan, None);
        let mut files = Vec::new();
        for folder in folders {
            let failed = || RecordError::io("read the folder", folder);
            for entry in fs::read_dir(folder).map_err(failed())? {
                let path = entry.map_err(failed())?.path();
                match path.extension() {
                    Some(ending) if ending == RECORDS_ENDING => files.push(path),
                    Some(ending) if ending == FORMER_ENDING => {
                        return Err(RecordError::FormerName { file: path });
                    }
                    _ => {}
                }
            }
        }
        files.sort();
        files.dedup();
        for files in files.chunks(FILES_AT_ONCE) {
            let contents = files
                .par_iter()
                .map(|path| {
                    let file = File::open(path).map_err(RecordError::io("read", path))?;
                    Ok(scan(&store.plan, file))
                })
                .collect::<Result<Vec<_>, RecordError>>()?;
            let mut state = store.state();
            for (path, (found, end)) in files.iter().zip(contents) {
                let number = state.files.len() as u32;
                state.files.push(path.clone());
                state.add_all(number, found, end)?;
            }
        }
        Ok(store)
    }

    /// Adds the records that the store's own file holds; returns how many of its bytes
    /// are good. What comes after them is forgotten.
    pub(super) fn resume(&self) -> Result<u64, RecordError> {
        let mut state = self.state();
        let Some((Medium::Journal(file), path, _)) = &state.own else {
            return Ok(0);
        };
        let path = path.clone();
        let (found, end) = scan(&self.plan, file);
        let good = end.offset;
        state.add_all(OWN, found, end)?;
        if let Some((known, _)) = state.arithmetic
            && known != record_format::digest_of(record_format::arithmetic())
        {
            return Err(RecordError::Arithmetic {
                first: path.clone(),
                second: path,
            });
        }
        if let Some((Medium::Journal(file), _, length)) = &mut state.own {
            file.set_len(good)
                .map_err(RecordError::io("write", &path))?;
            *length = good;
        }
        Ok(good)
    }

    /// The plan whose records these are.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many tasks have a record.
    pub fn count(&self) -> usize {
        self.state().kept
    }

    /// Which of some tasks have no record.
    pub(super) fn missing_of(&self, tasks: Range<usize>) -> Vec<usize> {
        let state = self.state();
        tasks
            .filter(|&task| state.entries[task].is_none())
            .collect()
    }

    /// How many bytes the records of some tasks take where they lie.
    pub(super) fn bytes_of(&self, tasks: Range<usize>) -> u64 {
        let entries = &self.state().entries[tasks];
        entries.iter().flatten().map(|e| u64::from(e.bytes)).sum()
    }

    /// Keeps a record that was made here.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn append(&self, record: &TaskRecord) -> Result<(), RecordError> {
        let encoded = record_format::encode(&self.plan, record);
        let state = &mut *self.state();
        let is_due = state.synced.elapsed() > SYNC_INTERVAL;
        let Some((medium, path, length)) = &mut state.own else {
            return Err(RecordError::io(
                "write",
                Path::new("records that were read"),
            )(io::Error::from(
                io::ErrorKind::ReadOnlyFilesystem,
            )));
        };
        let failed = RecordError::io("write", path);
        let written = medium.append(&encoded.bytes);
        let synced = written.and_then(|()| if is_due { medium.sync() } else { Ok(()) });
        synced.map_err(failed)?;
        let entry = Entry {
            file: OWN,
            bytes: encoded.bytes.len() as u32,
            offset: *length,
            checksum: encoded.checksum,
        };
        *length += encoded.bytes.len() as u64;
        if is_due {
            state.synced = Instant::now();
        }
        state.keep(record.task, entry);
        Ok(())
    }

    /// Reads the record of a task, which must have one.
    ///
    /// # Errors
    /// [`RecordError::Missing`] if it has none; that it cannot be read any more.
    pub fn read(&self, task: usize) -> Result<TaskRecord, RecordError> {
        let (bytes, file) = self.state().read(task)?;
        match record_format::decode(&self.plan, &bytes) {
            Ok(record) if record.task == task => Ok(record),
            _ => Err(RecordError::Foreign {
                file,
                reason: "it has changed since it was read first".to_owned(),
            }),
        }
    }

    /// Files that could not be read to their end.
    pub fn damaged(&self) -> Vec<Damaged> {
        self.state().damaged.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it held the lock left a state that is sound:
        // at worst a torn record at the file's end.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn name(&self, file: u32) -> PathBuf {
        match &self.own {
            Some((_, path, _)) if file == OWN => path.clone(),
            _ => self.files[file as usize].clone(),
        }
    }

    fn keep(&mut self, task: usize, entry: Entry) {
        self.kept += usize::from(self.entries[task].is_none());
        self.entries[task] = Some(entry);
    }

    /// Adds what a file held.
    fn add_all(&mut self, file: u32, found: Vec<Found>, end: End) -> Result<(), RecordError> {
        for found in found {
            self.add(file, &found)?;
        }
        match end.reason {
            None => Ok(()),
            Some(Unreadable::Damaged(reason)) => {
                self.damaged.push(Damaged {
                    file: self.name(file),
                    offset: end.offset,
                    reason,
                });
                Ok(())
            }
            Some(Unreadable::Foreign(reason)) => Err(RecordError::Foreign {
                file: self.name(file),
                reason,
            }),
            Some(Unreadable::Io(reason)) => Err(RecordError::io("read", &self.name(file))(reason)),
        }
    }

    fn add(&mut self, file: u32, found: &Found) -> Result<(), RecordError> {
        let (known, first) = *self.arithmetic.get_or_insert((found.arithmetic, file));
        if known != found.arithmetic {
            return Err(RecordError::Arithmetic {
                first: self.name(first),
                second: self.name(file),
            });
        }
        match self.entries[found.task] {
            Some(kept) if kept.checksum != found.checksum => Err(RecordError::Differ {
                task: found.task,
                first: self.name(kept.file),
                second: self.name(file),
            }),
            Some(_) => Ok(()),
            None => {
                let entry = Entry {
                    file,
                    bytes: found.bytes,
                    offset: found.offset,
                    checksum: found.checksum,
                };
                self.keep(found.task, entry);
                Ok(())
            }
        }
    }

    /// The bytes of a record, and the file that holds them.
    fn read(&mut self, task: usize) -> Result<(Vec<u8>, PathBuf), RecordError> {
        let Some(entry) = self.entries[task] else {
            return Err(RecordError::Missing {
                tasks: super::TaskRanges::one(task..task + 1),
            });
        };
        let path = self.name(entry.file);
        let failed = || RecordError::io("read", &path);
        let bytes = match &mut self.own {
            Some((medium, _, _)) if entry.file == OWN => medium.read(&entry),
            _ => match &mut self.open {
                Some((number, file)) if *number == entry.file => read_at(file, &entry),
                open => {
                    let file = File::open(&path).map_err(failed())?;
                    read_at(&mut open.insert((entry.file, file)).1, &entry)
                }
            },
        };
        Ok((bytes.map_err(failed())?, path))
    }
}

/// Where reading stopped.
pub(super) struct End {
    /// How many bytes are good.
    pub offset: u64,
    /// Why it stopped before the last byte.
    pub reason: Option<Unreadable>,
}

/// The records at the beginning of a file.
pub(super) fn scan(plan: &Plan, file: impl Read) -> (Vec<Found>, End) {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut found = Vec::new();
    let mut offset = 0;
    let reason = loop {
        match record_format::next(plan, &mut reader, offset) {
            Ok(None) => break None,
            Ok(Some(read)) => {
                offset += u64::from(read.bytes);
                found.push(read);
            }
            Err(unreadable) => break Some(unreadable),
        }
    };
    (found, End { offset, reason })
}

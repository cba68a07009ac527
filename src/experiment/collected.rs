//! The records of a plan's tasks, gathered from wherever they were left.

use super::record_format::{self, Read, Unreadable};
use super::{Experiment, Plan, Results, TaskRanges, TaskRecord};
use rayon::prelude::*;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The ending of files that hold records, any number each.
pub const RECORDS_ENDING: &str = "records";

/// Their ending in versions that called a task a cell.
pub(super) const FORMER_ENDING: &str = "cells";

/// Records gathered so far, at most one a task.
#[derive(Debug)]
pub struct Collected {
    tasks: Vec<Option<Kept>>,
    arithmetic: Option<(String, PathBuf)>,
    damaged: Vec<Damaged>,
}

#[derive(Debug)]
struct Kept {
    record: TaskRecord,
    checksum: String,
    file: PathBuf,
}

/// A place from which on a file cannot be read. The tasks that it held there count
/// as missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is damaged from byte {offset} on: {reason}; what it held there counts as missing", file.display())]
pub struct Damaged {
    /// The file.
    pub file: PathBuf,
    /// How many of its bytes are good.
    pub offset: u64,
    /// What is wrong.
    pub reason: &'static str,
}

/// Why records cannot be used, read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The operating system says no.
    #[error("cannot {action} {}: {reason}", file.display())]
    Io {
        /// What was to be done.
        action: &'static str,
        /// To which file or folder.
        file: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// The file holds a record of something else: another plan, another version.
    #[error("{}: a record in it cannot be used: {reason}", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What it is of.
        reason: String,
    },
    /// The file is named as an earlier edgelm named files of records.
    #[error(
        "{}: an earlier edgelm wrote it and it cannot be read: cells are called tasks now, their \
         files end in .{RECORDS_ENDING} and their format has changed; run the tasks again into \
         another folder, or remove the file",
        file.display()
    )]
    FormerName {
        /// The file.
        file: PathBuf,
    },
    /// Two records of a task differ, though a task's record is a function of the plan.
    #[error(
        "the records of task {task} in {} and {} differ: at least one is wrong; find out which \
         machine wrote them, remove both and run the task again",
        first.display(), second.display()
    )]
    Differ {
        /// The task.
        task: usize,
        /// Where one was read.
        first: PathBuf,
        /// Where the other was.
        second: PathBuf,
    },
    /// Two machines whose results can differ in the last bit.
    #[error(
        "{} and {} were written on machines whose mathematical libraries round differently: \
         together they would be no run's bytes; run all tasks on machines of one kind",
        first.display(), second.display()
    )]
    Arithmetic {
        /// A file of one kind.
        first: PathBuf,
        /// A file of the other.
        second: PathBuf,
    },
    /// Another process is writing the journal.
    #[error("another edgelm is running into {}", file.display())]
    Busy {
        /// The journal.
        file: PathBuf,
    },
}

impl RecordError {
    pub(super) fn io(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |reason| Self::Io {
            action,
            file,
            reason,
        }
    }
}

impl Collected {
    /// Nothing yet.
    pub fn new(plan: &Plan) -> Self {
        Self {
            tasks: (0..plan.task_count()).map(|_| None).collect(),
            arithmetic: None,
            damaged: Vec::new(),
        }
    }

    /// All records in the folders' files.
    ///
    /// # Errors
    /// [`RecordError`]; damaged files are no error, see [`Collected::damaged`].
    pub fn read(plan: &Plan, folders: &[PathBuf]) -> Result<Self, RecordError> {
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
        let contents = files
            .into_par_iter()
            .map(|file| {
                let bytes = fs::read(&file).map_err(RecordError::io("read", &file))?;
                let (records, end) = records(plan, &bytes);
                Ok((file, records, end))
            })
            .collect::<Result<Vec<_>, RecordError>>()?;
        let mut collected = Self::new(plan);
        for (file, records, end) in contents {
            collected.add_file(&file, records, end)?;
        }
        Ok(collected)
    }

    /// Adds what a file held; returns how many of its bytes are good.
    pub(super) fn add_file(
        &mut self,
        file: &Path,
        records: Vec<Read>,
        end: End,
    ) -> Result<u64, RecordError> {
        for read in records {
            self.add(read, file)?;
        }
        match end.reason {
            None => {}
            Some(Unreadable::Damaged(reason)) => self.damaged.push(Damaged {
                file: file.to_owned(),
                offset: end.offset,
                reason,
            }),
            Some(Unreadable::Foreign(reason)) => {
                return Err(RecordError::Foreign {
                    file: file.to_owned(),
                    reason,
                });
            }
        }
        Ok(end.offset)
    }

    fn add(&mut self, read: Read, file: &Path) -> Result<(), RecordError> {
        match &self.arithmetic {
            Some((known, first)) if *known != read.arithmetic => {
                return Err(RecordError::Arithmetic {
                    first: first.clone(),
                    second: file.to_owned(),
                });
            }
            Some(_) => {}
            None => self.arithmetic = Some((read.arithmetic, file.to_owned())),
        }
        let task = read.record.task;
        match &self.tasks[task] {
            Some(kept) if kept.checksum != read.checksum => Err(RecordError::Differ {
                task,
                first: kept.file.clone(),
                second: file.to_owned(),
            }),
            Some(_) => Ok(()),
            None => {
                self.tasks[task] = Some(Kept {
                    record: read.record,
                    checksum: read.checksum,
                    file: file.to_owned(),
                });
                Ok(())
            }
        }
    }

    /// Adds a record that was just made here.
    pub(super) fn insert(&mut self, record: TaskRecord, checksum: String, file: &Path) {
        let task = record.task;
        self.tasks[task] = Some(Kept {
            record,
            checksum,
            file: file.to_owned(),
        });
    }

    /// Whether the records read so far are of machines that compute as this one.
    pub(super) fn computed_as_here(&self, file: &Path) -> Result<(), RecordError> {
        match &self.arithmetic {
            Some((known, first)) if known != record_format::arithmetic() => {
                Err(RecordError::Arithmetic {
                    first: first.clone(),
                    second: file.to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The tasks that must be run before the records can be folded, increasing.
    pub fn missing(&self, experiment: &Experiment) -> Vec<usize> {
        experiment.needed(&|task| self.record(task))
    }

    /// The record of a task, where there is one.
    pub(super) fn record(&self, task: usize) -> Option<&TaskRecord> {
        self.tasks[task].as_ref().map(|kept| &kept.record)
    }

    /// How many tasks have no record.
    pub fn empty(&self) -> usize {
        self.tasks.iter().filter(|kept| kept.is_none()).count()
    }

    /// Files that could not be read to their end.
    pub fn damaged(&self) -> &[Damaged] {
        &self.damaged
    }

    /// Folds the records in task order.
    ///
    /// # Errors
    /// The tasks that are missing.
    pub fn results(self, experiment: &Experiment) -> Result<Results, TaskRanges> {
        let missing = self.missing(experiment);
        if !missing.is_empty() {
            return Err(TaskRanges::of(&missing));
        }
        let records = self.tasks.into_iter().flatten().map(|kept| kept.record);
        Ok(experiment.fold(records.collect()))
    }
}

/// Where reading stopped.
pub(super) struct End {
    /// How many bytes are good.
    pub offset: u64,
    /// Why it stopped before the last byte.
    pub reason: Option<Unreadable>,
}

/// The records at the beginning of `bytes`.
pub(super) fn records(plan: &Plan, bytes: &[u8]) -> (Vec<Read>, End) {
    let mut rest = bytes;
    let mut found = Vec::new();
    let mut reason = None;
    while !rest.is_empty() {
        match record_format::decode(plan, rest) {
            Ok((read, after)) => {
                found.push(read);
                rest = after;
            }
            Err(unreadable) => {
                reason = Some(unreadable);
                break;
            }
        }
    }
    let offset = (bytes.len() - rest.len()) as u64;
    (found, End { offset, reason })
}

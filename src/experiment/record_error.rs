//! Why records cannot be used, read or written.

use super::TaskRanges;
use super::record_ending::{FORMER_ENDING, RECORDS_ENDING};
use std::io;
use std::path::{Path, PathBuf};

/// A place from which on a file cannot be read. The tasks whose records it held there
/// count as missing.
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
#[non_exhaustive]
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
         files end in .{RECORDS_ENDING} (not .{FORMER_ENDING}) and their format has changed; run \
         the tasks again into another folder, or remove the file",
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
    /// Tasks must be run before results can be made.
    #[error("tasks {tasks} have no record")]
    Missing {
        /// These.
        tasks: TaskRanges,
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

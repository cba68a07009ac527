//! Why results could not be written.

use std::io;
use std::path::PathBuf;

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

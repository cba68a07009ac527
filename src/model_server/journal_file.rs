//! A file of JSON lines which only grows: what has happened, kept as soon as it has.
//!
//! A process that is killed leaves at worst one unfinished line, which is cut off when the
//! file is opened again.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

/// A journal, open for this process alone.
#[derive(Debug)]
pub struct JournalFile {
    file: File,
}

/// A child process that is just being started shares its parent's locks for a
/// moment, so that one refusal does not mean a second writer.
fn lock(file: &File) -> io::Result<()> {
    for _ in 0..20 {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(25)),
        }
    }
    Err(io::Error::other("another process is writing to it"))
}

impl JournalFile {
    /// Opens or creates a journal and locks it; with what is in it.
    ///
    /// # Errors
    /// A file that cannot be opened, that another process has locked, or that is
    /// no journal (it is left as it is).
    pub fn open<Entry: DeserializeOwned>(path: &Path) -> io::Result<(Self, Vec<Entry>)> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        lock(&file)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let mut entries = Vec::new();
        let lines = bytes[..whole].split(|b| *b == b'\n');
        for (number, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
            let entry = serde_json::from_slice(line).map_err(|e| {
                let message = format!("line {} is no entry of a journal: {e}", number + 1);
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?;
            entries.push(entry);
        }
        if whole < bytes.len() && whole == 0 && bytes[0] != b'{' {
            let message = "it is no journal";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::Start(whole as u64))?;
        Ok((Self { file }, entries))
    }

    /// Adds an entry; when this returns, it survives the end of the process.
    ///
    /// # Errors
    /// A full disk, for example.
    pub fn add(&mut self, entry: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        // One write: a kill cannot fall between a line and its end.
        self.file.write_all(&line)
    }
}

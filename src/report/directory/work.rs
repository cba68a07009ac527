//! The folder beside the results in which they come about: hidden, named after the results
//! and what they are of, one process's at a time.

use super::placing::{self, Replaced};
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The ending of such folders.
const ENDING: &str = ".edgelm";

/// The lock's name in the folder.
const LOCK: &str = ".lock";

/// The set of results in it, before they take their place and what stood there after.
const SET: &str = "results";

/// There while the set is taking its place.
const SWAPPING: &str = ".swapping";

/// Digits of the identity in the folder's name.
const DIGITS: usize = 12;

/// A work folder that this process alone may use.
#[derive(Debug)]
pub(super) struct Work {
    pub path: PathBuf,
    /// Held open: it holds the lock.
    _lock: Option<File>,
}

impl Work {
    /// Opens the work folder of results at `place`; `None` if another process has it.
    pub fn open(place: &Path, identity: &str) -> io::Result<Option<Self>> {
        let mut name = prefix(place);
        name.push(identity.get(..DIGITS).unwrap_or(identity));
        name.push(ENDING);
        let path = place.with_file_name(name);
        loop {
            match fs::create_dir(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            match lock(&path) {
                Ok(Locked::Here(lock)) => return Ok(Some(Self { path, _lock: lock })),
                Ok(Locked::Elsewhere) => return Ok(None),
                // Its last user has just removed it.
                Ok(Locked::Gone) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Clears away what a process that was killed left, but for what a run continues
    /// from.
    pub fn recover(&self, place: &Path, identity: &str) -> io::Result<Replaced> {
        recover(&self.path, place, identity)
    }

    /// An empty folder for the set of results. Somebody may have removed the work folder
    /// while the run went on: its results are in memory, and lost only if we let them.
    pub fn new_set(&self) -> io::Result<PathBuf> {
        let set = self.path.join(SET);
        fs::create_dir_all(&self.path)?;
        fs::create_dir(&set)?;
        Ok(set)
    }

    /// Puts the set into its place, and clears away what stood there.
    pub fn place(&self, place: &Path, identity: &str) -> io::Result<Replaced> {
        let set = self.path.join(SET);
        sync(&set)?;
        File::create(self.path.join(SWAPPING))?.sync_all()?;
        // One process at a time changes what stands there.
        let folder = File::open(folder_of(place));
        let _lock = folder.as_ref().map(File::lock);
        let replaced = match placing::swap(&set, place)? {
            true => placing::settle(&set, place, identity)?,
            false => Replaced::default(),
        };
        sync(folder_of(place))?;
        fs::remove_file(self.path.join(SWAPPING))?;
        Ok(replaced)
    }
}

impl Drop for Work {
    /// Takes the folder away, unless there is a run in it to be continued.
    fn drop(&mut self) {
        if !holds_a_run(&self.path) && !self.path.join(SWAPPING).exists() {
            // What cannot be removed now is removed by the next run.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The work folders of other results at the same place that hold an unfinished run; what
/// else was left there by processes that were killed is cleared away.
pub(super) fn unfinished(place: &Path, own: &Path) -> Vec<PathBuf> {
    let prefix = prefix(place).to_string_lossy().into_owned();
    let entries = fs::read_dir(folder_of(place)).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let digits = name
                .strip_prefix(&prefix)
                .and_then(|rest| rest.strip_suffix(ENDING));
            digits.is_some_and(|d| d.len() == DIGITS && d.bytes().all(|b| b.is_ascii_hexdigit()))
        })
        .map(|entry| entry.path())
        .filter(|path| path != own)
        .collect();
    found.sort();
    found.retain(|path| {
        let Ok(Locked::Here(_lock)) = lock(path) else {
            return false;
        };
        let _ = recover(path, place, "");
        let holds = holds_a_run(path);
        if !holds {
            let _ = fs::remove_dir_all(path);
        }
        holds
    });
    found
}

fn recover(work: &Path, place: &Path, identity: &str) -> io::Result<Replaced> {
    let (set, swapping) = (work.join(SET), work.join(SWAPPING));
    let aside = set.with_extension("aside");
    if !place.exists() && aside.exists() {
        fs::rename(&aside, place)?;
    }
    let mut replaced = Replaced::default();
    for left in [&set, &aside] {
        if !left.exists() {
            continue;
        }
        // Before, it is a set that never became whole; then it may be what stood there.
        if swapping.exists() && place.exists() {
            replaced = placing::settle(left, place, identity)?;
        } else {
            fs::remove_dir_all(left)?;
        }
    }
    for entry in fs::read_dir(work)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == SWAPPING || name.to_string_lossy().starts_with(".edgelm-") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(replaced)
}

/// Whether there are records in it.
fn holds_a_run(work: &Path) -> bool {
    let entries = fs::read_dir(work).into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|e| e == "records" || e == "cells")
        })
        .any(|entry| entry.metadata().is_ok_and(|m| m.len() > 0))
}

enum Locked {
    /// By us; with no file where the file system knows no locks.
    Here(Option<File>),
    Elsewhere,
    Gone,
}

fn lock(work: &Path) -> io::Result<Locked> {
    let path = work.join(LOCK);
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(Locked::Elsewhere),
        // File systems without locks lose the warning, nothing else.
        Err(TryLockError::Error(_)) => Ok(Locked::Here(None)),
        Ok(()) if is_at(&file, &path) => Ok(Locked::Here(Some(file))),
        Ok(()) => Ok(Locked::Gone),
    }
}

/// Whether an open file is still the one at its path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => open.ino() == there.ino() && open.dev() == there.dev(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// What the names of work folders of results at `place` begin with.
fn prefix(place: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(place.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

/// The folder in which a place is.
pub(super) fn folder_of(place: &Path) -> &Path {
    match place.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Brings a folder's list of names to the disk, where folders can be opened.
fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        Err(_) => Ok(()),
    }
}

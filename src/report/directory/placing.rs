//! How a finished set of results takes the place of what stood there: at once, and nothing
//! that is not edgelm's own is lost.

use super::manifest::Manifest;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What became of what stood in the place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replaced {
    /// Where the folder went, if it held something else than results of the same.
    pub moved_to: Option<PathBuf>,
    /// Files that had been changed by others, and their new names.
    pub renamed: Vec<(String, String)>,
}

/// Puts the folder `new` into the place `path`. What stood there is at `new` afterwards,
/// if anything did.
pub(super) fn swap(new: &Path, path: &Path) -> io::Result<bool> {
    match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::rename(new, path)?;
            return Ok(false);
        }
        Ok(true) => {
            fs::remove_dir(path)?;
            fs::rename(new, path)?;
            return Ok(false);
        }
        Ok(false) => {}
        Err(error) => return Err(error),
    }
    if exchange(new, path).is_ok() {
        return Ok(true);
    }
    // Where two folders cannot be exchanged at once, one goes first.
    let aside = new.with_extension("aside");
    fs::rename(path, &aside)?;
    if let Err(error) = fs::rename(new, path) {
        fs::rename(&aside, path)?;
        return Err(error);
    }
    fs::rename(&aside, new)?;
    Ok(true)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_a: &Path, _b: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Clears away the folder `old` that stood at `path` before: earlier results of the same
/// go, what others put there comes to `path`, and results of something else get a number.
pub(super) fn settle(old: &Path, path: &Path, identity: &str) -> io::Result<Replaced> {
    let manifest = Manifest::read(old);
    let mut foreign = Vec::new();
    for entry in fs::read_dir(old)? {
        let name = entry?.file_name();
        let owned = name.to_str().is_some_and(|name| manifest.owns(old, name));
        if !owned {
            foreign.push(name);
        }
    }
    let same = manifest.identity.as_deref() == Some(identity);
    let in_the_way = foreign.iter().any(|name| path.join(name).exists());
    if !same && (manifest.identity.is_some() || in_the_way) {
        let to = unused(|n| sibling(path, n));
        fs::rename(old, &to)?;
        return Ok(Replaced {
            moved_to: Some(to),
            ..Replaced::default()
        });
    }
    let mut replaced = Replaced::default();
    for name in foreign {
        let mut to = path.join(&name);
        if to.exists() {
            to = unused(|n| sibling(&path.join(&name), n));
            let shown = |path: &Path| {
                let name = path.file_name().unwrap_or_default();
                name.to_string_lossy().into_owned()
            };
            replaced
                .renamed
                .push((shown(&path.join(&name)), shown(&to)));
        }
        fs::rename(old.join(&name), to)?;
    }
    fs::remove_dir_all(old)?;
    Ok(replaced)
}

/// A path with a number behind it.
fn sibling(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    path.with_file_name(name)
}

fn unused(path: impl Fn(u32) -> PathBuf) -> PathBuf {
    let mut number = 1;
    while path(number).symlink_metadata().is_ok() {
        number += 1;
    }
    path(number)
}

//! What is said of the folder that results go into.

use super::Failure;
use crate::report::{DirectoryError, OutputDirectory, Replaced};
use crate::scenario::Diagnostic;
use std::path::{Path, PathBuf};

/// Prepares a folder for results. `identity` stands for what they are of, `what` names it.
pub(super) fn prepare(
    path: PathBuf,
    identity: &str,
    what: &str,
) -> Result<OutputDirectory, Failure> {
    let directory = OutputDirectory::prepare(path, identity)
        .map_err(|error: DirectoryError| Diagnostic::new(error.to_string()))?;
    if directory.holds_the_same() {
        tell!(
            "{} holds the results of this {what} already: they are written again",
            shown(directory.path())
        );
    }
    Ok(directory)
}

/// Says what became of what was in the folder.
pub(super) fn tell_replaced(directory: &OutputDirectory, replaced: &Replaced) {
    if let Some(to) = &replaced.moved_to {
        tell!(
            "what was in {} is of something else: it is in {} now",
            shown(directory.path()),
            shown(to)
        );
    }
    for (name, new) in &replaced.renamed {
        tell!(
            "{} had been changed since it was written: it is {new} now",
            shown(&directory.path().join(name))
        );
    }
}

/// A path as it is best read: from where edgelm was started, if it is below.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let here = here.and_then(|here| here.canonicalize().ok());
    let below = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    below.as_deref().unwrap_or(path).display().to_string()
}

/// Fails with a message.
pub(super) fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(error.to_string())
}

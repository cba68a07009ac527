//! The files that a scenario refers to: tables, traces.

use super::text_file::read;
use super::{Diagnostic, carried};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Their texts, under their paths as the scenario writes them. Clones share what
/// was read, so that a run can say afterwards what it depended on.
#[derive(Debug, Clone)]
pub(super) struct ReferredFiles {
    texts: Arc<Mutex<BTreeMap<String, String>>>,
    place: Place,
}

/// Where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Disk,
    /// In edgelm itself.
    Carried,
    /// All of them are known.
    Plan,
}

impl ReferredFiles {
    /// Files to be read when they are asked for.
    pub fn on_disk() -> Self {
        Self {
            texts: Arc::default(),
            place: Place::Disk,
        }
    }

    /// Files that edgelm carries.
    pub fn carried() -> Self {
        Self {
            texts: Arc::default(),
            place: Place::Carried,
        }
    }

    /// Files whose texts are known; no other can be read.
    pub fn given(texts: BTreeMap<String, String>) -> Self {
        Self {
            texts: Arc::new(Mutex::new(texts)),
            place: Place::Plan,
        }
    }

    /// The text of the file that the scenario writes as `written` and that lies at
    /// `path`.
    ///
    /// # Errors
    /// That it cannot be read.
    pub fn read(&self, written: &Path, path: &Path) -> Result<String, Diagnostic> {
        let key = written.to_string_lossy().into_owned();
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.get(&key) {
            return Ok(text.clone());
        }
        let text = match self.place {
            Place::Disk => read(path)?,
            Place::Carried => carried::text(path).map(str::to_owned).ok_or_else(|| {
                Diagnostic::new(format!("edgelm carries no file {key}")).help(
                    "`edgelm init` writes the scenario into a file, whose head says where to get \
                     what it needs",
                )
            })?,
            Place::Plan => {
                return Err(Diagnostic::new(format!("the plan holds no file {key}")));
            }
        };
        texts.insert(key, text.clone());
        Ok(text)
    }

    /// All texts read so far, or all that are known.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.clone()
    }
}

//! A scenario's own entries of the catalogue of models and hardware.

use super::pointing::Source;
use super::{Diagnostic, RonFile, Scenario};
use crate::fault::Fault;
use crate::llm::Catalog;
use crate::llm::catalog::{Entries, HardwareEntry, ModelEntry};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a scenario adds to the catalogue; an entry with the name of one that edgelm carries
/// takes its place.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum OwnEntries {
    /// Nothing: the catalogue as edgelm carries it.
    #[default]
    Carried,
    /// A file of entries, such as `edgelm profile --hardware` writes; its path is relative to
    /// the scenario's folder.
    File(PathBuf),
    /// In place, in the same form.
    Entries {
        /// Models.
        #[serde(default)]
        models: Vec<ModelEntry>,
        /// Hardware.
        #[serde(default)]
        hardware: Vec<HardwareEntry>,
    },
}

impl Scenario {
    /// The catalogue with the scenario's own entries. Those that cannot be used, which a check
    /// tells, are left out.
    pub fn catalog(&self) -> Catalog {
        match self.catalog.in_place() {
            Some(own) => Catalog::default().with(&own).unwrap_or_default(),
            None => Catalog::default(),
        }
    }
}

impl OwnEntries {
    fn in_place(&self) -> Option<Entries> {
        match self {
            Self::Entries { models, hardware } => Some(Entries {
                models: models.clone(),
                hardware: hardware.clone(),
            }),
            Self::Carried | Self::File(_) => None,
        }
    }

    /// All that cannot be used of entries in place.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let Some(own) = self.in_place() else {
            return Vec::new();
        };
        let inside = |fault: Fault| Fault {
            field: format!("catalog.{}", fault.field),
            ..fault
        };
        own.check().into_iter().map(inside).collect()
    }
}

impl Source {
    /// Puts the entries that a file holds in place of its name.
    ///
    /// # Errors
    /// It cannot be read or used.
    pub(super) fn read_entries(&self, entries: &mut OwnEntries) -> Result<(), Vec<Diagnostic>> {
        let OwnEntries::File(file) = &*entries else {
            return Ok(());
        };
        let (path, text) = self
            .referred_text("catalog", file)
            .map_err(|diagnostic| vec![diagnostic])?;
        let own = RonFile::<Entries>::parse(&text, &path).map_err(|diagnostic| vec![diagnostic])?;
        let faults = own.value.check();
        if !faults.is_empty() {
            return Err(faults.iter().map(|fault| own.fault(fault)).collect());
        }
        let Entries { models, hardware } = own.value;
        *entries = OwnEntries::Entries { models, hardware };
        Ok(())
    }
}

//! The catalogue: models and hardware, every number with its source.
//!
//! `catalog.ron` is what edgelm carries; own entries have the same form.

mod entry;

pub use entry::{HardwareEntry, Kind, Measured, ModelEntry, Rates, Shape, Sourced, Sustained};

use crate::fault::{Fault, nearest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The text of the entries that edgelm carries.
pub const EMBEDDED: &str = include_str!("catalog.ron");

static CARRIED: LazyLock<Entries> = LazyLock::new(|| match ron::from_str(EMBEDDED) {
    Ok(entries) => entries,
    Err(error) => unreachable!("a test reads catalog.ron: {error}"),
});

/// Entries as a file or a scenario lists them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entries {
    /// Models.
    pub models: Vec<ModelEntry>,
    /// Hardware.
    pub hardware: Vec<HardwareEntry>,
}

impl Entries {
    /// All that cannot be used of them.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut names = BTreeSet::new();
        let mut name = |field: String, name: &str, faults: &mut Vec<Fault>| {
            if name.trim().is_empty() {
                faults.push(Fault::new(field, "no name", "a name"));
            } else if !names.insert(name.to_owned()) {
                faults.push(Fault::new(field, format!("{name} again"), "each name once"));
            }
        };
        for (at, model) in self.models.iter().enumerate() {
            let field = format!("models[{at}]");
            name(format!("{field}.name"), &model.name, &mut faults);
            model.check(&field, &mut faults);
        }
        for (at, hardware) in self.hardware.iter().enumerate() {
            let field = format!("hardware[{at}]");
            name(format!("{field}.name"), &hardware.name, &mut faults);
            hardware.check(&field, &mut faults);
        }
        faults
    }
}

/// Models and hardware by their names.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    entries: Entries,
}

impl Default for Catalog {
    /// What edgelm carries.
    fn default() -> Self {
        Self {
            entries: CARRIED.clone(),
        }
    }
}

impl Catalog {
    /// The catalogue with own entries; one with the name of an entry that is there takes
    /// its place.
    ///
    /// # Errors
    /// All values of `own` that cannot be used.
    pub fn with(mut self, own: &Entries) -> Result<Self, Vec<Fault>> {
        let faults = own.check();
        if !faults.is_empty() {
            return Err(faults);
        }
        let Entries { models, hardware } = &mut self.entries;
        let replaced = |name: &str| {
            let mut names = own.models.iter().map(|model| &model.name);
            names.any(|own| own == name) || own.hardware.iter().any(|own| own.name == name)
        };
        models.retain(|model| !replaced(&model.name));
        hardware.retain(|one| !replaced(&one.name));
        models.extend(own.models.iter().cloned());
        hardware.extend(own.hardware.iter().cloned());
        Ok(self)
    }

    /// All models, own ones last.
    pub fn models(&self) -> &[ModelEntry] {
        &self.entries.models
    }

    /// All hardware, own last.
    pub fn hardware(&self) -> &[HardwareEntry] {
        &self.entries.hardware
    }

    /// The model of a name that `field` gives.
    ///
    /// # Errors
    /// There is none; with the nearest name.
    pub fn find_model(&self, field: &str, name: &str) -> Result<&ModelEntry, Fault> {
        let found = self.models().iter().find(|model| model.name == name);
        let names = self.models().iter().map(|model| model.name.as_str());
        found.ok_or_else(|| unknown(field, name, "a model", names))
    }

    /// The hardware of a name that `field` gives.
    ///
    /// # Errors
    /// There is none; with the nearest name.
    pub fn find_hardware(&self, field: &str, name: &str) -> Result<&HardwareEntry, Fault> {
        let found = self.hardware().iter().find(|one| one.name == name);
        let names = self.hardware().iter().map(|one| one.name.as_str());
        found.ok_or_else(|| unknown(field, name, "hardware", names))
    }
}

fn unknown<'n>(
    field: &str,
    name: &str,
    what: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Fault {
    let all: Vec<&str> = names.clone().collect();
    let all = all.join(", ");
    let allowed = match nearest(name, names) {
        Some(near) => format!("{what} of the catalogue (did you mean `{near}`?): {all}"),
        None => format!("{what} of the catalogue: {all}"),
    };
    Fault::new(field, format!("`{name}`"), allowed)
}

#[cfg(test)]
mod tests;

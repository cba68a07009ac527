//! A run before it is run: everything that its results depend on, in one file.
//!
//! A task's record is a function of the plan and the task's index alone, so that
//! tasks may be run anywhere, in any order and more than once.

use super::Experiment;
use super::tasks::Tasks;
use crate::scenario::{ALLOWED_NAMES, Diagnostic, Loaded, Scenario, is_plain_name};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The version of the plan's format.
const FORMAT: u32 = 2;

/// A resolved scenario with all that it refers to, and its tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    content: Content,
    hash: String,
}

/// What the hash is taken over, in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    edgelm: String,
    name: String,
    scenario: Scenario,
    files: BTreeMap<String, String>,
    tasks: Tasks,
}

/// Why a plan cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// It is not JSON, or not a plan.
    #[error("not a plan: {0}")]
    Json(#[from] serde_json::Error),
    /// It was written in another format.
    #[error("its format is {found}, this edgelm reads format {FORMAT}{}", of_cells(*found))]
    Format {
        /// Its format.
        found: u32,
    },
    /// It was made by another version, whose results may differ.
    #[error(
        "it was made by edgelm {found}, this is edgelm {}: run its tasks and merge them with \
         the version that planned them, or plan again",
        env!("CARGO_PKG_VERSION")
    )]
    Version {
        /// The version that made it.
        found: String,
    },
    /// Its name would lead out of the folder of results.
    #[error("its name is `{}`, allowed is {ALLOWED_NAMES}", found.escape_debug())]
    Name {
        /// Its name.
        found: String,
    },
    /// It was changed after it was made.
    #[error("its content does not match its hash: it was changed or damaged; plan again")]
    Hash,
}

/// What is said of the plans of a format.
fn of_cells(format: u32) -> &'static str {
    match format {
        1 => ": its `cells` are called `tasks` now; plan again",
        _ => "",
    }
}

impl Plan {
    /// The plan of an experiment. Policies that were added in code are not part of it.
    pub fn new(experiment: &Experiment) -> Self {
        let loaded = experiment.loaded();
        Self::of(Content {
            format: FORMAT,
            edgelm: env!("CARGO_PKG_VERSION").to_owned(),
            name: loaded.name.clone(),
            scenario: loaded.scenario.clone(),
            files: loaded.files(),
            tasks: experiment.tasks,
        })
    }

    fn of(content: Content) -> Self {
        let hash = match serde_json::to_vec(&content) {
            Ok(bytes) => blake3::hash(&bytes).to_hex().to_string(),
            Err(error) => unreachable!("plain data always serialises: {error}"),
        };
        Self { content, hash }
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        // What another version wrote is told apart before its fields are.
        #[derive(Deserialize)]
        struct Origin {
            format: u32,
            edgelm: String,
            hash: String,
        }
        let origin: Origin = serde_json::from_str(text)?;
        if origin.format != FORMAT {
            return Err(PlanError::Format {
                found: origin.format,
            });
        }
        if origin.edgelm != env!("CARGO_PKG_VERSION") {
            return Err(PlanError::Version {
                found: origin.edgelm,
            });
        }
        let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)?;
        fields.remove("hash");
        let plan = Self::of(serde_json::from_value(fields.into())?);
        if plan.hash != origin.hash {
            return Err(PlanError::Hash);
        }
        if !is_plain_name(plan.name()) {
            return Err(PlanError::Name {
                found: plan.name().to_owned(),
            });
        }
        Ok(plan)
    }

    /// The plan as JSON, one field a line.
    pub fn to_json(&self) -> String {
        let fields = match serde_json::to_value(&self.content) {
            Ok(serde_json::Value::Object(fields)) => fields,
            other => unreachable!("a structure serialises as an object, not as {other:?}"),
        };
        let mut text = format!("{{\n\"hash\": \"{}\"", self.hash);
        for (name, value) in &fields {
            text.push_str(&format!(",\n\"{name}\": {value}"));
        }
        text.push_str("\n}\n");
        text
    }

    /// The hash of scenario, files, tasks, format and edgelm's version, in
    /// hexadecimal (BLAKE3).
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The name of the results' folder.
    pub fn name(&self) -> &str {
        &self.content.name
    }

    /// How many tasks there are.
    pub fn task_count(&self) -> usize {
        self.content.tasks.count()
    }

    /// The experiment that the plan describes. `file` is where the plan came from:
    /// programs that a scenario names are looked for in its folder.
    ///
    /// # Errors
    /// What [`Experiment::new`] says of the scenario.
    pub fn experiment(&self, file: &Path) -> Result<Experiment, Vec<Diagnostic>> {
        let content = &self.content;
        let experiment = Experiment::new(Loaded::from_parts(
            content.scenario.clone(),
            &content.name,
            content.files.clone(),
            file.parent().unwrap_or(Path::new("")),
        )?)?;
        if experiment.tasks != content.tasks {
            return Err(vec![Diagnostic::new(format!(
                "{}: its tasks are not those of its scenario; plan again",
                file.display()
            ))]);
        }
        Ok(experiment)
    }
}

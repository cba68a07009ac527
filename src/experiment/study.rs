//! A study as a program writes it: a scenario, changed here and there, policies of its
//! own, and results.

use super::{Experiment, Results, RunError};
use crate::policy::Policy;
use crate::scenario::{self, Diagnostic, Loaded, Override};
use std::fmt::{self, Display};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A scenario to run from a program.
///
/// ```
/// use edgelm::Study;
///
/// # fn main() -> Result<(), edgelm::StudyError> {
/// let results = Study::from_ron("(users: (count: 20), policies: [LocalAll, EdgeAll])")?
///     .set("users.count", 5)?
///     .set("replications", 10)?
///     .run()?;
/// assert_eq!(results.points[0].policies[0].queries, 5 * 10);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Study {
    loaded: Loaded,
    policies: Vec<AddPolicy>,
    threads: Option<usize>,
    stop: Arc<AtomicBool>,
}

type AddPolicy = Box<dyn FnOnce(&mut Experiment)>;

impl Study {
    /// A scenario as RON text. Files that it names are looked for in the working folder.
    ///
    /// # Errors
    /// [`StudyError::Scenario`]: all that is wrong with it.
    pub fn from_ron(text: &str) -> Result<Self, StudyError> {
        Ok(Self::of(Loaded::from_text(
            text,
            Path::new("scenario.ron"),
            &[],
        )?))
    }

    /// A scenario file. Files that it names are looked for in its folder.
    ///
    /// # Errors
    /// [`StudyError::Scenario`]: all that is wrong with it, or that it cannot be read.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, StudyError> {
        Ok(Self::of(scenario::load(file.as_ref(), &[])?))
    }

    fn of(loaded: Loaded) -> Self {
        Self {
            loaded,
            policies: Vec::new(),
            threads: None,
            stop: Arc::default(),
        }
    }

    /// Sets a field, as `--set` does: the path of a field and a value as RON writes it,
    /// such as `("users.capacity_gflops", "Fixed(90)")`.
    ///
    /// # Errors
    /// [`StudyError::Scenario`]: no such field, or a value that it cannot have.
    pub fn set(mut self, field: &str, value: impl Display) -> Result<Self, StudyError> {
        let one = Override::set(field, &value.to_string());
        self.loaded = self.loaded.with_override(&one)?;
        Ok(self)
    }

    /// Adds a policy of your own, which results show under a name. It runs on the same
    /// draws as the scenario's policies, after them; `make` makes one for each worker.
    pub fn policy<F, P>(mut self, name: &str, make: F) -> Self
    where
        F: Fn() -> P + Send + Sync + Clone + 'static,
        P: Policy + 'static,
    {
        let name = name.to_owned();
        self.policies.push(Box::new(move |experiment| {
            experiment.add_policy(&name, make)
        }));
        self
    }

    /// Runs on as many threads; on all cores if it is not called. Results do not depend
    /// on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Ends the run with [`RunError::Interrupted`] once the flag is set.
    pub fn stop_on(mut self, flag: &Arc<AtomicBool>) -> Self {
        self.stop = Arc::clone(flag);
        self
    }

    /// Simulates everything and estimates.
    ///
    /// # Errors
    /// [`StudyError::Scenario`] if the sweep names no field, [`StudyError::Run`] if a policy
    /// fails.
    pub fn run(self) -> Result<Results, StudyError> {
        let (threads, stop) = (self.threads, Arc::clone(&self.stop));
        let experiment = self.experiment()?;
        Ok(experiment.run(threads, &stop, &|| ())?)
    }

    /// The study divided into points and tasks, for what [`Study::run`] does not do: single
    /// replications, plans, records of one's own.
    ///
    /// # Errors
    /// [`StudyError::Scenario`].
    pub fn experiment(self) -> Result<Experiment, StudyError> {
        let mut experiment = Experiment::new(self.loaded)?;
        for add in self.policies {
            add(&mut experiment);
        }
        Ok(experiment)
    }
}

/// Why a study has no results.
#[derive(Debug)]
#[non_exhaustive]
pub enum StudyError {
    /// The scenario cannot be used: everything that is wrong with it.
    Scenario(Vec<Diagnostic>),
    /// The run failed.
    Run(RunError),
}

impl Display for StudyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scenario(diagnostics) => {
                let texts: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
                f.write_str(&texts.join("\n\n"))
            }
            Self::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StudyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Scenario(_) => None,
            Self::Run(error) => Some(error),
        }
    }
}

impl From<Vec<Diagnostic>> for StudyError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Scenario(diagnostics)
    }
}

impl From<RunError> for StudyError {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_an_error_that_says_where() {
        let wrong = Study::from_ron("(users: (cuont: 5), policies: [EdgeAll])");
        let text = wrong.err().unwrap().to_string();
        assert!(text.contains("did you mean `count`"), "{text}");
        let study = Study::from_ron("(users: (count: 5), policies: [EdgeAll])").unwrap();
        let text = study.set("users.count", "many").err().unwrap().to_string();
        assert!(text.contains("users.count"), "{text}");
    }

    #[test]
    fn a_set_flag_stops_it() {
        let stop = Arc::new(AtomicBool::new(true));
        let study = Study::from_ron("(users: (count: 5), policies: [EdgeAll])").unwrap();
        let outcome = study.stop_on(&stop).run();
        assert!(matches!(
            outcome,
            Err(StudyError::Run(RunError::Interrupted))
        ));
    }
}

//! A question, and the search for its answer.

use super::bisection::{Edges, edges};
use super::condition::Condition;
use super::place::Growing;
use super::verdict::Verdict;
use super::{Answer, Finding, Place};
use crate::experiment::{Experiment, ReplicationRecord, RunError, by_replication};
use crate::fault::Fault;
use crate::scenario::{Diagnostic, Loaded, Override};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

/// Steps between the ends of a range of numbers that need not be whole, if not given.
const STEPS: f64 = 100.0;

/// Steps at most.
const MOST_STEPS: f64 = 1e9;

/// How far a field may go.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The field's path, as in a sweep.
    pub field: String,
    /// Its least value.
    pub low: f64,
    /// Its greatest value.
    pub high: f64,
    /// The distance between values: 1 if not given where the field counts something, else
    /// a hundredth of the range.
    pub step: Option<f64>,
    /// What must hold, as [`Condition::read`] reads it.
    pub such_that: Vec<String>,
    /// Replications of the first look at a value.
    pub min_replications: u32,
    /// Replications of a value at most.
    pub max_replications: u32,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The question cannot be asked of this scenario.
    #[error("{0}")]
    Question(#[from] Fault),
    /// The scenario is not valid at a value of the field.
    #[error("the scenario is not valid at a value of the field")]
    Scenario(Vec<Diagnostic>),
    /// A simulation failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// The search for how far a field of a scenario may go such that conditions hold, for each
/// policy. The scenario's own sweep is left out. All policies and all values see the same
/// draws.
pub struct Search<'q> {
    single: Loaded,
    question: &'q Question,
    step: f64,
    /// The last place of the grid; the first is zero.
    last: usize,
    conditions: Vec<Condition>,
    policies: Vec<String>,
    places: BTreeMap<usize, Growing>,
}

impl<'q> Search<'q> {
    /// Checks a question.
    ///
    /// # Errors
    /// [`FindError`]: it cannot be asked, or not of this scenario.
    pub fn new(loaded: &Loaded, question: &'q Question) -> Result<Self, FindError> {
        let Question {
            low,
            high,
            min_replications: min,
            max_replications: max,
            ..
        } = *question;
        if !(low.is_finite() && high.is_finite() && low < high) {
            let found = format!("{low} {high}");
            return Err(Fault::new("between", found, "two numbers, the smaller one first").into());
        }
        if min < 2 || max < min {
            let found = format!("{min} at least and {max} at most");
            let allowed = "2 at least, and at most as many or more";
            return Err(Fault::new("replications", found, allowed).into());
        }
        if question.such_that.is_empty() {
            return Err(Fault::new("such-that", "nothing", "at least one condition").into());
        }
        let single = loaded
            .without_sweep()
            .with_override(&Override {
                field: "replications".to_owned(),
                value: max.to_string(),
                source: format!("--max-replications {max}"),
            })
            .map_err(FindError::Scenario)?;
        let mut search = Self {
            single,
            question,
            step: 1.0,
            last: 1,
            conditions: Vec::new(),
            policies: Vec::new(),
            places: BTreeMap::new(),
        };
        search.lay_grid()?;
        let experiment = search.experiment(low)?;
        let Some(point) = experiment.points().next() else {
            return Err(Fault::new("policies", "none", "at least one").into());
        };
        let nothing = ReplicationRecord::default();
        let measures = by_replication(point.scenario, &nothing);
        let names: Vec<&str> = measures.iter().map(|measure| measure.0).collect();
        search.conditions = question
            .such_that
            .iter()
            .map(|text| Condition::read(text, &names, &point.policies))
            .collect::<Result<_, _>>()?;
        let at_high = search.experiment(high)?;
        let others = at_high.points().next().map(|point| point.policies);
        search.policies = point
            .policies
            .iter()
            .zip(others.unwrap_or_default())
            .map(|(label, other)| match *label == other {
                true => (*label).to_owned(),
                false => label.split('(').next().unwrap_or(label).to_owned(),
            })
            .collect();
        Ok(search)
    }

    fn lay_grid(&mut self) -> Result<(), FindError> {
        let Question { low, high, .. } = *self.question;
        // A field that takes no fraction counts something.
        let counts = low.fract() == 0.0 && self.at(low + 0.5).is_err();
        let range = high - low;
        let step = match self.question.step {
            Some(step) => step,
            None if counts => 1.0,
            None => range / STEPS,
        };
        let fits = step > 0.0 && step <= range && (!counts || step.fract() == 0.0);
        if !fits || range / step > MOST_STEPS {
            let whole = if counts { "a whole number" } else { "a number" };
            let allowed =
                format!("{whole} above 0, at most {range}, at least a {MOST_STEPS:e}th of it");
            return Err(Fault::new("step", step, allowed).into());
        }
        self.step = step;
        self.last = (range / step - 1e-9).ceil() as usize;
        Ok(())
    }

    fn value(&self, at: usize) -> f64 {
        if at == self.last {
            return self.question.high;
        }
        let value = self.question.low + at as f64 * self.step;
        // 0.1 + 2 x 0.1 is not 0.3.
        format!("{value:.11e}").parse().unwrap_or(value)
    }

    fn at(&self, value: f64) -> Result<Loaded, Vec<Diagnostic>> {
        let field = &self.question.field;
        self.single.with_override(&Override {
            field: field.clone(),
            value: value.to_string(),
            source: format!("--field {field}, at {value}"),
        })
    }

    fn experiment(&self, value: f64) -> Result<Experiment, FindError> {
        let loaded = self.at(value).map_err(FindError::Scenario)?;
        Experiment::new(loaded).map_err(FindError::Scenario)
    }

    /// The studies at the ends of the range, each with as many replications as are allowed.
    ///
    /// # Errors
    /// [`FindError::Scenario`].
    pub fn ends(&self) -> Result<[Experiment; 2], FindError> {
        let Question { low, high, .. } = *self.question;
        Ok([self.experiment(low)?, self.experiment(high)?])
    }

    /// What holds for a policy at a place, after as many looks as that takes.
    fn verdict(
        &mut self,
        at: usize,
        policy: usize,
        threads: Option<usize>,
        stop: &AtomicBool,
        done: &dyn Fn(&Place),
    ) -> Result<Verdict, FindError> {
        if !self.places.contains_key(&at) {
            let value = self.value(at);
            let growing = Growing::new(self.experiment(value)?, value, self.conditions.len());
            self.places.insert(at, growing);
        }
        let most = self.question.max_replications;
        loop {
            let Some(growing) = self.places.get_mut(&at) else {
                return Ok(Verdict::Undecided);
            };
            let place = &growing.place;
            let known = place.policies.get(policy).map(|known| known.verdict);
            match known {
                Some(verdict) if verdict != Verdict::Undecided || place.replications == most => {
                    return Ok(verdict);
                }
                _ => {}
            }
            let wanted = match place.replications {
                0 => self.question.min_replications,
                before => before.saturating_mul(2).min(most),
            };
            growing.look(wanted, &self.conditions, threads, stop)?;
            done(&growing.place);
        }
    }

    fn answer(&self, found: Edges, policy: usize) -> Answer {
        let known = |at: usize| {
            let place = self.places.get(&at).map(|growing| &growing.place);
            place.map(|place| place.policies[policy].verdict)
        };
        let (first, last) = (known(0), known(self.last));
        let fails = found.fails.map(|at| self.value(at));
        match found.holds {
            None => match fails {
                None => Answer::Undecided,
                Some(_) if first == last => Answer::Nowhere,
                Some(fails) if first == Some(Verdict::Fails) => Answer::FailsUpTo(fails),
                Some(fails) => Answer::FailsFrom(fails),
            },
            Some(_) if first == last => Answer::Throughout,
            Some(at) if first == Some(Verdict::Holds) => Answer::UpTo {
                holds: self.value(at),
                fails,
            },
            Some(at) => Answer::From {
                holds: self.value(at),
                fails,
            },
        }
    }

    /// Searches on `threads` threads (all cores if `None`); `done` is shown each look at a
    /// value.
    ///
    /// # Errors
    /// [`FindError::Run`], and [`FindError::Scenario`] for a value within the range at which
    /// the scenario is not valid.
    pub fn run(
        mut self,
        threads: Option<usize>,
        stop: &AtomicBool,
        done: &dyn Fn(&Place),
    ) -> Result<Finding, FindError> {
        let mut answers = Vec::new();
        for policy in 0..self.policies.len() {
            let found = edges(self.last, |at| {
                self.verdict(at, policy, threads, stop, done)
            })?;
            answers.push(self.answer(found, policy));
        }
        Ok(self.finish(answers))
    }

    fn finish(self, answers: Vec<Answer>) -> Finding {
        let path: Vec<Place> = self
            .places
            .into_values()
            .map(|growing| growing.place)
            .collect();
        let named = self.policies.iter().enumerate();
        let warnings = named
            .filter(|(policy, _)| changes(&path, *policy) > 1)
            .map(|(_, name)| {
                format!(
                    "{name}: the conditions hold, fail and hold again as {} grows: there is no \
                     single answer",
                    self.question.field
                )
            })
            .collect();
        Finding {
            field: self.question.field.clone(),
            low: self.question.low,
            high: self.question.high,
            step: self.step,
            conditions: self.conditions,
            policies: self.policies,
            answers,
            path,
            warnings,
        }
    }
}

/// How often the decided verdicts of a policy change along the path.
fn changes(path: &[Place], policy: usize) -> usize {
    let decided: Vec<Verdict> = path
        .iter()
        .map(|place| place.policies[policy].verdict)
        .filter(|verdict| *verdict != Verdict::Undecided)
        .collect();
    decided.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

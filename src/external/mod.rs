//! Policies in any language: a program that answers on its standard output.
//!
//! One process serves one worker at a time and is used again by the next; it is
//! told when a replication begins. The protocol is described in
//! `docs/your-own-policy.md`, the messages are in [`protocol`].

mod error;
mod process;
pub mod protocol;

pub use error::ExternalError;

use crate::plan::Plan;
use crate::policy::{Continuation, External, Policy, PolicyError, QueryEvent};
use crate::snapshot::{Choice, Completion, Decision, View};
use process::Process;
use protocol::{Answer, GoesOn, ToProgram};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The running programs of an experiment: those that no worker uses just now wait
/// here. They are ended when this is dropped.
#[derive(Debug, Default)]
pub struct Programs {
    /// Where programs are started.
    folder: PathBuf,
    idle: Mutex<HashMap<External, Vec<Process>>>,
}

impl Programs {
    /// None running yet; they will be started in `folder` (empty: where edgelm is).
    pub fn in_folder(folder: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            folder,
            idle: Mutex::default(),
        })
    }

    /// A policy that asks a program, which is started when it is first needed.
    pub fn policy(self: &Arc<Self>, external: &External) -> Box<dyn Policy> {
        Box::new(ExternalPolicy {
            programs: Arc::clone(self),
            external: external.clone(),
            process: None,
            begins: true,
            asked: 0,
            plans: Vec::new(),
        })
    }

    fn take(&self, external: &External) -> Result<Process, ExternalError> {
        let waiting = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(external)
            .and_then(Vec::pop);
        match waiting {
            Some(process) => Ok(process),
            None => Process::start(external, &self.folder),
        }
    }

    fn give_back(&self, external: &External, process: Process) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(external.clone())
            .or_default()
            .push(process);
    }
}

/// A policy that another process decides.
#[derive(Debug)]
struct ExternalPolicy {
    programs: Arc<Programs>,
    external: External,
    process: Option<Process>,
    /// Whether the program is still to be told that a replication begins.
    begins: bool,
    /// How many decisions have been asked for; numbers the messages.
    asked: u64,
    /// The plans of its last decision, by waiting query.
    plans: Vec<Plan>,
}

impl ExternalPolicy {
    fn ask(&mut self, view: &View<'_>) -> Result<Decision, ExternalError> {
        let process = match &mut self.process {
            Some(process) => process,
            empty => empty.insert(self.programs.take(&self.external)?),
        };
        if std::mem::take(&mut self.begins) {
            process.send(&ToProgram::BeginReplication);
        }
        self.asked += 1;
        process.send(&ToProgram::decide(self.asked, view));
        let answer: Answer = answered(process)?;
        same_message(&self.external, self.asked, answer.id)?;
        let decision = decision(&self.external, view, &answer)?;
        self.plans = plans(&self.external, &decision, &answer)?;
        Ok(decision)
    }

    fn ask_again(&mut self, event: &QueryEvent) -> Result<Continuation, ExternalError> {
        let Some(process) = self.process.as_mut().filter(|process| process.follows()) else {
            return Ok(Continuation::AsPlanned);
        };
        self.asked += 1;
        process.send(&ToProgram::event(self.asked, event));
        let answer: GoesOn = answered(process)?;
        same_message(&self.external, self.asked, answer.id)?;
        Ok(answer.goes_on.into())
    }

    fn failed(&mut self, error: &ExternalError) -> PolicyError {
        // What it does next cannot be trusted.
        self.process = None;
        PolicyError::Failed(error.to_string())
    }
}

/// The program's next line.
fn answered<A: DeserializeOwned>(process: &mut Process) -> Result<A, ExternalError> {
    let line = process.receive()?;
    serde_json::from_str(&line).map_err(|error| process.nonsense(&line, &error))
}

fn same_message(external: &External, expected: u64, found: u64) -> Result<(), ExternalError> {
    if found == expected {
        return Ok(());
    }
    Err(ExternalError::WrongId {
        program: external.command.join(" "),
        expected,
        found,
    })
}

/// The decision that a program's line means for a snapshot.
///
/// # Errors
/// [`ExternalError::Nonsense`], or a query or server that does not exist or stands twice.
pub fn decision_of(line: &str, view: &View<'_>) -> Result<Decision, ExternalError> {
    let answer: Answer = serde_json::from_str(line).map_err(|error| ExternalError::Nonsense {
        program: String::new(),
        line: line.to_owned(),
        reason: error.to_string(),
        stderr: String::new(),
    })?;
    let external = External {
        command: Vec::new(),
        time_limit_ms: 0,
    };
    decision(&external, view, &answer)
}

fn decision(
    external: &External,
    view: &View<'_>,
    answer: &Answer,
) -> Result<Decision, ExternalError> {
    let program = || external.command.join(" ");
    let mut decision = Decision::all_local(view.queries.len());
    for &(query, server) in &answer.offload {
        let at = usize::try_from(query)
            .ok()
            .filter(|&at| at < view.queries.len())
            .ok_or_else(|| ExternalError::NoSuchQuery {
                program: program(),
                query,
                waiting: view.queries.len(),
            })?;
        let to = usize::try_from(server)
            .ok()
            .filter(|&to| to < view.servers.len())
            .ok_or_else(|| ExternalError::NoSuchServer {
                program: program(),
                query,
                server,
                servers: view.servers.len(),
            })?;
        if let Choice::Edge(first) = decision.choices[at] {
            return Err(ExternalError::DecidedTwice {
                program: program(),
                query,
                user: view.queries[at].user,
                first,
                second: to,
            });
        }
        decision.choices[at] = Choice::Edge(to);
    }
    Ok(decision)
}

/// The plan of every waiting query; those that are offloaded may have one of several steps.
fn plans(
    external: &External,
    decision: &Decision,
    answer: &Answer,
) -> Result<Vec<Plan>, ExternalError> {
    let mut plans = vec![None; decision.choices.len()];
    for &(query, plan) in &answer.plans {
        let refuse = |reason: &str| ExternalError::NoPlan {
            program: external.command.join(" "),
            query,
            reason: reason.to_owned(),
        };
        let at = usize::try_from(query).ok().filter(|&at| at < plans.len());
        let at = at.ok_or_else(|| refuse("it does not wait"))?;
        if decision.choices[at] == Choice::Local {
            return Err(refuse("sent it to no server"));
        }
        if plans[at].replace(plan).is_some() {
            return Err(refuse("has given it one already"));
        }
    }
    Ok(plans.into_iter().map(Option::unwrap_or_default).collect())
}

impl Policy for ExternalPolicy {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        self.ask(view).map_err(|error| self.failed(&error))
    }

    fn plan(&mut self, _view: &View<'_>, query: usize) -> Plan {
        self.plans.get(query).copied().unwrap_or_default()
    }

    fn asked_again(&mut self, event: &QueryEvent) -> Result<Continuation, PolicyError> {
        self.ask_again(event).map_err(|error| self.failed(&error))
    }

    fn begin_replication(&mut self) {
        self.begins = true;
    }

    fn observe(&mut self, completion: &Completion) {
        if let Some(process) = &mut self.process
            && process.observes()
        {
            process.send(&ToProgram::completed(completion));
        }
    }
}

impl Drop for ExternalPolicy {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            self.programs.give_back(&self.external, process);
        }
    }
}

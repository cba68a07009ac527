//! `edgelm find`: how far a field may go such that conditions hold.

use super::formats::Formats;
use super::programs::Consent;
use super::run::stop_on_ctrl_c;
use super::{Changes, Failure, capacity, placing, print, warn_of};
use crate::experiment::{Plan, RunError};
use crate::finding::{FindError, Question, Search};
use crate::report;
use crate::scenario::{self, Diagnostic};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Find how far a field may go such that conditions hold, for each policy: how many users
/// a cell serves at a p99 below 150 ms
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file; its sweep is left out
    scenario: PathBuf,
    /// The field that is varied, such as users.count
    #[arg(long, value_name = "FIELD")]
    field: String,
    /// The ends of the range in which the answer is looked for
    #[arg(long, num_args = 2, required = true, value_names = ["LOW", "HIGH"], allow_negative_numbers = true)]
    between: Vec<f64>,
    /// What must hold, such as 'delay_p99_ms < 150' or 'accuracy > EdgeAll - 2' (accuracy
    /// in per cent); given several times, all of it
    #[arg(long, value_name = "CONDITION", required = true)]
    such_that: Vec<String>,
    /// The distance between values: 1 if not given where the field counts something, else a
    /// hundredth of the range
    #[arg(long, value_name = "STEP")]
    step: Option<f64>,
    /// Replications of the first look at a value; each look has twice as many as the last
    #[arg(long, value_name = "N", default_value_t = 16)]
    min_replications: u32,
    /// Replications of a value at most
    #[arg(long, value_name = "N", default_value_t = 1024)]
    max_replications: u32,
    /// Print the answer as JSON, with the values that were simulated
    #[arg(long)]
    json: bool,
    /// Write into DIR/<scenario's name>-find
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,
    #[command(flatten)]
    formats: Formats,
    /// Threads to use; all cores if not given. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    #[command(flatten)]
    programs: Consent,
    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let overrides = args.changes.list();
    let loaded = scenario::load(&args.scenario, &overrides)?;
    args.programs.ask(&loaded, &overrides)?;
    warn_of(&loaded.warnings());
    let (low, high) = match args.between[..] {
        [low, high] => (low, high),
        _ => {
            return Err(
                Diagnostic::new("--between: found no two numbers, allowed is LOW HIGH").into(),
            );
        }
    };
    let question = Question {
        field: args.field.clone(),
        low,
        high,
        step: args.step,
        such_that: args.such_that.clone(),
        min_replications: args.min_replications,
        max_replications: args.max_replications,
    };
    let search = Search::new(&loaded, &question)?;
    let ends = search.ends()?;
    for experiment in &ends {
        capacity::check(experiment, args.threads)?;
    }
    // The plan holds the files that the scenario names, too.
    let plans = ends.each_ref().map(|end| Plan::new(end).hash().to_owned());
    let identity = blake3::hash(format!("{plans:?} {question:?}").as_bytes()).to_hex();
    let place = args.out.join(format!("{}-find", loaded.name));
    let directory = placing::prepare(place, &identity, "question")?;
    let stop = stop_on_ctrl_c()?;
    let started = Instant::now();
    let found = search.run(args.threads.map(usize::from), &stop, &|place| {
        let verdicts = place.policies.iter().map(|policy| policy.verdict.name());
        tell!(
            "{} = {}, {} replications: {}",
            args.field,
            place.value,
            place.replications,
            verdicts.collect::<Vec<_>>().join(", ")
        );
    })?;
    let files = report::finding::files(&loaded.scenario.title, &found, args.formats.list())
        .map_err(placing::failed)?;
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted);
    }
    let replaced = directory.write(&files).map_err(placing::failed)?;
    placing::tell_replaced(&directory, &replaced);
    if args.json {
        print(&report::finding::json(&found).map_err(placing::failed)?)?;
    } else {
        print(&report::finding::summary(&found))?;
    }
    for warning in &found.warnings {
        insist!("warning: {warning}");
    }
    tell!(
        "{} values simulated in {:.2} s, {} files written to {}",
        found.path.len(),
        started.elapsed().as_secs_f64(),
        files.len(),
        placing::shown(directory.path())
    );
    Ok(())
}

impl From<FindError> for Failure {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Question(fault) => Diagnostic::new(format!("--{fault}")).into(),
            FindError::Scenario(diagnostics) => Self::Input(diagnostics),
            FindError::Run(RunError::Interrupted) => Self::Interrupted,
            FindError::Run(error) => Self::Failed(error.to_string()),
        }
    }
}

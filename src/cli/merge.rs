//! `edgelm merge`: from the records of all tasks to the files of a run.

use super::{Failure, placing, plan, print};
use crate::experiment::{RecordStore, TaskRanges};
use crate::report::{self, ReplicationRows};
use crate::scenario::Diagnostic;
use std::path::PathBuf;

/// Fold the records of a plan's tasks into the files that `edgelm run` writes
///
/// Reads every file that ends in .records. If tasks are missing, prints them in the form
/// that `edgelm shard --tasks` takes, and exits with code 3.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The plan that `edgelm plan` wrote
    plan: PathBuf,
    /// Folders with records
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Write into DIR/<scenario's name>
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (plan, experiment) = plan::read(&args.plan)?;
    let (name, hash) = (plan.name().to_owned(), plan.hash().to_owned());
    let store = RecordStore::of_folders(plan, &args.folders)
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    for damaged in store.damaged() {
        tell!("warning: {damaged}");
    }
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let missing = experiment.missing(&store).map_err(|e| failed(&e))?;
    if !missing.is_empty() {
        return Err(Failure::Incomplete(TaskRanges::of(&missing)));
    }
    let directory = placing::prepare(args.out.join(name), &hash, "study")?;
    let mut replications =
        ReplicationRows::begin(&experiment, &directory).map_err(|error| failed(&error))?;
    let results = experiment
        .fold(&store, &mut |replication| replications.write(replication))
        .map_err(|error| failed(&error))?;
    let replications = replications.finish().map_err(|error| failed(&error))?;
    let files = report::files(experiment.loaded(), &results).map_err(|error| failed(&error))?;
    let replaced = directory
        .write_with(&files, vec![replications])
        .map_err(|error| failed(&error))?;
    placing::tell_replaced(&directory, &replaced);
    print(&report::summary(&results))?;
    for warning in &results.warnings {
        tell!("warning: {warning}");
    }
    super::run::warn(&results);
    tell!(
        "{} tasks merged, {} files written to {}",
        experiment.task_count(),
        files.len() + 1,
        placing::shown(directory.path())
    );
    Ok(())
}

//! `edgelm merge`: from the records of all tasks to the files of a run.

use super::formats::Formats;
use super::{Failure, placing, plan, print};
use crate::experiment::{RecordStore, TaskRanges};
use crate::report;
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
    #[command(flatten)]
    formats: Formats,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (plan, experiment) = plan::read(&args.plan)?;
    let (name, hash) = (plan.name().to_owned(), plan.hash().to_owned());
    let store = RecordStore::of_folders(plan, &args.folders)
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    for damaged in store.damaged() {
        insist!("warning: {damaged}");
    }
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let missing = experiment.missing(&store).map_err(|e| failed(&e))?;
    if !missing.is_empty() {
        return Err(Failure::Incomplete(TaskRanges::of(&missing)));
    }
    let directory = placing::prepare(args.out.join(name), &hash, "study")?;
    let (results, files, streamed) =
        super::run::fold(&experiment, &store, &args.formats, &directory)?;
    let written = files.len() + streamed.len();
    let replaced = directory
        .write_with(&files, streamed)
        .map_err(|error| failed(&error))?;
    placing::tell_replaced(&directory, &replaced);
    print(&report::summary(&results))?;
    for warning in &results.warnings {
        insist!("warning: {warning}");
    }
    super::run::warn(&results);
    tell!(
        "{} tasks merged, {} files written to {}",
        experiment.task_count(),
        written,
        placing::shown(directory.path())
    );
    Ok(())
}

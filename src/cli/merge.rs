//! `edgelm merge`: from the records of all cells to the files of a run.

use super::{Failure, placing, plan, print};
use crate::experiment::Collected;
use crate::report;
use crate::scenario::Diagnostic;
use std::path::PathBuf;

/// Fold the records of a plan's cells into the files that `edgelm run` writes
///
/// Reads every file that ends in .cells. If cells are missing, prints them in the form
/// that `edgelm shard --cells` takes, and exits with code 3.
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
    let collected = Collected::read(&plan, &args.folders)
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    for damaged in collected.damaged() {
        tell!("warning: {damaged}");
    }
    let replications = collected
        .replications(&experiment)
        .map_err(Failure::Incomplete)?;
    let directory = placing::prepare(args.out.join(plan.name()), plan.hash(), "study")?;
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let replications = report::replications(&experiment, replications, &directory)
        .map_err(|error| failed(&error))?;
    let results = collected
        .results(&experiment)
        .map_err(Failure::Incomplete)?;
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
        "{} cells merged, {} files written to {}",
        plan.cell_count(),
        files.len() + 1,
        placing::shown(directory.path())
    );
    Ok(())
}

//! `edgelm plan`: everything that a run's results depend on, in one file.

use super::{Failure, Overrides, print, warn_of};
use crate::experiment::{Experiment, Plan, PlanError};
use crate::scenario::{self, Diagnostic};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Write the plan of a run, to run its tasks anywhere with `edgelm shard`
///
/// The plan holds the resolved scenario, the files it refers to, the run's tasks and
/// a hash of all. A task's result depends on nothing but the plan and its index.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file
    scenario: PathBuf,
    /// The plan to write; `-` writes to standard output
    #[arg(short, long, value_name = "PLAN")]
    out: PathBuf,
    #[command(flatten)]
    overrides: Overrides,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let loaded = scenario::load(&args.scenario, &args.overrides.list())?;
    let experiment = Experiment::new(loaded)?;
    warn_of(&experiment.loaded().warnings());
    let plan = Plan::new(&experiment);
    if args.out == Path::new("-") {
        return print(&plan.to_json());
    }
    write(&args.out, plan.to_json().as_bytes()).map_err(|error| {
        Failure::Failed(format!("cannot write {}: {error}", args.out.display()))
    })?;
    tell!(
        "{} tasks planned, hash {:.12}, written to {}",
        plan.task_count(),
        plan.hash(),
        args.out.display()
    );
    Ok(())
}

fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".edgelm-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut beside = builder.tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(file)?;
    Ok(())
}

/// Reads a plan and the experiment it describes.
pub(super) fn read(file: &Path) -> Result<(Plan, Experiment), Failure> {
    let text = scenario::read(file)?;
    let plan = Plan::from_json(&text)
        .map_err(|error: PlanError| Diagnostic::new(format!("{}: {error}", file.display())))?;
    let experiment = plan.experiment(file)?;
    Ok((plan, experiment))
}

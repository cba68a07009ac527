//! `edgelm shard`: run some tasks of a plan.

use super::programs::Consent;
use super::{Failure, capacity, plan};
use crate::experiment::{Plan, RecordError, RecordFolder, RunError, TaskRanges, record_bytes};
use crate::scenario::Diagnostic;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Run some tasks of a plan; write one record a task
///
/// Without --tasks the tasks are the block of --block K tasks that the index of the
/// array scheduler says: HQ_TASK_ID (HyperQueue), JOB_COMPLETION_INDEX
/// (Kubernetes indexed jobs) or SLURM_ARRAY_TASK_ID (Slurm), counted from 0.
///
/// Exit codes: 0 done; 1 to 127 a failure that running it again will not cure. Killed
/// by a signal (128 and above, as shells show it): run it again, what is written stays.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The plan that `edgelm plan` wrote
    plan: PathBuf,
    /// The tasks to run, A..B without B; several ranges with commas between
    #[arg(long, value_name = "A..B", conflicts_with = "block")]
    tasks: Option<TaskRanges>,
    #[arg(long, hide = true, value_name = "A..B", value_parser = former_name)]
    cells: Option<String>,
    /// Tasks in the block of a job of an array
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    block: Option<u64>,
    /// The folder for the records, `task-<index>.records` each; tasks whose record is
    /// there are skipped. `-` writes all records to standard output
    #[arg(long, value_name = "DIR|-", default_value = "records")]
    out: PathBuf,
    /// Threads to use; all cores if not given. Records do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    #[command(flatten)]
    programs: Consent,
}

/// The option of earlier versions is refused, with the one to use.
fn former_name(ranges: &str) -> Result<String, String> {
    Err(format!(
        "what was called a cell is called a task now: write --tasks {ranges}"
    ))
}

/// Where array schedulers put the index of a job, the innermost first: a HyperQueue
/// worker may itself live in a job of a Slurm array.
const INDEX_VARIABLES: [&str; 3] = ["HQ_TASK_ID", "JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID"];

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (plan, experiment) = plan::read(&args.plan)?;
    args.programs.ask(experiment.loaded(), &[])?;
    capacity::check(&experiment, args.threads)?;
    let tasks = tasks(args, &plan)?;
    // Nobody sets it: a signal ends the process at once, which is what tells its
    // scheduler to try again.
    let never = AtomicBool::new(false);
    let threads = args.threads.map(usize::from);
    let failed = |error: RunError| match error {
        RunError::Record(
            error @ (RecordError::Foreign { .. } | RecordError::FormerName { .. }),
        ) => refuse(&error),
        other => Failure::Failed(other.to_string()),
    };
    if args.out == Path::new("-") {
        if goes_nowhere() {
            return Err(Diagnostic::new(
                "--out -: standard output is closed or /dev/null, where no record is kept",
            )
            .into());
        }
        let write = |record| {
            let bytes = record_bytes(&plan, &record);
            let mut stdout = std::io::stdout().lock();
            let written = stdout.write_all(&bytes).and_then(|()| stdout.flush());
            written.map_err(|reason| {
                RunError::Record(RecordError::Io {
                    action: "write to",
                    file: "standard output".into(),
                    reason,
                })
            })
        };
        experiment
            .run_tasks(&tasks, threads, &never, &write)
            .map_err(failed)?;
        return Ok(());
    }
    let folder = RecordFolder::prepare(&plan, args.out.clone()).map_err(|error| refuse(&error))?;
    let mut wanted = Vec::new();
    for &task in &tasks {
        if !folder.has(task).map_err(|error| failed(error.into()))? {
            wanted.push(task);
        }
    }
    experiment
        .run_tasks(&wanted, threads, &never, &|record| {
            Ok(folder.write(&record)?)
        })
        .map_err(failed)?;
    tell!(
        "{} tasks run, {} were there already, in {}",
        wanted.len(),
        tasks.len() - wanted.len(),
        args.out.display()
    );
    Ok(())
}

/// Whether standard output is `/dev/null`, which stands there, too, where it was closed
/// when the process began.
#[cfg(unix)]
fn goes_nowhere() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    let stdout = stdout.and_then(|fd| std::fs::File::from(fd).metadata());
    match (stdout, std::fs::metadata("/dev/null")) {
        (Ok(stdout), Ok(null)) => stdout.rdev() == null.rdev() && stdout.ino() == null.ino(),
        (Err(_), _) => true,
        _ => false,
    }
}

#[cfg(not(unix))]
fn goes_nowhere() -> bool {
    false
}

fn refuse(error: &RecordError) -> Failure {
    Diagnostic::new(error.to_string()).into()
}

fn tasks(args: &Args, plan: &Plan) -> Result<Vec<usize>, Diagnostic> {
    let all = plan.task_count();
    if let Some(ranges) = &args.tasks {
        if ranges.end() > all {
            return Err(Diagnostic::new(format!(
                "--tasks {ranges}: the plan has tasks 0..{all}"
            )));
        }
        return Ok(ranges.indices());
    }
    let (variable, text) = INDEX_VARIABLES
        .iter()
        .find_map(|variable| Some((variable, std::env::var(variable).ok()?)))
        .ok_or_else(|| {
            Diagnostic::new("which tasks?").help(format!(
                "give --tasks A..B (this plan has tasks 0..{all}), or start it as a job of \
                     an array: {}",
                INDEX_VARIABLES.join(", ")
            ))
        })?;
    let index: usize = text.parse().map_err(|_| {
        Diagnostic::new(format!(
            "{variable}: found {text}, allowed is a whole number"
        ))
    })?;
    let block = args
        .block
        .map_or(1, |block| usize::try_from(block).unwrap_or(usize::MAX));
    let first = index.saturating_mul(block);
    if first >= all {
        tell!("{variable}={index}: no tasks, the plan has only {all}");
    }
    Ok((first.min(all)..first.saturating_add(block).min(all)).collect())
}

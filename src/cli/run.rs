//! `edgelm run`: simulate a scenario and write what came out.

use super::{Failure, Overrides, detail, print, warn_of};
use crate::experiment::{Experiment, Journal, Plan, Results, RunError};
use crate::report::{self, OutputDirectory, ReplicationRows};
use crate::scenario::{self, Diagnostic};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Simulate a scenario; write tables, histograms and plots
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file
    scenario: PathBuf,
    /// Write into DIR/<scenario's name>
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,
    /// Threads to use; all cores if not given. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Continue an interrupted run of the same scenario with the same options
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    detail: detail::Options,
    #[command(flatten)]
    overrides: Overrides,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let loaded = scenario::load(&args.scenario, &args.overrides.list())?;
    let experiment = Experiment::new(loaded)?;
    let loaded = experiment.loaded();
    warn_of(&loaded.warnings());
    // Before any work: a directory that cannot be written must not cost a run.
    let directory = OutputDirectory::prepare(args.out.join(&loaded.name))
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    let plan = Plan::new(&experiment);
    let journal = if args.resume {
        Journal::resume(directory.path(), plan)
    } else {
        Journal::begin(directory.path(), plan)
    }
    .map_err(|error| Diagnostic::new(error.to_string()))?;
    let store = journal.store();
    let (all, kept) = (experiment.task_count(), || store.count());
    if args.resume {
        eprintln!("{} of {all} tasks are there from before", kept());
    }
    let before = kept();
    let stop = stop_on_ctrl_c()?;
    let progress = Progress::new((all - before) as u64);
    let started = Instant::now();
    let threads = args.threads.map(usize::from);
    let completed = experiment.complete(store, threads, &stop, &|| progress.advance());
    progress.finish();
    completed.map_err(|error| match error {
        RunError::Interrupted => {
            eprintln!(
                "{} of {all} tasks are kept: the same command with --resume continues",
                kept()
            );
            Failure::Interrupted
        }
        other => Failure::Failed(other.to_string()),
    })?;
    let simulated_tasks = kept() - before;
    let simulated = started.elapsed();
    let mut replications = ReplicationRows::begin(&experiment, &directory)
        .map_err(|e| Failure::Failed(e.to_string()))?;
    let results = experiment
        .fold(store, &mut |replication| replications.write(replication))
        .map_err(|e| Failure::Failed(e.to_string()))?;
    let replications = replications
        .finish()
        .map_err(|e| Failure::Failed(e.to_string()))?;
    let files = report::files(loaded, &results).map_err(|e| Failure::Failed(e.to_string()))?;
    let mut streamed = vec![replications];
    streamed.extend(args.detail.write(&experiment, &directory, &stop)?);
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted);
    }
    let written = files.len() + streamed.len();
    directory
        .write_with(&files, streamed)
        .map_err(|error| Failure::Failed(error.to_string()))?;
    journal
        .remove()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    print(&report::summary(&results))?;
    warn(&results);
    eprintln!(
        "{} tasks simulated in {:.2} s, {} files written to {}",
        simulated_tasks,
        simulated.as_secs_f64(),
        written,
        directory.path().display()
    );
    Ok(())
}

/// Says on stderr what is doubtful about the results of policies.
pub(super) fn warn(results: &Results) {
    for point in &results.points {
        for policy in &point.policies {
            let at = point.value.map_or_else(String::new, |value| {
                format!("{} = {value}, ", results.sweep_field)
            });
            for warning in &policy.warnings {
                eprintln!("warning: {at}{}: {warning}", policy.policy);
            }
        }
    }
}

/// A flag that Ctrl-C sets.
pub(super) fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(stop)
}

/// A progress bar on stderr that appears once a run has taken a second, and only
/// on a terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: AtomicBool,
}

impl Progress {
    pub(super) fn new(tasks: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(tasks), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:40} {pos}/{len} tasks, {elapsed} elapsed, {eta} to go",
        ) {
            bar.set_style(style);
        }
        Self {
            bar,
            started: Instant::now(),
            shown: AtomicBool::new(false),
        }
    }

    pub(super) fn advance(&self) {
        let late = self.started.elapsed() > Duration::from_secs(1);
        if late && !self.shown.swap(true, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(1);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

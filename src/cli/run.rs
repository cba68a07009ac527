//! `edgelm run`: simulate a scenario and write what came out.

use super::formats::Formats;
use super::programs::Consent;
use super::{Failure, Overrides, capacity, detail, placing, print, warn_of};
use crate::engine::Tally;
use crate::experiment::{
    Experiment, Journal, Plan, RecordError, RecordStore, Results, RunError, plan_differences,
};
use crate::report::swept;
use crate::report::{self, OutputDirectory, OutputFile, ReplicationRows, StreamedFile};
use crate::scenario::{self, Diagnostic};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The plan of an unfinished run, beside its journal.
const PLAN: &str = "plan.json";

/// Simulate a scenario; write tables, histograms and plots
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file; several are run one after the other
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Write into DIR/<scenario's name>
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,
    /// Threads to use; all cores if not given. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Begin anew, even where an interrupted run of the same scenario with the same
    /// options could be continued
    #[arg(long)]
    fresh: bool,
    /// Refuse to begin where only an interrupted run of something else could be
    /// continued: continuing the same needs no option
    #[arg(long, conflicts_with = "fresh")]
    resume: bool,
    /// Check after every event that times, counts, shares and sums are as they must be, and
    /// run slow reference stations beside the fast ones; the results are the same, somewhat
    /// later
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    formats: Formats,
    #[command(flatten)]
    detail: detail::Options,
    #[command(flatten)]
    programs: Consent,
    #[command(flatten)]
    overrides: Overrides,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let overrides = args.overrides.list();
    let tally = Arc::new(Tally::default());
    // All of them before any work.
    let mut experiments: Vec<Experiment> = Vec::new();
    for scenario in &args.scenarios {
        let loaded = scenario::load(scenario, &overrides)?;
        let mut names = experiments.iter().map(|other| &other.loaded().name);
        if names.any(|name| *name == loaded.name) {
            let folder = args.out.join(&loaded.name);
            return Err(Diagnostic::new(format!(
                "{}: the results of two scenarios would go to {}",
                scenario.display(),
                folder.display()
            ))
            .help("run one of them with another `--out`")
            .into());
        }
        args.programs.ask(&loaded, &overrides)?;
        let experiment = Experiment::new(loaded)?;
        capacity::check(&experiment, args.threads)?;
        experiments.push(match args.verify {
            true => experiment.verifying(&tally),
            false => experiment,
        });
    }
    let stop = stop_on_ctrl_c()?;
    for experiment in &experiments {
        run_one(args, experiment, &stop)?;
    }
    if args.verify {
        tell!(
            "verified: {} events, {} visits to stations, {} of them beside a reference station",
            tally.events(),
            tally.visits(),
            tally.completions()
        );
    }
    Ok(())
}

fn run_one(args: &Args, experiment: &Experiment, stop: &AtomicBool) -> Result<(), Failure> {
    let loaded = experiment.loaded();
    warn_of(&loaded.warnings());
    // Before any work: a directory that cannot be written must not cost a run.
    let plan = Plan::new(experiment);
    let directory = placing::prepare(args.out.join(&loaded.name), plan.hash(), "study")?;
    let journal = begin(args, plan, &directory)?;
    let scenario = &loaded.scenario;
    tell_more!("seed {}, policies:", scenario.seed);
    for policy in &scenario.policies {
        tell_more!("  {policy}");
    }
    tell_more!("records are kept in {}", placing::shown(directory.work()));
    let store = journal.store();
    let (all, kept) = (experiment.task_count(), || store.count());
    if kept() > 0 {
        tell!("{} of {all} tasks are there from before", kept());
    }
    let before = kept();
    let progress = Progress::new((all - before) as u64);
    let started = Instant::now();
    let threads = args.threads.map(usize::from);
    let completed = experiment.complete(store, threads, stop, &|| progress.advance());
    progress.finish();
    completed.map_err(|error| match error {
        RunError::Interrupted => {
            tell!(
                "{} of {all} tasks are kept: the same command continues",
                kept()
            );
            Failure::Interrupted
        }
        other => Failure::Failed(other.to_string()),
    })?;
    let simulated_tasks = kept() - before;
    let simulated = started.elapsed();
    let (results, files, mut streamed) = fold(experiment, store, &args.formats, &directory)?;
    streamed.extend(
        args.detail
            .write(experiment, args.formats.list(), &directory, stop)?,
    );
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted);
    }
    let names: Vec<String> = names(&files, &streamed);
    let replaced = directory
        .write_with(&files, streamed)
        .map_err(placing::failed)?;
    match journal.remove() {
        // Removed with its folder while the run went on.
        Err(RecordError::Io { reason, .. }) if reason.kind() == ErrorKind::NotFound => {}
        other => other.map_err(placing::failed)?,
    }
    placing::tell_replaced(&directory, &replaced);
    print(&report::summary(&results))?;
    warn(&results);
    tell!(
        "{} tasks simulated in {:.2} s, {} files written to {}",
        simulated_tasks,
        simulated.as_secs_f64(),
        names.len(),
        placing::shown(directory.path())
    );
    for name in names {
        tell_more!("  {name}");
    }
    Ok(())
}

/// The names of all files of a set, in their order.
fn names(files: &[OutputFile], streamed: &[StreamedFile]) -> Vec<String> {
    let of_streamed = streamed.iter().filter_map(|file| file.place().file_name());
    let of_streamed = of_streamed.map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    names.extend(of_streamed);
    names.sort();
    names
}

/// The results of all records of a run, with the files that are written at once and those
/// that are streamed.
pub(super) fn fold(
    experiment: &Experiment,
    store: &RecordStore,
    formats: &Formats,
    directory: &OutputDirectory,
) -> Result<(Results, Vec<OutputFile>, Vec<StreamedFile>), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let begun = formats
        .has_tables()
        .then(|| ReplicationRows::begin(experiment, directory));
    let mut rows = begun.transpose().map_err(|error| failed(&error))?;
    let results = experiment
        .fold(store, &mut |replication| {
            if let Some(rows) = &mut rows {
                rows.write(replication);
            }
        })
        .map_err(|error| failed(&error))?;
    let finished = rows.map(ReplicationRows::finish).transpose();
    let streamed = finished.map_err(|error| failed(&error))?;
    let files =
        report::files(experiment, &results, formats.list()).map_err(|error| failed(&error))?;
    Ok((results, files, streamed.into_iter().collect()))
}

/// Begins the journal of a run, or continues that of an interrupted one of the same plan.
fn begin(args: &Args, plan: Plan, directory: &OutputDirectory) -> Result<Journal, Failure> {
    let refuse = |error: RecordError| Diagnostic::new(error.to_string());
    if args.resume {
        // Earlier versions kept their journals beside the results.
        Journal::refuse_former(directory.path()).map_err(refuse)?;
    }
    let here = plan.to_json();
    let others = directory.unfinished();
    let mut differing = String::new();
    for other in &others {
        let there = std::fs::read_to_string(other.join(PLAN)).unwrap_or_default();
        differing.push_str(&format!(
            "an unfinished run of another plan is kept in {}, which differs in {}\n",
            placing::shown(other),
            some_of(&plan_differences(&there, &here)),
        ));
    }
    let written = || std::fs::write(directory.work().join(PLAN), &here);
    let journal = if args.fresh {
        Journal::begin(directory.work(), plan)
    } else {
        Journal::resume(directory.work(), plan)
    }
    .map_err(refuse)?;
    let nothing = journal.store().count() == 0;
    if args.resume && nothing && !others.is_empty() {
        return Err(
            Diagnostic::new(format!("--resume: {}", differing.trim_end()))
                .help("without `--resume` this run begins, and that one stays as it is")
                .into(),
        );
    }
    written().map_err(|error| Diagnostic::new(format!("cannot write the plan: {error}")))?;
    for line in differing.lines() {
        tell!("{line}; remove that folder if it is not wanted");
    }
    Ok(journal)
}

/// The first few of a list.
fn some_of(list: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = list.iter().take(SHOWN).map(String::as_str);
    let text = shown.collect::<Vec<_>>().join(", ");
    match list.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// Says on stderr what is doubtful about the results of policies: of each kind of warning
/// the first, and how many there are; all of them where details were asked for.
pub(super) fn warn(results: &Results) {
    let mut kinds: Vec<(String, String, usize)> = Vec::new();
    for point in &results.points {
        for policy in &point.policies {
            let at = match swept::title(&results.swept_fields, &point.values) {
                place if place.is_empty() => place,
                place => format!("{place}, "),
            };
            for warning in &policy.warnings {
                if super::telling::is_verbose() {
                    insist!("warning: {at}{}: {warning}", policy.policy);
                    continue;
                }
                let kind = without_numbers(warning);
                match kinds.iter_mut().find(|known| known.0 == kind) {
                    Some(known) => known.2 += 1,
                    None => kinds.push((kind, format!("{at}{}: {warning}", policy.policy), 1)),
                }
            }
        }
    }
    for (_, first, count) in kinds {
        match count {
            1 => insist!("warning: {first}"),
            _ => insist!(
                "warning: {first}; {} more of this kind, all in `warnings` of results.json",
                count - 1
            ),
        }
    }
}

/// What warnings of one kind have in common.
fn without_numbers(warning: &str) -> String {
    let mut kind = String::with_capacity(warning.len());
    for word in warning.split_inclusive(' ') {
        let number = word.starts_with(|c: char| c.is_ascii_digit());
        kind.push_str(if number { "# " } else { word });
    }
    kind
}

/// A flag that Ctrl-C and SIGTERM set; the second ends the process at once.
pub(super) fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // Whoever asks twice does not want to wait for what goes on.
        if flag.swap(true, Ordering::Relaxed) {
            tell!("interrupted");
            std::process::exit(130);
        }
    })
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
        if super::telling::is_quiet() {
            return;
        }
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

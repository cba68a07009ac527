//! `edgelm gap`: how far each policy is from the best assignment.

use super::formats::Formats;
use super::programs::Consent;
use super::run::{Progress, stop_on_ctrl_c};
use super::{Failure, Overrides, capacity, placing, print, warn_of};
use crate::experiment::{Experiment, GapOptions, Plan, RunError};
use crate::report::gap;
use crate::scenario;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Compare every policy's objective with the best one: the optimum where it can be
/// computed, else the best that local search finds from many starts
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file
    scenario: PathBuf,
    /// The threshold that the best assignment obeys; that of the first policy that
    /// has one if not given
    #[arg(long, value_name = "TAU", value_parser = unit_interval)]
    tau: Option<f64>,
    /// Random starts of the search for the best known assignment
    #[arg(long, value_name = "N", default_value_t = GapOptions::default().random_starts)]
    starts: usize,
    /// Compare with the optimum where at most this many queries wait
    #[arg(long, value_name = "N", default_value_t = GapOptions::default().exact_up_to)]
    exact_up_to: usize,
    /// Write into DIR/<scenario's name>-gap
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
    overrides: Overrides,
}

fn unit_interval(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| "allowed is a number from 0 to 1".to_owned())
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let overrides = args.overrides.list();
    let loaded = scenario::load(&args.scenario, &overrides)?;
    args.programs.ask(&loaded, &overrides)?;
    let experiment = Experiment::new(loaded)?;
    capacity::check(&experiment, args.threads)?;
    let loaded = experiment.loaded();
    warn_of(&loaded.warnings());
    let options = GapOptions {
        tau: args.tau,
        random_starts: args.starts,
        exact_up_to: args.exact_up_to,
    };
    let plan = Plan::new(&experiment);
    let identity = blake3::hash(format!("{} {options:?}", plan.hash()).as_bytes()).to_hex();
    let place = args.out.join(format!("{}-gap", loaded.name));
    let directory = placing::prepare(place, &identity, "study")?;
    let stop = stop_on_ctrl_c()?;
    let progress = Progress::new(experiment.task_count() as u64);
    let started = Instant::now();
    let outcome = experiment.gap(&options, args.threads.map(usize::from), &stop, &|| {
        progress.advance();
    });
    progress.finish();
    let found = outcome.map_err(|error| match error {
        RunError::Interrupted => Failure::Interrupted,
        other => Failure::Failed(other.to_string()),
    })?;
    let files = gap::files(&loaded.scenario.title, &found, args.formats.list())
        .map_err(|error| Failure::Failed(error.to_string()))?;
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted);
    }
    let replaced = directory.write(&files).map_err(placing::failed)?;
    placing::tell_replaced(&directory, &replaced);
    print(&gap::summary(&found))?;
    tell!(
        "{} tasks compared in {:.2} s, {} files written to {}",
        experiment.task_count(),
        started.elapsed().as_secs_f64(),
        files.len(),
        placing::shown(directory.path())
    );
    Ok(())
}

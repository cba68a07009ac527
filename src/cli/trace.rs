//! `edgelm trace`: one replication's timeline for a trace viewer.

use super::detail::{failure, period_ms};
use super::one_replication::OneReplication;
use super::programs::Consent;
use super::{Failure, Overrides, capacity};
use crate::experiment::Experiment;
use crate::report::StreamedFile;
use crate::report::detail::{TraceBounds, TraceSelection, trace};
use crate::scenario::{self, Diagnostic};
use crate::units::Seconds;
use std::ops::Range;
use std::path::PathBuf;

/// Write one replication's timeline as a trace that opens in Perfetto
/// (https://ui.perfetto.dev) and in chrome://tracing
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file
    scenario: PathBuf,
    #[command(flatten)]
    which: OneReplication,
    /// Leave out queries that are answered before S seconds of simulated time
    #[arg(long, value_name = "S", default_value_t = 0.0, value_parser = instant_s)]
    from: f64,
    /// Leave out queries that arrive after S seconds of simulated time
    #[arg(long, value_name = "S", value_parser = instant_s)]
    to: Option<f64>,
    /// Leave out queries of other users than A, A+1, ..., B-1
    #[arg(long, value_name = "A..B", value_parser = users)]
    users: Option<Range<usize>>,
    /// Sample the counters every MS milliseconds of simulated time; if not given, a
    /// ten-thousandth of the time from --from to --to, or else to the end of the
    /// measured window, but at least 1
    #[arg(long, value_name = "MS", value_parser = period_ms)]
    sample: Option<f64>,
    /// The file to write; output/<scenario's name>.trace.json if not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    programs: Consent,
    #[command(flatten)]
    overrides: Overrides,
}

fn instant_s(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(s) if (0.0..=1e9).contains(&s) => Ok(s),
        _ => Err("allowed is a number of seconds from 0 to 1e9".to_owned()),
    }
}

fn users(text: &str) -> Result<Range<usize>, String> {
    text.split_once("..")
        .and_then(|(first, end)| Some(first.trim().parse().ok()?..end.trim().parse().ok()?))
        .filter(|users: &Range<usize>| !users.is_empty())
        .ok_or_else(|| "write A..B with A below B, for example 0..10".to_owned())
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let overrides = args.overrides.list();
    let loaded = scenario::load(&args.scenario, &overrides)?;
    args.programs.ask(&loaded, &overrides)?;
    let experiment = Experiment::new(loaded)?;
    capacity::check(&experiment, Some(1))?;
    let (selection, bounds) = selection(args, &experiment)?;
    let name = &experiment.loaded().name;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("output").join(format!("{name}.trace.json")));
    let file = StreamedFile::create(out).map_err(|error| Diagnostic::new(error.to_string()))?;
    leave_nothing_on_ctrl_c(&file)?;
    let (file, counts) = trace(&experiment, selection, &bounds, file).map_err(failure)?;
    let place = file.place().to_owned();
    file.keep()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    tell!(
        "{} of {} queries, {} events written to {}",
        counts.queries,
        counts.of,
        counts.events,
        place.display()
    );
    if counts.queries == 0 {
        tell!("no query lies within --from, --to and --users");
    }
    Ok(())
}

/// What the options name, checked against the scenario.
fn selection(
    args: &Args,
    experiment: &Experiment,
) -> Result<(TraceSelection, TraceBounds), Diagnostic> {
    let (selection, point) = args.which.of(experiment)?;
    let scenario = point.scenario;
    let count = scenario.users.count;
    let users = args.users.clone().unwrap_or(0..count);
    if users.end > count {
        return Err(Diagnostic::new(format!(
            "--users {}..{}: the scenario has {count} users, counted from 0",
            users.start, users.end
        )));
    }
    if args.to.is_some_and(|to| to <= args.from) {
        return Err(Diagnostic::new("--to: must be later than --from"));
    }
    let end = args.to.or(scenario.run.duration_s);
    let shown_ms = (end.unwrap_or(args.from) - args.from) * 1e3;
    let sample_ms = args.sample.unwrap_or((shown_ms / 1e4).max(1.0));
    Ok((
        selection,
        TraceBounds {
            window: Seconds(args.from)..Seconds(args.to.unwrap_or(f64::INFINITY)),
            users,
            sample_every: Seconds(sample_ms * 1e-3),
        },
    ))
}

/// A replication cannot be stopped halfway: on Ctrl-C the process ends, and takes
/// the unfinished file with it.
fn leave_nothing_on_ctrl_c(file: &StreamedFile) -> Result<(), Failure> {
    let unfinished = file.passing_name().to_owned();
    ctrlc::set_handler(move || {
        // Whether it worked or not, the process ends now.
        let _ = std::fs::remove_file(&unfinished);
        tell!("interrupted");
        std::process::exit(130);
    })
    .map_err(|error| Failure::Failed(format!("cannot listen for Ctrl-C: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_a_range_that_is_not_empty() {
        assert_eq!(users("0..10"), Ok(0..10));
        for wrong in ["5", "5..5", "6..5", "-1..3", "a..b", ".."] {
            assert!(users(wrong).is_err(), "{wrong}");
        }
    }
}

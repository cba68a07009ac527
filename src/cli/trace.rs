//! `edgelm trace`: one replication's timeline for a trace viewer.

use super::detail::{failure, period_ms};
use super::programs::Consent;
use super::{Failure, Overrides, capacity};
use crate::experiment::{Experiment, PointOutline};
use crate::report::StreamedFile;
use crate::report::detail::{TraceBounds, TraceSelection, trace};
use crate::scenario::SweptValue;
use crate::scenario::{self, Diagnostic, nearest};
use crate::units::Seconds;
use std::ops::Range;
use std::path::PathBuf;

/// Write one replication's timeline as a trace that opens in Perfetto
/// (https://ui.perfetto.dev) and in chrome://tracing
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file
    scenario: PathBuf,
    /// The sweep's point, counted from 0; the last one if not given
    #[arg(long, value_name = "K")]
    point: Option<usize>,
    /// The policy: its place in the scenario, counted from 0, or its name; the first
    /// one if not given
    #[arg(long, value_name = "I|NAME")]
    policy: Option<String>,
    /// The replication, counted from 0
    #[arg(long, value_name = "R", default_value_t = 0)]
    replication: u32,
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
    let points: Vec<PointOutline<'_>> = experiment.points().collect();
    let at = args.point.unwrap_or(points.len() - 1);
    let Some(point) = points.get(at) else {
        let values: Vec<String> = points
            .iter()
            .enumerate()
            .filter(|(_, point)| !point.values.is_empty())
            .map(|(at, point)| {
                let values = point.values.iter().map(SweptValue::to_string);
                format!("{at} ({})", values.collect::<Vec<_>>().join(", "))
            })
            .collect();
        let error = Diagnostic::new(format!(
            "--point {at}: the sweep has {} point{}, counted from 0",
            points.len(),
            if points.len() == 1 { "" } else { "s" }
        ));
        return Err(match values.is_empty() {
            true => error,
            false => error.help(format!("points: {}", values.join(", "))),
        });
    };
    let scenario = point.scenario;
    let replications = experiment.loaded().scenario.replications;
    if args.replication >= replications {
        return Err(Diagnostic::new(format!(
            "--replication {}: the scenario has {replications}, counted from 0",
            args.replication
        )));
    }
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
        TraceSelection {
            point: at,
            policy: policy(args.policy.as_deref(), &point.policies)?,
            replication: args.replication,
        },
        TraceBounds {
            window: Seconds(args.from)..Seconds(args.to.unwrap_or(f64::INFINITY)),
            users,
            sample_every: Seconds(sample_ms * 1e-3),
        },
    ))
}

/// The place of a policy that is given by its place, its name, or its kind where
/// only one is of that kind.
fn policy(given: Option<&str>, labels: &[&str]) -> Result<usize, Diagnostic> {
    let Some(given) = given else {
        return Ok(0);
    };
    if let Ok(at) = given.parse::<usize>()
        && at < labels.len()
    {
        return Ok(at);
    }
    let bare = |name: &str| name.split_whitespace().collect::<String>().to_lowercase();
    let same = |label: &&str| bare(label) == bare(given);
    let of_kind = |label: &&str| {
        let kind = label.split('(').next().unwrap_or(label);
        bare(kind) == bare(given)
    };
    let mut of_kind = (0..labels.len()).filter(|&at| of_kind(&labels[at]));
    let found = labels
        .iter()
        .position(same)
        .or_else(|| match (of_kind.next(), of_kind.next()) {
            (Some(at), None) => Some(at),
            _ => None,
        });
    found.ok_or_else(|| {
        let error = Diagnostic::new(format!("--policy {given}: the scenario has no such policy"));
        let list: Vec<String> = labels
            .iter()
            .enumerate()
            .map(|(at, label)| format!("{at} {label}"))
            .collect();
        match nearest(given, labels.iter().copied()) {
            Some(name) => error.help(format!("did you mean `{name}`?")),
            None => error.help(format!("policies: {}", list.join(", "))),
        }
    })
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
    fn policies_are_found_by_place_name_or_kind() {
        let labels = [
            "Goa(tau: 0.6)",
            "EdgeAll",
            "Random(like: Goa(tau: 0.6))",
            "Goa(tau: 0.8)",
        ];
        let find = |given| policy(Some(given), &labels).ok();
        assert_eq!(policy(None, &labels).ok(), Some(0));
        assert_eq!(find("2"), Some(2));
        assert_eq!(find("goa(tau:0.8)"), Some(3));
        assert_eq!(find("random"), Some(2));
        assert_eq!(find("Goa"), None, "two of that kind");
        assert_eq!(find("4"), None);
        let error = policy(Some("EdgeAl"), &labels).unwrap_err();
        assert!(
            error.to_string().contains("did you mean `EdgeAll`?"),
            "{error}"
        );
    }

    #[test]
    fn users_are_a_range_that_is_not_empty() {
        assert_eq!(users("0..10"), Ok(0..10));
        for wrong in ["5", "5..5", "6..5", "-1..3", "a..b", ".."] {
            assert!(users(wrong).is_err(), "{wrong}");
        }
    }
}

//! `edgelm compare`: two finished runs beside each other.

use super::{Failure, placing, print};
use crate::experiment::{FinishedRun, run_difference};
use crate::fault::Fault;
use crate::report::run_difference as report;
use crate::scenario::Diagnostic;
use std::path::PathBuf;

/// Compare two finished runs of the same seed: what the second has more than the first,
/// replication by replication on the same draws
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of the first run, such as output/fig3
    first: PathBuf,
    /// The folder of the second
    second: PathBuf,
    /// Print all measures as JSON, with the means of both runs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let read = |folder| FinishedRun::read(folder).map_err(wrong);
    let (first, second) = (read(&args.first)?, read(&args.second)?);
    let difference = run_difference(&first, &second).map_err(wrong)?;
    if difference.groups.is_empty() {
        let message = "the runs have no policy in common at the same value of the sweep";
        return Err(Diagnostic::new(message).into());
    }
    let fields = second.differs_from(&first);
    if fields.is_empty() {
        tell!("the scenarios are the same");
    }
    for field in fields {
        tell!("{field}");
    }
    for group in &difference.unmatched {
        insist!("warning: only one run has {} {}", group.policy, group.value);
    }
    if args.json {
        let all = report::json(&difference);
        let text = serde_json::to_string_pretty(&all).map_err(placing::failed)?;
        return print(&(text + "\n"));
    }
    print(&report::text(&difference))
}

fn wrong(fault: Fault) -> Failure {
    Diagnostic::new(fault.to_string()).into()
}

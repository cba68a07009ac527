//! `edgelm check`: validate scenarios without running them.

use super::{Failure, Overrides, capacity, print, warn_of};
use crate::experiment::Experiment;
use crate::report::outlook;
use crate::scenario;
use std::fmt::Write;
use std::path::PathBuf;

/// Check scenario files without running them: say what they would run, and what is
/// doubtful about them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let overrides = args.overrides.list();
    let mut wrong = Vec::new();
    let mut doubtful = Vec::new();
    let mut lines = String::new();
    for file in &args.scenarios {
        match scenario::load(file, &overrides).and_then(Experiment::new) {
            Ok(experiment) => {
                if let Err(Failure::Input(diagnostics)) = capacity::check(&experiment, None) {
                    wrong.extend(diagnostics);
                    continue;
                }
                doubtful.extend(experiment.loaded().warnings());
                let scenario = &experiment.loaded().scenario;
                let compared = scenario.workload.uncertainty.compare_metrics.len();
                let policies = scenario.policies.len() * compared.max(1);
                let points = experiment.point_count();
                let replications = scenario.replications;
                let plural = |n: usize, one: &str, many: &str| {
                    format!("{n} {}", if n == 1 { one } else { many })
                };
                let _ = writeln!(
                    lines,
                    "{}: ok, {} x {} x {} = {} simulations",
                    file.display(),
                    plural(points, "point", "points"),
                    plural(policies, "policy", "policies"),
                    plural(replications as usize, "replication", "replications"),
                    points * policies * replications as usize,
                );
                for line in outlook::lines(&experiment) {
                    let _ = writeln!(lines, "    {line}");
                }
            }
            Err(diagnostics) => wrong.extend(diagnostics),
        }
    }
    print(&lines)?;
    warn_of(&doubtful);
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::Input(wrong))
    }
}

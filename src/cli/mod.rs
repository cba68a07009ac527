//! The command line: one file a subcommand, and the only place that prints.
//!
//! Results go to stdout and to files, progress and wall-clock times to stderr.

#[macro_use]
mod telling;

#[cfg(feature = "http")]
mod asking;
mod calibrate;
mod capacity;
mod catalog;
mod check;
mod compare;
mod completions;
mod decide;
mod detail;
mod explain;
mod find;
mod formats;
mod gap;
mod init;
mod link;
mod list;
#[cfg(feature = "http")]
mod load;
mod man;
mod map;
mod merge;
mod one_replication;
mod placing;
mod plan;
#[cfg(feature = "http")]
mod profile;
mod programs;
mod replay;
#[cfg(feature = "html")]
mod report;
mod run;
mod shard;
mod table;
mod trace;
mod validate;

use crate::experiment::TaskRanges;
use crate::scenario::{Diagnostic, Override};
use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

/// Which queries should leave the phone, and what does that do to accuracy and to
/// the p99? A simulator of LLM offloading at the mobile edge.
#[derive(Debug, Parser)]
#[command(name = "edgelm", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say nothing on stderr but errors and warnings
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Say more on stderr: what will be simulated, what it takes, every warning, every file
    /// written
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Init(init::Args),
    Explain(explain::Args),
    Run(run::Args),
    Check(check::Args),
    Catalog(catalog::Args),
    Decide(decide::Args),
    Compare(compare::Args),
    #[cfg(feature = "html")]
    Report(report::Args),
    Find(Box<find::Args>),
    Gap(gap::Args),
    Link(link::Args),
    Map(map::Args),
    #[cfg(feature = "http")]
    Profile(Box<profile::Args>),
    Table(table::Args),
    Plan(plan::Args),
    Shard(shard::Args),
    Merge(merge::Args),
    Trace(trace::Args),
    Replay(replay::Args),
    #[cfg(feature = "http")]
    Load(Box<load::Args>),
    Calibrate(calibrate::Args),
    Validate(validate::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input cannot be used (exit code 2); nothing was started.
    Input(Vec<Diagnostic>),
    /// Something went wrong on the way (exit code 1).
    Failed(String),
    /// Ctrl-C (exit code 130).
    Interrupted,
    /// Tasks have no record yet (exit code 3); the tasks go to stdout.
    Incomplete(TaskRanges),
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Input(diagnostics)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Input(vec![diagnostic])
    }
}

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.quiet {
        telling::be_quiet();
    }
    if cli.verbose {
        telling::be_verbose();
    }
    let outcome = match cli.command {
        Command::List(args) => list::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Catalog(args) => catalog::run(&args),
        Command::Decide(args) => decide::run(&args),
        Command::Compare(args) => compare::run(&args),
        #[cfg(feature = "html")]
        Command::Report(args) => report::run(&args),
        Command::Find(args) => find::run(&args),
        Command::Gap(args) => gap::run(&args),
        Command::Link(args) => link::run(&args),
        Command::Map(args) => map::run(&args),
        #[cfg(feature = "http")]
        Command::Profile(args) => profile::run(&args),
        Command::Table(args) => table::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Shard(args) => shard::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Replay(args) => replay::run(&args),
        #[cfg(feature = "http")]
        Command::Load(args) => load::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

/// Shows on stderr what is doubtful about a scenario.
pub(crate) fn warn_of(doubts: &[Diagnostic]) {
    for doubt in doubts {
        telling::show(&doubt.render_warning(telling::in_colour()));
        insist!("");
    }
}

fn report(failure: &Failure) -> ExitCode {
    let code = match failure {
        Failure::Input(diagnostics) => {
            let colour = telling::in_colour();
            let texts: Vec<String> = diagnostics.iter().map(|d| d.render(colour)).collect();
            telling::show(&texts.join("\n\n"));
            2
        }
        Failure::Failed(message) => {
            insist!("error: {message}");
            1
        }
        Failure::Interrupted => {
            insist!("interrupted");
            130
        }
        Failure::Incomplete(missing) => match print(&format!("{missing}\n")) {
            Ok(()) => {
                insist!(
                    "incomplete: {} tasks are missing; run them with `edgelm shard --tasks`",
                    missing.indices().len()
                );
                3
            }
            Err(failure) => return report(&failure),
        },
    };
    ExitCode::from(code)
}

/// Writes results to stdout. A reader that has gone away (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let text = telling::harmless(text);
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Options that change a scenario from the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct Overrides {
    #[command(flatten)]
    changes: Changes,
    /// Set the number of replications
    #[arg(long, value_name = "N")]
    replications: Option<u32>,
}

/// The same, where the command itself says how many replications there are.
#[derive(Debug, clap::Args)]
pub(crate) struct Changes {
    /// Set any field of the scenario, for example `--set users.count=80` or
    /// `--set 'users.capacity_gflops=Fixed(90)'`; may be given several times
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
    /// Set the seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((field, value)) if !field.trim().is_empty() && !value.trim().is_empty() => {
            Ok((field.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write FIELD=VALUE, for example users.count=80".to_owned()),
    }
}

impl Changes {
    /// The overrides in the order in which they apply.
    pub fn list(&self) -> Vec<Override> {
        let set = self.set.iter();
        let mut list: Vec<Override> = set
            .map(|(field, value)| Override::set(field, value))
            .collect();
        list.extend(self.seed.map(|seed| option("seed", &seed.to_string())));
        list
    }
}

impl Overrides {
    /// The overrides in the order in which they apply.
    pub fn list(&self) -> Vec<Override> {
        let mut list = self.changes.list();
        let replications = self.replications;
        list.extend(replications.map(|number| option("replications", &number.to_string())));
        list
    }
}

/// A field that has an option of its own.
fn option(field: &str, value: &str) -> Override {
    Override {
        field: field.to_owned(),
        source: format!("--{field} {value}"),
        value: value.to_owned(),
    }
}

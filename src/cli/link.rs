//! `edgelm link`: the budget of a link.

use super::{Changes, Failure, placing, print, warn_of};
use crate::experiment::Experiment;
use crate::report::link;
use crate::scenario::{self, Diagnostic};
use std::path::PathBuf;

/// Print the budget of a link: power, gains, losses, noise, interference, SINR, rate
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file; of its sweep the first value counts
    scenario: PathBuf,
    /// The user's number, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    user: usize,
    /// The server's number, from 0; the one that the user reaches best if not given
    #[arg(long, value_name = "J")]
    server: Option<usize>,
    /// The replication whose draws count, from 0
    #[arg(long, value_name = "R", default_value_t = 0)]
    replication: u32,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let loaded = scenario::load(&args.scenario, &args.changes.list())?;
    if loaded.gains.is_some() {
        return Err(Diagnostic::new(
            "channel.gains: measured gains have no path loss for a link budget",
        )
        .help("`--set channel.gains=None` shows that of the channel's law")
        .into());
    }
    let experiment = Experiment::new(loaded)?;
    warn_of(&experiment.loaded().warnings());
    let world = experiment.world(0, args.replication);
    let exists = |option: &str, found: usize, count: usize| {
        (found < count).then_some(found).ok_or_else(|| {
            let most = count.saturating_sub(1);
            Diagnostic::new(format!("--{option}: found {found}, allowed is 0 to {most}"))
        })
    };
    let user = exists("user", args.user, world.users().len())?;
    let server = match args.server {
        Some(server) => exists("server", server, world.servers().len())?,
        None => world.strongest_server(user),
    };
    let budget = world.link_budget(user, server);
    if args.json {
        let text = serde_json::to_string_pretty(&link::json(&budget)).map_err(placing::failed)?;
        return print(&(text + "\n"));
    }
    print(&link::text(&budget))
}

//! `edgelm map`: the coverage of a scenario.

use super::formats::Formats;
use super::{Changes, Failure, placing, print, warn_of};
use crate::experiment::{Experiment, Plan};
use crate::report::coverage;
use crate::scenario::{self, Diagnostic};
use std::path::PathBuf;

/// Draw the coverage of a scenario: SINR, rate and serving server wherever a phone stood
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file; of its sweep the first value counts
    scenario: PathBuf,
    /// The replication whose draws count, from 0
    #[arg(long, value_name = "R", default_value_t = 0)]
    replication: u32,
    /// Squares from left to right
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    columns: u16,
    /// Write gains.csv, too: the gains that were drawn, for `channel.gains`
    #[arg(long)]
    gains: bool,
    /// Write into DIR/<scenario's name>-map
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,
    #[command(flatten)]
    formats: Formats,
    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let loaded = scenario::load(&args.scenario, &args.changes.list())?;
    if loaded.gains.is_some() {
        return Err(
            Diagnostic::new("channel.gains: measured gains have no path loss for a map")
                .help("`--set channel.gains=None` shows that of the channel's law")
                .into(),
        );
    }
    let experiment = Experiment::new(loaded)?;
    let loaded = experiment.loaded();
    warn_of(&loaded.warnings());
    let identity = format!(
        "{} {} {}",
        Plan::new(&experiment).hash(),
        args.replication,
        args.columns
    );
    let identity = blake3::hash(identity.as_bytes()).to_hex();
    let place = args.out.join(format!("{}-map", loaded.name));
    let directory = placing::prepare(place, &identity, "map")?;
    let world = experiment.world(0, args.replication);
    let found = world.coverage(usize::from(args.columns));
    let mut files = coverage::files(&loaded.scenario.title, &world, &found, args.formats.list())
        .map_err(placing::failed)?;
    if args.gains {
        files.push(coverage::gains(&world).map_err(placing::failed)?);
    }
    let replaced = directory.write(&files).map_err(placing::failed)?;
    placing::tell_replaced(&directory, &replaced);
    print(&coverage::summary(&found))?;
    tell!(
        "{} files written to {}",
        files.len(),
        placing::shown(directory.path())
    );
    Ok(())
}

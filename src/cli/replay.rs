//! `edgelm replay`: the events of one replication, one line each.

use super::one_replication::OneReplication;
use super::programs::Consent;
use super::{Failure, Overrides, capacity, print};
use crate::engine::{CompletedQuery, Counts, Recorder, Tally};
use crate::experiment::{Experiment, RunError};
use crate::scenario;
use crate::units::Seconds;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Print the events of one replication, verified, one line each; two runs are the same up to
/// the first line that differs
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file
    scenario: PathBuf,
    #[command(flatten)]
    which: OneReplication,
    /// The first event to print, counted from 1
    #[arg(long, value_name = "EVENT", default_value_t = 1)]
    from: u64,
    /// How many events to print; all that follow if not given
    #[arg(long, value_name = "N")]
    events: Option<u64>,
    #[command(flatten)]
    programs: Consent,
    #[command(flatten)]
    overrides: Overrides,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let overrides = args.overrides.list();
    let loaded = scenario::load(&args.scenario, &overrides)?;
    args.programs.ask(&loaded, &overrides)?;
    let tally = Arc::new(Tally::default());
    let experiment = Experiment::new(loaded)?.verifying(&tally);
    capacity::check(&experiment, Some(1))?;
    let (which, _) = args.which.of(&experiment)?;
    let mut lines = Lines {
        shown: args.from
            ..args
                .events
                .map_or(u64::MAX, |n| args.from.saturating_add(n)),
        event: 0,
        what: String::new(),
        chain: blake3::Hasher::new(),
        text: "event,time_s,what,in_system,answered,dropped,hash\n".to_owned(),
        failure: None,
    };
    let replication = which.replication;
    let ended = experiment.replay(which.point, which.policy, replication, None, &mut lines);
    if let Some(failure) = lines.failure {
        return Err(failure);
    }
    print(&lines.text)?;
    match ended {
        // Given up once all that was asked for was shown.
        Err(RunError::Interrupted) => Ok(()),
        Err(error) => Err(Failure::Failed(error.to_string())),
        Ok(()) => {
            tell!("{} events, all as they must be", lines.event);
            Ok(())
        }
    }
}

/// Bytes of text that are printed at once.
const AT_ONCE: usize = 1 << 16;

/// Writes a line an event. The hash of a line is that of all events up to it: where two
/// replays differ, so do all lines from there on.
struct Lines {
    shown: std::ops::Range<u64>,
    event: u64,
    what: String,
    chain: blake3::Hasher,
    text: String,
    failure: Option<Failure>,
}

impl Recorder for Lines {
    fn on_departure(&mut self, query: &CompletedQuery, _measured: bool) {
        for bits in [query.number, query.stages.total().0.to_bits()] {
            self.chain.update(&bits.to_le_bytes());
        }
    }

    fn happens(&mut self, now: Seconds, what: fmt::Arguments<'_>) {
        self.event += 1;
        self.what = what.to_string();
        self.chain.update(&now.0.to_bits().to_le_bytes());
        self.chain.update(self.what.as_bytes());
    }

    fn counted(&mut self, now: Seconds, counts: &Counts) {
        let Counts {
            arrived,
            completed,
            dropped,
            in_flight,
        } = *counts;
        for count in [arrived, completed, dropped, in_flight] {
            self.chain.update(&count.to_le_bytes());
        }
        if !self.shown.contains(&self.event) {
            return;
        }
        let hash = self.chain.finalize().to_hex();
        let (event, what, time, hash) = (self.event, &self.what, now.0, &hash[..16]);
        self.text.push_str(&format!(
            "{event},{time},{what},{in_flight},{completed},{dropped},{hash}\n"
        ));
        if self.text.len() >= AT_ONCE && self.failure.is_none() {
            self.failure = print(&self.text).err();
            self.text.clear();
        }
    }

    fn stop_asked(&self) -> bool {
        self.failure.is_some() || self.event >= self.shown.end
    }
}

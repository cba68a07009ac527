//! `edgelm man`: pages for `man`.

use super::{Cli, Failure, placing, print};
use clap::CommandFactory;
use std::path::PathBuf;

/// Write the manual pages, one a subcommand, for example into ~/.local/share/man/man1
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder to write into
    folder: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.folder).map_err(placing::failed)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(placing::failed)?;
    print(&format!("{}\n", args.folder.display()))
}

//! `edgelm completions`: what shells complete.

use super::{Cli, Failure, print};
use clap::CommandFactory;
use clap_complete::Shell;

/// Print the completions of a shell, for example `edgelm completions bash >
/// ~/.local/share/bash-completion/completions/edgelm`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "edgelm", &mut text);
    print(&String::from_utf8_lossy(&text))
}

//! The `edgelm` command: arguments in, exit code out.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    edgelm::cli::main()
}

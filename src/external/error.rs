//! What can be wrong with a program that decides.

use std::fmt::Write;

/// Why a program gave no usable decision. The run stops.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExternalError {
    /// The program could not be started.
    #[error("cannot start `{program}`{}: {reason}", in_folder(.folder))]
    CannotStart {
        /// The command.
        program: String,
        /// Where it was started.
        folder: String,
        /// What the operating system says.
        reason: String,
    },
    /// Its first line says that it speaks another protocol.
    #[error("`{program}` speaks protocol {found}, this edgelm speaks {expected}")]
    OtherProtocol {
        /// The command.
        program: String,
        /// The version it should speak.
        expected: u32,
        /// The version it speaks.
        found: u32,
    },
    /// It ended, or closed its output, where an answer was due.
    #[error("`{program}` {how} where an answer was due{}", said(.stderr))]
    Died {
        /// The command.
        program: String,
        /// How it ended.
        how: String,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// It did not answer in time.
    #[error("`{program}` did not answer within {limit_ms} ms (`time_limit_ms`){}", said(.stderr))]
    Late {
        /// The command.
        program: String,
        /// The time limit.
        limit_ms: u32,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// Its line is not the JSON object that was due.
    #[error("`{program}` answered `{line}`, which is no answer: {reason}{}", said(.stderr))]
    Nonsense {
        /// The command.
        program: String,
        /// The beginning of the line.
        line: String,
        /// What is wrong with it.
        reason: String,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// It answered another message than the last.
    #[error("`{program}` answered message {found} where message {expected} was asked")]
    WrongId {
        /// The command.
        program: String,
        /// The message that was asked.
        expected: u64,
        /// The id in the answer.
        found: u64,
    },
    /// It decided for the same query twice.
    #[error(
        "`{program}` decided twice for query {query} (user {user}): server {first}, then server {second}"
    )]
    DecidedTwice {
        /// The command.
        program: String,
        /// Index of the waiting query.
        query: i64,
        /// Whose it is.
        user: usize,
        /// Where it sent it first.
        first: usize,
        /// Where it sent it then.
        second: usize,
    },
    /// It decided for a query that does not wait.
    #[error("`{program}` decided for query {query}, but {waiting} wait, numbered from 0")]
    NoSuchQuery {
        /// The command.
        program: String,
        /// The number it named.
        query: i64,
        /// How many wait.
        waiting: usize,
    },
    /// It gave a plan that its query cannot follow.
    #[error("`{program}` gave query {query} a plan, but {reason}")]
    NoPlan {
        /// The command.
        program: String,
        /// Index of the waiting query.
        query: i64,
        /// Why it cannot have it.
        reason: String,
    },
    /// It named a server that does not exist.
    #[error(
        "`{program}` sent query {query} to server {server}, but there are {servers}, numbered from 0"
    )]
    NoSuchServer {
        /// The command.
        program: String,
        /// Index of the waiting query.
        query: i64,
        /// The number it named.
        server: i64,
        /// How many there are.
        servers: usize,
    },
}

fn in_folder(folder: &str) -> String {
    if folder.is_empty() {
        String::new()
    } else {
        format!(" in {folder}")
    }
}

/// The policy's own words, set off from ours.
fn said(stderr: &str) -> String {
    let mut text = String::new();
    if !stderr.trim().is_empty() {
        text.push_str("; its standard error ends with:");
        for line in stderr.trim_end().lines() {
            let _ = write!(text, "\n    {line}");
        }
    }
    text
}

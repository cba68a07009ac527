//! Why a run ended without results.

use super::RecordError;
use crate::policy::PolicyError;

/// Why a run ended without results.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A policy failed or decided what cannot be done.
    #[error("policy {policy}: {error} (point {point}, replication {replication})")]
    Policy {
        /// The policy as the scenario writes it.
        policy: String,
        /// What went wrong.
        error: PolicyError,
        /// Index of the sweep's point.
        point: usize,
        /// Number of the replication.
        replication: u32,
    },
    /// A run that is verified is not as it must be: a mistake in edgelm.
    #[error(
        "policy {policy}: {what} (seed {seed}, point {point}, replication {replication}, event \
         {event} at t = {time_s} s): this is a mistake in edgelm; `edgelm replay` shows the events"
    )]
    Broken {
        /// The policy as the scenario writes it.
        policy: String,
        /// What is not as it must be.
        what: String,
        /// The scenario's seed.
        seed: u64,
        /// Index of the sweep's point.
        point: usize,
        /// Number of the replication.
        replication: u32,
        /// Number of the event, from 1.
        event: u64,
        /// When it was, in seconds of simulated time.
        time_s: f64,
    },
    /// The same in a pilot replication, which finds the warm-up.
    #[error("policy {policy}: {error} (point {point}, pilot replication {pilot})")]
    Pilot {
        /// The policy as the scenario writes it.
        policy: String,
        /// What went wrong.
        error: PolicyError,
        /// Index of the sweep's point.
        point: usize,
        /// Number of the pilot.
        pilot: u64,
    },
    /// What was measured is infinite or no number: some value of the scenario, or
    /// several together, are beyond what can be computed with.
    #[error(
        "policy {policy}: the measured {field} is {value:e}, which is no result (point {point}, \
         seed {seed}, replication {replication}): values of the scenario are too great or too \
         small together"
    )]
    NotFinite {
        /// The policy as the scenario writes it.
        policy: String,
        /// The field of the replication's record.
        field: String,
        /// What is there.
        value: f64,
        /// Index of the sweep's point.
        point: usize,
        /// The scenario's seed.
        seed: u64,
        /// Number of the replication.
        replication: u32,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A record could not be kept.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The threads could not be started.
    #[error("cannot start the worker threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

//! Policies: which queries leave the phone, and where they go.
//!
//! A policy is a function from a [`View`] to a [`Decision`]; it knows neither the
//! engine nor the scenario. Implement [`Policy`] for your own.
//!
//! ```
//! use edgelm::policy::{Policy, PolicyError};
//! use edgelm::snapshot::{Choice, Decision, View};
//!
//! /// Every uncertain query goes to the server with the strongest signal.
//! struct Strongest { tau: f64 }
//!
//! impl Policy for Strongest {
//!     fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
//!         let mut decision = Decision::all_local(view.queries.len());
//!         for (at, query) in view.queries.iter().enumerate() {
//!             let links = view.links_of(at);
//!             let best = links.iter().max_by(|a, b| a.1.total_cmp(&b.1));
//!             if let (true, Some((server, _))) = (query.uncertainty > self.tau, best) {
//!                 decision.choices[at] = Choice::Edge(server);
//!             }
//!         }
//!         Ok(decision)
//!     }
//! }
//! ```

mod accuracy_oracle;
mod adaptive_tau;
mod best_known;
mod cost_bound;
mod deadline;
mod enumeration;
mod fair_association;
mod fixed;
mod goa;
pub mod greedy;
mod learned;
pub mod literal;
mod local_search;
mod marginal;
mod min_delay;
mod network;
pub mod observation;
mod optimal;
mod planned;
mod planning;
mod priced_association;
mod random;
mod refined;
mod server_rule;
mod spec;
mod timed;

pub use accuracy_oracle::AccuracyOracle;
pub(crate) use adaptive_tau::LATE_SHARE;
pub use adaptive_tau::{AdaptiveTau, Target};
pub use best_known::best_known;
pub use deadline::Deadline;
pub use enumeration::enumerate;
pub use fair_association::FairAssociation;
pub use fixed::{EdgeAll, LocalAll};
pub use goa::Goa;
pub use learned::Learned;
pub use local_search::{SearchResult, above, local_search};
pub use marginal::Marginal;
pub use min_delay::MinDelay;
pub use network::{Layer, Network};
pub use optimal::{DEFAULT_MAX_NODES, Optimal};
pub use planned::{EdgeFirst, Planned, SpecDecode};
pub use planning::{Continuation, QueryEvent, WhatHappened};
pub use priced_association::PricedAssociation;
pub use random::Random;
pub use refined::{DEFAULT_MAX_PASSES, Refined};
pub use server_rule::{SendAll, ServerRule, Threshold};
pub use spec::{Build, External, PolicySpec, SpecFault, Start};
pub use timed::{DecisionTime, Timed};

use crate::plan::Plan;
use crate::snapshot::{Choice, Completion, Decision, View};
use crate::units::Seconds;

/// Decides where waiting queries are answered.
///
/// One value serves one replication after another; whatever it keeps between
/// calls must be forgotten in [`Policy::begin_replication`], or results would
/// depend on which thread ran what.
pub trait Policy: Send {
    /// Decides for every query of `view`.
    ///
    /// # Errors
    /// A policy that cannot decide says why; the run stops.
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError>;

    /// The plan of a waiting query of `view` that it has just sent to a server. Called once
    /// for each, in their order.
    fn plan(&mut self, _view: &View<'_>, _query: usize) -> Plan {
        Plan::Direct
    }

    /// How a query goes on whose tier has answered or whose draft has been verified.
    ///
    /// # Errors
    /// As those of [`Policy::decide`].
    fn asked_again(&mut self, _event: &QueryEvent) -> Result<Continuation, PolicyError> {
        Ok(Continuation::AsPlanned)
    }

    /// How long its last decision took, of simulated time: its queries wait so long, and who
    /// comes meanwhile waits for the next decision.
    fn decision_time(&self) -> Seconds {
        Seconds(0.0)
    }

    /// Called before the first decision of each replication.
    fn begin_replication(&mut self) {}

    /// Called for every query of the replication when it is answered, in order of
    /// time, for policies that learn while they run.
    fn observe(&mut self, _completion: &Completion) {}

    /// The uncertainty above which it sends queries away at present, for policies that
    /// have one; shown in time series.
    fn threshold(&self) -> Option<f64> {
        None
    }
}

/// Why a policy gave no usable decision.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It decided for more or fewer queries than wait.
    #[error("decided for {found} queries where {expected} wait")]
    WrongLength {
        /// Queries that wait.
        expected: usize,
        /// Choices given.
        found: usize,
    },
    /// It named a server that does not exist.
    #[error("sent query {query} to server {server}, but the last server is number {last}")]
    NoSuchServer {
        /// Index of the waiting query.
        query: usize,
        /// The server it named.
        server: usize,
        /// The greatest server number.
        last: usize,
    },
    /// It was learned for other inputs than there are here.
    #[error("what was learned does not fit: {0}")]
    Unfit(crate::fault::Fault),
    /// In a run that is verified something is not as it must be: a mistake in edgelm, not in
    /// the policy.
    #[error("at event {event}, t = {time_s} s: {what}")]
    Broken {
        /// The number of the event, from 1.
        event: u64,
        /// When it was, in seconds of simulated time.
        time_s: f64,
        /// What is not as it must be.
        what: String,
    },
    /// Queries went where nothing carries or computes them, and nothing is left to happen.
    #[error("{queries} queries never leave: nothing carries or computes them")]
    Stuck {
        /// How many.
        queries: u64,
    },
    /// The run's recorder asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Anything else, in its own words.
    #[error("{0}")]
    Failed(String),
}

/// Checks that a decision fits the snapshot it was made for.
///
/// # Errors
/// [`PolicyError::WrongLength`] or [`PolicyError::NoSuchServer`].
pub fn check(view: &View<'_>, decision: &Decision) -> Result<(), PolicyError> {
    if decision.choices.len() != view.queries.len() {
        return Err(PolicyError::WrongLength {
            expected: view.queries.len(),
            found: decision.choices.len(),
        });
    }
    let servers = view.servers.len();
    for (query, choice) in decision.choices.iter().enumerate() {
        if let Choice::Edge(server) = *choice
            && server >= servers
        {
            return Err(PolicyError::NoSuchServer {
                query,
                server,
                last: servers - 1,
            });
        }
    }
    Ok(())
}

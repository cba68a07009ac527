//! What policies say beyond a choice: the plan of a query, and how it goes on when they are
//! asked again.

use crate::plan::Tier;
use crate::units::Seconds;

/// Something has happened to a query that is on a plan of several steps.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct QueryEvent {
    /// The virtual clock.
    pub now: Seconds,
    /// The query's number among all arrivals.
    pub number: u64,
    /// Whose it is.
    pub user: usize,
    /// What has happened.
    pub what: WhatHappened,
}

impl QueryEvent {
    /// Something has happened now to this query of this user.
    pub fn new(now: Seconds, number: u64, user: usize, what: WhatHappened) -> Self {
        Self {
            now,
            number,
            user,
            what,
        }
    }
}

/// What has happened to a query.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum WhatHappened {
    /// A tier that is not the last has answered.
    Answered {
        /// Which.
        tier: Tier,
        /// How uncertain its answer is, in 0..=1.
        uncertainty: f64,
        /// Whether the plan goes on to the next tier.
        escalates: bool,
    },
    /// A server has verified a draft.
    Verified {
        /// Tokens drafted.
        drafted: u64,
        /// Of these accepted.
        accepted: u64,
        /// How long the device has computed for the draft.
        drafting: Seconds,
        /// How long all of the round has taken.
        round: Seconds,
    },
}

/// How a query goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Continuation {
    /// As its plan says.
    #[default]
    AsPlanned,
    /// The answer that is there counts.
    Accept,
    /// The next tier is asked.
    Escalate,
    /// The next draft has so many tokens, at least 1.
    Draft(u32),
}

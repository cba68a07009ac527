//! A policy whose decisions take time.

use super::{Continuation, Policy, PolicyError, QueryEvent};
use crate::plan::Plan;
use crate::snapshot::{Completion, Decision, View};
use crate::units::Seconds;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// How long a decision takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum DecisionTime {
    /// So long, in milliseconds, however many queries it is about.
    FixedMs(f64),
    /// As long as this program takes for it on this machine: results differ from one run to
    /// the next.
    Measured,
}

/// `Timed(policy, takes)`: decides as another policy, while the queries it decides about
/// wait. It decides about what it saw when it was asked; where the queries then go, the
/// network may have changed.
pub struct Timed {
    /// The policy that decides.
    pub policy: Box<dyn Policy>,
    /// How long it takes.
    pub takes: DecisionTime,
    last: Seconds,
}

impl Timed {
    /// A policy that takes so long for each decision.
    pub fn new(policy: Box<dyn Policy>, takes: DecisionTime) -> Self {
        Self {
            policy,
            takes,
            last: Seconds(0.0),
        }
    }
}

impl Policy for Timed {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let asked = Instant::now();
        let decision = self.policy.decide(view)?;
        self.last = match self.takes {
            DecisionTime::FixedMs(ms) => Seconds(ms * 1e-3),
            DecisionTime::Measured => Seconds(asked.elapsed().as_secs_f64()),
        };
        Ok(decision)
    }

    fn decision_time(&self) -> Seconds {
        self.last
    }

    fn plan(&mut self, view: &View<'_>, query: usize) -> Plan {
        self.policy.plan(view, query)
    }

    fn asked_again(&mut self, event: &QueryEvent) -> Result<Continuation, PolicyError> {
        self.policy.asked_again(event)
    }

    fn begin_replication(&mut self) {
        self.policy.begin_replication();
    }

    fn observe(&mut self, completion: &Completion) {
        self.policy.observe(completion);
    }

    fn threshold(&self) -> Option<f64> {
        self.policy.threshold()
    }
}

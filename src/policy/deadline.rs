//! The large model wherever it is in time.

use super::{Policy, PolicyError};
use crate::snapshot::{Choice, Decision, Load, View};
use crate::units::Seconds;

/// `Deadline(slack_ms)`: the large model answers whatever it can answer in time.
///
/// The most uncertain query chooses first. Each goes to the server that would
/// answer it soonest, given those placed before it, if that is within the slack;
/// otherwise, and where no server is in time, it is answered wherever that is
/// soonest. Those that come later slow down those that came before: the deadline
/// is a rule of admission, not a promise.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// How long an answer may take from the scheduling instant.
    pub slack: Seconds,
}

impl Policy for Deadline {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let mut order: Vec<usize> = (0..view.queries.len()).collect();
        let uncertainty = |query: usize| view.queries[query].uncertainty;
        order.sort_by(|&a, &b| uncertainty(b).total_cmp(&uncertainty(a)));
        let mut decision = Decision::all_local(view.queries.len());
        let mut load = Load::new(view);
        for query in order {
            let soonest = (0..view.servers.len())
                .map(|server| (load.edge_delay(query, server), server))
                .min_by(|a, b| a.0.0.total_cmp(&b.0.0));
            if let Some((delay, server)) = soonest
                && (delay <= self.slack || delay < view.local_delay(query))
            {
                load.connect(query, server);
                decision.choices[query] = Choice::Edge(server);
            }
        }
        Ok(decision)
    }
}

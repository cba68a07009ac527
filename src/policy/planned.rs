//! Policies that serve every query by the same plan: the systems that the paper cites.

use super::planning::{Continuation, QueryEvent, WhatHappened};
use super::{Policy, PolicyError, SendAll, ServerRule};
use crate::plan::{Payload, Plan};
use crate::snapshot::{Choice, Decision, ServerState, View};
use crate::units::Seconds;

/// Every query takes the same plan with a server that a rule chooses: `RecServe`, `Uhlm`,
/// `Corrected`, `Race`, `CloudOnly`.
#[derive(Debug, Clone, Copy)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// How the server is chosen.
    pub to: ServerRule,
}

impl Policy for Planned {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        SendAll { to: self.to }.decide(view)
    }

    fn plan(&mut self, _view: &View<'_>, _query: usize) -> Plan {
        self.plan
    }
}

/// `EdgeFirst`: the chosen server answers while it has room for one more query at full speed,
/// otherwise the cloud behind it.
#[derive(Debug, Clone, Default)]
pub struct EdgeFirst {
    /// How the server is chosen.
    pub to: ServerRule,
    /// Of the decision at hand: who goes on to the cloud.
    goes_on: Vec<bool>,
}

impl EdgeFirst {
    /// With servers chosen by a rule.
    pub fn new(to: ServerRule) -> Self {
        Self {
            to,
            ..Self::default()
        }
    }
}

impl Policy for EdgeFirst {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let decision = SendAll { to: self.to }.decide(view)?;
        let mut connected: Vec<usize> = view.servers.iter().map(|s| s.connected).collect();
        let goes_on = |choice: &Choice| match *choice {
            Choice::Local => false,
            Choice::Edge(server) => {
                let room = has_room(&view.servers[server], connected[server]);
                connected[server] += 1;
                !room
            }
        };
        self.goes_on = decision.choices.iter().map(goes_on).collect();
        Ok(decision)
    }

    fn plan(&mut self, _view: &View<'_>, query: usize) -> Plan {
        match self.goes_on.get(query) {
            Some(true) => Plan::Cloud,
            _ => Plan::Direct,
        }
    }
}

/// Whether one more query would be served as if it were alone: by its share of shared
/// compute, or in a seat of a batch.
fn has_room(server: &ServerState, connected: usize) -> bool {
    match &server.batching {
        Some(batch) => batch.waiting == 0 && connected < batch.spec.max_running,
        None => (connected + 1) as f64 * server.max_per_user.0 <= server.capacity.0,
    }
}

/// `SpecDecode`: drafts of the device are verified by a server; how long they are is fixed, or
/// the best for what has been seen of rounds.
#[derive(Debug, Clone)]
pub struct SpecDecode {
    /// The length of drafts; `None` for the best.
    pub gamma: Option<u32>,
    /// What is sent of each token.
    pub payload: Payload,
    /// How the server is chosen.
    pub to: ServerRule,
    seen: SeenRounds,
}

impl SpecDecode {
    /// Before anything has been seen.
    pub fn new(gamma: Option<u32>, payload: Payload, to: ServerRule) -> Self {
        Self {
            gamma,
            payload,
            to,
            seen: SeenRounds::default(),
        }
    }

    fn next_gamma(&self) -> u32 {
        self.gamma.unwrap_or_else(|| self.seen.best_gamma())
    }
}

impl Policy for SpecDecode {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        SendAll { to: self.to }.decide(view)
    }

    fn plan(&mut self, _view: &View<'_>, _query: usize) -> Plan {
        Plan::Speculative {
            gamma: self.next_gamma(),
            payload: self.payload,
        }
    }

    fn asked_again(&mut self, event: &QueryEvent) -> Result<Continuation, PolicyError> {
        if let WhatHappened::Verified {
            drafted,
            accepted,
            drafting,
            round,
        } = event.what
        {
            self.seen.add(drafted, accepted, drafting, round);
        }
        Ok(match self.gamma {
            Some(_) => Continuation::AsPlanned,
            None => Continuation::Draft(self.next_gamma()),
        })
    }

    fn begin_replication(&mut self) {
        self.seen = SeenRounds::default();
    }
}

/// Sums over the rounds that have been seen.
#[derive(Debug, Clone, Copy, Default)]
struct SeenRounds {
    rounds: f64,
    drafted: f64,
    accepted: f64,
    /// Rounds in which a token was rejected.
    failed: f64,
    drafting: Seconds,
    /// What rounds took beside their drafts.
    beside: Seconds,
}

/// The longest draft that is considered.
const LONGEST: u32 = 64;
/// The draft before anything has been seen.
const FIRST: u32 = 4;

impl SeenRounds {
    fn add(&mut self, drafted: u64, accepted: u64, drafting: Seconds, round: Seconds) {
        self.rounds += 1.0;
        self.drafted += drafted as f64;
        self.accepted += accepted as f64;
        self.failed += f64::from(u8::from(accepted < drafted));
        self.drafting += drafting;
        self.beside += round - drafting;
    }

    /// The length of drafts that brings most tokens a second, (1 - r^(g + 1)) / (1 - r) over
    /// g drafts and what a round takes beside them, at the acceptance r and the times seen.
    fn best_gamma(&self) -> u32 {
        if self.rounds == 0.0 || self.drafted == 0.0 {
            return FIRST;
        }
        let r = self.accepted / (self.accepted + self.failed).max(1.0);
        let draft_s = self.drafting.0 / self.drafted;
        let beside_s = self.beside.0 / self.rounds;
        let mut best = (FIRST, f64::NEG_INFINITY);
        // 1 + r + r^2 + ... + r^g
        let mut tokens = 1.0;
        let mut power = 1.0;
        for gamma in 1..=LONGEST {
            power *= r;
            tokens += power;
            let rate = tokens / (f64::from(gamma) * draft_s + beside_s);
            if rate > best.1 {
                best = (gamma, rate);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_draft_is_long_where_rounds_are_dear_and_tokens_are_accepted() {
        let gamma = |r: f64, draft_s: f64, beside_s: f64| {
            let seen = SeenRounds {
                rounds: 100.0,
                drafted: 400.0,
                accepted: 1000.0 * r,
                failed: 1000.0 * (1.0 - r),
                drafting: Seconds(400.0 * draft_s),
                beside: Seconds(100.0 * beside_s),
            };
            seen.best_gamma()
        };
        // By enumeration: (1 - .8^(g + 1)) / .2 over .015 g + 1 is greatest at 17.
        let rate = |g: i32| (1.0 - 0.8f64.powi(g + 1)) / 0.2 / (0.015 * f64::from(g) + 1.0);
        let best = (1..=64).max_by(|a, b| rate(*a).total_cmp(&rate(*b)));
        assert_eq!(Some(gamma(0.8, 0.015, 1.0) as i32), best);
        assert!(gamma(0.8, 0.015, 1.0) > gamma(0.8, 0.2, 1.0));
        assert!(gamma(0.9, 0.1, 1.0) > gamma(0.5, 0.1, 1.0));
        assert!(gamma(0.8, 0.1, 2.0) > gamma(0.8, 0.1, 0.2));
        assert_eq!(SeenRounds::default().best_gamma(), FIRST);
    }
}

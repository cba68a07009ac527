//! A threshold that moves while the run goes on.

use super::{Goa, Policy, PolicyError};
use crate::snapshot::{Choice, Completion, Decision, View};
use serde::{Deserialize, Serialize};

/// What [`AdaptiveTau`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Target {
    /// The 99th percentile of delay, in milliseconds.
    DelayP99Ms(f64),
    /// The share of queries that are offloaded, in 0..=1.
    OffloadedShare(f64),
}

/// `AdaptiveTau(target)`: GOA whose threshold follows what it observes, by
/// stochastic approximation (Robbins and Monro, Ann. Math. Stat. 22, 1951).
///
/// For `OffloadedShare(s)` every decision for a query moves tau by
/// `step` x (offloaded - s), which rests only where the share is s. For
/// `DelayP99Ms(d)` every answer from the edge moves tau by `step` x (late - 0.01),
/// late being 1 for an answer that took longer than d and 0 otherwise, which rests
/// where 1 % of them are late; a late answer from a device moves tau down by
/// `step` x 0.99, since tau can help it only by sending more to the edge. Tau
/// starts at `start` in every replication and stays within 0..=1. In a batch,
/// where there is one decision only, it is GOA at `start`.
#[derive(Debug, Clone, Copy)]
pub struct AdaptiveTau {
    target: Target,
    start: f64,
    step: f64,
    tau: f64,
}

/// The quantile that [`Target::DelayP99Ms`] holds is one minus this.
pub(crate) const LATE_SHARE: f64 = 0.01;

impl AdaptiveTau {
    /// A policy at its starting threshold.
    pub fn new(target: Target, start: f64, step: f64) -> Self {
        Self {
            target,
            start,
            step,
            tau: start,
        }
    }

    /// The threshold now.
    pub fn tau(&self) -> f64 {
        self.tau
    }

    fn shift(&mut self, by: f64) {
        self.tau = (self.tau + self.step * by).clamp(0.0, 1.0);
    }
}

impl Policy for AdaptiveTau {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let decision = Goa { tau: self.tau }.decide(view)?;
        if let Target::OffloadedShare(share) = self.target {
            for choice in &decision.choices {
                let offloaded = f64::from(u8::from(*choice != Choice::Local));
                self.shift(offloaded - share);
            }
        }
        Ok(decision)
    }

    fn begin_replication(&mut self) {
        self.tau = self.start;
    }

    fn observe(&mut self, completion: &Completion) {
        if let Target::DelayP99Ms(limit) = self.target {
            let late = completion.dropped || completion.delay.as_ms() > limit;
            match completion.choice {
                Choice::Edge(_) => self.shift(f64::from(u8::from(late)) - LATE_SHARE),
                Choice::Local if late => self.shift(LATE_SHARE - 1.0),
                Choice::Local => {}
            }
        }
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.tau)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;
    use crate::world::streams::StreamKey;

    fn answered(policy: &mut AdaptiveTau, choice: Choice, delay_ms: f64) {
        policy.observe(&Completion {
            now: Seconds(1.0),
            user: 0,
            uncertainty: 0.5,
            choice,
            delay: Seconds(delay_ms * 1e-3),
            dropped: false,
        });
    }

    /// A plant in which delay at the edge is exponential with a mean that grows
    /// with the offloaded share 1 - tau; its p99 is 50 ms at tau = 0.5.
    #[test]
    fn tau_settles_where_one_answer_in_a_hundred_is_late() {
        let mut policy = AdaptiveTau::new(Target::DelayP99Ms(50.0), 0.9, 0.01);
        let mut sum = 0.0;
        let answers = 40_000;
        for at in 0..answers {
            let mean_ms = 50.0 / 100f64.ln() * (1.0 - policy.tau()) / 0.5;
            let delay = -mean_ms * StreamKey::root(1).index(at).uniform().ln();
            answered(&mut policy, Choice::Edge(0), delay);
            if at >= answers / 2 {
                sum += policy.tau();
            }
        }
        let mean = sum / (answers / 2) as f64;
        assert!((mean - 0.5).abs() < 0.05, "tau settled at {mean}");
    }

    #[test]
    fn late_phones_lower_tau_and_a_new_replication_forgets() {
        let mut policy = AdaptiveTau::new(Target::DelayP99Ms(50.0), 0.6, 0.01);
        answered(&mut policy, Choice::Local, 80.0);
        assert!(policy.tau() < 0.6);
        answered(&mut policy, Choice::Local, 20.0);
        policy.begin_replication();
        assert_eq!(policy.tau(), 0.6);
    }
}

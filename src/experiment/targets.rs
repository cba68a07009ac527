//! Whether a policy that follows a target has met it.

use super::estimate::{MeanFold, RatioFold};
use super::pass::Pass;
use super::{Estimate, ReplicationRecord};
use crate::policy::{LATE_SHARE, Target};

/// How far from its target a share may be: a share of queries, in 0..=1.
const SHARE_TOLERANCE: f64 = 0.01;

/// By what factor a delay may be above its target.
const DELAY_TOLERANCE: f64 = 1.01;

/// So many steps from an end of 0..=1, tau is held there: it is thrown back by single
/// observations.
const STEPS_FROM_LIMIT: f64 = 5.0;

/// The ends of what tau may be.
const LIMITS: [f64; 2] = [0.0, 1.0];

/// What a policy that follows a target, and moves its threshold by at most a step, did
/// over the measured part of the replications.
///
/// A share offloaded is that of all decisions, also about queries that were dropped
/// later; a target of delay is met where no more than 1 % are answered later or dropped.
#[derive(Debug, Clone)]
pub(super) struct TargetFold {
    target: Target,
    step: f64,
    /// Of the queries of a replication, those that were sent, or late.
    share: RatioFold,
    /// Where tau ended.
    end: MeanFold,
    ends: u64,
    /// How often it ended at either of its limits.
    at_limit: [u64; 2],
}

impl TargetFold {
    pub fn new(target: Target, step: f64) -> Self {
        Self {
            target,
            step,
            share: RatioFold::default(),
            end: MeanFold::default(),
            ends: 0,
            at_limit: [0; 2],
        }
    }

    pub fn see(&mut self, pass: Pass, r: &ReplicationRecord) {
        if let Some(tau) = r.threshold_at_end {
            self.end.see(pass, tau);
            if pass == Pass::First {
                self.ends += 1;
                for (count, limit) in self.at_limit.iter_mut().zip(LIMITS) {
                    let held = (tau - limit).abs() <= STEPS_FROM_LIMIT * self.step;
                    *count += u64::from(held);
                }
            }
        }
        let (some, all) = match self.target {
            Target::OffloadedShare(_) => (r.sent, r.decided),
            Target::DelayP99Ms(limit) => {
                let limit_ns = (limit * DELAY_TOLERANCE * 1e6).round() as u64;
                let in_time = r.delays.count_up_to(limit_ns);
                (r.queries - in_time + r.dropped, r.queries + r.dropped)
            }
        };
        if all > 0 {
            self.share.see(pass, some as f64, all as f64);
        }
    }

    /// What to say of a target that was not met; `None` where it was met, or where the
    /// replications leave it open.
    pub fn not_met(&self) -> Option<String> {
        let (found, missed_by, off) = match self.target {
            Target::OffloadedShare(share) => {
                let sent = self.share_beside(share);
                let off = sent.mean - share;
                let missed_by = off.abs() - SHARE_TOLERANCE - half_width(sent);
                let found = format!("{:.3} of the queries were sent to a server", sent.mean);
                (found, missed_by, off)
            }
            Target::DelayP99Ms(_) => {
                let late = self.share_beside(LATE_SHARE);
                let off = late.mean - LATE_SHARE;
                let found = format!(
                    "{:.3} of the queries were answered later or dropped, where {LATE_SHARE} may be",
                    late.mean
                );
                (found, off - half_width(late), off)
            }
        };
        (missed_by > 0.0).then(|| {
            let limits = match self.target {
                // More than wanted are sent: tau rises.
                Target::OffloadedShare(_) if off > 0.0 => 1..2,
                Target::OffloadedShare(_) => 0..1,
                Target::DelayP99Ms(_) => 0..2,
            };
            let held = limits.map(|at| (self.at_limit[at], LIMITS[at]));
            let (most, limit) = held.max_by_key(|held| held.0).unwrap_or((0, 1.0));
            let why = if 2 * most >= self.ends {
                format!(
                    "tau ended at its limit of {limit} in {most} of {} replications: no tau meets it",
                    self.ends
                )
            } else {
                format!(
                    "tau ended at {:.3} on average, within its limits: it was still on its way, \
                     which takes a longer warm-up, or no tau meets it",
                    self.end.mean()
                )
            };
            let target = self.target;
            format!("the target {target:?} was not met: {found}; {why}")
        })
    }

    /// The share over replications, of which `wanted` is wanted. One replication has no
    /// interval of its own: there it is that of as many independent queries of the wanted
    /// share, which is wide, since a policy that meets its target makes the share vary
    /// less than chance does.
    fn share_beside(&self, wanted: f64) -> Estimate {
        let estimate = self.share.estimate();
        let independent = 1.96 * (wanted * (1.0 - wanted) / self.share.bottom()).sqrt();
        Estimate {
            ci95: Some(estimate.ci95.unwrap_or(independent)),
            ..estimate
        }
    }
}

fn half_width(estimate: Estimate) -> f64 {
    estimate.ci95.unwrap_or(f64::INFINITY)
}

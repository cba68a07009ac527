//! Whether a policy that follows a target has met it.

use super::{Estimate, ReplicationRecord};
use crate::policy::{LATE_SHARE, Target};

/// How far from its target a share may be: a share of queries, in 0..=1.
const SHARE_TOLERANCE: f64 = 0.01;

/// By what factor a delay may be above its target.
const DELAY_TOLERANCE: f64 = 1.01;

/// So many steps from an end of 0..=1, tau is held there: it is thrown back by single
/// observations.
const STEPS_FROM_LIMIT: f64 = 5.0;

/// What to say of a target that was not met over the measured part of the replications,
/// by a policy that moves its threshold by at most `step`; `None` where it was met, or
/// where the replications leave it open.
///
/// A share offloaded is that of all decisions, also about queries that were dropped
/// later; a target of delay is met where no more than 1 % are answered later or dropped.
pub(super) fn not_met(
    target: Target,
    step: f64,
    replications: &[ReplicationRecord],
) -> Option<String> {
    let (found, missed_by, off) = match target {
        Target::OffloadedShare(share) => {
            let sent = share_of(replications, share, |r| (r.sent, r.decided));
            let off = sent.mean - share;
            let missed_by = off.abs() - SHARE_TOLERANCE - half_width(sent);
            let found = format!("{:.3} of the queries were sent to a server", sent.mean);
            (found, missed_by, off)
        }
        Target::DelayP99Ms(limit) => {
            let limit_ns = (limit * DELAY_TOLERANCE * 1e6).round() as u64;
            let late = share_of(replications, LATE_SHARE, |r| {
                let in_time = r.delays.count_up_to(limit_ns);
                (r.queries - in_time + r.dropped, r.queries + r.dropped)
            });
            let off = late.mean - LATE_SHARE;
            let found = format!(
                "{:.3} of the queries were answered later or dropped, where {LATE_SHARE} may be",
                late.mean
            );
            (found, off - half_width(late), off)
        }
    };
    (missed_by > 0.0).then(|| {
        let ends = ends_of(replications);
        let at = |limit: f64| {
            let held = |tau: &&f64| (**tau - limit).abs() <= STEPS_FROM_LIMIT * step;
            ends.iter().filter(held).count()
        };
        let mean = ends.iter().sum::<f64>() / ends.len() as f64;
        let limits: &[f64] = match target {
            // More than wanted are sent: tau rises.
            Target::OffloadedShare(_) if off > 0.0 => &[1.0],
            Target::OffloadedShare(_) => &[0.0],
            Target::DelayP99Ms(_) => &[0.0, 1.0],
        };
        let held = limits.iter().map(|&limit| (at(limit), limit));
        let (most, limit) = held.max_by_key(|held| held.0).unwrap_or((0, 1.0));
        let why = if 2 * most >= ends.len() {
            format!(
                "tau ended at its limit of {limit} in {most} of {} replications: no tau meets it",
                ends.len()
            )
        } else {
            format!(
                "tau ended at {mean:.3} on average, within its limits: it was still on its way, \
                 which takes a longer warm-up, or no tau meets it"
            )
        };
        format!("the target {target:?} was not met: {found}; {why}")
    })
}

/// A share of queries over replications. One replication has no interval of its own:
/// there it is that of as many independent queries of the wanted share, which is wide,
/// since a policy that meets its target makes the share vary less than chance does.
fn share_of(
    replications: &[ReplicationRecord],
    wanted: f64,
    counts: impl Fn(&ReplicationRecord) -> (u64, u64),
) -> Estimate {
    let parts: Vec<(f64, f64)> = replications
        .iter()
        .map(counts)
        .filter(|(_, all)| *all > 0)
        .map(|(some, all)| (some as f64, all as f64))
        .collect();
    let estimate = Estimate::ratio(&parts);
    let all: f64 = parts.iter().map(|part| part.1).sum();
    let independent = 1.96 * (wanted * (1.0 - wanted) / all).sqrt();
    Estimate {
        ci95: Some(estimate.ci95.unwrap_or(independent)),
        ..estimate
    }
}

fn half_width(estimate: Estimate) -> f64 {
    estimate.ci95.unwrap_or(f64::INFINITY)
}

fn ends_of(replications: &[ReplicationRecord]) -> Vec<f64> {
    let ends = replications.iter().filter_map(|r| r.threshold_at_end);
    ends.collect()
}

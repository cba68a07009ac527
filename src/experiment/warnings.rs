//! What a user should know before believing results.

use super::PolicyUnderTest;
use super::measures::{device_offered_load, edge_offered_load};
use super::precision::relative_half_width;
use super::record::ReplicationRecord;
use super::results::PolicyResult;
use super::targets;
use crate::policy::PolicySpec;
use crate::scenario::{Scenario, WarmUp};
use crate::world::arrivals::Arrivals;

/// What is doubtful about one policy's results at one point, one line each.
pub(super) fn warnings(
    scenario: &Scenario,
    policy: &PolicyUnderTest,
    replications: &[ReplicationRecord],
    result: &PolicyResult,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let mean = |value: &dyn Fn(&ReplicationRecord) -> f64| {
        replications.iter().map(value).sum::<f64>() / replications.len() as f64
    };
    if result.queries == 0 {
        warnings.push("no query was answered in the measured part of the run".to_owned());
        return warnings;
    }
    if scenario.workload.arrivals != Arrivals::Batch {
        let drops = scenario.workload.deadline.is_some_and(|d| d.drop);
        for (what, load) in [
            ("a server", mean(&|r| edge_offered_load(&r.load))),
            ("a device", mean(&|r| device_offered_load(&r.load))),
        ] {
            if load >= 1.0 && !drops {
                warnings.push(format!(
                    "unstable: {what} is offered {load:.2} of what it can do; its queue grows as \
                     long as the run lasts, and so do the delays"
                ));
            }
        }
    }
    let stopped = replications
        .iter()
        .filter(|r| r.load.arrivals_stopped)
        .count();
    if stopped > 0 {
        warnings.push(format!(
            "overload: in {stopped} of {} replications not all queries of the measured window \
             had left when as much time again had passed; arrivals then stopped, and the slowest \
             delays are those of a system that empties",
            replications.len()
        ));
    }
    // In a batch nothing is learned: the scenario is warned about as a whole.
    let target = policy.spec.as_ref().and_then(PolicySpec::target);
    if let Some((target, step)) = target
        && scenario.workload.arrivals != Arrivals::Batch
    {
        warnings.extend(targets::not_met(target, step, replications));
    }
    warnings.extend(beyond_the_histogram(replications));
    for q in &result.delay_quantiles {
        if q.low_ms.is_some() && q.high_ms.is_none() {
            warnings.push(format!(
                "too short to bound the quantile {} of delay: {} queries in {} replications",
                q.quantile, result.queries, result.replications
            ));
        }
    }
    if let Some(until) = &scenario.until {
        let own: Vec<&ReplicationRecord> = replications.iter().collect();
        let reached = relative_half_width(until.metric, &own);
        if reached.is_none_or(|width| width > until.relative_half_width) {
            warnings.push(format!(
                "the precision asked for was not reached in {} replications: {}, wanted {}",
                replications.len(),
                reached.map_or_else(
                    || "no interval".to_owned(),
                    |width| format!("a relative half-width of {width:.3}")
                ),
                until.relative_half_width
            ));
        }
    }
    if scenario.run.warm_up == WarmUp::Mser5 && replications.iter().any(|r| r.load.warm_up_at_limit)
    {
        warnings.push(
            "MSER-5 would leave out half of the run or more: the run is too short, or the \
             system is not stationary"
                .to_owned(),
        );
    }
    warnings
}

/// That quantiles fall where the histograms of delays end.
fn beyond_the_histogram(replications: &[ReplicationRecord]) -> Vec<String> {
    let ends = replications.iter().map(|r| r.delays.at_the_ends());
    let (short, long) = ends.fold((0, 0), |sum, end| (sum.0 + end.0, sum.1 + end.1));
    let of = replications.iter().map(|r| r.queries).sum::<u64>();
    let mut warnings = Vec::new();
    if short > 0 {
        warnings.push(format!(
            "{short} of {of} delays are as short as the least that histograms tell apart, 1 ns: \
             a quantile that says 1 ns says \"at most\""
        ));
    }
    if long > 0 {
        warnings.push(format!(
            "{long} of {of} delays are as long as the greatest that histograms tell apart, \
             1e9 s: a quantile that says 1e9 s says \"at least\""
        ));
    }
    warnings
}

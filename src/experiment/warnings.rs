//! What a user should know before believing results.

use super::PolicyUnderTest;
use super::estimate::MeanFold;
use super::measures::{device_offered_load, edge_offered_load};
use super::pass::Pass;
use super::precision::PrecisionFold;
use super::record::ReplicationRecord;
use super::results::PolicyResult;
use super::targets::TargetFold;
use crate::policy::PolicySpec;
use crate::scenario::{Scenario, WarmUp};
use crate::world::arrivals::Arrivals;

/// What makes the results of one policy at one point doubtful.
pub(super) struct WarningFold<'p> {
    scenario: &'p Scenario,
    edge_load: MeanFold,
    device_load: MeanFold,
    /// Replications in which arrivals had to stop.
    stopped: u64,
    /// Whether MSER-5 would leave out half of some replication or more.
    at_limit: bool,
    /// Delays as short as the histogram's first bucket, as long as its last, and all.
    at_the_ends: (u64, u64),
    queries: u64,
    refused: u64,
    target: Option<TargetFold>,
    precision: Option<PrecisionFold>,
}

impl<'p> WarningFold<'p> {
    pub fn new(scenario: &'p Scenario, policy: &PolicyUnderTest) -> Self {
        // In a batch nothing is learned: the scenario is warned about as a whole.
        let target = policy.spec.as_ref().and_then(PolicySpec::target);
        let target = target.filter(|_| scenario.workload.arrivals != Arrivals::Batch);
        let until = scenario.until.as_ref();
        Self {
            scenario,
            edge_load: MeanFold::default(),
            device_load: MeanFold::default(),
            stopped: 0,
            at_limit: false,
            at_the_ends: (0, 0),
            queries: 0,
            refused: 0,
            target: target.map(|(target, step)| TargetFold::new(target, step)),
            precision: until.map(|until| PrecisionFold::new(until.metric)),
        }
    }

    pub fn see(&mut self, pass: Pass, replication: &ReplicationRecord) {
        let load = &replication.load;
        self.edge_load.see(pass, edge_offered_load(load));
        self.device_load.see(pass, device_offered_load(load));
        if pass == Pass::First {
            self.stopped += u64::from(load.arrivals_stopped);
            self.at_limit |= load.warm_up_at_limit;
            let (short, long) = replication.delays.at_the_ends();
            self.at_the_ends.0 += short;
            self.at_the_ends.1 += long;
            self.queries += replication.queries;
            self.refused += replication.refused;
        }
        if let Some(target) = &mut self.target {
            target.see(pass, replication);
        }
        if let Some(precision) = &mut self.precision {
            precision.see(pass, replication);
        }
    }

    /// Call it between the first and the second pass.
    pub fn end_first_pass(&mut self) {
        if let Some(precision) = &mut self.precision {
            precision.end_first_pass();
        }
    }

    /// One line each.
    pub fn warnings(&self, result: &PolicyResult) -> Vec<String> {
        let (scenario, replications) = (self.scenario, result.replications);
        let mut warnings = Vec::new();
        if self.refused > 0 {
            warnings.push(format!(
                "{} queries were refused: they have more tokens than their server takes",
                self.refused
            ));
        }
        if result.queries == 0 {
            warnings.push("no query was answered in the measured part of the run".to_owned());
            return warnings;
        }
        if scenario.workload.arrivals != Arrivals::Batch {
            let drops = scenario.workload.deadline.is_some_and(|d| d.drop);
            for (what, load) in [
                ("a server", self.edge_load.mean()),
                ("a device", self.device_load.mean()),
            ] {
                if load >= 1.0 && !drops {
                    warnings.push(format!(
                        "unstable: {what} is offered {load:.2} of what it can do; its queue grows as \
                         long as the run lasts, and so do the delays"
                    ));
                }
            }
        }
        if self.stopped > 0 {
            warnings.push(format!(
                "overload: in {} of {replications} replications not all queries of the measured \
                 window had left when as much time again had passed; arrivals then stopped, and \
                 the slowest delays are those of a system that empties",
                self.stopped
            ));
        }
        warnings.extend(self.target.as_ref().and_then(TargetFold::not_met));
        warnings.extend(beyond_the_histogram(self.at_the_ends, self.queries));
        for q in &result.delay_quantiles {
            if q.low_ms.is_some() && q.high_ms.is_none() {
                warnings.push(format!(
                    "too short to bound the quantile {} of delay: {} queries in {} replications",
                    q.quantile, result.queries, result.replications
                ));
            }
        }
        if let (Some(until), Some(precision)) = (&scenario.until, &self.precision) {
            let reached = precision.relative_half_width();
            if reached.is_none_or(|width| width > until.relative_half_width) {
                warnings.push(format!(
                    "the precision asked for was not reached in {} replications: {}, wanted {}",
                    replications,
                    reached.map_or_else(
                        || "no interval".to_owned(),
                        |width| format!("a relative half-width of {width:.3}")
                    ),
                    until.relative_half_width
                ));
            }
        }
        if scenario.run.warm_up == WarmUp::Mser5 && self.at_limit {
            warnings.push(
                "MSER-5 would leave out half of the run or more: the run is too short, or the \
                 system is not stationary"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// That quantiles fall where the histograms of delays end.
fn beyond_the_histogram((short, long): (u64, u64), of: u64) -> Vec<String> {
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

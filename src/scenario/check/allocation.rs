//! Shares that are not equal, and policies that find associations for them: where all
//! queries that share are known.

use super::Faults;
use crate::engine::Scheduling;
use crate::physics::allocation::{Allocation, Allocations};
use crate::policy::PolicySpec;
use crate::scenario::Scenario;
use crate::station::Sharing;

/// Alphas by which an allocation can be chosen: near 0 all but the best of a server's queries
/// get next to nothing.
const ALPHAS: std::ops::RangeInclusive<f64> = 0.1..=1e3;

pub(super) fn check(scenario: &Scenario, faults: &mut Faults) {
    associations(scenario, faults);
    let Some(allocations) = scenario.servers.allocation else {
        return;
    };
    let Allocations { bandwidth, compute } = allocations;
    for (name, allocation) in [("bandwidth", bandwidth), ("compute", compute)] {
        if let Allocation::AlphaFair(alpha) = allocation {
            faults.within(&format!("servers.allocation.{name}"), alpha, ALPHAS);
        }
    }
    if allocations.are_equal() {
        return;
    }
    let field = "servers.allocation";
    let allowed = "`Equal`; or `sharing: Held`, `scheduling: Batch` and no `servers.serving`";
    let mut refuse = |what: &str| {
        let found = format!("shares that are not equal with {what}");
        faults.add(field, &found, allowed);
    };
    if scenario.sharing == Sharing::Live {
        refuse("`sharing: Live`, under which they would change with everyone who comes or goes");
    }
    if scenario.scheduling() != Scheduling::Batch {
        refuse("queries of several instants, whose shares would be held at different times");
    }
    if scenario.servers.serving.is_some() {
        refuse("servers that batch, which do not divide their compute");
    }
    let below_one = |allocation| matches!(allocation, Allocation::AlphaFair(alpha) if alpha < 1.0);
    for (at, policy) in scenario.policies.iter().enumerate() {
        let mut nested = policy.nested();
        if nested.any(|policy| matches!(policy, PolicySpec::Optimal { .. }))
            && (below_one(bandwidth) || below_one(compute))
        {
            faults.add(
                &format!("policies[{at}]"),
                "Optimal with an alpha below 1, where its bound does not hold",
                "`Refined`, or an alpha of at least 1",
            );
        }
    }
}

/// Policies that weigh all queries of an instant against each other, nobody connected before.
fn associations(scenario: &Scenario, faults: &mut Faults) {
    if scenario.scheduling() == Scheduling::Batch && scenario.servers.serving.is_none() {
        return;
    }
    for (at, policy) in scenario.policies.iter().enumerate() {
        if policy.associates_all() {
            faults.add(
                &format!("policies[{at}]"),
                &format!("{policy} with queries of several instants, or servers that batch"),
                "`scheduling: Batch` and no `servers.serving`, or another policy",
            );
        }
    }
}

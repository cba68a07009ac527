//! What servers that batch must satisfy.

use super::{Faults, Scenario};
use crate::engine::Probe;
use crate::llm::Order;
use crate::policy::PolicySpec;
use crate::scenario::ForesightSpec;
use crate::station::compute::Discipline;

pub(super) fn check(scenario: &Scenario, faults: &mut Faults) {
    phone(scenario, faults);
    servers(scenario, faults);
    if let Some(slo) = scenario.slo {
        faults.within("slo.ttft_ms", slo.ttft_ms, 1e-6..=1e12);
        faults.within("slo.tpot_ms", slo.tpot_ms, 1e-6..=1e12);
        if !scenario.tells_tokens_apart() {
            faults.add(
                "slo",
                "objectives of tokens where queries are lumps of work",
                "`servers.serving: Batching(..)` or `users.serving: Phone(..)` beside it",
            );
        }
    }
}

fn phone(scenario: &Scenario, faults: &mut Faults) {
    if let Some(throttling) = scenario.users.throttling {
        faults.within("users.throttling.after_s", throttling.after_s, 1e-3..=1e9);
        faults.within("users.throttling.factor", throttling.factor, 1e-3..=1.0);
    }
    let has_law = match scenario.users.serving.law(&scenario.catalog()) {
        Ok(law) => law.is_some(),
        Err(fault) => {
            let field = format!("users.serving.{}", fault.field);
            faults.add(&field, &fault.found, &fault.allowed);
            return;
        }
    };
    if has_law && scenario.workload.tokens.is_none() {
        faults.add(
            "users.serving",
            "Phone without `workload.tokens`",
            "`workload: (tokens: (prompt_tokens: .., output_tokens: ..))` beside it",
        );
    }
    if let Probe::Router { auroc, cost_ms } = scenario.workload.probe {
        let field = "workload.probe.auroc";
        if !(auroc > 0.0 && auroc < 1.0) {
            let allowed = "a number between 0 and 1, neither included";
            faults.add(field, &auroc.to_string(), allowed);
        }
        faults.within("workload.probe.cost_ms", cost_ms, 0.0..=1e9);
        if !scenario.workload.uncertainty.compare_metrics.is_empty() {
            faults.add(
                "workload.uncertainty.compare_metrics",
                "metrics beside `probe: Router(..)`, whose score is all that policies see",
                "none, or another probe",
            );
        }
    }
    if let Probe::FirstToken { work_share } = scenario.workload.probe {
        match work_share {
            Some(_) if has_law => faults.add(
                "workload.probe.work_share",
                "a share beside `users.serving: Phone(..)`, whose prompt is the first token's work",
                "`FirstToken()`",
            ),
            Some(share) => faults.share("workload.probe.work_share", share),
            None if !has_law => faults.add(
                "workload.probe",
                "FirstToken without `work_share`",
                "`FirstToken(work_share: ..)`, or `users.serving: Phone(..)`",
            ),
            None => {}
        }
    }
}

fn servers(scenario: &Scenario, faults: &mut Faults) {
    let Some(block) = &scenario.servers.serving else {
        return;
    };
    if let Err(fault) = block.resolve(&scenario.catalog()) {
        let field = match fault.field.as_str() {
            "" => "servers.serving".to_owned(),
            inner => format!("servers.serving.{inner}"),
        };
        faults.add(&field, &fault.found, &fault.allowed);
    }
    if scenario.workload.tokens.is_none() {
        faults.add(
            "servers.serving",
            "Batching without `workload.tokens`",
            "`workload: (tokens: (prompt_tokens: .., output_tokens: ..))` beside it",
        );
    }
    if scenario.servers.discipline != Discipline::ProcessorSharing {
        faults.add(
            "servers.discipline",
            "a discipline of shared compute beside `serving: Batching(..)`",
            "no `discipline`",
        );
    }
    let exact = scenario
        .workload
        .tokens
        .as_ref()
        .is_some_and(|tokens| tokens.foresight == ForesightSpec::Exact);
    match block.order {
        Order::ShortestExpected if !exact => faults.add(
            "servers.serving.order",
            "ShortestExpected where all answers have the same mean",
            "`workload.tokens.foresight: Exact`, or another order",
        ),
        Order::Priority => faults.add(
            "servers.serving.order",
            "Priority, but queries of a scenario have none",
            "`Fcfs`, `ShortestPrompt` or `ShortestExpected`",
        ),
        Order::Fcfs | Order::ShortestPrompt | Order::ShortestExpected => {}
    }
    for (at, policy) in scenario.policies.iter().enumerate() {
        let by_shares = |policy: &PolicySpec| matches!(policy, PolicySpec::Optimal { .. });
        if policy.nested().any(by_shares) {
            faults.add(
                &format!("policies[{at}]"),
                &format!("{policy}, which rests on the objective of shared compute"),
                "another policy beside `servers.serving: Batching(..)`",
            );
        }
    }
}

//! What plans of several steps need: a cloud, tokens, shares that follow who is there.

use super::{Faults, Scenario};
use crate::plan::{Acceptance, TokenUncertainty};
use crate::scenario::PhoneSpec;
use crate::station::Sharing;

pub(super) fn check(scenario: &Scenario, faults: &mut Faults) {
    cloud(scenario, faults);
    process(scenario, faults);
    policies(scenario, faults);
}

fn cloud(scenario: &Scenario, faults: &mut Faults) {
    let Some(cloud) = &scenario.cloud else {
        return;
    };
    faults.share("cloud.accuracy", cloud.accuracy);
    let capacity = cloud.capacity_tflops;
    faults.within("cloud.capacity_tflops", capacity, 1e-9..=1e12);
    let most = cloud.max_per_user_tflops;
    faults.within("cloud.max_per_user_tflops", most, 1e-9..=1e12);
    let latency = &cloud.backhaul.latency_ms;
    faults.distribution("cloud.backhaul.latency_ms", latency, 0.0..=1e9);
    let rate = cloud.backhaul.rate_mbps;
    faults.within("cloud.backhaul.rate_mbps", rate, 1e-6..=1e9);
    let Some(block) = &cloud.serving else {
        return;
    };
    if let Err(fault) = block.resolve(&scenario.catalog()) {
        let field = format!("cloud.serving.{}", fault.field);
        faults.add(field.trim_end_matches('.'), &fault.found, &fault.allowed);
    }
    if scenario.workload.tokens.is_none() {
        faults.add(
            "cloud.serving",
            "Batching without `workload.tokens`",
            "`workload: (tokens: (prompt_tokens: .., output_tokens: ..))` beside it",
        );
    }
}

fn process(scenario: &Scenario, faults: &mut Faults) {
    let Some(process) = &scenario.workload.token_process else {
        return;
    };
    let field = |name: &str| format!("workload.token_process.{name}");
    match process.uncertainty {
        TokenUncertainty::Power(power) => {
            faults.within(&field("uncertainty"), power, 1e-3..=1e3);
        }
        TokenUncertainty::Fixed(value) => faults.share(&field("uncertainty"), value),
    }
    match process.acceptance {
        Acceptance::Independent(accepted) => faults.share(&field("acceptance"), accepted),
        Acceptance::Line { slope, intercept } => {
            faults.within(&field("acceptance.slope"), slope, -100.0..=100.0);
            faults.within(&field("acceptance.intercept"), intercept, -100.0..=100.0);
        }
    }
    if let Some(table) = &process.table {
        if table.rows().is_empty() {
            faults.add(&field("table"), "no rows", "at least one token");
        }
        for (at, token) in table.rows().iter().enumerate() {
            let row = |name: &str| field(&format!("table[{at}].{name}"));
            faults.share(&row("uncertainty"), token.uncertainty);
            faults.share(&row("acceptance"), token.acceptance);
        }
    }
    if !(2..=10_000_000).contains(&process.vocabulary) {
        faults.add(
            &field("vocabulary"),
            &process.vocabulary.to_string(),
            "a whole number from 2 to 10000000",
        );
    }
}

fn policies(scenario: &Scenario, faults: &mut Faults) {
    let process = scenario.workload.token_process.clone().unwrap_or_default();
    let vocabulary = process.vocabulary;
    for (at, policy) in scenario.policies.iter().enumerate() {
        let Some(plan) = policy.plan() else {
            continue;
        };
        let field = format!("policies[{at}]");
        if let Err(fault) = plan.check(vocabulary) {
            let inner = format!("{field}.{}", fault.field);
            faults.add(&inner, &fault.found, &fault.allowed);
        }
        if scenario.sharing != Sharing::Live {
            faults.add(
                &field,
                &format!("{policy} with `sharing: Held`, which fixes every share at once"),
                "policies of one step with `Held`; or `sharing: Live`",
            );
        }
        if plan.needs_cloud() && scenario.cloud.is_none() {
            faults.add(
                &field,
                &format!("{policy} without a cloud"),
                "`cloud: (accuracy: ..)` beside it, or another policy",
            );
        }
        let has_tokens =
            scenario.users.serving != PhoneSpec::Lump && scenario.servers.serving.is_some();
        if plan.has_rounds() && !has_tokens {
            faults.add(
                &field,
                &format!("{policy} where queries are lumps of work"),
                "`users.serving: Phone(..)` and `servers.serving: Batching(..)` beside it",
            );
        }
    }
}

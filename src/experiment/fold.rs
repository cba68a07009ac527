//! From records to results, in task order.

use super::delay_band::delay_band;
use super::delay_variance::delay_variance_ms2;
use super::estimate::{Estimate, quantile};
use super::measures::measures;
use super::results::{
    MeasuredWindow, PairedDifference, PointResult, PolicyResult, QUANTILES, Results, StageMeans,
};
use super::stage_profile::{StageProfile, slowest};
use super::warnings::warnings;
use super::{DelayCounts, Experiment, PolicyUnderTest, ReplicationRecord, TaskRecord, histogram};
use crate::scenario::Scenario;
use crate::station::stage::Stage;
use crate::world::arrivals::Arrivals;

pub(super) fn fold(experiment: &Experiment, records: Vec<TaskRecord>) -> Results {
    let mut by_point: Vec<Vec<Vec<ReplicationRecord>>> = experiment
        .points
        .iter()
        .map(|point| vec![Vec::new(); point.policies.len()])
        .collect();
    for record in records {
        let point = experiment.tasks[record.task].point;
        for (all, new) in by_point[point].iter_mut().zip(record.policies) {
            all.extend(new);
        }
    }
    let stages = stages_in_use(&by_point);
    let points = experiment
        .points
        .iter()
        .zip(by_point)
        .map(|(point, replications)| PointResult {
            value: point.value,
            policies: point
                .policies
                .iter()
                .zip(&replications)
                .enumerate()
                .map(|(at, (policy, own))| {
                    let first = (at > 0).then(|| (&*point.policies[0].label, &*replications[0]));
                    policy_result(&point.scenario, policy, own, first, &stages)
                })
                .collect(),
        })
        .collect();
    Results {
        sweep_field: experiment
            .loaded
            .scenario
            .sweep
            .as_ref()
            .map_or_else(String::new, |sweep| sweep.field.clone()),
        series: series(experiment),
        warnings: scenario_warnings(experiment),
        points,
    }
}

fn scenario_warnings(experiment: &Experiment) -> Vec<String> {
    let warnings = experiment.loaded.warnings();
    warnings.into_iter().map(|doubt| doubt.message).collect()
}

/// What the plots call each policy.
pub(super) fn series(experiment: &Experiment) -> Vec<String> {
    let first = &experiment.points[0].policies;
    (0..first.len())
        .map(|at| {
            let label = &first[at].label;
            let constant = experiment
                .points
                .iter()
                .all(|point| point.policies[at].label == *label);
            if constant {
                label.clone()
            } else {
                label.split('(').next().unwrap_or(label).to_owned()
            }
        })
        .collect()
}

/// The stages to report, the same everywhere: those of every scenario, and those
/// on request in which any query spent time.
fn stages_in_use(records: &[Vec<Vec<ReplicationRecord>>]) -> Vec<Stage> {
    Stage::ALL
        .into_iter()
        .filter(|&stage| {
            !stage.is_optional()
                || records
                    .iter()
                    .flatten()
                    .flatten()
                    .any(|record| record.stages[stage] > 0.0)
        })
        .collect()
}

fn policy_result(
    scenario: &Scenario,
    policy: &PolicyUnderTest,
    own: &[ReplicationRecord],
    first: Option<(&str, &[ReplicationRecord])>,
    stages: &[Stage],
) -> PolicyResult {
    let mut pooled = histogram::empty();
    for record in own {
        record.delays.add_to(&mut pooled);
    }
    let delays: Vec<&DelayCounts> = own.iter().map(|record| &record.delays).collect();
    let over = |value: fn(&ReplicationRecord) -> f64| {
        Estimate::of(&own.iter().map(value).collect::<Vec<f64>>())
    };
    let profiles: Vec<&StageProfile> = own.iter().map(|record| &record.profile).collect();
    let tail = slowest(&profiles, 0.01);
    let slowest_stages = stages
        .iter()
        .map(|&stage| {
            let parts: Vec<(f64, f64)> = tail.iter().map(|t| (t.1[stage] * 1e3, t.0)).collect();
            (stage, Estimate::ratio(&parts))
        })
        .collect();
    let stages = stages
        .iter()
        .map(|&stage| {
            let means: Vec<f64> = own
                .iter()
                .map(|record| per_query(record, record.stages[stage]) * 1e3)
                .collect();
            (stage, Estimate::of(&means))
        })
        .collect();
    let difference = first.map(|(to, first)| {
        let paired = |value: fn(&ReplicationRecord) -> f64| {
            let differences: Vec<f64> = own
                .iter()
                .zip(first)
                .map(|(own, first)| value(own) - value(first))
                .collect();
            Estimate::of(&differences)
        };
        PairedDifference {
            to: to.to_owned(),
            delay_mean_ms: paired(mean_delay_ms),
            accuracy: paired(accuracy),
            offloaded_share: paired(offloaded_share),
            objective_s: paired(|record| record.objective_s),
        }
    });
    let mut result = PolicyResult {
        policy: policy.label.clone(),
        replications: own.len() as u32,
        queries: own.iter().map(|record| record.queries).sum(),
        delay_mean_ms: over(mean_delay_ms),
        delay_variance_ms2: delay_variance_ms2(own),
        delay_quantiles: QUANTILES
            .iter()
            .map(|&q| quantile(q, &pooled, &delays))
            .collect(),
        delay_band: if scenario.workload.arrivals == Arrivals::Batch {
            Vec::new()
        } else {
            delay_band(&pooled, &delays)
        },
        accuracy: over(accuracy),
        offloaded_share: over(offloaded_share),
        objective_s: over(|record| record.objective_s),
        stages_ms: StageMeans(stages),
        slowest_stages_ms: StageMeans(slowest_stages),
        measures: measures(scenario, own),
        warnings: Vec::new(),
        window: (scenario.workload.arrivals != Arrivals::Batch).then(|| MeasuredWindow {
            begin_s: own.first().map_or(f64::NAN, |record| record.load.warm_up_s),
            length_s: over(|record| record.load.window_s),
        }),
        difference,
        histogram: pooled,
    };
    result.warnings = warnings(scenario, policy, own, &result);
    result
}

pub(super) fn per_query(record: &ReplicationRecord, sum: f64) -> f64 {
    sum / record.queries as f64
}

pub(super) fn mean_delay_ms(record: &ReplicationRecord) -> f64 {
    per_query(record, record.delay_sum_s) * 1e3
}

pub(super) fn accuracy(record: &ReplicationRecord) -> f64 {
    per_query(record, record.correct as f64)
}

pub(super) fn offloaded_share(record: &ReplicationRecord) -> f64 {
    per_query(record, record.offloaded as f64)
}

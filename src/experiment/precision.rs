//! When a point has been replicated enough: a stopping rule by relative precision.
//!
//! Whether to go on is asked at fixed numbers of replications only, each half as
//! many again as the last, so that the answer depends on the records and on
//! nothing else: not on threads, not on who ran which task, not on tasks beyond
//! the answer that happen to be there.

use super::estimate::{Estimate, quantile};
use super::{DelayCounts, Experiment, ReplicationRecord, TaskRecord, histogram};
use crate::scenario::{Until, WatchedMetric};

/// A record of a task, where there is one.
pub(super) type Records<'f, 'r> = &'f dyn Fn(usize) -> Option<&'r TaskRecord>;

/// Where one point stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// These tasks must be run before anything can be said.
    Needs(Vec<usize>),
    /// The first tasks, this many, are what its results are made of.
    Decided(usize),
}

/// Where a point stands, given the records there are.
pub(super) fn standing(
    experiment: &Experiment,
    point: usize,
    records: Records<'_, '_>,
) -> Standing {
    // The tasks of a point stand together, and every point has as many.
    let per_point = experiment.tasks.len() / experiment.points.len();
    let tasks: Vec<usize> = (point * per_point..(point + 1) * per_point).collect();
    let scenario = &experiment.loaded.scenario;
    let least = tasks
        .iter()
        .take_while(|&&task| experiment.tasks[task].replications.start < scenario.replications)
        .count();
    let mut stage = least;
    loop {
        let missing: Vec<usize> = tasks[..stage]
            .iter()
            .copied()
            .filter(|&task| records(task).is_none())
            .collect();
        if !missing.is_empty() {
            return Standing::Needs(missing);
        }
        let enough = stage == tasks.len()
            || scenario
                .until
                .as_ref()
                .is_none_or(|until| precise(experiment, until, point, &tasks[..stage], records));
        if enough {
            return Standing::Decided(stage);
        }
        stage = (stage + stage.div_ceil(2)).min(tasks.len());
    }
}

/// Whether every policy of a point is estimated precisely enough.
fn precise(
    experiment: &Experiment,
    until: &Until,
    point: usize,
    tasks: &[usize],
    records: Records<'_, '_>,
) -> bool {
    (0..experiment.points[point].policies.len()).all(|policy| {
        let own: Vec<&ReplicationRecord> = tasks
            .iter()
            .filter_map(|&task| records(task))
            .flat_map(|record| &record.policies[policy])
            .collect();
        relative_half_width(until.metric, &own).is_some_and(|w| w <= until.relative_half_width)
    })
}

/// The half-width of a metric's 95 % interval over its estimate; `None` where the
/// replications do not give an interval.
pub(super) fn relative_half_width(
    metric: WatchedMetric,
    own: &[&ReplicationRecord],
) -> Option<f64> {
    let over = |value: fn(&ReplicationRecord) -> f64| {
        let values: Vec<f64> = own.iter().map(|record| value(record)).collect();
        let estimate = Estimate::of(&values);
        Some(estimate.ci95? / estimate.mean.abs())
    };
    match metric {
        WatchedMetric::DelayMean => over(|r| r.delay_sum_s / r.queries as f64),
        WatchedMetric::Accuracy => over(|r| r.correct as f64 / r.queries as f64),
        WatchedMetric::Objective => over(|r| r.objective_s),
        WatchedMetric::DelayP50
        | WatchedMetric::DelayP90
        | WatchedMetric::DelayP95
        | WatchedMetric::DelayP99
        | WatchedMetric::DelayP999 => {
            let mut pooled = histogram::empty();
            own.iter().for_each(|r| r.delays.add_to(&mut pooled));
            let delays: Vec<&DelayCounts> = own.iter().map(|r| &r.delays).collect();
            let found = quantile(metric.quantile()?, &pooled, &delays);
            Some(0.5 * (found.high_ms? - found.low_ms?) / found.value_ms)
        }
    }
}

//! When a point has been replicated enough: a stopping rule by relative precision.
//!
//! Whether to go on is asked at fixed numbers of replications only, each half as
//! many again as the last, so that the answer depends on the records and on
//! nothing else: not on threads, not on who ran which task, not on tasks beyond
//! the answer that happen to be there.

use super::estimate::MeanFold;
use super::pass::Pass;
use super::point_records::PointRecords;
use super::quantile::QuantileFold;
use super::{Experiment, RecordError, RecordStore, ReplicationRecord, histogram};
use crate::scenario::{Until, WatchedMetric};
use hdrhistogram::Histogram;

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
    store: &RecordStore,
) -> Result<Standing, RecordError> {
    let tasks = experiment.tasks.of_point(point);
    let scenario = &experiment.loaded.scenario;
    let mut count = experiment.tasks.that_hold(scenario.replications);
    loop {
        let first = tasks.start..tasks.start + count;
        let missing = store.missing_of(first.clone());
        if !missing.is_empty() {
            return Ok(Standing::Needs(missing));
        }
        let enough = count == tasks.len()
            || match &scenario.until {
                None => true,
                Some(until) => {
                    let policies = experiment.points[point].policies.len();
                    precise(until, policies, &PointRecords::of(store, first)?)?
                }
            };
        if enough {
            return Ok(Standing::Decided(count));
        }
        count = (count + count.div_ceil(2)).min(tasks.len());
    }
}

/// Whether every policy of a point is estimated precisely enough.
fn precise(
    until: &Until,
    policies: usize,
    records: &PointRecords<'_>,
) -> Result<bool, RecordError> {
    let mut folds = vec![PrecisionFold::new(until.metric); policies];
    for pass in Pass::ALL {
        if pass == Pass::Second {
            folds.iter_mut().for_each(PrecisionFold::end_first_pass);
        }
        records.each(&mut |record| {
            for (fold, own) in folds.iter_mut().zip(&record.policies) {
                own.iter()
                    .for_each(|replication| fold.see(pass, replication));
            }
        })?;
    }
    let mut widths = folds.iter().map(PrecisionFold::relative_half_width);
    Ok(widths.all(|width| width.is_some_and(|w| w <= until.relative_half_width)))
}

/// The half-width of a metric's 95 % interval over its estimate.
#[derive(Debug, Clone)]
pub(super) enum PrecisionFold {
    Mean(fn(&ReplicationRecord) -> f64, MeanFold),
    Quantile {
        quantile: f64,
        pooled: Histogram<u64>,
        /// `None` in the first pass.
        fold: Option<QuantileFold>,
    },
}

impl PrecisionFold {
    pub fn new(metric: WatchedMetric) -> Self {
        let mean = |value| Self::Mean(value, MeanFold::default());
        match (metric, metric.quantile()) {
            (WatchedMetric::Accuracy, _) => mean(|r| r.correct as f64 / r.queries as f64),
            (WatchedMetric::Objective, _) => mean(|r| r.objective_s),
            (_, Some(quantile)) => Self::Quantile {
                quantile,
                pooled: histogram::empty(),
                fold: None,
            },
            (_, None) => mean(|r| r.delay_sum_s / r.queries as f64),
        }
    }

    /// Call it between the first and the second pass.
    pub fn end_first_pass(&mut self) {
        if let Self::Quantile {
            quantile,
            pooled,
            fold,
        } = self
        {
            *fold = Some(QuantileFold::new(*quantile, pooled));
        }
    }

    pub fn see(&mut self, pass: Pass, replication: &ReplicationRecord) {
        match self {
            Self::Mean(value, fold) => fold.see(pass, value(replication)),
            Self::Quantile { pooled, fold, .. } => match fold {
                None => replication.delays.add_to(pooled),
                Some(fold) => fold.see(pass, &replication.delays),
            },
        }
    }

    /// `None` where the replications do not give an interval.
    pub fn relative_half_width(&self) -> Option<f64> {
        match self {
            Self::Mean(_, fold) => {
                let estimate = fold.estimate();
                Some(estimate.ci95? / estimate.mean.abs())
            }
            Self::Quantile { pooled, fold, .. } => {
                let found = fold.as_ref()?.estimate(pooled);
                Some(0.5 * (found.high_ms? - found.low_ms?) / found.value_ms)
            }
        }
    }
}

//! From records to results, point after point, in the order of the tasks.

use super::pass::Pass;
use super::point::Point;
use super::point_records::PointRecords;
use super::policy_fold::PolicyFold;
use super::precision::{Standing, standing};
use super::results::{PointResult, Results, StageMeans};
use super::{Experiment, RecordError, RecordStore, Replication, TaskRanges};
use crate::station::stage::Stage;

impl Experiment {
    /// Folds the records of a store into results; `each` is shown every replication that
    /// they are made of, by point, number and policy. Records beyond what a stopping rule
    /// asked for change nothing.
    ///
    /// No more is held than the records of a point, or one record where these are many.
    ///
    /// # Errors
    /// [`RecordError::Missing`] if there are tasks that must be run first
    /// ([`Experiment::missing`]); others if a record cannot be read.
    pub fn fold(
        &self,
        store: &RecordStore,
        each: &mut dyn FnMut(Replication<'_>),
    ) -> Result<Results, RecordError> {
        let mut points = Vec::with_capacity(self.points.len());
        let mut is_used = [false; Stage::COUNT];
        for (at, point) in self.points.iter().enumerate() {
            let count = match standing(self, at, store)? {
                Standing::Decided(count) => count,
                Standing::Needs(_) => {
                    let missing = TaskRanges::of(&self.missing(store)?);
                    return Err(RecordError::Missing { tasks: missing });
                }
            };
            let first = self.tasks.of_point(at).start;
            let records = PointRecords::of(store, first..first + count)?;
            let folds = self.fold_point(point, at, &records, each)?;
            for stage in folds.iter().flat_map(PolicyFold::stages_used) {
                is_used[stage as usize] = true;
            }
            points.push(PointResult {
                values: point.values.clone(),
                policies: folds.into_iter().map(PolicyFold::result).collect(),
            });
        }
        // The same stages everywhere: those of every scenario, and those on request in
        // which any query spent time.
        let is_shown = |stage: Stage| !stage.is_optional() || is_used[stage as usize];
        for policy in points.iter_mut().flat_map(|point| &mut point.policies) {
            for StageMeans(means) in [&mut policy.stages_ms, &mut policy.slowest_stages_ms] {
                means.retain(|(stage, _)| is_shown(*stage));
            }
        }
        Ok(Results {
            swept_fields: self.loaded.scenario.swept_fields(),
            series: series(self),
            warnings: scenario_warnings(self),
            points,
        })
    }

    /// The policies of a point, which have seen all its records.
    fn fold_point<'p>(
        &self,
        point: &'p Point,
        at: usize,
        records: &PointRecords<'_>,
        each: &mut dyn FnMut(Replication<'_>),
    ) -> Result<Vec<PolicyFold<'p>>, RecordError> {
        let first = point.policies.first().map(|policy| &*policy.label);
        let mut folds: Vec<PolicyFold<'p>> = point
            .policies
            .iter()
            .enumerate()
            .map(|(at, policy)| PolicyFold::new(&point.scenario, policy, first.filter(|_| at > 0)))
            .collect();
        for pass in Pass::ALL {
            if pass == Pass::Second {
                folds.iter_mut().for_each(PolicyFold::end_first_pass);
            }
            records.each(&mut |record| {
                let numbers = self.tasks.get(record.task).replications;
                for (within, replication) in numbers.enumerate() {
                    for (policy, fold) in folds.iter_mut().enumerate() {
                        let own = &record.policies[policy][within];
                        fold.see(pass, own, &record.policies[0][within]);
                        if pass == Pass::First {
                            each(Replication {
                                point: at,
                                policy,
                                replication,
                                record: own,
                            });
                        }
                    }
                }
            })?;
        }
        Ok(folds)
    }
}

fn scenario_warnings(experiment: &Experiment) -> Vec<String> {
    let warnings = experiment.loaded.warnings();
    warnings.into_iter().map(|doubt| doubt.message).collect()
}

/// What the plots call each policy.
pub(super) fn series(experiment: &Experiment) -> Vec<String> {
    let points: Vec<Vec<&str>> = experiment.points().map(|point| point.policies).collect();
    super::series::series(&points)
}

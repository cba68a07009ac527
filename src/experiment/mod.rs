//! From a scenario to estimates: points, tasks, replications in parallel.
//!
//! A run is a list of independent *tasks*: a point of the sweep times a block of
//! replications, all policies on the same draws. A task is a pure function of the
//! scenario and its index; its record is self-contained, and records are folded
//! in task order, so that neither the number of threads nor who ran what can
//! change a bit of the results.

mod by_name;
mod delay_band;
mod delay_variance;
mod demand;
mod estimate;
mod finite;
mod fold;
mod gap;
mod histogram;
mod interruptible;
mod interval;
mod journal;
mod measures;
mod model;
mod pass;
mod plan;
mod plan_difference;
mod point;
mod point_records;
mod policy_fold;
mod precision;
mod quantile;
mod record;
mod record_ending;
mod record_error;
mod record_folder;
mod record_format;
mod record_means;
mod record_medium;
mod record_store;
mod replications;
mod results;
mod run_difference;
mod run_error;
mod run_loop;
mod series;
mod stage_profile;
mod study;
mod targets;
mod task_ranges;
mod tasks;
mod warm_up;
mod warnings;

pub use by_name::NameError;
pub use demand::Demand;
pub use estimate::Estimate;
pub use gap::{Gap, GapOptions, GapPoint, PolicyGap};
pub use histogram::{DelayCounts, UNIT};
pub use interval::Interval;
pub use journal::Journal;
pub use measures::{DEADLINE_MISSED, by_replication};
pub use model::world_model;
pub use plan::{Plan, PlanError};
pub use plan_difference::plan_differences;
pub use point::PointOutline;
pub use quantile::{QuantileEstimate, quantile_name};
pub use record::{LoadRecord, ReplicationRecord, TaskRecord};
pub use record_error::{Damaged, RecordError};
pub use record_folder::{RecordFolder, record_bytes};
pub use record_store::RecordStore;
pub use replications::{Replication, ReplicationMeans};
pub use results::{
    MeasuredWindow, PairedDifference, PointResult, PolicyResult, QUANTILES, Results, StageMeans,
    TokenTimes,
};
pub use run_difference::{FinishedRun, Group, GroupDifference, RunDifference, run_difference};
pub use run_error::RunError;
pub use series::series;
pub use stage_profile::StageProfile;
pub use study::{Study, StudyError};
pub use task_ranges::TaskRanges;
pub use tasks::Task;

#[cfg(test)]
pub(crate) use delay_band::band_quantiles;
#[cfg(test)]
pub(crate) use quantile::quantiles;

use crate::engine::{self, Recorder, Settings, Tally};
use crate::policy::{Policy, PolicyError};
use crate::scenario::{Diagnostic, Loaded};
use crate::units::Seconds;
use crate::world::World;
use crate::world::arrivals::Arrivals;
use crate::world::streams::StreamKey;
use interruptible::Interruptible;
use point::{Point, PolicyUnderTest};
use record::Recording;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tasks::Tasks;

/// Replications of a batch in a task: small enough to spread a point over many cores, large
/// enough that a record is worth its keeping. Part of a run's definition, not of
/// how it is executed.
const BATCHES_PER_TASK: u32 = 25;

/// Tasks of a run at most: their files have seven digits.
const MOST_TASKS: u64 = 10_000_000;

/// A study ready to run.
pub struct Experiment {
    loaded: Loaded,
    points: Vec<Point>,
    tasks: Tasks,
}

impl Experiment {
    /// Prepares a loaded scenario: finds its points and its tasks.
    ///
    /// # Errors
    /// A sweep that names no numeric field, or a value at which the scenario is
    /// not valid.
    pub fn new(loaded: Loaded) -> Result<Self, Vec<Diagnostic>> {
        let points = point::points(&loaded)?;
        let until = loaded.scenario.until.as_ref();
        let replications =
            until.map_or(loaded.scenario.replications, |until| until.max_replications);
        // A run in time is worth a task by itself.
        let per_task = match loaded.scenario.workload.arrivals {
            Arrivals::Batch => BATCHES_PER_TASK,
            _ => 1,
        };
        let count = points.len() as u64 * u64::from(replications.div_ceil(per_task));
        if count > MOST_TASKS {
            let field = match until {
                Some(_) => "until.max_replications",
                None => "replications",
            };
            let most = MOST_TASKS / points.len() as u64 * u64::from(per_task);
            let message = format!(
                "{field}: found {replications} at {} points, allowed is at most {most} at each",
                points.len()
            );
            return Err(vec![loaded.at_field(
                field,
                message,
                "a run is divided into pieces of work, and there may be ten million of them",
            )]);
        }
        let tasks = Tasks {
            points: points.len(),
            replications,
            per_task,
        };
        Ok(Self {
            loaded,
            points,
            tasks,
        })
    }

    /// Adds a policy that a scenario cannot name: your own. It runs on the same
    /// draws as the scenario's policies, after them.
    pub fn add_policy<F, P>(&mut self, label: &str, make: F)
    where
        F: Fn() -> P + Send + Sync + Clone + 'static,
        P: Policy + 'static,
    {
        for point in &mut self.points {
            let make = make.clone();
            // Its transient counts, too.
            point.cut = OnceLock::new();
            point
                .policies
                .push(PolicyUnderTest::new(label, move || Box::new(make())));
        }
    }

    /// The scenario and where it came from.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// How many points the sweep has (1 without a sweep).
    pub fn point_count(&self) -> usize {
        self.points.len()
    }

    /// How many independent pieces of work there are.
    pub fn task_count(&self) -> usize {
        self.tasks.count()
    }

    /// One of them, by its number: they are folded in this order.
    pub fn task(&self, number: usize) -> Task {
        self.tasks.get(number)
    }

    /// The world that a replication of a point begins with.
    ///
    /// # Panics
    /// If there is no such point: that is a mistake of the caller.
    pub fn world(&self, point: usize, replication: u32) -> World<'_> {
        let model = &self.points[point].model;
        World::draw(model, self.replication_key(replication.into()))
    }

    /// Simulates one replication of one point under a policy of your own, outside
    /// of any task; replications beyond those of the scenario exist, too. Nothing
    /// is measured but by the recorder.
    ///
    /// # Errors
    /// What the policy says, or that its decision does not fit the snapshot.
    ///
    /// # Panics
    /// If there is no such point: that is a mistake of the caller.
    pub fn simulate(
        &self,
        point: usize,
        replication: u64,
        policy: &mut dyn Policy,
        recorder: &mut dyn engine::Recorder,
    ) -> Result<(), PolicyError> {
        let point = &self.points[point];
        let world = World::draw(&point.model, self.replication_key(replication));
        engine::simulate(&world, &point.settings, policy, recorder).map(|_| ())
    }

    /// Runs one task.
    ///
    /// # Errors
    /// [`RunError::Policy`], or [`RunError::Interrupted`] once `stop` is set.
    pub fn run_task(&self, index: usize, stop: &AtomicBool) -> Result<TaskRecord, RunError> {
        let task = self.tasks.get(index);
        Ok(TaskRecord {
            task: index,
            policies: self.run_replications(task.point, task.replications, stop)?,
        })
    }

    /// Runs some replications of a point: of each policy, in the scenario's order, one
    /// record a replication.
    fn run_replications(
        &self,
        at: usize,
        replications: Range<u32>,
        stop: &AtomicBool,
    ) -> Result<Vec<Vec<ReplicationRecord>>, RunError> {
        let point = &self.points[at];
        let cut = self.cut(at, stop)?;
        let settings = point.settings_from(cut.warm_up);
        let mut policies: Vec<Box<dyn Policy>> =
            point.policies.iter().map(PolicyUnderTest::make).collect();
        let mut records: Vec<Vec<ReplicationRecord>> = policies
            .iter()
            .map(|_| Vec::with_capacity(replications.len()))
            .collect();
        for replication in replications {
            if stop.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            let mut world = World::draw(&point.model, self.replication_key(replication.into()));
            for (number, policy) in policies.iter_mut().enumerate() {
                let shown = point.policies[number].metric;
                world.show(shown.unwrap_or(point.model.workload.metric));
                let measured = measure(&world, &settings, policy.as_mut(), stop);
                let mut record = measured.map_err(|error| {
                    // Ctrl-C reaches an external policy's process, too.
                    if stop.load(Ordering::Relaxed) {
                        return RunError::Interrupted;
                    }
                    self.ended(at, number, replication, error)
                })?;
                if let Some((field, value)) = finite::beyond_all_results(&record) {
                    return Err(RunError::NotFinite {
                        policy: point.policies[number].label.clone(),
                        field,
                        value,
                        point: at,
                        seed: self.loaded.scenario.seed,
                        replication,
                    });
                }
                record.load.warm_up_at_limit = cut.at_limit[number];
                records[number].push(record);
            }
        }
        Ok(records)
    }

    /// Runs one replication of one policy at one point once more, with a recorder
    /// of your own: for traces, time series and records of single queries. It sees
    /// exactly what the run that is folded saw.
    ///
    /// # Errors
    /// [`RunError::Policy`], or [`RunError::Interrupted`] once the recorder asks to stop.
    pub fn replay(
        &self,
        point: usize,
        policy: usize,
        replication: u32,
        sample_every: Option<Seconds>,
        recorder: &mut dyn Recorder,
    ) -> Result<(), RunError> {
        let (point_index, point) = (point, &self.points[point]);
        let policy_index = policy;
        let under_test = &point.policies[policy];
        let mut world = World::draw(&point.model, self.replication_key(replication.into()));
        world.show(under_test.metric.unwrap_or(point.model.workload.metric));
        let mut policy = under_test.make();
        let settings = Settings {
            sample_every,
            ..point.settings_from(self.cut(point_index, &AtomicBool::new(false))?.warm_up)
        };
        engine::simulate(&world, &settings, policy.as_mut(), recorder)
            .map(|_| ())
            .map_err(|error| self.ended(point_index, policy_index, replication, error))
    }

    /// What ended a replication.
    fn ended(&self, at: usize, policy: usize, replication: u32, error: PolicyError) -> RunError {
        let policy = self.points[at].policies[policy].label.clone();
        match error {
            PolicyError::Interrupted => RunError::Interrupted,
            PolicyError::Broken {
                event,
                time_s,
                what,
            } => RunError::Broken {
                policy,
                what,
                seed: self.loaded.scenario.seed,
                point: at,
                replication,
                event,
                time_s,
            },
            error => RunError::Policy {
                policy,
                error,
                point: at,
                replication,
            },
        }
    }

    /// Verifies every event of every replication that is run from now on, and counts what
    /// was verified.
    #[must_use]
    pub fn verifying(mut self, tally: &Arc<Tally>) -> Self {
        for point in &mut self.points {
            point.settings.verification = Some(Arc::clone(tally));
        }
        self
    }

    fn replication_key(&self, replication: u64) -> StreamKey {
        StreamKey::root(self.loaded.scenario.seed).index(replication)
    }
}

/// Runs one replication of one policy and records what is measured of it.
fn measure(
    world: &World<'_>,
    settings: &Settings,
    policy: &mut dyn Policy,
    stop: &AtomicBool,
) -> Result<ReplicationRecord, PolicyError> {
    let mut recording = Recording::new(
        world,
        settings.warm_up,
        settings.serving.compute,
        settings.slo,
    );
    let mut recorder = Interruptible {
        recorder: &mut recording,
        stop,
    };
    engine::simulate(world, settings, policy, &mut recorder)?;
    Ok(ReplicationRecord {
        threshold_at_end: policy.threshold(),
        ..recording.finish()
    })
}

/// How many whole records of a plan's tasks bytes begin with: what a file of records, or
/// a stream of them that was cut, is worth.
pub fn whole_records(plan: &Plan, bytes: &[u8]) -> usize {
    record_store::scan(plan, bytes).0.len()
}

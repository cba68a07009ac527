//! From a scenario to estimates: points, cells, replications in parallel.
//!
//! A run is a list of independent *cells*: a point of the sweep times a block of
//! replications, all policies on the same draws. A cell is a pure function of the
//! scenario and its index; its record is self-contained, and records are folded
//! in cell order, so that neither the number of threads nor who ran what can
//! change a bit of the results.

mod cell_ranges;
mod collected;
mod delay_band;
mod delay_variance;
mod demand;
mod estimate;
mod finite;
mod fold;
mod gap;
mod histogram;
mod interruptible;
mod journal;
mod measures;
mod model;
mod plan;
mod plan_difference;
mod point;
mod precision;
mod record;
mod record_folder;
mod record_format;
mod replications;
mod results;
mod run_error;
mod stage_profile;
mod targets;
mod warm_up;
mod warnings;

pub use cell_ranges::CellRanges;
pub use collected::{Collected, Damaged, RECORDS_ENDING, RecordError};
pub use delay_band::delay_band;
pub use demand::Demand;
pub use estimate::{Estimate, QuantileEstimate, quantile, student_t_975};
pub use gap::{Gap, GapPoint, GapStudy, PolicyGap};
pub use histogram::{DelayCounts, UNIT};
pub use journal::Journal;
pub use measures::DEADLINE_MISSED;
pub use model::world_model;
pub use plan::{Plan, PlanError};
pub use plan_difference::plan_differences;
pub use point::{PointOutline, PolicyFactory, PolicyUnderTest};
pub use record::{CellRecord, LoadRecord, ReplicationRecord};
pub use record_folder::{RecordFolder, record_bytes};
pub use replications::{Replication, ReplicationMeans};
pub use results::{
    MeasuredWindow, PairedDifference, PointResult, PolicyResult, QUANTILES, Results, StageMeans,
};
pub use run_error::RunError;
pub use stage_profile::StageProfile;
pub use warm_up::mser5;

use crate::engine::{self, Recorder, Settings};
use crate::policy::{Policy, PolicyError};
use crate::scenario::{Diagnostic, Loaded};
use crate::units::Seconds;
use crate::world::World;
use crate::world::arrivals::Arrivals;
use crate::world::streams::StreamKey;
use interruptible::Interruptible;
use point::Point;
use precision::Standing;
use rayon::prelude::*;
use record::Recording;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Replications of a batch in a cell: small enough to spread a point over many cores, large
/// enough that a record is worth its keeping. Part of a run's definition, not of
/// how it is executed.
const BATCHES_PER_CELL: u32 = 25;

/// Cells of a run at most: their files have seven digits.
const MOST_CELLS: u64 = 10_000_000;

/// A study ready to run.
pub struct Experiment {
    loaded: Loaded,
    points: Vec<Point>,
    cells: Vec<Cell>,
}

/// A block of replications of one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The point's index.
    pub point: usize,
    /// The replications' numbers.
    pub replications: Range<u32>,
}

impl Experiment {
    /// Prepares a loaded scenario: finds its points and its cells.
    ///
    /// # Errors
    /// A sweep that names no numeric field, or a value at which the scenario is
    /// not valid.
    pub fn new(loaded: Loaded) -> Result<Self, Vec<Diagnostic>> {
        let points = point::points(&loaded)?;
        let least = loaded.scenario.replications;
        let until = loaded.scenario.until.as_ref();
        let replications = until.map_or(least, |until| until.max_replications);
        // A run in time is worth a cell by itself.
        let per_cell = match loaded.scenario.workload.arrivals {
            Arrivals::Batch => BATCHES_PER_CELL,
            _ => 1,
        };
        let count = points.len() as u64 * u64::from(replications.div_ceil(per_cell));
        if count > MOST_CELLS {
            let field = match until {
                Some(_) => "until.max_replications",
                None => "replications",
            };
            let most = MOST_CELLS / points.len() as u64 * u64::from(per_cell);
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
        let cells = (0..points.len())
            .flat_map(|point| {
                (0..replications)
                    .step_by(per_cell as usize)
                    .map(move |first| Cell {
                        point,
                        replications: first..first.saturating_add(per_cell).min(replications),
                    })
            })
            .collect();
        Ok(Self {
            loaded,
            points,
            cells,
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

    /// The independent pieces of work, in the order in which they are folded.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Simulates one replication of one point under a policy of your own, outside
    /// of any cell; replications beyond those of the scenario exist, too. Nothing
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

    /// Runs one cell.
    ///
    /// # Errors
    /// [`RunError::Policy`], or [`RunError::Interrupted`] once `stop` is set.
    pub fn run_cell(&self, index: usize, stop: &AtomicBool) -> Result<CellRecord, RunError> {
        let cell = &self.cells[index];
        let point = &self.points[cell.point];
        let cut = self.cut(cell.point, stop)?;
        let settings = point.settings_from(cut.warm_up);
        let mut policies: Vec<Box<dyn Policy>> =
            point.policies.iter().map(PolicyUnderTest::make).collect();
        let mut records: Vec<Vec<ReplicationRecord>> = policies
            .iter()
            .map(|_| Vec::with_capacity(cell.replications.len()))
            .collect();
        for replication in cell.replications.clone() {
            if stop.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            let mut world = World::draw(&point.model, self.replication_key(replication.into()));
            for (at, policy) in policies.iter_mut().enumerate() {
                let shown = point.policies[at].metric;
                world.show(shown.unwrap_or(point.model.workload.metric));
                let measured = measure(&world, &settings, policy.as_mut(), stop);
                let mut record = measured.map_err(|error| {
                    // Ctrl-C reaches an external policy's process, too.
                    if stop.load(Ordering::Relaxed) {
                        return RunError::Interrupted;
                    }
                    RunError::Policy {
                        policy: point.policies[at].label.clone(),
                        error,
                        point: cell.point,
                        replication,
                    }
                })?;
                if let Some((field, value)) = finite::beyond_all_results(&record) {
                    return Err(RunError::NotFinite {
                        policy: point.policies[at].label.clone(),
                        field,
                        value,
                        point: cell.point,
                        seed: self.loaded.scenario.seed,
                        replication,
                    });
                }
                record.load.warm_up_at_limit = cut.at_limit[at];
                records[at].push(record);
            }
        }
        Ok(CellRecord {
            cell: index,
            policies: records,
        })
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
            .map_err(|error| match error {
                PolicyError::Interrupted => RunError::Interrupted,
                error => RunError::Policy {
                    policy: under_test.label.clone(),
                    error,
                    point: point_index,
                    replication,
                },
            })
    }

    fn replication_key(&self, replication: u64) -> StreamKey {
        StreamKey::root(self.loaded.scenario.seed).index(replication)
    }

    /// Runs every cell on `threads` threads (all cores if `None`) and folds the
    /// records. `done` is called after each cell, from the thread that ran it.
    ///
    /// # Errors
    /// Those of [`Experiment::run_cell`], or [`RunError::Threads`].
    pub fn run(
        &self,
        threads: Option<usize>,
        stop: &AtomicBool,
        done: &(dyn Fn() + Sync),
    ) -> Result<Results, RunError> {
        let mut records: Vec<Option<CellRecord>> = vec![None; self.cells.len()];
        loop {
            let wanted = self.needed(&|cell| records[cell].as_ref());
            if wanted.is_empty() {
                return Ok(self.fold(records.into_iter().flatten().collect()));
            }
            for record in self.run_cells(&wanted, threads, stop, &|record| {
                done();
                Ok(record)
            })? {
                let cell = record.cell;
                records[cell] = Some(record);
            }
        }
    }

    /// The cells that must be run next, given the records there are; none once the
    /// results can be folded. Without a stopping rule these are all cells that have
    /// no record; with one, as many as the next look at the precision needs.
    pub fn needed<'r>(&self, records: &dyn Fn(usize) -> Option<&'r CellRecord>) -> Vec<usize> {
        (0..self.points.len())
            .flat_map(|point| match precision::standing(self, point, records) {
                Standing::Needs(cells) => cells,
                Standing::Decided(_) => Vec::new(),
            })
            .collect()
    }

    /// Runs some cells on `threads` threads (all cores if `None`) and hands each
    /// record to `keep`, on the thread that made it; returns what `keep` returns, in
    /// the order of `cells`.
    ///
    /// # Errors
    /// Those of [`Experiment::run_cell`] and of `keep`, or [`RunError::Threads`].
    pub fn run_cells<K: Send>(
        &self,
        cells: &[usize],
        threads: Option<usize>,
        stop: &AtomicBool,
        keep: &(dyn Fn(CellRecord) -> Result<K, RunError> + Sync),
    ) -> Result<Vec<K>, RunError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or(0))
            .build()?;
        let points: BTreeSet<usize> = cells.iter().map(|&cell| self.cells[cell].point).collect();
        pool.install(|| {
            // Before the cells, each of which would look for its point's by itself.
            points
                .par_iter()
                .try_for_each(|&point| self.cut(point, stop).map(|_| ()))?;
            cells
                .par_iter()
                .map(|&cell| keep(self.run_cell(cell, stop)?))
                .collect()
        })
    }

    /// Folds records into results. Those beyond what a stopping rule asked for
    /// change nothing.
    ///
    /// # Panics
    /// If a record is missing ([`Experiment::needed`]): that is a mistake of the
    /// caller.
    pub fn fold(&self, records: Vec<CellRecord>) -> Results {
        let mut by_cell: Vec<Option<CellRecord>> = vec![None; self.cells.len()];
        for record in records {
            let cell = record.cell;
            by_cell[cell] = Some(record);
        }
        let used: Vec<usize> = (0..self.points.len())
            .map(
                |point| match precision::standing(self, point, &|cell| by_cell[cell].as_ref()) {
                    Standing::Decided(cells) => cells,
                    Standing::Needs(cells) => panic!("cells {cells:?} have no record"),
                },
            )
            .collect();
        let mut left = used;
        let records = by_cell
            .into_iter()
            .zip(&self.cells)
            .filter_map(|(record, cell)| {
                let wanted = left[cell.point] > 0;
                left[cell.point] = left[cell.point].saturating_sub(1);
                record.filter(|_| wanted)
            });
        fold::fold(self, records.collect())
    }
}

/// Runs one replication of one policy and records what is measured of it.
fn measure(
    world: &World<'_>,
    settings: &Settings,
    policy: &mut dyn Policy,
    stop: &AtomicBool,
) -> Result<ReplicationRecord, PolicyError> {
    let mut recording = Recording::new(world, settings.warm_up);
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

/// How many whole records of a plan's cells bytes begin with: what a file of records, or
/// a stream of them that was cut, is worth.
pub fn whole_records(plan: &Plan, bytes: &[u8]) -> usize {
    collected::records(plan, bytes).0.len()
}

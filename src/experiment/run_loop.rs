//! The one loop that runs studies: what a store of records lacks is run, on many threads,
//! until the store can be folded.

use super::precision::{self, Standing};
use super::{
    Experiment, Plan, RecordError, RecordStore, ReplicationRecord, Results, RunError, TaskRecord,
};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

impl Experiment {
    /// Runs every task on `threads` threads (all cores if `None`) and folds the
    /// records. `done` is called after each task, from the thread that ran it.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn run(
        &self,
        threads: Option<usize>,
        stop: &AtomicBool,
        done: &(dyn Fn() + Sync),
    ) -> Result<Results, RunError> {
        let store = RecordStore::temporary(Plan::new(self));
        self.complete(&store, threads, stop, done)?;
        Ok(self.fold(&store, &mut |_| ())?)
    }

    /// Runs what a store lacks on `threads` threads (all cores if `None`) and puts the
    /// records there, until [`Experiment::fold`] can turn them into results. `done` is
    /// called after each task, from the thread that ran it.
    ///
    /// # Errors
    /// [`RunError`]; the records made until then are in the store.
    pub fn complete(
        &self,
        store: &RecordStore,
        threads: Option<usize>,
        stop: &AtomicBool,
        done: &(dyn Fn() + Sync),
    ) -> Result<(), RunError> {
        // With a stopping rule each look at the precision may ask for more.
        loop {
            let missing = self.missing(store)?;
            if missing.is_empty() {
                return Ok(());
            }
            self.run_tasks(&missing, threads, stop, &|record| {
                store.append(&record)?;
                done();
                Ok(())
            })?;
        }
    }

    /// The tasks that must be run next, given the records there are; none once they
    /// can be folded. Without a stopping rule these are all tasks that have no record;
    /// with one, as many as the next look at the precision needs.
    ///
    /// # Errors
    /// That a record cannot be read.
    pub fn missing(&self, store: &RecordStore) -> Result<Vec<usize>, RecordError> {
        let mut missing = Vec::new();
        for point in 0..self.points.len() {
            if let Standing::Needs(tasks) = precision::standing(self, point, store)? {
                missing.extend(tasks);
            }
        }
        Ok(missing)
    }

    /// Runs some tasks on `threads` threads (all cores if `None`) and hands each
    /// record to `keep`, on the thread that made it.
    ///
    /// # Errors
    /// Those of [`Experiment::run_task`] and of `keep`, or [`RunError::Threads`].
    pub fn run_tasks(
        &self,
        tasks: &[usize],
        threads: Option<usize>,
        stop: &AtomicBool,
        keep: &(dyn Fn(TaskRecord) -> Result<(), RunError> + Sync),
    ) -> Result<(), RunError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or(0))
            .build()?;
        let points: BTreeSet<usize> = tasks
            .iter()
            .map(|&task| self.tasks.get(task).point)
            .collect();
        pool.install(|| {
            // Before the tasks, each of which would look for its point's by itself.
            points
                .par_iter()
                .try_for_each(|&point| self.cut(point, stop).map(|_| ()))?;
            tasks
                .par_iter()
                .try_for_each(|&task| keep(self.run_task(task, stop)?))
        })
    }

    /// Runs some replications of a point, which may go beyond those of the scenario, on
    /// `threads` threads (all cores if `None`). Of each, `keep` is shown the records of all
    /// policies, in the scenario's order; what it says comes back in the replications'.
    ///
    /// # Errors
    /// As [`Experiment::run_task`], or [`RunError::Threads`].
    ///
    /// # Panics
    /// If there is no such point: that is a mistake of the caller.
    pub fn replicate<T: Send>(
        &self,
        point: usize,
        replications: Range<u32>,
        threads: Option<usize>,
        stop: &AtomicBool,
        keep: &(dyn Fn(&[&ReplicationRecord]) -> T + Sync),
    ) -> Result<Vec<T>, RunError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or(0))
            .build()?;
        pool.install(|| {
            self.cut(point, stop)?;
            let one = |number: u32| {
                let records = self.run_replications(point, number..number + 1, stop)?;
                let of_all: Vec<&ReplicationRecord> = records.iter().flatten().collect();
                Ok(keep(&of_all))
            };
            replications.into_par_iter().map(one).collect()
        })
    }
}

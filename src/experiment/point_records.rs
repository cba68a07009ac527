//! The records of a point, one after the other, as often as needed.

use super::{RecordError, RecordStore, TaskRecord};
use std::ops::Range;

/// Up to this many bytes as they lie in their store, the records of a point are read
/// once and held; more are read again in every pass. Held, they take about three
/// times as many bytes.
const HELD_BYTES: u64 = 16 << 20;

/// The records of some consecutive tasks of a point.
pub(super) struct PointRecords<'s> {
    store: &'s RecordStore,
    tasks: Range<usize>,
    held: Option<Vec<TaskRecord>>,
}

impl<'s> PointRecords<'s> {
    /// Of tasks that all have a record.
    pub fn of(store: &'s RecordStore, tasks: Range<usize>) -> Result<Self, RecordError> {
        let held = (store.bytes_of(tasks.clone()) <= HELD_BYTES)
            .then(|| tasks.clone().map(|task| store.read(task)).collect())
            .transpose()?;
        Ok(Self { store, tasks, held })
    }

    /// Shows every record, in the order of the tasks.
    pub fn each(&self, see: &mut dyn FnMut(&TaskRecord)) -> Result<(), RecordError> {
        match &self.held {
            Some(records) => records.iter().for_each(see),
            None => {
                for task in self.tasks.clone() {
                    see(&self.store.read(task)?);
                }
            }
        }
        Ok(())
    }
}

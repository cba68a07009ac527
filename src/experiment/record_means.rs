//! Means over the queries of a replication's record.

use super::record::ReplicationRecord;

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

//! What a cell of a run leaves behind: one self-contained record per policy and
//! replication, so that nothing depends on how the work was divided.

use super::histogram::DelayCounts;
use crate::engine::{CompletedQuery, Recorder, Stages};
use crate::snapshot::Choice;
use serde::{Deserialize, Serialize};

/// The sums of one replication of one policy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReplicationRecord {
    /// Queries completed.
    pub queries: u64,
    /// Of these, answered right.
    pub correct: u64,
    /// Of these, answered at the edge.
    pub offloaded: u64,
    /// Sum of the delays, in seconds.
    pub delay_sum_s: f64,
    /// Sum over the queries of uncertainty times delay (Eq. 10), in seconds.
    pub objective_s: f64,
    /// Sums of the stages.
    pub stages: StageSums,
    /// The delays by bucket.
    pub delays: DelayCounts,
}

/// Sums of the stages over queries, in seconds; the fields of [`Stages`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct StageSums {
    /// From arrival to the scheduling instant.
    pub wait_s: f64,
    /// In a device's queue.
    pub device_queue_s: f64,
    /// On the small model.
    pub local_compute_s: f64,
    /// On an uplink.
    pub uplink_s: f64,
    /// On the large model.
    pub edge_compute_s: f64,
}

impl StageSums {
    /// The stages' names in reports, in the order of [`StageSums::values`].
    pub const NAMES: [&'static str; 5] = [
        "wait",
        "device_queue",
        "local_compute",
        "uplink",
        "edge_compute",
    ];

    /// The sums in the order of a query's life.
    pub fn values(&self) -> [f64; 5] {
        [
            self.wait_s,
            self.device_queue_s,
            self.local_compute_s,
            self.uplink_s,
            self.edge_compute_s,
        ]
    }

    fn add(&mut self, stages: &Stages) {
        self.wait_s += stages.wait.0;
        self.device_queue_s += stages.device_queue.0;
        self.local_compute_s += stages.local_compute.0;
        self.uplink_s += stages.uplink.0;
        self.edge_compute_s += stages.edge_compute.0;
    }
}

impl Recorder for ReplicationRecord {
    fn completed(&mut self, query: &CompletedQuery) {
        let delay = query.stages.total();
        self.queries += 1;
        self.correct += u64::from(query.correct());
        self.offloaded += u64::from(query.choice != Choice::Local);
        self.delay_sum_s += delay.0;
        self.objective_s += query.query.uncertainty * delay.0;
        self.stages.add(&query.stages);
        self.delays.record(delay);
    }
}

/// The records of one cell: a block of replications of one point, every policy
/// on the same draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRecord {
    /// The cell's index in the run.
    pub cell: usize,
    /// Policies x replications of the block.
    pub policies: Vec<Vec<ReplicationRecord>>,
}

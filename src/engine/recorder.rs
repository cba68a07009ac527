//! What a run leaves behind: every query with the time of each of its stages.

use crate::snapshot::Choice;
use crate::units::Seconds;
use crate::world::query::Query;

/// How long a query spent in each stage of its life; stages it skipped are zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stages {
    /// From arrival to its scheduling instant.
    pub wait: Seconds,
    /// In its device's queue.
    pub device_queue: Seconds,
    /// On the small model.
    pub local_compute: Seconds,
    /// On the uplink.
    pub uplink: Seconds,
    /// On the large model.
    pub edge_compute: Seconds,
}

impl Stages {
    /// The query's delay: the sum of its stages (Eq. 8, and what precedes it).
    pub fn total(&self) -> Seconds {
        self.wait + self.device_queue + self.local_compute + self.uplink + self.edge_compute
    }
}

/// A query that has been answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompletedQuery {
    /// What it asked for.
    pub query: Query,
    /// When it arrived.
    pub arrived: Seconds,
    /// Where it was answered.
    pub choice: Choice,
    /// Its stages.
    pub stages: Stages,
}

impl CompletedQuery {
    /// Whether the model that served it answered right.
    pub fn correct(&self) -> bool {
        match self.choice {
            Choice::Local => self.query.slm_correct,
            Choice::Edge(_) => self.query.llm_correct,
        }
    }
}

/// Takes what a run leaves behind, as it happens.
pub trait Recorder {
    /// A query has been answered.
    fn completed(&mut self, query: &CompletedQuery);
}

/// Keeps every completed query, for small runs and tests.
impl Recorder for Vec<CompletedQuery> {
    fn completed(&mut self, query: &CompletedQuery) {
        self.push(*query);
    }
}

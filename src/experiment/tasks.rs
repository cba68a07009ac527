//! How a study is divided into independent tasks.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A block of replications of one point, all policies on the same draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The point's index.
    pub point: usize,
    /// The replications' numbers.
    pub replications: Range<u32>,
}

/// The tasks of a study: those of a point stand together, and every point has as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tasks {
    pub points: usize,
    /// Replications of a point.
    pub replications: u32,
    /// Replications of a task; the last of a point may have fewer.
    pub per_task: u32,
}

impl Tasks {
    pub fn count(&self) -> usize {
        self.points * self.per_point()
    }

    fn per_point(&self) -> usize {
        self.replications.div_ceil(self.per_task) as usize
    }

    /// A task by its number.
    pub fn get(&self, task: usize) -> Task {
        let first = (task % self.per_point()) as u32 * self.per_task;
        Task {
            point: task / self.per_point(),
            replications: first..first.saturating_add(self.per_task).min(self.replications),
        }
    }

    /// The tasks of a point.
    pub fn of_point(&self, point: usize) -> Range<usize> {
        point * self.per_point()..(point + 1) * self.per_point()
    }

    /// How many tasks of a point its first replications, this many, take.
    pub fn that_hold(&self, replications: u32) -> usize {
        replications.min(self.replications).div_ceil(self.per_task) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_replication_of_every_point_is_in_one_task() {
        let tasks = Tasks {
            points: 3,
            replications: 60,
            per_task: 25,
        };
        assert_eq!(tasks.count(), 9);
        for point in 0..3 {
            let own: Vec<Task> = tasks.of_point(point).map(|task| tasks.get(task)).collect();
            assert!(own.iter().all(|task| task.point == point));
            let numbers: Vec<u32> = own.into_iter().flat_map(|t| t.replications).collect();
            assert_eq!(numbers, (0..60).collect::<Vec<u32>>());
        }
        for (replications, expected) in [(1, 1), (25, 1), (26, 2), (60, 3), (99, 3)] {
            assert_eq!(tasks.that_hold(replications), expected, "{replications}");
        }
    }
}

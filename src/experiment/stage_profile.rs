//! Where the time of slow queries goes: sums of the stages by classes of delay,
//! coarse enough for every replication to carry them.

use super::Estimate;
use super::estimate::RatioFold;
use super::pass::Pass;
use crate::station::stage::{Stage, StageSums, StageTimes};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Classes of delay to each doubling: a class is 19 % wide.
const PER_DOUBLING: f64 = 4.0;

/// Stage sums by class of delay; only classes that hold something take room.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StageProfile {
    /// In order of delay.
    classes: Vec<Class>,
}

/// The queries of one class of delay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Class {
    index: i32,
    queries: u64,
    sums_s: StageSums,
}

impl StageProfile {
    /// Counts one query.
    pub fn record(&mut self, stages: &StageTimes) {
        let delay = stages.total().0.max(f64::MIN_POSITIVE);
        let index = (libm::log2(delay) * PER_DOUBLING).floor() as i32;
        let at = self.classes.partition_point(|class| class.index < index);
        if self
            .classes
            .get(at)
            .is_none_or(|class| class.index != index)
        {
            let class = Class {
                index,
                queries: 0,
                sums_s: StageSums::default(),
            };
            self.classes.insert(at, class);
        }
        let class = &mut self.classes[at];
        class.queries += 1;
        class.sums_s.add(stages);
    }
}

/// Where the time of the slowest queries of all replications goes, by stage in the order
/// of [`Stage::ALL`]. Of the class at the boundary every query counts in part.
#[derive(Debug, Clone)]
pub(super) struct SlowestFold {
    /// Which share of all queries they are.
    share: f64,
    /// Queries by class, which the first pass counts.
    queries: BTreeMap<i32, u64>,
    /// By class, which share of its queries is among them.
    taken: BTreeMap<i32, f64>,
    stages_ms: [RatioFold; Stage::COUNT],
}

impl SlowestFold {
    pub fn new(share: f64) -> Self {
        Self {
            share,
            queries: BTreeMap::new(),
            taken: BTreeMap::new(),
            stages_ms: Default::default(),
        }
    }

    /// Call it between the first and the second pass.
    pub fn end_first_pass(&mut self) {
        let total: u64 = self.queries.values().sum();
        let mut wanted = self.share * total as f64;
        // From the slowest class down.
        for (&index, &queries) in self.queries.iter().rev() {
            if wanted <= 0.0 {
                break;
            }
            let taken = (wanted / queries as f64).min(1.0);
            self.taken.insert(index, taken);
            wanted -= taken * queries as f64;
        }
    }

    pub fn see(&mut self, pass: Pass, profile: &StageProfile) {
        if pass == Pass::First {
            for class in &profile.classes {
                *self.queries.entry(class.index).or_default() += class.queries;
            }
            return;
        }
        let (queries, sums_s) = self.contribution(profile);
        for (stage, fold) in Stage::ALL.into_iter().zip(&mut self.stages_ms) {
            fold.see(pass, sums_s[stage] * 1e3, queries);
        }
    }

    /// What a replication adds to the slowest queries of all: how many of its queries are
    /// among them, and the sums of their stages in seconds.
    fn contribution(&self, profile: &StageProfile) -> (f64, StageSums) {
        let mut contribution = (0.0, StageSums::default());
        for class in &profile.classes {
            if let Some(&taken) = self.taken.get(&class.index) {
                contribution.0 += taken * class.queries as f64;
                contribution.1.add_share(taken, &class.sums_s);
            }
        }
        contribution
    }

    /// Mean time of one of the slowest queries in a stage, in milliseconds.
    pub fn mean_ms(&self, stage: Stage) -> Estimate {
        self.stages_ms[stage as usize].estimate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;

    #[test]
    fn the_slowest_queries_are_found_across_replications() {
        let query = |uplink: f64, compute: f64| {
            let mut stages = StageTimes::default();
            stages[Stage::Uplink] = Seconds(uplink);
            stages[Stage::EdgeCompute] = Seconds(compute);
            stages
        };
        let (mut calm, mut stormy) = (StageProfile::default(), StageProfile::default());
        for _ in 0..95 {
            calm.record(&query(0.001, 0.009));
        }
        for _ in 0..5 {
            stormy.record(&query(0.9, 0.1));
        }
        let slowest = |share: f64| {
            let mut fold = SlowestFold::new(share);
            fold.see(Pass::First, &calm);
            fold.see(Pass::First, &stormy);
            fold.end_first_pass();
            [&calm, &stormy].map(|profile| fold.contribution(profile))
        };
        let found = slowest(0.04);
        assert_eq!(found[0].0, 0.0);
        assert!((found[1].0 - 4.0).abs() < 1e-12);
        assert!((found[1].1[Stage::Uplink] - 4.0 * 0.9).abs() < 1e-12);
        // Beyond them, the slowest of the calm ones follow.
        let found = slowest(0.1);
        assert!((found[0].0 - 5.0).abs() < 1e-9 && (found[1].0 - 5.0).abs() < 1e-9);
    }
}

//! Where the time of slow queries goes: sums of the stages by classes of delay,
//! coarse enough for every replication to carry them.

use crate::station::stage::{StageSums, StageTimes};
use serde::{Deserialize, Serialize};

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

/// What each replication adds to the slowest queries of all: how many of its
/// queries are among them, and the sums of their stages in seconds.
pub(super) type Contribution = (f64, StageSums);

/// The slowest `share` of the queries of all profiles together, by profile. Of the
/// class at the boundary every query counts in part.
pub(super) fn slowest(profiles: &[&StageProfile], share: f64) -> Vec<Contribution> {
    let mut counts: Vec<(i32, u64)> = Vec::new();
    for class in profiles.iter().flat_map(|profile| &profile.classes) {
        match counts.binary_search_by_key(&class.index, |count| count.0) {
            Ok(at) => counts[at].1 += class.queries,
            Err(at) => counts.insert(at, (class.index, class.queries)),
        }
    }
    let total: u64 = counts.iter().map(|count| count.1).sum();
    let mut wanted = share * total as f64;
    // From the slowest class down: which share of each class belongs to them.
    let mut shares: Vec<(i32, f64)> = Vec::new();
    for &(index, queries) in counts.iter().rev() {
        if wanted <= 0.0 {
            break;
        }
        let taken = (wanted / queries as f64).min(1.0);
        shares.push((index, taken));
        wanted -= taken * queries as f64;
    }
    profiles
        .iter()
        .map(|profile| {
            let mut contribution = (0.0, StageSums::default());
            for class in &profile.classes {
                let Some(&(_, taken)) = shares.iter().find(|s| s.0 == class.index) else {
                    continue;
                };
                contribution.0 += taken * class.queries as f64;
                contribution.1.add_share(taken, &class.sums_s);
            }
            contribution
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::stage::Stage;
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
        let found = slowest(&[&calm, &stormy], 0.04);
        assert_eq!(found[0].0, 0.0);
        assert!((found[1].0 - 4.0).abs() < 1e-12);
        assert!((found[1].1[Stage::Uplink] - 4.0 * 0.9).abs() < 1e-12);
        // Beyond them, the slowest of the calm ones follow.
        let found = slowest(&[&calm, &stormy], 0.1);
        assert!((found[0].0 - 5.0).abs() < 1e-9 && (found[1].0 - 5.0).abs() < 1e-9);
    }
}

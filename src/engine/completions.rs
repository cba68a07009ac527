//! The next completion of every station, which moves whenever rates change.
//!
//! Most moves do not change which station is first. So stations are put into groups,
//! the groups into groups of groups, and only what comes first in each of those into
//! the priority queue: a move behind the first of its group ends there.

use priority_queue::PriorityQueue;
use std::cmp::Reverse;
use std::hash::{BuildHasherDefault, Hasher};

/// Members of a group.
const GROUP: usize = 16;

/// Stations, groups, groups of groups.
const LEVELS: usize = 3;

/// The completion that comes first of every station, or of every group of them. No rank
/// (`u128::MAX`) where nothing will complete.
#[derive(Debug, Default)]
struct Level {
    ranks: Vec<u128>,
    /// Whose completion it is.
    stations: Vec<u32>,
}

/// Completions, by the number of their station.
#[derive(Debug, Default)]
pub(super) struct Completions {
    /// Of every station; the first of every group; of every group of groups.
    levels: [Level; LEVELS],
    /// The last level, in order.
    queue: PriorityQueue<usize, Reverse<u128>, BuildHasherDefault<NumberHasher>>,
}

impl Completions {
    /// A station's completion now has this rank in the order of events, which nothing
    /// else has; `u128::MAX` if there is none.
    pub fn set(&mut self, station: usize, rank: u128) {
        if station >= self.levels[0].ranks.len() {
            self.make_room(station);
        }
        let changed = station as u32;
        let (mut first, mut whose, mut place) = (rank, changed, station);
        self.levels[0].ranks[station] = rank;
        for level in 1..LEVELS {
            place /= GROUP;
            let (below, above) = self.levels.split_at_mut(level);
            let (below, above) = (&below[level - 1], &mut above[0]);
            if first >= above.ranks[place] {
                if above.stations[place] != changed {
                    return;
                }
                (first, whose) = below.first_of(place);
            }
            above.ranks[place] = first;
            above.stations[place] = whose;
        }
        self.queue.push(place, Reverse(first));
    }

    /// The least rank and its station.
    pub fn first(&self) -> Option<(u128, usize)> {
        let (&place, &Reverse(rank)) = self.queue.peek()?;
        let station = self.levels[LEVELS - 1].stations[place];
        (rank != u128::MAX).then_some((rank, station as usize))
    }

    fn make_room(&mut self, station: usize) {
        let mut groups = station / GROUP.pow(LEVELS as u32 - 1) + 1;
        for level in self.levels.iter_mut().rev() {
            level.ranks.resize(groups, u128::MAX);
            level.stations.resize(groups, u32::MAX);
            groups *= GROUP;
        }
        for (station, own) in self.levels[0].stations.iter_mut().enumerate() {
            *own = station as u32;
        }
    }
}

impl Level {
    /// The least rank of a group, and whose it is.
    fn first_of(&self, group: usize) -> (u128, u32) {
        let members = group * GROUP..(group + 1) * GROUP;
        let (mut first, mut at) = (u128::MAX, 0);
        // No branch here: a processor could not foretell it.
        for (place, &rank) in self.ranks[members.clone()].iter().enumerate() {
            let less = rank < first;
            first = if less { rank } else { first };
            at = if less { place } else { at };
        }
        (first, self.stations[members.start + at])
    }
}

/// Groups are few and numbered: their number is hash enough.
#[derive(Debug, Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0 << 8 | u64::from(byte);
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = number as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a plain search, with stations that stop and start again.
        #[test]
        fn it_names_what_a_search_over_all_names(
            moves in prop::collection::vec((0usize..700, prop::option::of(0u64..50)), 1..400),
        ) {
            let mut completions = Completions::default();
            let mut all = vec![u128::MAX; 700];
            for (sequence, (station, time)) in moves.into_iter().enumerate() {
                let rank = time.map_or(u128::MAX, |time| u128::from(time) << 64 | sequence as u128);
                completions.set(station, rank);
                all[station] = rank;
                let least = all.iter().copied().enumerate().min_by_key(|(_, rank)| *rank);
                let expected = least.filter(|(_, rank)| *rank != u128::MAX);
                prop_assert_eq!(completions.first(), expected.map(|(station, rank)| (rank, station)));
            }
        }
    }
}

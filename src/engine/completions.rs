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

/// The completion that comes first among some stations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct First {
    rank: u128,
    station: usize,
}

/// Nothing will complete.
const NEVER: First = First {
    rank: u128::MAX,
    station: usize::MAX,
};

/// Completions, by the number of their station.
#[derive(Debug, Default)]
pub(super) struct Completions {
    /// Of every station; the first of every group; of every group of groups.
    levels: [Vec<First>; LEVELS],
    /// The last level, in order.
    queue: PriorityQueue<usize, Reverse<u128>, BuildHasherDefault<NumberHasher>>,
}

impl Completions {
    /// A station's completion now has this rank in the order of events, which nothing
    /// else has; `u128::MAX` if there is none.
    pub fn set(&mut self, station: usize, rank: u128) {
        if station >= self.levels[0].len() {
            self.make_room(station);
        }
        let mut changed = First { rank, station };
        self.levels[0][station] = changed;
        let mut place = station;
        for level in 1..LEVELS {
            place /= GROUP;
            let (below, above) = self.levels.split_at_mut(level);
            let first = &mut above[0][place];
            if changed.rank < first.rank {
                *first = changed;
            } else if first.station == station {
                let members = &below[level - 1][place * GROUP..(place + 1) * GROUP];
                *first = first_of(members);
                changed = *first;
            } else {
                return;
            }
        }
        self.queue.push(place, Reverse(changed.rank));
    }

    /// The least rank and its station.
    pub fn first(&self) -> Option<(u128, usize)> {
        let (&place, _) = self.queue.peek()?;
        let First { rank, station } = self.levels[LEVELS - 1][place];
        (rank != u128::MAX).then_some((rank, station))
    }

    fn make_room(&mut self, station: usize) {
        let mut groups = station / GROUP.pow(LEVELS as u32 - 1) + 1;
        for level in self.levels.iter_mut().rev() {
            level.resize(groups, NEVER);
            groups *= GROUP;
        }
    }
}

fn first_of(members: &[First]) -> First {
    let mut first = NEVER;
    for &member in members {
        if member.rank < first.rank {
            first = member;
        }
    }
    first
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

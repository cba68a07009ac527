//! The next event of every unit of every station, which moves whenever rates change.

use priority_queue::PriorityQueue;
use std::cmp::Reverse;
use std::hash::{BuildHasherDefault, Hasher};

/// Ranks in the order of events, by the number of the unit.
#[derive(Debug, Default)]
pub(super) struct NextEvents {
    queue: PriorityQueue<usize, Reverse<u128>, BuildHasherDefault<NumberHasher>>,
}

impl NextEvents {
    /// A unit's next event now has this rank, which nothing else has, or there is none.
    pub fn set(&mut self, unit: usize, rank: Option<u128>) {
        match rank {
            Some(rank) => {
                self.queue.push(unit, Reverse(rank));
            }
            None => {
                self.queue.remove(&unit);
            }
        }
    }

    /// The least rank and its unit.
    pub fn first(&self) -> Option<(u128, usize)> {
        let (&unit, &Reverse(rank)) = self.queue.peek()?;
        Some((rank, unit))
    }
}

/// Units are numbered: their number is hash enough.
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

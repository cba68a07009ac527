//! The event list: what happens next.

use crate::units::Seconds;

/// Events in order of time; those of the same instant in the order they were
/// pushed, so that a run does not depend on how the list is kept.
///
/// ```
/// use edgelm::{engine::EventList, units::Seconds};
/// let mut events = EventList::default();
/// events.push(Seconds(2.0), 'c');
/// events.push(Seconds(1.0), 'a');
/// events.push(Seconds(1.0), 'b');
/// assert_eq!(events.pop(), Some((Seconds(1.0), 'a')));
/// assert_eq!(events.pop(), Some((Seconds(1.0), 'b')));
/// assert_eq!(events.pop(), Some((Seconds(2.0), 'c')));
/// assert_eq!(events.pop(), None);
/// ```
///
/// A radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, 1990) over the bits of (time,
/// sequence number): an event lies in the bucket of the highest bit in which its place
/// in the order differs from that of the event taken last. Taking the first event of a
/// bucket deals the others out to lower buckets, in which they lie side by side: a list
/// of a million events costs little more than one of a hundred, where a binary heap
/// waits for memory at every level. It asks that no event be earlier than the last one
/// taken, and in a simulation none is.
#[derive(Debug, Clone)]
pub struct EventList<E> {
    /// By the number of bits that differ from `last`; none in the first.
    buckets: Vec<Vec<Entry<E>>>,
    /// Which buckets hold anything, a bit for each.
    occupied: u128,
    /// The place of the event taken last.
    last: u128,
    /// The place of the next event, the greatest number if there is none.
    first: u128,
    len: usize,
    /// Places given out so far.
    ranked: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry<E> {
    /// The bits of the time, which order as the (never negative) times do, then
    /// the sequence number.
    rank: u128,
    event: E,
}

impl<E> Default for EventList<E> {
    fn default() -> Self {
        Self {
            buckets: (0..u128::BITS).map(|_| Vec::new()).collect(),
            occupied: 0,
            last: 0,
            first: u128::MAX,
            len: 0,
            ranked: 0,
        }
    }
}

impl<E> EventList<E> {
    /// Adds an event at a time that is not negative, nor before that of the event
    /// taken last.
    pub fn push(&mut self, time: Seconds, event: E) {
        let rank = self.rank(time);
        self.first = self.first.min(rank);
        self.len += 1;
        self.put(Entry { rank, event });
    }

    /// The next place in the order of (time, sequence). A time that rounding has put
    /// before the last event's is that.
    pub(super) fn rank(&mut self, time: Seconds) -> u128 {
        debug_assert!(time.0 >= 0.0, "an event at {time:?}");
        let last = Self::time(self.last);
        let time = if time < last { last } else { time };
        self.ranked += 1;
        // Adding zero turns -0.0, whose bits order last, into 0.0.
        ((time.0 + 0.0).to_bits() as u128) << 64 | u128::from(self.ranked)
    }

    /// The time of a place in the order.
    pub(super) fn time(rank: u128) -> Seconds {
        Seconds(f64::from_bits((rank >> 64) as u64))
    }

    /// The place of the next event.
    pub(super) fn first_rank(&self) -> Option<u128> {
        (self.len > 0).then_some(self.first)
    }

    /// Takes the next event and its time.
    pub fn pop(&mut self) -> Option<(Seconds, E)> {
        if self.len == 0 {
            return None;
        }
        let lowest = self.occupied.trailing_zeros() as usize;
        self.occupied &= self.occupied - 1;
        self.len -= 1;
        self.last = self.first;
        // The events of the lowest bucket come before all others.
        let mut dealt = std::mem::take(&mut self.buckets[lowest]);
        let mut taken = None;
        self.first = u128::MAX;
        for entry in dealt.drain(..) {
            if entry.rank == self.last {
                taken = Some(entry);
            } else {
                self.first = self.first.min(entry.rank);
                self.put(entry);
            }
        }
        // The bucket keeps its memory.
        self.buckets[lowest] = dealt;
        if self.first == u128::MAX && self.len > 0 {
            let lowest = &self.buckets[self.occupied.trailing_zeros() as usize];
            self.first = lowest.iter().map(|entry| entry.rank).min()?;
        }
        taken.map(|entry| (Self::time(entry.rank), entry.event))
    }

    /// How many events are waiting.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is left to happen.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn put(&mut self, entry: Entry<E>) {
        debug_assert!(entry.rank > self.last, "an event in the past");
        let bucket = (u128::BITS - 1 - (entry.rank ^ self.last).leading_zeros()) as usize;
        self.occupied |= 1 << bucket;
        self.buckets[bucket].push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    proptest! {
        /// Against a binary heap, pushes and pops mixed, with many ties.
        #[test]
        fn it_pops_what_a_binary_heap_pops(
            steps in prop::collection::vec((0u8..4, prop_oneof![Just(0.0), Just(1.0), 0.0..2.0f64, 0.0..1e-9f64]), 1..300),
        ) {
            let (mut fast, mut slow) = (EventList::default(), BinaryHeap::new());
            let mut now = 0.0f64;
            for (number, (pops, gap)) in steps.into_iter().enumerate() {
                fast.push(Seconds(now + gap), number);
                slow.push(Reverse(((now + gap).to_bits(), number)));
                for _ in 0..pops.saturating_sub(1) {
                    prop_assert_eq!(
                        fast.first_rank().map(EventList::<usize>::time),
                        slow.peek().map(|next| Seconds(f64::from_bits(next.0.0)))
                    );
                    let expected = slow.pop().map(|Reverse((time, number))| (Seconds(f64::from_bits(time)), number));
                    let found = fast.pop();
                    prop_assert_eq!(found, expected);
                    if let Some((time, _)) = found {
                        now = time.0;
                    }
                }
                prop_assert_eq!(fast.len(), slow.len());
            }
        }
    }
}

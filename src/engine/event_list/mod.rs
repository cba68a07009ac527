//! The event list: what happens next.

mod far_future;

use crate::units::Seconds;
use dary_heap::QuaternaryHeap;
use far_future::FarFuture;
use std::cmp::Ordering;

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
/// The next events are in a heap whose nodes have four children, over single integers:
/// half as deep as a binary heap, one comparison a child. Where there are many, those
/// of the far future wait outside, in intervals of time whose events are not in order,
/// until the heap is empty: what a processor reads at random stays small
/// (`benches/event_list.rs`).
#[derive(Debug, Clone)]
pub struct EventList<E> {
    /// What comes first.
    heap: QuaternaryHeap<Entry<E>>,
    /// How many events it may hold before it is relieved.
    most: usize,
    /// Everything after that.
    later: FarFuture<E>,
    /// Places given out so far.
    ranked: u64,
}

/// A heap of fewer events than this is not worth relieving.
const MANY: usize = if cfg!(test) { 16 } else { 4096 };

#[derive(Debug, Clone)]
struct Entry<E> {
    /// The bits of the time, which order as the (never negative) times do, then
    /// the sequence number.
    rank: u128,
    event: E,
}

impl<E> Default for EventList<E> {
    fn default() -> Self {
        Self {
            heap: QuaternaryHeap::new(),
            most: MANY,
            later: FarFuture::default(),
            ranked: 0,
        }
    }
}

impl<E> EventList<E> {
    /// Adds an event at a time that is not negative.
    pub fn push(&mut self, time: Seconds, event: E) {
        let entry = Entry {
            rank: self.rank(time),
            event,
        };
        if let Some(entry) = self.later.push(entry) {
            self.heap.push(entry);
            if self.heap.len() > self.most {
                self.put_off();
            }
        }
    }

    /// The next place in the order of (time, sequence).
    pub(super) fn rank(&mut self, time: Seconds) -> u128 {
        debug_assert!(time.0 >= 0.0, "an event at {time:?}");
        self.ranked += 1;
        // Adding zero turns -0.0, whose bits order last, into 0.0.
        ((time.0 + 0.0).to_bits() as u128) << 64 | u128::from(self.ranked)
    }

    /// The place of the next event.
    pub(super) fn first_rank(&self) -> Option<u128> {
        self.heap.peek().map(|entry| entry.rank)
    }

    /// Takes the next event and its time.
    pub fn pop(&mut self) -> Option<(Seconds, E)> {
        let entry = self.heap.pop()?;
        if self.heap.is_empty() && self.later.len() > 0 {
            self.fetch();
        }
        Some((entry.time(), entry.event))
    }

    /// Keeps only the earliest events of a heap that has grown too large.
    fn put_off(&mut self) {
        let heap = std::mem::take(&mut self.heap);
        self.later.put_off(heap.into_vec());
        self.fetch();
    }

    /// Fills the heap, which is empty, with the earliest of what waits outside.
    fn fetch(&mut self) {
        let mut events = std::mem::take(&mut self.heap).into_vec();
        self.later.take_next(&mut events);
        self.heap = QuaternaryHeap::from(events);
        self.most = MANY.max(2 * self.heap.len());
    }

    /// How many events are waiting.
    pub fn len(&self) -> usize {
        self.heap.len() + self.later.len()
    }

    /// Whether nothing is left to happen.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

/// The time of a place in the order.
pub(super) fn time(rank: u128) -> Seconds {
    Seconds(f64::from_bits((rank >> 64) as u64))
}

impl<E> Entry<E> {
    fn time(&self) -> Seconds {
        time(self.rank)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    /// Reversed: the heap's greatest is the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.rank.cmp(&self.rank)
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
                        fast.first_rank().map(time),
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

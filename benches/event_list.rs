//! The event list on the hold model: the earliest of n events is taken and comes
//! back after an exponential time. edgelm's list beside others that could be its
//! core; `random_gaps` is what drawing the times alone costs.

use dary_heap::QuaternaryHeap;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use edgelm::engine::EventList;
use edgelm::units::Seconds;
use edgelm::world::streams::{Stream, StreamKey};
use priority_queue::PriorityQueue;
use rand_distr::{Distribution, Exp1};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

fn main() {
    divan::main();
}

/// Events taken and put back in one sample.
const HOLDS: u32 = 1_000;

/// A list of events that are numbered.
trait List: Default {
    fn push(&mut self, time: f64, event: u32);
    fn pop(&mut self) -> Option<(f64, u32)>;
}

fn gap(rng: &mut Stream) -> f64 {
    Exp1.sample(rng)
}

#[divan::bench(
    types = [
        Edgelm,
        OrderedFloats,
        TimeBits,
        QuaternaryRanks,
        ByEventNumber,
    ],
    args = [100, 10_000, 1_000_000],
    min_time = 1,
)]
fn hold<L: List>(bencher: Bencher<'_, '_>, events: u32) {
    let mut rng = StreamKey::root(1).stream();
    let mut list = L::default();
    // What is left of exponential gaps is exponential: the list begins as it stays.
    for event in 0..events {
        list.push(gap(&mut rng), event);
    }
    bencher.counter(ItemsCount::new(HOLDS)).bench_local(|| {
        for _ in 0..HOLDS {
            if let Some((now, event)) = list.pop() {
                list.push(now + gap(&mut rng), event);
            }
        }
    });
}

#[divan::bench]
fn random_gaps(bencher: Bencher<'_, '_>) {
    let mut rng = StreamKey::root(1).stream();
    bencher.counter(ItemsCount::new(HOLDS)).bench_local(|| {
        for _ in 0..HOLDS {
            black_box(gap(&mut rng));
        }
    });
}

type Edgelm = EventList<u32>;

impl List for Edgelm {
    fn push(&mut self, time: f64, event: u32) {
        EventList::push(self, Seconds(time), event);
    }

    fn pop(&mut self) -> Option<(f64, u32)> {
        EventList::pop(self).map(|(time, event)| (time.0, event))
    }
}

/// std's heap on times compared as floats; ties in no particular order.
#[derive(Default)]
struct OrderedFloats(BinaryHeap<ByTime>);

struct ByTime {
    time: f64,
    event: u32,
}

impl Ord for ByTime {
    fn cmp(&self, other: &Self) -> Ordering {
        other.time.total_cmp(&self.time)
    }
}

impl PartialOrd for ByTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByTime {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ByTime {}

impl List for OrderedFloats {
    fn push(&mut self, time: f64, event: u32) {
        self.0.push(ByTime { time, event });
    }

    fn pop(&mut self) -> Option<(f64, u32)> {
        self.0.pop().map(|first| (first.time, first.event))
    }
}

/// std's heap on the times' bits; ties by the event's number.
#[derive(Default)]
struct TimeBits(BinaryHeap<Reverse<(u64, u32)>>);

impl List for TimeBits {
    fn push(&mut self, time: f64, event: u32) {
        self.0.push(Reverse((time.to_bits(), event)));
    }

    fn pop(&mut self) -> Option<(f64, u32)> {
        let Reverse((bits, event)) = self.0.pop()?;
        Some((f64::from_bits(bits), event))
    }
}

/// A heap with four children a node on (time's bits, sequence) in one number: ties in
/// the order they were pushed, like edgelm's own.
#[derive(Default)]
struct QuaternaryRanks {
    heap: QuaternaryHeap<ByRank>,
    pushed: u64,
}

struct ByRank {
    rank: u128,
    event: u32,
}

impl Ord for ByRank {
    fn cmp(&self, other: &Self) -> Ordering {
        other.rank.cmp(&self.rank)
    }
}

impl PartialOrd for ByRank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByRank {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for ByRank {}

impl List for QuaternaryRanks {
    fn push(&mut self, time: f64, event: u32) {
        self.pushed += 1;
        let rank = u128::from(time.to_bits()) << 64 | u128::from(self.pushed);
        self.heap.push(ByRank { rank, event });
    }

    fn pop(&mut self) -> Option<(f64, u32)> {
        let first = self.heap.pop()?;
        let time = f64::from_bits((first.rank >> 64) as u64);
        Some((time, first.event))
    }
}

/// A heap whose keys can change, found by the event's number.
#[derive(Default)]
struct ByEventNumber(PriorityQueue<u32, Reverse<u64>>);

impl List for ByEventNumber {
    fn push(&mut self, time: f64, event: u32) {
        self.0.push(event, Reverse(time.to_bits()));
    }

    fn pop(&mut self) -> Option<(f64, u32)> {
        let (event, Reverse(bits)) = self.0.pop()?;
        Some((f64::from_bits(bits), event))
    }
}

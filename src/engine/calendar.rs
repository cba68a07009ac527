//! The calendar: the event list, and beside it the next completion of every
//! station, whose time changes whenever rates change.

use super::event_list::EventList;
use crate::units::Seconds;
use priority_queue::PriorityQueue;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::hash::{BuildHasherDefault, Hasher};

/// A station whose next completion moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Station {
    /// The uplink of a cell.
    Uplink(u32),
    /// The compute of a server.
    Edge(u32),
}

/// What comes next: an event of the list, or a station's completion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Next<E> {
    Event(E),
    Completion(Station),
}

/// Events and completions in order of (time, sequence): one sequence for both.
#[derive(Debug)]
pub(super) struct Calendar<E> {
    events: EventList<E>,
    /// Events for the present instant, in the order they were pushed: most often what
    /// follows from the last event at once.
    at_once: VecDeque<(u128, E)>,
    now: Seconds,
    completions: PriorityQueue<Station, Reverse<u128>, BuildHasherDefault<StationHasher>>,
}

impl<E> Default for Calendar<E> {
    fn default() -> Self {
        Self {
            events: EventList::default(),
            at_once: VecDeque::new(),
            now: Seconds(0.0),
            completions: PriorityQueue::with_default_hasher(),
        }
    }
}

impl<E> Calendar<E> {
    /// Adds an event that will not move.
    pub fn push(&mut self, time: Seconds, event: E) {
        if time == self.now {
            let rank = self.events.rank(time);
            self.at_once.push_back((rank, event));
        } else {
            self.events.push(time, event);
        }
    }

    /// A station's next completion is now at `time`, or there is none.
    pub fn set(&mut self, station: Station, time: Option<Seconds>) {
        match time {
            Some(time) => {
                let rank = self.events.rank(time);
                self.completions.push(station, Reverse(rank));
            }
            None => {
                self.completions.remove(&station);
            }
        }
    }

    /// Some of the events that come soon.
    pub fn soon(&self) -> impl Iterator<Item = &E> {
        self.events.soon()
    }

    /// Takes what comes next. A station's completion stays until it is set anew.
    pub fn pop(&mut self) -> Option<(Seconds, Next<E>)> {
        let (event, at_once, completion) = (
            self.events.first_rank().unwrap_or(u128::MAX),
            self.at_once.front().map_or(u128::MAX, |next| next.0),
            self.completions.peek().map_or(u128::MAX, |next| next.1.0),
        );
        let first = event.min(at_once).min(completion);
        let next = if first == u128::MAX {
            return None;
        } else if first == completion {
            Next::Completion(*self.completions.peek()?.0)
        } else if first == at_once {
            Next::Event(self.at_once.pop_front()?.1)
        } else {
            Next::Event(self.events.pop()?.1)
        };
        self.now = EventList::<E>::time(first);
        Some((self.now, next))
    }
}

/// Stations are few and numbered: their number is hash enough.
#[derive(Debug, Default)]
pub(super) struct StationHasher(u64);

impl Hasher for StationHasher {
    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0 << 8 | u64::from(byte);
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = self.0 << 32 | u64::from(number);
    }

    fn write_isize(&mut self, number: isize) {
        self.0 = self.0 << 8 | number as u64;
    }
}

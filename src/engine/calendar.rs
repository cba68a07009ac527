//! The calendar: the event list, and beside it the next completion of every
//! station, whose time changes whenever rates change.

use super::event_list::EventList;
use crate::units::Seconds;
use priority_queue::PriorityQueue;
use std::cmp::Reverse;
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
    completions: PriorityQueue<Station, Reverse<u128>, BuildHasherDefault<StationHasher>>,
}

impl<E> Default for Calendar<E> {
    fn default() -> Self {
        Self {
            events: EventList::default(),
            completions: PriorityQueue::with_default_hasher(),
        }
    }
}

impl<E> Calendar<E> {
    /// Adds an event that will not move.
    pub fn push(&mut self, time: Seconds, event: E) {
        self.events.push(time, event);
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

    /// Takes what comes next. A station's completion stays until it is set anew.
    pub fn pop(&mut self) -> Option<(Seconds, Next<E>)> {
        let completion = self
            .completions
            .peek()
            .map(|(station, rank)| (rank.0, *station));
        match (self.events.first_rank(), completion) {
            (None, None) => None,
            (Some(event), Some((rank, station))) if rank < event => {
                Some((EventList::<E>::time(rank), Next::Completion(station)))
            }
            (None, Some((rank, station))) => {
                Some((EventList::<E>::time(rank), Next::Completion(station)))
            }
            (Some(_), _) => {
                let (time, event) = self.events.pop()?;
                Some((time, Next::Event(event)))
            }
        }
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

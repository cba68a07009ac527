//! The calendar: the event list, and beside it the next completion of every
//! station, whose time changes whenever rates change.

use super::completions::Completions;
use super::event_list::{self, EventList};
use crate::units::Seconds;
use std::collections::VecDeque;

/// A station whose next completion moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Station {
    /// The uplink of a cell.
    Uplink(u32),
    /// The compute of a server.
    Edge(u32),
}

impl Station {
    /// A cell and its server are neighbours.
    fn number(self) -> usize {
        match self {
            Self::Uplink(cell) => 2 * cell as usize,
            Self::Edge(server) => 2 * server as usize + 1,
        }
    }

    fn of_number(number: usize) -> Self {
        let place = (number / 2) as u32;
        if number.is_multiple_of(2) {
            Self::Uplink(place)
        } else {
            Self::Edge(place)
        }
    }
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
    completions: Completions,
}

impl<E> Default for Calendar<E> {
    fn default() -> Self {
        Self {
            events: EventList::default(),
            at_once: VecDeque::new(),
            now: Seconds(0.0),
            completions: Completions::default(),
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
        let rank = time.map_or(u128::MAX, |time| self.events.rank(time));
        self.completions.set(station.number(), rank);
    }

    /// Takes what comes next. A station's completion stays until it is set anew.
    pub fn pop(&mut self) -> Option<(Seconds, Next<E>)> {
        let event = self.events.first_rank().unwrap_or(u128::MAX);
        let at_once = self.at_once.front().map_or(u128::MAX, |next| next.0);
        let (completion, station) = self.completions.first().unwrap_or((u128::MAX, 0));
        let first = event.min(at_once).min(completion);
        let next = if first == u128::MAX {
            return None;
        } else if first == completion {
            Next::Completion(Station::of_number(station))
        } else if first == at_once {
            Next::Event(self.at_once.pop_front()?.1)
        } else {
            Next::Event(self.events.pop()?.1)
        };
        self.now = event_list::time(first);
        Some((self.now, next))
    }
}

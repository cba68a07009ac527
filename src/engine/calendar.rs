//! The calendar: the event list, and beside it the next event of every unit of a
//! station, whose time changes whenever rates change.

use super::event_list::{self, EventList};
use super::next_events::NextEvents;
use crate::station::StationId;
use crate::units::Seconds;
use std::collections::VecDeque;

/// A unit of a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnitId {
    pub station: StationId,
    pub unit: usize,
}

/// What comes next: an event of the list, or a unit's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Next<E> {
    Event(E),
    Unit(UnitId),
}

/// All events in order of (time, sequence): one sequence for both kinds.
#[derive(Debug)]
pub(super) struct Calendar<E> {
    events: EventList<E>,
    /// Events for the present instant, in the order they were pushed: most often what
    /// follows from the last event at once.
    at_once: VecDeque<(u128, E)>,
    now: Seconds,
    units: NextEvents,
    /// The number of each station's first unit among all, and the end.
    first_units: [usize; StationId::COUNT + 1],
}

impl<E> Calendar<E> {
    /// No events, for stations of so many units.
    pub fn new(units: impl Fn(StationId) -> usize) -> Self {
        let mut first_units = [0; StationId::COUNT + 1];
        for (at, station) in StationId::ALL.into_iter().enumerate() {
            first_units[at + 1] = first_units[at] + units(station);
        }
        Self {
            events: EventList::default(),
            at_once: VecDeque::new(),
            now: Seconds(0.0),
            units: NextEvents::default(),
            first_units,
        }
    }

    /// Adds an event that will not move.
    pub fn push(&mut self, time: Seconds, event: E) {
        if time == self.now {
            let rank = self.events.rank(time);
            self.at_once.push_back((rank, event));
        } else {
            self.events.push(time, event);
        }
    }

    /// A unit's next event is now at `time`, or there is none.
    pub fn set(&mut self, UnitId { station, unit }: UnitId, time: Option<Seconds>) {
        let rank = time.map(|time| self.events.rank(time));
        let number = self.first_units[station as usize] + unit;
        self.units.set(number, rank);
    }

    /// Takes what comes next. A unit's event stays until it is set anew.
    pub fn pop(&mut self) -> Option<(Seconds, Next<E>)> {
        let event = self.events.first_rank().unwrap_or(u128::MAX);
        let at_once = self.at_once.front().map_or(u128::MAX, |next| next.0);
        let (of_unit, number) = self.units.first().unwrap_or((u128::MAX, 0));
        let first = event.min(at_once).min(of_unit);
        let next = if first == u128::MAX {
            return None;
        } else if first == of_unit {
            Next::Unit(self.unit(number))
        } else if first == at_once {
            Next::Event(self.at_once.pop_front()?.1)
        } else {
            Next::Event(self.events.pop()?.1)
        };
        self.now = event_list::time(first);
        Some((self.now, next))
    }

    fn unit(&self, number: usize) -> UnitId {
        let later = |station: &StationId| number < self.first_units[*station as usize + 1];
        let station = StationId::ALL.into_iter().find(later);
        let [.., last] = StationId::ALL;
        let station = station.unwrap_or(last);
        UnitId {
            station,
            unit: number - self.first_units[station as usize],
        }
    }
}

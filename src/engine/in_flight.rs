//! Queries between their arrival and their end.

use super::recorder::{CompletedQuery, Stages};
use crate::snapshot::Choice;
use crate::units::{Flop, Seconds};
use crate::world::query::Query;
use prefetch_index::prefetch_index;
use std::ops::{Index, IndexMut};
use std::slice::from_ref;

/// What a query in flight is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// At its device, for the first token.
    Probing,
    /// Waits for a scheduling instant.
    Waiting,
    /// At its device, for the answer.
    Local,
    /// Transmitting.
    Uplink,
    /// At its server's compute.
    Edge,
    /// Served at shares that are held: nothing but an event says when it ends.
    Held,
}

/// A query in flight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flight {
    /// What the recorder will be shown.
    pub record: CompletedQuery,
    pub phase: Phase,
    /// When it joined the station it is at.
    pub since: Seconds,
    /// Work of the small model that is still to be done.
    pub slm_left: Flop,
    /// Work of the job it has at its device.
    pub device_work: Flop,
    /// Whether it is being served where it is, rather than queueing; for held
    /// shares, whether it has left the uplink.
    pub in_service: bool,
    /// Stages that are known in advance under held shares.
    pub held_uplink: Seconds,
    pub held_compute: Seconds,
    /// Tells this query from others that had its slot.
    pub generation: u32,
}

/// Names a query in an event: its slot, and which of the queries that had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    slot: u32,
    generation: u32,
}

/// The queries in flight, in slots that are used again.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    slots: Vec<Flight>,
    free: Vec<usize>,
}

impl InFlight {
    /// A query arrives; its slot names it until it leaves.
    pub fn admit(&mut self, query: Query, number: u64, now: Seconds) -> usize {
        let flight = |generation| Flight {
            record: CompletedQuery {
                query,
                number,
                arrived: now,
                decided: None,
                choice: Choice::Local,
                stages: Stages::default(),
                device_work: Flop(0.0),
                edge_work: Flop(0.0),
                dropped: false,
                missed_deadline: false,
            },
            phase: Phase::Waiting,
            since: now,
            slm_left: query.slm_work,
            device_work: Flop(0.0),
            in_service: false,
            held_uplink: Seconds(0.0),
            held_compute: Seconds(0.0),
            generation,
        };
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = flight(self.slots[slot].generation);
                slot
            }
            None => {
                self.slots.push(flight(0));
                self.slots.len() - 1
            }
        }
    }

    /// A query leaves; its slot becomes free.
    pub fn release(&mut self, slot: usize) -> CompletedQuery {
        self.free.push(slot);
        let flight = &mut self.slots[slot];
        flight.generation = flight.generation.wrapping_add(1);
        flight.record
    }

    /// The query in a slot is about to be needed: asks memory for all lines of it.
    #[inline]
    pub fn expect(&self, slot: usize) {
        let flight = &self.slots[slot];
        prefetch_index(from_ref(&flight.record.query), 0);
        prefetch_index(from_ref(&flight.record.stages), 0);
        prefetch_index(from_ref(&flight.record.edge_work), 0);
        prefetch_index(from_ref(&flight.since), 0);
    }

    /// The ticket of the query in a slot.
    pub fn ticket(&self, slot: usize) -> Ticket {
        Ticket {
            slot: slot as u32,
            generation: self.slots[slot].generation,
        }
    }

    /// The slot of the query that had the ticket, if it has not left.
    pub fn slot_of(&self, ticket: Ticket) -> Option<usize> {
        let slot = ticket.slot as usize;
        (self.slots[slot].generation == ticket.generation).then_some(slot)
    }

    /// How many are in flight.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

impl Index<usize> for InFlight {
    type Output = Flight;
    fn index(&self, slot: usize) -> &Flight {
        &self.slots[slot]
    }
}

impl IndexMut<usize> for InFlight {
    fn index_mut(&mut self, slot: usize) -> &mut Flight {
        &mut self.slots[slot]
    }
}

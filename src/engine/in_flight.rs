//! Queries between their arrival and their end.

use super::recorder::CompletedQuery;
use crate::snapshot::{Choice, Truth};
use crate::station::stage::{Stage, StageTimes};
use crate::units::{Bits, Flop, Seconds};
use crate::world::query::Query;
use std::ops::{Index, IndexMut};

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
    user: u32,
    /// Tells this query from others that had its slot.
    generation: u32,
    /// The server it was sent to, or [`NOWHERE`].
    server: u32,
    pub phase: Phase,
    /// Whether it is being served where it is, rather than queueing; for held
    /// shares, whether it has left the uplink.
    pub in_service: bool,
    slm_correct: bool,
    llm_correct: bool,
    /// When it joined the station it is at.
    pub since: Seconds,
    pub bits: Bits,
    pub llm_work: Flop,
    /// Work of the small model that is still to be done.
    pub slm_left: Flop,
    /// Work of the job it has at its device.
    pub device_job: Flop,
    pub uncertainty: f64,

    pub stages: StageTimes,
    /// When the policy placed it; anything before.
    decided: Seconds,

    number: u64,
    arrived: Seconds,
    slm_work: Flop,
    /// Work that its device and its server have done for it.
    pub device_work: Flop,
    pub edge_work: Flop,
    /// Stages that are known in advance under held shares.
    pub held_uplink: Seconds,
    pub held_compute: Seconds,
}

/// In place of a server: the query stays on its device, or nothing is decided yet.
const NOWHERE: u32 = u32::MAX;

impl Flight {
    fn new(query: Query, number: u64, now: Seconds, generation: u32) -> Self {
        Self {
            user: query.user as u32,
            generation,
            server: NOWHERE,
            phase: Phase::Waiting,
            in_service: false,
            slm_correct: query.slm_correct,
            llm_correct: query.llm_correct,
            since: now,
            bits: query.bits,
            llm_work: query.llm_work,
            slm_left: query.slm_work,
            device_job: Flop(0.0),
            uncertainty: query.uncertainty,
            stages: StageTimes::default(),
            decided: now,
            number,
            arrived: now,
            slm_work: query.slm_work,
            device_work: Flop(0.0),
            edge_work: Flop(0.0),
            held_uplink: Seconds(0.0),
            held_compute: Seconds(0.0),
        }
    }

    /// Whose it is.
    pub fn user(&self) -> usize {
        self.user as usize
    }

    /// The server it was sent to; `None` for the device, and before the decision.
    pub fn server(&self) -> Option<usize> {
        (self.server != NOWHERE).then_some(self.server as usize)
    }

    /// Which models would answer right.
    pub fn truth(&self) -> Truth {
        Truth {
            slm_correct: self.slm_correct,
            llm_correct: self.llm_correct,
        }
    }

    /// The policy has placed it.
    pub fn decide(&mut self, now: Seconds, choice: Choice) {
        self.server = match choice {
            Choice::Local => NOWHERE,
            Choice::Edge(server) => server as u32,
        };
        self.decided = now;
        self.stages[Stage::Wait] += now - self.since;
        self.since = now;
    }

    /// What the recorder is shown when it leaves.
    fn completed(&self, dropped: bool) -> CompletedQuery {
        let undecided = matches!(self.phase, Phase::Probing | Phase::Waiting);
        CompletedQuery {
            query: Query {
                user: self.user(),
                uncertainty: self.uncertainty,
                bits: self.bits,
                slm_work: self.slm_work,
                llm_work: self.llm_work,
                slm_correct: self.slm_correct,
                llm_correct: self.llm_correct,
            },
            number: self.number,
            arrived: self.arrived,
            decided: (!undecided).then_some(self.decided),
            choice: self.server().map_or(Choice::Local, Choice::Edge),
            stages: self.stages,
            device_work: self.device_work,
            edge_work: self.edge_work,
            dropped,
            missed_deadline: dropped,
            circumstances: None,
        }
    }
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
        match self.free.pop() {
            Some(slot) => {
                let generation = self.slots[slot].generation;
                self.slots[slot] = Flight::new(query, number, now, generation);
                slot
            }
            None => {
                self.slots.push(Flight::new(query, number, now, 0));
                self.slots.len() - 1
            }
        }
    }

    /// A query leaves, answered or given up; its slot becomes free.
    pub fn release(&mut self, slot: usize, dropped: bool) -> CompletedQuery {
        self.free.push(slot);
        let flight = &mut self.slots[slot];
        flight.generation = flight.generation.wrapping_add(1);
        flight.completed(dropped)
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

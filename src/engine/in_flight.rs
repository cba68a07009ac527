//! Queries between their arrival and their end.

use super::recorder::CompletedQuery;
use crate::plan::{Plan, Progress, Tier};
use crate::route::{Leg, Needs, Route};
use crate::snapshot::{Choice, Truth};
use crate::station::StationId;
use crate::station::stage::{Stage, StageTimes};
use crate::units::{Bits, Flop, Seconds};
use crate::world::query::{Query, Tokens};
use std::ops::{Index, IndexMut};

/// Where a query in flight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// On its way to know its uncertainty: at this place of its route.
    Probing { place: usize },
    /// Waits for a scheduling instant.
    Waiting,
    /// On its way to be answered: at this place of its route.
    Served { place: usize },
}

/// A query in flight.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    user: u32,
    /// Tells this query from others that had its slot.
    generation: u32,
    /// The server it was sent to, or [`NOWHERE`].
    server: u32,
    pub phase: Phase,
    pub route: Route,
    pub plan: Plan,
    pub progress: Progress,
    /// When the step of its plan began, and how long its device had computed by then.
    pub step_began: (Seconds, Seconds),
    /// Whether it is counted among those connected to its server.
    pub connected: bool,
    /// The other answer of a race, while it is on its way.
    twin: u32,
    is_device_twin: bool,
    slm_correct: bool,
    llm_correct: bool,
    /// When it began to wait for a scheduling instant.
    pub since: Seconds,
    pub bits: Bits,
    pub llm_work: Flop,
    pub tokens: Option<Tokens>,
    /// Work of the small model that is still to be done.
    pub slm_left: Flop,
    pub uncertainty: f64,
    /// Of the small model's answer.
    pub answer_uncertainty: f64,

    pub stages: StageTimes,
    /// When the policy placed it; anything before.
    decided: Seconds,

    number: u64,
    arrived: Seconds,
    slm_work: Flop,
    /// Whether its device has computed its first token before the decision.
    pub probed: bool,
    /// Whether its server has refused it.
    pub refused: bool,
    /// When its answer's first token was out, where tokens are told apart.
    pub first_token: Option<Seconds>,
    /// Work that each station has done for it.
    pub work_done: [Flop; StationId::COUNT],
    visited: [bool; StationId::COUNT],
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
            route: Route::default(),
            plan: Plan::Direct,
            progress: Progress::default(),
            step_began: (now, Seconds(0.0)),
            connected: false,
            twin: NOWHERE,
            is_device_twin: false,
            slm_correct: query.slm_correct,
            llm_correct: query.llm_correct,
            since: now,
            bits: query.bits,
            llm_work: query.llm_work,
            tokens: query.tokens,
            first_token: None,
            probed: false,
            refused: false,
            slm_left: query.slm_work,
            uncertainty: query.uncertainty,
            answer_uncertainty: query.answer_uncertainty,
            stages: StageTimes::default(),
            decided: now,
            number,
            arrived: now,
            slm_work: query.slm_work,
            work_done: [Flop(0.0); StationId::COUNT],
            visited: [false; StationId::COUNT],
        }
    }

    /// Its number among all arrivals.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whose it is.
    pub fn user(&self) -> usize {
        self.user as usize
    }

    /// The server it was sent to; `None` for the device, and before the decision.
    pub fn server(&self) -> Option<usize> {
        (self.server != NOWHERE).then_some(self.server as usize)
    }

    /// Whether the visit it is on keeps no token of its own.
    pub fn drafts_only(&self) -> bool {
        self.leg()
            .is_some_and(|leg| leg.demand.first_token.is_none())
    }

    /// The other answer of a race.
    pub fn twin(&self) -> Option<usize> {
        (self.twin != NOWHERE).then_some(self.twin as usize)
    }

    /// Whether it is the device's side of a race, which no record follows.
    pub fn is_device_twin(&self) -> bool {
        self.is_device_twin
    }

    /// The device has won the race: its life is what the query has lived.
    pub fn takes_over(&mut self, twin: &Self) {
        self.stages = twin.stages;
        self.first_token = twin.first_token;
        self.progress.answer(Tier::Device);
    }

    /// The tier whose answer it is.
    pub fn answered_by(&self) -> Tier {
        match (self.progress.answered_by(), self.server()) {
            (Some(tier), _) => tier,
            (None, Some(_)) => Tier::Edge,
            (None, None) => Tier::Device,
        }
    }

    /// What it needs, wherever it is answered.
    pub fn needs(&self) -> Needs {
        Needs {
            number: self.number,
            user: self.user(),
            bits: self.bits,
            slm_work: self.slm_left,
            llm_work: self.llm_work,
            tokens: self.tokens,
            probed: self.probed,
            round: self.progress.traffic.rounds.saturating_sub(1),
        }
    }

    /// The visit it is on; `None` while it waits.
    pub fn leg(&self) -> Option<Leg> {
        match self.phase {
            Phase::Probing { place } | Phase::Served { place } => self.route.leg(place),
            Phase::Waiting => None,
        }
    }

    /// It begins a visit.
    pub fn visits(&mut self, station: StationId) {
        self.visited[station as usize] = true;
    }

    /// The stations that it has been at.
    pub fn visited(&self) -> impl Iterator<Item = StationId> + use<> {
        let visited = self.visited;
        let all = StationId::ALL.into_iter();
        all.filter(move |&station| visited[station as usize])
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
        let undecided = matches!(self.phase, Phase::Probing { .. } | Phase::Waiting);
        CompletedQuery {
            query: Query {
                user: self.user(),
                uncertainty: self.uncertainty,
                answer_uncertainty: self.answer_uncertainty,
                bits: self.bits,
                slm_work: self.slm_work,
                llm_work: self.llm_work,
                tokens: self.tokens,
                slm_correct: self.slm_correct,
                llm_correct: self.llm_correct,
            },
            number: self.number,
            arrived: self.arrived,
            decided: (!undecided).then_some(self.decided),
            choice: match self.answered_by() {
                Tier::Device => Choice::Local,
                Tier::Edge | Tier::Cloud => self.server().map_or(Choice::Local, Choice::Edge),
            },
            answered_by: self.answered_by(),
            traffic: self.progress.traffic,
            is_right: false,
            stages: self.stages,
            first_token: self.first_token,
            device_work: self.work_done[StationId::Device as usize],
            edge_work: self.work_done[StationId::Compute as usize]
                + self.work_done[StationId::Cloud as usize],
            dropped,
            refused: self.refused,
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

    /// Both sides of a race begin: the device's gets a slot of its own.
    pub fn fork(&mut self, slot: usize) -> usize {
        let twin = Flight {
            server: NOWHERE,
            connected: false,
            twin: slot as u32,
            is_device_twin: true,
            work_done: [Flop(0.0); StationId::COUNT],
            visited: [false; StationId::COUNT],
            ..self.slots[slot].clone()
        };
        let at = match self.free.pop() {
            Some(at) => {
                let generation = self.slots[at].generation;
                self.slots[at] = Flight { generation, ..twin };
                at
            }
            None => {
                self.slots.push(Flight {
                    generation: 0,
                    ..twin
                });
                self.slots.len() - 1
            }
        };
        self.slots[slot].twin = at as u32;
        at
    }

    /// The device's side of a race is over: its slot becomes free, and its work counts for
    /// the query.
    pub fn join(&mut self, slot: usize, twin: usize) {
        self.free.push(twin);
        let side = &mut self.slots[twin];
        side.generation = side.generation.wrapping_add(1);
        let work_done = side.work_done;
        let query = &mut self.slots[slot];
        for (sum, work) in query.work_done.iter_mut().zip(work_done) {
            *sum += work;
        }
        query.twin = NOWHERE;
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

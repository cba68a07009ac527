//! Where queries are served: stations that hold jobs at rates which change.
//!
//! | station | units | discipline |
//! |---|---|---|
//! | [`device`] | users' devices | first come first served |
//! | [`uplink`] | cells | transmissions coupled by interference, each at its share of the bandwidth |
//! | [`compute`] | servers | [processor sharing](processor_sharing) with a cap per job, or [first come first served](fifo) |
//! | [`batching`] | servers | continuous batching, step by step |
//! | [`held`] | cells or servers | every job for a time known when it arrives |
//! | [`downlink`] | servers | held for a latency |
//! | [`access`] | cells | held for a grant, a slot and retransmissions |
//! | [`backhaul`] | servers | held for a latency and a rate |
//!
//! A station keeps work already done: rates change, what remains does not jump.
//! [`mod@reference`] holds slow, obvious ones, which the tests run in lockstep with these.

pub mod access;
pub mod backhaul;
pub mod batching;
pub mod compute;
pub mod device;
pub mod downlink;
pub mod fifo;
pub mod held;
pub mod processor_sharing;
pub mod reference;
pub mod stage;
pub mod throttling;
pub mod uplink;

use crate::units::{Bits, Flop, Seconds};
use crate::world::links::Links;
use batching::Request;
use serde::{Deserialize, Serialize};
use stage::{Stage, StageTimes};

/// How bandwidth and compute are shared among those who use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sharing {
    /// At a scheduling instant the shares and the interference of the complete
    /// assignment are fixed for the whole life of the queries it placed: the
    /// paper's regime.
    #[default]
    Held,
    /// Shares follow who is there now: uplink rates change whenever a
    /// transmission starts or ends anywhere, compute is divided anew at every
    /// arrival and departure. Work already done is kept.
    Live,
}

/// The stations of a run, by their number in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StationId {
    /// The air from users to cells.
    Uplink,
    /// The compute of servers.
    Compute,
    /// Users' own devices.
    Device,
    /// The way of the answer back to its user.
    Downlink,
    /// What comes before the air: grants, slots and retransmissions.
    Access,
    /// Between the edge and the cloud.
    Backhaul,
    /// The compute of the cloud.
    Cloud,
    /// What receives requests for a server that batches.
    Frontend,
}

impl StationId {
    /// How many there are.
    pub const COUNT: usize = 8;

    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Uplink,
        Self::Compute,
        Self::Device,
        Self::Downlink,
        Self::Access,
        Self::Backhaul,
        Self::Cloud,
        Self::Frontend,
    ];

    /// Its name on the tracks of a trace.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uplink => "uplink",
            Self::Compute => "compute",
            Self::Device => "device",
            Self::Downlink => "downlink",
            Self::Access => "access",
            Self::Backhaul => "backhaul",
            Self::Cloud => "cloud",
            Self::Frontend => "frontend",
        }
    }
}

/// What a query asks of a station on one visit. A station reads what it serves by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// The stage that its service is counted as.
    pub stage: Stage,
    /// What is to be sent.
    pub bits: Bits,
    /// What is to be computed.
    pub work: Flop,
    /// How long its service takes, where that is known in advance.
    pub time: Option<Seconds>,
    /// When in its service its answer's first token is out, where tokens are told apart.
    pub first_token: Option<Seconds>,
    /// The tokens that a batching server is asked for.
    pub request: Request,
}

impl Demand {
    /// Nothing, counted as a stage.
    pub const fn none(stage: Stage) -> Self {
        Self {
            stage,
            bits: Bits(0.0),
            work: Flop(0.0),
            time: None,
            first_token: None,
            request: Request::new(0, 0),
        }
    }
}

/// A query at a station.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Job {
    /// Its number, which is nobody else's while it is in the system.
    pub id: usize,
    /// Whose it is.
    pub user: usize,
    /// What it asks for.
    pub demand: Demand,
}

/// What a station has done for a job that leaves it, complete or not.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Visit {
    /// How long it was in each of the station's stages.
    pub stages: StageTimes,
    /// Work done for it.
    pub work: Flop,
    /// When its answer's first token was out, where tokens are told apart.
    pub first_token: Option<Seconds>,
}

/// How busy a part of a station is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Jobs in service.
    pub in_service: usize,
    /// Jobs that wait for service.
    pub queued: usize,
    /// Share of its capacity in use.
    pub busy: f64,
}

/// A place that serves jobs at rates that may change.
///
/// Its units work beside each other: the devices of all users, the cells, the servers.
/// Each announces when something next happens in it, and is asked then.
pub trait Station<'w> {
    /// How many units it has.
    fn units(&self) -> usize;

    /// A job arrives at a unit.
    fn arrive(&mut self, now: Seconds, unit: usize, job: Job, links: &mut Links<'w>);

    /// What a unit announced for `now` happens: jobs whose service is complete are put
    /// into `departed`.
    fn happen(
        &mut self,
        now: Seconds,
        unit: usize,
        links: &mut Links<'w>,
        departed: &mut Vec<(usize, Visit)>,
    );

    /// A job is taken away from a unit before its service is complete.
    fn cancel(&mut self, now: Seconds, unit: usize, job: usize) -> Visit;

    /// A job that has been here leaves the system: what is kept for it is given up.
    fn forget(&mut self, _now: Seconds, _job: usize) {}

    /// After each event: `announce` is told of every unit whose next event has moved,
    /// and of its time if there is one.
    fn update(&mut self, now: Seconds, announce: &mut dyn FnMut(usize, Option<Seconds>));

    /// In how many parts its load is measured.
    fn parts(&self) -> usize {
        self.units()
    }

    /// The part that a unit belongs to.
    fn part_of(&self, unit: usize) -> usize {
        unit
    }

    /// How busy a part is.
    fn load(&self, part: usize) -> Load;

    /// Share of a part's memory for keys and values in use now, where it batches.
    fn memory_in_use(&self, _now: Seconds, _part: usize) -> Option<f64> {
        None
    }

    /// How much of a unit's prompts is still to be computed, where it batches.
    fn uncomputed_tokens(&self, _unit: usize) -> u64 {
        0
    }
}

/// Units whose next event may have moved.
#[derive(Debug, Clone, Default)]
struct Moved(Vec<u32>);

impl Moved {
    fn add(&mut self, unit: usize) {
        self.0.push(unit as u32);
    }

    /// Every one of them, in the order in which they came.
    fn drain(&mut self) -> impl Iterator<Item = usize> + '_ {
        self.0.drain(..).map(|unit| unit as usize)
    }
}

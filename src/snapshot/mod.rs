//! What is known at a scheduling instant, as plain data, and what follows from
//! it for an assignment (Eqs. 2 to 8 of the paper).
//!
//! The engine takes a snapshot when queries wait to be placed; a policy reads it
//! and answers with a [`Decision`]. Neither knows the other. A snapshot can as
//! well be written by hand or come from measurements.

mod allocated;
mod compute;
mod delays;
mod evaluation;
mod load;

pub(crate) use allocated::{EdgeStages, edge_stages};
pub(crate) use compute::ComputeLoad;
pub use compute::{BatchState, ExpectedTokens};
pub use delays::{Service, objective, services};
pub use evaluation::{Cost, Evaluation, Step};
pub use load::Load;
pub(crate) use load::{LANES, MARGIN, OfferLanes};

use crate::physics::allocation::Allocations;
use crate::physics::gains::{GainTable, LinkGains};
use crate::physics::interference::ReceivedPower;
use crate::physics::radio::Interference;
use crate::units::{Bits, Flop, FlopPerSecond, Hertz, Seconds, Watts};
use crate::world::geometry::Point;
use crate::world::streams::StreamKey;

/// Everything a policy may look at.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The virtual clock.
    pub now: Seconds,
    /// The queries that wait to be placed; a policy decides for each.
    pub queries: &'a [WaitingQuery],
    /// The servers, with the load that is there already.
    pub servers: &'a [ServerState],
    /// Power gains |h|^2 (linear) of the waiting queries' links, in their order.
    pub gains: GainTable<'a>,
    /// Transmit power of every user (P).
    pub tx_power: Watts,
    /// How Eq. 3's interference is read.
    pub interference: Interference,
    /// How servers divide their bandwidth and their compute. Shares that are not equal are
    /// known for the queries of one instant: nobody is connected from earlier ones.
    pub allocations: Allocations,
    /// Where a policy that draws finds its randomness: the same key at the same
    /// instant of the same replication, whoever asks.
    pub key: StreamKey,
}

impl<'a> View<'a> {
    /// The links of a waiting query's user: to every server, or in a city under an
    /// interference tolerance to those within reach. Policies send queries to servers
    /// within reach.
    pub fn links_of(&self, query: usize) -> LinkGains<'a> {
        self.gains.row(query, self.servers.len())
    }

    /// The power gain from a waiting query's user to a server; 0 beyond reach.
    pub fn gain(&self, query: usize, server: usize) -> f64 {
        self.links_of(query).to(server).unwrap_or(0.0)
    }

    /// What every server receives when the offloaded queries of a decision are connected to
    /// it, beside those that are there already.
    pub(crate) fn received(&self, choices: &[Choice]) -> ReceivedPower {
        let from_others = self.servers.iter().map(|server| server.from_others);
        let from_own = self.servers.iter().map(|server| server.from_own);
        let mut received = ReceivedPower::with_load(self.interference, from_others, from_own);
        for (query, choice) in choices.iter().enumerate() {
            if let Choice::Edge(server) = *choice {
                received.connect(self.tx_power, self.links_of(query), server);
            }
        }
        received
    }

    /// How long a waiting query takes on its own device: backlog, then W_SLM / C_L (Eq. 7).
    pub fn local_delay(&self, query: usize) -> Seconds {
        let query = &self.queries[query];
        query.local_backlog + query.local_service()
    }
}

/// A query that waits for a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaitingQuery {
    /// The user it comes from.
    pub user: usize,
    /// Uncertainty of the small model (alpha, Eq. 9), in 0..=1.
    pub uncertainty: f64,
    /// Size on the uplink (D).
    pub bits: Bits,
    /// Work of the small model (W_SLM) that is still to be done.
    pub slm_work: Flop,
    /// Work of the large model (W_LLM).
    pub llm_work: Flop,
    /// Its tokens, where its sizes come from them.
    pub tokens: Option<ExpectedTokens>,
    /// How long it would still be in service on its device, where that follows from its
    /// tokens; otherwise it takes its work over the capacity.
    pub local_time: Option<Seconds>,
    /// Capacity of the user's device (C_L).
    pub local_capacity: FlopPerSecond,
    /// How long the device is busy with earlier queries.
    pub local_backlog: Seconds,
    /// Where the user stands, where that is known.
    pub position: Option<Point>,
    /// Which models would answer right: for oracles only. No policy that could be
    /// deployed may look at it; it is there to find the ceiling of any such policy.
    pub truth: Option<Truth>,
}

impl WaitingQuery {
    /// How long it would be in service on its device (Eq. 7).
    pub fn local_service(&self) -> Seconds {
        self.local_time
            .unwrap_or_else(|| self.slm_work / self.local_capacity)
    }
}

/// Which models would answer a query right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth {
    /// The small model on the device.
    pub slm_correct: bool,
    /// The large model of the servers.
    pub llm_correct: bool,
}

/// A server at a scheduling instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServerState {
    /// Capacity (C_ES).
    pub capacity: FlopPerSecond,
    /// Greatest capacity that one user gets (C_max).
    pub max_per_user: FlopPerSecond,
    /// Bandwidth (B).
    pub bandwidth: Hertz,
    /// Noise over the full bandwidth (sigma^2).
    pub noise: Watts,
    /// Queries connected already, from earlier instants.
    pub connected: usize,
    /// Power it receives from users connected to other servers.
    pub from_others: Watts,
    /// Power it receives from its own users.
    pub from_own: Watts,
    /// How things stand with one that batches; `None` for one that shares its compute.
    pub batching: Option<BatchState>,
    /// What every answer takes beside transmission and compute: its way back.
    pub latency: Seconds,
    /// Where it stands, where that is known.
    pub position: Option<Point>,
}

/// An answered query, as the policy that placed it is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Completion {
    /// The virtual clock.
    pub now: Seconds,
    /// The user it came from.
    pub user: usize,
    /// Its uncertainty.
    pub uncertainty: f64,
    /// Where it was answered.
    pub choice: Choice,
    /// From arrival to answer.
    pub delay: Seconds,
    /// Whether it was given up at its deadline instead of being answered.
    pub dropped: bool,
}

/// Where a query is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// By the small model on the user's device.
    Local,
    /// By the large model of the server with this number.
    Edge(usize),
}

/// A choice for every waiting query, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// One choice a waiting query.
    pub choices: Vec<Choice>,
}

impl Decision {
    /// Everything stays on the devices.
    pub fn all_local(queries: usize) -> Self {
        Self {
            choices: vec![Choice::Local; queries],
        }
    }

    /// How many queries are offloaded.
    pub fn offloaded(&self) -> usize {
        self.choices
            .iter()
            .filter(|choice| **choice != Choice::Local)
            .count()
    }
}

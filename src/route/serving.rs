//! Which stations a run has, and how they serve.

use crate::llm::{ServerSpec, StepLaw};
use crate::physics::allocation::Allocations;
use crate::plan::TokenProcess;
use crate::snapshot::ExpectedTokens;
use crate::station::Sharing;
use crate::station::access::Access;
use crate::station::backhaul::Backhaul;
use crate::station::compute::Discipline;
use crate::station::downlink::Downlink;
use crate::station::throttling::Throttling;
use crate::units::{FlopPerSecond, Seconds};
use crate::world::query::Tokens;

/// Which stations there are, and how they serve.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Serving {
    /// How bandwidth and compute are shared.
    pub sharing: Sharing,
    /// Into which shares, where they are held.
    pub allocations: Allocations,
    /// What servers compute by.
    pub compute: ComputeLaw,
    /// What messages wait for before they are on the air.
    pub access: Option<Access>,
    /// What answers meet on their way back.
    pub downlink: Downlink,
    /// What policies know of the answers to come.
    pub foresight: Foresight,
    /// How long a step of the small model takes on a device, where its tokens are told
    /// apart; otherwise it is a lump of work.
    pub phone: Option<StepLaw>,
    /// What is behind the edge, if anything.
    pub cloud: Option<CloudLaw>,
    /// What becomes of the small model's tokens where a server verifies them.
    pub process: TokenProcess,
    /// When devices lower their rates.
    pub throttling: Option<Throttling>,
}

/// What is behind the edge.
#[derive(Debug, Clone, PartialEq)]
pub struct CloudLaw {
    /// What it computes by.
    pub compute: CloudCompute,
    /// The way there and back.
    pub backhaul: Backhaul,
    /// Share of queries that its model answers right.
    pub accuracy: f64,
}

/// What the cloud computes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CloudCompute {
    /// It batches continuously.
    Batching(ServerSpec),
    /// It divides its compute among queries that are lumps of work.
    Shared {
        /// All of it.
        capacity: FlopPerSecond,
        /// The most that one query gets.
        max_per_user: FlopPerSecond,
    },
}

impl Serving {
    /// What getting there and back adds to every delay beside transmissions, as policies
    /// predict it.
    pub fn latency(&self) -> Seconds {
        let access = self.access.map(|access| access.mean_wait());
        let request = match self.compute {
            ComputeLaw::Batching(spec) => spec.request,
            ComputeLaw::Shared(_) => Seconds(0.0),
        };
        self.downlink.latency() + access.unwrap_or(Seconds(0.0)) + request
    }
}

/// What policies know of the length of an answer before it is there.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Foresight {
    /// Its length.
    #[default]
    Exact,
    /// The mean of all answers.
    Mean {
        /// In tokens.
        answer_tokens: f64,
    },
}

impl Foresight {
    /// A query's tokens as policies expect them.
    pub fn of(&self, tokens: Tokens) -> ExpectedTokens {
        ExpectedTokens {
            prompt: tokens.prompt as f64,
            answer: match *self {
                Self::Exact => tokens.answer as f64,
                Self::Mean { answer_tokens } => answer_tokens,
            },
        }
    }
}

/// What servers compute by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ComputeLaw {
    /// A query is one lump of work, and a server divides its compute among them: under
    /// [`Sharing::Live`] like this, under [`Sharing::Held`] in shares that are held.
    Shared(Discipline),
    /// Servers batch continuously, whatever the sharing of the uplink.
    Batching(ServerSpec),
}

impl Default for ComputeLaw {
    fn default() -> Self {
        Self::Shared(Discipline::default())
    }
}

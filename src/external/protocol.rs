//! The messages between edgelm and a program: one JSON object a line, SI units.

use crate::physics::radio::Interference;
use crate::plan::{Plan, Tier};
use crate::policy::{Continuation, QueryEvent, WhatHappened};
use crate::snapshot::{BatchState, Choice, Completion, ExpectedTokens, View};
use serde::{Deserialize, Serialize};

/// The version of the protocol that this edgelm speaks.
pub const VERSION: u32 = 1;

/// What edgelm writes to a program's standard input.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToProgram<'a> {
    /// The first message; answered by [`Hello`].
    Hello {
        /// [`VERSION`].
        protocol: u32,
        /// The version of edgelm.
        edgelm: &'a str,
    },
    /// A new replication: forget what belongs to the last one. Not answered.
    BeginReplication,
    /// Queries wait; answered by [`Answer`].
    Decide {
        /// To be repeated in the answer.
        id: u64,
        /// The virtual clock.
        now_s: f64,
        /// Transmit power of every user (P).
        tx_power_w: f64,
        /// `CoChannel`, `AsPrinted` or `Orthogonal`.
        interference: Interference,
        /// The servers with what is connected to them.
        servers: Vec<Server>,
        /// The queries that wait.
        queries: Vec<Query>,
    },
    /// A query on a plan of several steps could go on otherwise. Sent only to programs that
    /// asked for it in their [`Hello`]; answered by [`GoesOn`].
    Event {
        /// To be repeated in the answer.
        id: u64,
        /// The virtual clock.
        now_s: f64,
        /// The query's number among all arrivals.
        number: u64,
        /// The user it comes from.
        user: usize,
        /// What has happened.
        what: What,
    },
    /// A query has been answered. Sent only to programs that asked for it in
    /// their [`Hello`]; not answered.
    Completed {
        /// The virtual clock.
        now_s: f64,
        /// The user it came from.
        user: usize,
        /// Its uncertainty.
        uncertainty: f64,
        /// The server that answered it, -1 for the user's own device.
        server: i64,
        /// From arrival to answer.
        delay_s: f64,
        /// Whether it was given up at its deadline instead of being answered.
        dropped: bool,
    },
}

/// What has happened to a query in a [`ToProgram::Event`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A tier that is not the last has answered.
    Answered {
        /// `Device`, `Edge` or `Cloud`.
        tier: Tier,
        /// How uncertain its answer is, in 0..=1.
        uncertainty: f64,
        /// Whether the plan goes on to the next tier.
        escalates: bool,
    },
    /// A server has verified a draft.
    Verified {
        /// Tokens drafted.
        drafted: u64,
        /// Of these accepted.
        accepted: u64,
        /// How long the device has computed for the draft.
        drafting_s: f64,
        /// How long all of the round has taken.
        round_s: f64,
    },
}

/// A server in a [`ToProgram::Decide`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Server {
    /// C_ES.
    pub flops: f64,
    /// C_max.
    pub max_flops_per_user: f64,
    /// B.
    pub bandwidth_hz: f64,
    /// sigma^2.
    pub noise_w: f64,
    /// Queries connected already.
    pub connected: usize,
    /// Power received from users of other servers.
    pub from_others_w: f64,
    /// Power received from its own users.
    pub from_own_w: f64,
    /// What every answer takes beside transmission and compute; left out where that is
    /// nothing.
    #[serde(skip_serializing_if = "is_zero")]
    pub latency_s: f64,
    /// How things stand with one that batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batching: Option<Batching>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_m: Option<(f64, f64)>,
}

/// What a [`Server`] that batches has in its batch and before it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Batching {
    /// Seats of its batch.
    pub max_running: usize,
    /// Queries that run.
    pub running: usize,
    /// Queries that wait for a seat or for memory.
    pub waiting: usize,
    /// Tokens of keys and values that its memory holds.
    pub kv_tokens: u64,
    /// Share of that in use.
    pub memory_in_use: f64,
    /// Tokens of prompts still to be computed, of all queries connected.
    pub prompt_tokens: f64,
    /// Mean contexts of the queries connected, summed.
    pub context_tokens: f64,
    /// Answer tokens of the queries connected, as expected.
    pub answer_tokens: f64,
}

impl From<BatchState> for Batching {
    fn from(state: BatchState) -> Self {
        Self {
            max_running: state.spec.max_running,
            running: state.running,
            waiting: state.waiting,
            kv_tokens: state.spec.kv_tokens(),
            memory_in_use: state.memory_in_use,
            prompt_tokens: state.prompt_tokens,
            context_tokens: state.context_tokens,
            answer_tokens: state.answer_tokens,
        }
    }
}

/// Tokens of a [`Query`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tokens {
    /// Of the prompt.
    pub prompt: f64,
    /// Of the answer: exactly, or what is expected of any.
    pub answer: f64,
}

impl From<ExpectedTokens> for Tokens {
    fn from(tokens: ExpectedTokens) -> Self {
        Self {
            prompt: tokens.prompt,
            answer: tokens.answer,
        }
    }
}

/// A waiting query in a [`ToProgram::Decide`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Query {
    /// The user it comes from.
    pub user: usize,
    /// alpha.
    pub uncertainty: f64,
    /// D.
    pub query_bits: f64,
    /// W_SLM still to be done.
    pub slm_flop: f64,
    /// W_LLM.
    pub llm_flop: f64,
    /// C_L.
    pub local_flops: f64,
    /// How long the device is busy with earlier queries.
    pub local_backlog_s: f64,
    /// How long it would be in service on its device, where that follows from its tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_service_s: Option<f64>,
    /// Its tokens, where its sizes come from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
    /// Linear power gain to every server; 0 beyond reach.
    pub gain: Vec<f64>,
    /// Where the user stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_m: Option<(f64, f64)>,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl<'a> ToProgram<'a> {
    /// The message that asks for a decision.
    pub fn decide(id: u64, view: &'a View<'_>) -> Self {
        Self::Decide {
            id,
            now_s: view.now.0,
            tx_power_w: view.tx_power.0,
            interference: view.interference,
            servers: view
                .servers
                .iter()
                .map(|server| Server {
                    flops: server.capacity.0,
                    max_flops_per_user: server.max_per_user.0,
                    bandwidth_hz: server.bandwidth.0,
                    noise_w: server.noise.0,
                    connected: server.connected,
                    from_others_w: server.from_others.0,
                    from_own_w: server.from_own.0,
                    latency_s: server.latency.0,
                    batching: server.batching.map(Batching::from),
                    position_m: server.position.map(|at| (at.0, at.1)),
                })
                .collect(),
            queries: view
                .queries
                .iter()
                .enumerate()
                .map(|(at, query)| Query {
                    user: query.user,
                    uncertainty: query.uncertainty,
                    query_bits: query.bits.0,
                    slm_flop: query.slm_work.0,
                    llm_flop: query.llm_work.0,
                    local_flops: query.local_capacity.0,
                    local_backlog_s: query.local_backlog.0,
                    local_service_s: query.local_time.map(|time| time.0),
                    tokens: query.tokens.map(Tokens::from),
                    gain: (0..view.servers.len())
                        .map(|server| view.gain(at, server))
                        .collect(),
                    position_m: query.position.map(|at| (at.0, at.1)),
                })
                .collect(),
        }
    }

    /// The message that asks how a query goes on.
    pub fn event(id: u64, event: &QueryEvent) -> Self {
        Self::Event {
            id,
            now_s: event.now.0,
            number: event.number,
            user: event.user,
            what: match event.what {
                WhatHappened::Answered {
                    tier,
                    uncertainty,
                    escalates,
                } => What::Answered {
                    tier,
                    uncertainty,
                    escalates,
                },
                WhatHappened::Verified {
                    drafted,
                    accepted,
                    drafting,
                    round,
                } => What::Verified {
                    drafted,
                    accepted,
                    drafting_s: drafting.0,
                    round_s: round.0,
                },
            },
        }
    }

    /// The message that tells of an answered query.
    pub fn completed(completion: &Completion) -> Self {
        Self::Completed {
            now_s: completion.now.0,
            user: completion.user,
            uncertainty: completion.uncertainty,
            server: match completion.choice {
                Choice::Local => -1,
                Choice::Edge(server) => server as i64,
            },
            delay_s: completion.delay.0,
            dropped: completion.dropped,
        }
    }
}

/// A program's first line.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The version of the protocol that it speaks.
    pub protocol: u32,
    /// Whether it wants to be told of every answered query.
    #[serde(default)]
    pub observe: bool,
    /// Whether it wants to be asked again about queries on plans of several steps.
    #[serde(default)]
    pub follow: bool,
}

/// A program's decision.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The id of the message that it answers.
    pub id: u64,
    /// `[query, server]` for every query that is offloaded, query being the index
    /// in the message; all others stay on their devices.
    pub offload: Vec<(i64, i64)>,
    /// `[query, plan]` for those of them that are served in several steps, the plan as
    /// [`Plan`] is written in JSON.
    #[serde(default)]
    pub plans: Vec<(i64, Plan)>,
}

/// How a query goes on.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoesOn {
    /// The id of the message that it answers.
    pub id: u64,
    /// How.
    pub goes_on: How,
}

/// What a [`GoesOn`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// As its plan says.
    AsPlanned,
    /// The answer that is there counts.
    Accept,
    /// The next tier is asked.
    Escalate,
    /// The next draft has so many tokens.
    Draft(std::num::NonZeroU32),
}

impl From<How> for Continuation {
    fn from(how: How) -> Self {
        match how {
            How::AsPlanned => Self::AsPlanned,
            How::Accept => Self::Accept,
            How::Escalate => Self::Escalate,
            How::Draft(tokens) => Self::Draft(tokens.get()),
        }
    }
}

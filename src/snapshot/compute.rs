//! How long a query would be at a server's compute, as policies predict it: by shares
//! (Eqs. 6 and 7), or for a server that batches by its law, what is queued there and how
//! many decode beside it.
//!
//! A prediction is work x price + wait + a time of the query's own. Prices and waits only
//! grow as queries are placed, which the lazy greedy needs.

use super::{ServerState, View};
use crate::llm::ServerSpec;
use crate::physics::share;
use crate::units::{Flop, FlopPerSecond, Seconds};

/// A server that batches at a scheduling instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchState {
    /// Its law and its limits.
    pub spec: ServerSpec,
    /// Queries that run.
    pub running: usize,
    /// Queries that wait for a seat or for memory.
    pub waiting: usize,
    /// Share of the memory for keys and values in use, from 0 to 1.
    pub memory_in_use: f64,
    /// Tokens of prompts that are still to be computed, of all queries connected.
    pub prompt_tokens: f64,
    /// Mean contexts of the queries connected, summed: prompt and half of the answer.
    pub context_tokens: f64,
    /// Answer tokens of the queries connected, as expected.
    pub answer_tokens: f64,
}

/// Tokens of a waiting query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedTokens {
    /// Of the prompt.
    pub prompt: f64,
    /// Of the answer: exactly, or what is expected of any.
    pub answer: f64,
}

impl ExpectedTokens {
    /// Its context while it decodes, on average.
    pub fn mean_context(&self) -> f64 {
        self.prompt + 0.5 * self.answer
    }
}

/// What a query asks of any server's compute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComputeNeeds {
    /// FLOP or, of servers that batch, steps of decoding.
    pub work: f64,
    /// What it takes whatever else is there.
    pub own_s: f64,
    tokens: ExpectedTokens,
}

impl View<'_> {
    /// What a waiting query asks of any server's compute.
    pub(crate) fn compute_needs(&self, query: usize) -> ComputeNeeds {
        let waiting = &self.queries[query];
        let tokens = waiting.tokens.unwrap_or(ExpectedTokens {
            prompt: 0.0,
            answer: 0.0,
        });
        match self.servers.first().and_then(|server| server.batching) {
            None => ComputeNeeds {
                work: waiting.llm_work.0,
                own_s: 0.0,
                tokens,
            },
            Some(BatchState { spec, .. }) => {
                let steps = (tokens.answer - 1.0).max(0.0);
                let own_context_s = spec.law.per_context_token_s * tokens.mean_context();
                ComputeNeeds {
                    work: steps,
                    own_s: spec.law.prompt_time(tokens.prompt as u64).0 + steps * own_context_s,
                    tokens,
                }
            }
        }
    }
}

/// A server's compute while a policy connects one query after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComputeLoad {
    connected: usize,
    law: Law,
}

#[derive(Debug, Clone, Copy)]
enum Law {
    Shared {
        capacity: FlopPerSecond,
        max_per_user: FlopPerSecond,
        /// The reciprocals of both.
        per_capacity: f64,
        per_max: f64,
    },
    Batching {
        state: BatchState,
        /// The greatest so far.
        price_s: f64,
        wait_s: f64,
    },
}

impl ComputeLoad {
    /// The load at the scheduling instant.
    pub fn of(server: &ServerState) -> Self {
        let law = match server.batching {
            None => Law::Shared {
                capacity: server.capacity,
                max_per_user: server.max_per_user,
                per_capacity: 1.0 / server.capacity.0,
                per_max: 1.0 / server.max_per_user.0,
            },
            Some(state) => Law::Batching {
                state,
                price_s: 0.0,
                wait_s: 0.0,
            },
        };
        let mut load = Self {
            connected: server.connected,
            law,
        };
        load.raise();
        load
    }

    /// Queries connected.
    pub fn connected(&self) -> usize {
        self.connected
    }

    /// A query connects.
    pub fn connect(&mut self, needs: &ComputeNeeds) {
        self.connected += 1;
        if let Law::Batching { state, .. } = &mut self.law {
            state.prompt_tokens += needs.tokens.prompt;
            state.context_tokens += needs.tokens.mean_context();
            state.answer_tokens += needs.tokens.answer;
        }
        self.raise();
    }

    /// Finds price and wait of the next one to connect.
    fn raise(&mut self) {
        let connected = self.connected as f64;
        if let Law::Batching {
            state,
            price_s,
            wait_s,
        } = &mut self.law
        {
            let law = &state.spec.law;
            let seats = state.spec.max_running as f64;
            let decoders = (connected + 1.0).min(seats);
            // Of so many connected only those with a seat are read.
            let read = state.context_tokens * (decoders / (connected + 1.0));
            *price_s = price_s.max(law.base_s(decoders, decoders) + law.per_context_token_s * read);
            let mut wait = law.per_token_s * state.prompt_tokens;
            let excess = connected + 1.0 - seats;
            if excess > 0.0 {
                let full_s = law.base_s(seats, seats) + law.per_context_token_s * read;
                wait += excess * (state.answer_tokens / connected) * full_s / seats;
            }
            *wait_s = wait_s.max(wait);
        }
    }

    /// Seconds per unit of work for the next query to connect.
    #[inline]
    pub fn price_s(&self) -> f64 {
        match self.law {
            Law::Shared {
                per_capacity,
                per_max,
                ..
            } => ((self.connected + 1) as f64 * per_capacity).max(per_max),
            Law::Batching { price_s, .. } => price_s,
        }
    }

    /// What the next query to connect waits beside.
    #[inline]
    pub fn wait_s(&self) -> f64 {
        match self.law {
            Law::Shared { .. } => 0.0,
            Law::Batching { wait_s, .. } => wait_s,
        }
    }

    /// How long the next query to connect is at the compute (Eq. 7).
    pub fn delay(&self, needs: &ComputeNeeds) -> Seconds {
        match self.law {
            Law::Shared {
                capacity,
                max_per_user,
                ..
            } => Flop(needs.work) / share::compute(capacity, max_per_user, self.connected + 1),
            Law::Batching {
                price_s, wait_s, ..
            } => Seconds(needs.own_s + needs.work * price_s + wait_s),
        }
    }

    /// How long a query that is connected already is there.
    pub fn delay_of_connected(&self, needs: &ComputeNeeds) -> Seconds {
        let mut others = *self;
        others.connected -= 1;
        if let Law::Batching {
            state,
            price_s,
            wait_s,
        } = &mut others.law
        {
            state.prompt_tokens -= needs.tokens.prompt;
            state.context_tokens -= needs.tokens.mean_context();
            state.answer_tokens -= needs.tokens.answer;
            (*price_s, *wait_s) = (0.0, 0.0);
        }
        others.raise();
        others.delay(needs)
    }
}

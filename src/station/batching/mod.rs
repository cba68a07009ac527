//! Edge servers that batch continuously: iterations over the tokens of all requests, as
//! serving systems of language models run them.

mod decoding;
mod reference;
mod server;

pub use reference::ReferenceServer;
pub use server::{Event, Server};

use super::{Job, Load, Moved, Station, Visit};
use crate::llm::ServerSpec;
use crate::units::{Flop, Seconds};
use crate::world::links::Links;

/// What a server is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Tokens of the prompt, at least 1.
    pub prompt: u64,
    /// Tokens of the answer, at least 1.
    pub answer: u64,
    /// Who comes first among those that wait: the least, then the earliest.
    pub rank: f64,
    /// Of the prompt's tokens, those computed at its last visit: where the server has kept
    /// them they are not computed again.
    pub context: u64,
    /// Whether what it has computed is kept when it is done, for its next visit.
    pub keeps: bool,
}

impl Request {
    /// A prompt and its answer, with nothing before and nothing after.
    pub const fn new(prompt: u64, answer: u64) -> Self {
        Self {
            prompt,
            answer,
            rank: 0.0,
            context: 0,
            keeps: false,
        }
    }
}

/// The servers of all sites.
#[derive(Debug)]
pub struct BatchingServers {
    servers: Vec<Server>,
    /// What is computed for each job, and its tokens.
    works: Vec<(Flop, f64)>,
    /// Which server a job was at last.
    last_at: Vec<usize>,
    /// When each job's first token was out.
    first_tokens: Vec<Option<Seconds>>,
    events: Vec<Event>,
    moved: Moved,
}

impl BatchingServers {
    /// Idle servers.
    pub fn new(specs: impl Iterator<Item = ServerSpec>) -> Self {
        Self {
            servers: specs.map(|spec| Server::new(&spec)).collect(),
            works: Vec::new(),
            last_at: Vec::new(),
            first_tokens: Vec::new(),
            events: Vec::new(),
            moved: Moved::default(),
        }
    }
}

impl<'w> Station<'w> for BatchingServers {
    fn units(&self) -> usize {
        self.servers.len()
    }

    fn arrive(&mut self, now: Seconds, unit: usize, job: Job, _links: &mut Links<'w>) {
        if self.first_tokens.len() <= job.id {
            self.first_tokens.resize(job.id + 1, None);
            self.last_at.resize(job.id + 1, 0);
            self.works.resize(job.id + 1, (Flop(0.0), 1.0));
        }
        self.first_tokens[job.id] = None;
        self.last_at[job.id] = unit;
        let request = &job.demand.request;
        let tokens = request.prompt + request.answer - request.context;
        self.works[job.id] = (job.demand.work, tokens as f64);
        self.servers[unit].arrive(now, job.id, job.demand.request);
        self.moved.add(unit);
    }

    fn happen(
        &mut self,
        now: Seconds,
        unit: usize,
        _links: &mut Links<'w>,
        departed: &mut Vec<(usize, Visit)>,
    ) {
        self.servers[unit].advance(now, &mut self.events);
        for event in self.events.drain(..) {
            match event {
                Event::FirstToken { job } => self.first_tokens[job] = Some(now),
                Event::Preempted { .. } => {}
                Event::Done { job, visit } => {
                    let first_token = self.first_tokens[job];
                    departed.push((
                        job,
                        Visit {
                            first_token,
                            work: self.works[job].0,
                            ..visit
                        },
                    ));
                }
            }
        }
        self.moved.add(unit);
    }

    fn cancel(&mut self, now: Seconds, unit: usize, job: usize) -> Visit {
        self.moved.add(unit);
        let first_token = self.first_tokens[job];
        let (work, tokens) = self.works[job];
        let done = self.servers[unit].tokens_computed(job) as f64;
        Visit {
            first_token,
            work: work * (done / tokens).min(1.0),
            ..self.servers[unit].cancel(now, job)
        }
    }

    fn forget(&mut self, now: Seconds, job: usize) {
        if let Some(&server) = self.last_at.get(job)
            && self.servers[server].forget(now, job)
        {
            self.moved.add(server);
        }
    }

    fn update(&mut self, _now: Seconds, announce: &mut dyn FnMut(usize, Option<Seconds>)) {
        for unit in self.moved.drain() {
            announce(unit, self.servers[unit].next_event());
        }
    }

    fn load(&self, part: usize) -> Load {
        let server = &self.servers[part];
        Load {
            in_service: server.running(),
            queued: server.waiting(),
            busy: if server.is_busy() { 1.0 } else { 0.0 },
        }
    }

    fn memory_in_use(&self, now: Seconds, part: usize) -> Option<f64> {
        Some(self.servers[part].memory_in_use(now))
    }

    fn uncomputed_tokens(&self, unit: usize) -> u64 {
        self.servers[unit].uncomputed_tokens()
    }
}

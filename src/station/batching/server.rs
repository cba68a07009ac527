//! One server that batches continuously: before each step it decides who computes how many
//! tokens, by the rules of vLLM's scheduler (version 1).
//!
//! State: the running, in order of admission; the waiting, in order of rank and arrival;
//! free blocks of memory for keys and values. Before each step, and only then:
//!
//! 1. Every running request wants its next token or, while its prompt is not computed, as
//!    much of that as the token budget leaves. Where blocks do not suffice the last running
//!    request in the order of the waiting is put back among these, its blocks freed and its
//!    tokens forgotten.
//! 2. If nobody was put back, the waiting are admitted while there are budget, seats and
//!    blocks.
//!
//! While all running requests only decode nothing changes but their contexts, so that many
//! steps are one event. A step that is in progress when a request leaves early takes as
//! long as it would have.

mod kept;
mod memory;
mod scheduling;

use super::Request;
use super::decoding::Decoding;
use crate::llm::ServerSpec;
use crate::station::Visit;
use crate::station::stage::{Stage, StageTimes};
use crate::units::{Seconds, rank_of};
use kept::KeptContexts;
use std::collections::BTreeSet;

/// What a server says when something happens in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A request's first answer token is out.
    FirstToken {
        /// Whose.
        job: usize,
    },
    /// A request was put back for want of memory.
    Preempted {
        /// Which.
        job: usize,
    },
    /// A request's last answer token is out, and it has left.
    Done {
        /// Which.
        job: usize,
        /// How long it was where.
        visit: Visit,
    },
}

/// A server that batches, and its requests.
#[derive(Debug)]
pub struct Server {
    spec: ServerSpec,
    /// By job.
    members: Vec<Option<Member>>,
    /// In order of admission.
    running: Vec<usize>,
    waiting: BTreeSet<Place>,
    arrived: u64,
    /// Those of the running whose prompts are computed.
    decoding: Decoding,
    free_blocks: u64,
    kept: KeptContexts,
    /// Tokens still to be computed of those that do not decode.
    uncomputed: u64,
    step: Option<Step>,
    /// When the next step is to be decided, while none is in progress.
    decides_at: Option<Seconds>,
}

/// A request's place among the waiting: rank, then arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rank: u64,
    arrived: u64,
    job: usize,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    request: Request,
    place: Place,
    /// Tokens computed, unless it decodes: then [`Decoding`] knows.
    computed: u64,
    /// Answer tokens out; the same holds.
    out: u64,
    /// What it spends its time with, and since when.
    stage: Stage,
    since: Seconds,
    stages: StageTimes,
}

impl Member {
    fn enter(&mut self, now: Seconds, stage: Stage) {
        self.stages[self.stage] += now - self.since;
        self.stage = stage;
        self.since = now;
    }
}

/// Steps in progress.
#[derive(Debug)]
struct Step {
    began: Seconds,
    /// Equal steps, one after the other, in which everybody decodes.
    steps: u64,
    kind: Kind,
    /// Who computes more than one token or the first one, and how many.
    prompts: Vec<(usize, u64)>,
    /// Those that decode but have to sit out this step.
    stalled: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Everybody decodes: members, and the sum of their contexts in the first step.
    Decoding { members: u64, contexts: f64 },
    /// A step that ends then.
    Ends(Seconds),
}

impl Server {
    /// An idle server.
    pub fn new(spec: &ServerSpec) -> Self {
        Self {
            spec: *spec,
            members: Vec::new(),
            running: Vec::new(),
            waiting: BTreeSet::new(),
            arrived: 0,
            decoding: Decoding::new(spec.block_tokens),
            free_blocks: spec.kv_blocks,
            kept: KeptContexts::default(),
            uncomputed: 0,
            step: None,
            decides_at: None,
        }
    }

    /// Whether a request is taken at all.
    pub fn fits(&self, request: &Request) -> bool {
        request.prompt + request.answer <= self.spec.most_tokens()
    }

    /// A request that fits arrives; `job` is its number until it leaves.
    pub fn arrive(&mut self, now: Seconds, job: usize, request: Request) {
        if self.members.len() <= job {
            self.members.resize(job + 1, None);
        }
        let place = Place {
            // Turned so that bits order as numbers do.
            rank: rank_of(request.rank),
            arrived: self.arrived,
            job,
        };
        self.arrived += 1;
        self.members[job] = Some(Member {
            request,
            place,
            computed: 0,
            out: 0,
            stage: Stage::EdgeQueue,
            since: now,
            stages: StageTimes::default(),
        });
        self.waiting.insert(place);
        self.uncomputed += request.prompt - self.come_back(job, request.context);
        if self.step.is_none() {
            self.decides_at = Some(now);
        } else if self.waiting.first() == Some(&place) && self.has_seats() {
            self.cut_at(now);
        }
    }

    /// A request leaves early.
    pub fn cancel(&mut self, now: Seconds, job: usize) -> Visit {
        let Some(member) = self.members[job] else {
            return Visit::default();
        };
        if self.decoding.state(job).is_none() {
            let computed = member.computed.max(self.kept.tokens(job));
            self.uncomputed -= member.request.prompt + member.out - computed;
        }
        if self.waiting.remove(&member.place) {
            self.give_up(job);
            // The next in order may fit where this one did not.
            if self.has_seats() {
                self.cut_at(now);
            }
        } else {
            self.interrupt_at(now);
            self.running.retain(|&other| other != job);
            let tokens = if self.decoding.state(job).is_some() {
                self.decoding.leave(job).0
            } else {
                member.computed + self.leave_step(job)
            };
            self.free_blocks += self.blocks(tokens);
        }
        self.leave(now, job)
    }

    /// A request that does not decode leaves the step in progress: how many tokens that
    /// would have computed.
    fn leave_step(&mut self, job: usize) -> u64 {
        let Some(step) = &mut self.step else {
            return 0;
        };
        step.stalled.retain(|&other| other != job);
        let at = step.prompts.iter().position(|(other, _)| *other == job);
        at.map_or(0, |at| step.prompts.remove(at).1)
    }

    /// When something next happens.
    pub fn next_event(&self) -> Option<Seconds> {
        match &self.step {
            Some(step) => Some(self.end_of(step, step.steps)),
            None => self.decides_at,
        }
    }

    /// What is announced for `now` happens.
    pub fn advance(&mut self, now: Seconds, events: &mut Vec<Event>) {
        if let Some(step) = self.step.take() {
            self.finish(now, step, events);
            let anybody = !self.running.is_empty() || !self.waiting.is_empty();
            // Not at once: who arrives at this very moment is there for the next step.
            self.decides_at = anybody.then_some(now);
        } else {
            self.decides_at = None;
            self.decide(now, events);
        }
    }

    /// Tokens of a request that have been computed here, as of the last event.
    pub fn tokens_computed(&self, job: usize) -> u64 {
        let member = self.members.get(job).copied().flatten();
        let context = member.map_or(0, |member| member.request.context);
        let computed = match self.decoding.state(job) {
            Some((computed, _)) => computed,
            None => member.map_or(0, |member| member.computed),
        };
        computed.saturating_sub(context)
    }

    /// Requests that run.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Requests that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Tokens still to be computed of those whose prompts are not.
    pub fn uncomputed_tokens(&self) -> u64 {
        self.uncomputed
    }

    /// Whether a step is in progress.
    pub fn is_busy(&self) -> bool {
        self.step.is_some()
    }

    fn has_seats(&self) -> bool {
        self.running.len() < self.spec.max_running
            && (self.decoding.members() as usize) < self.spec.token_budget as usize
    }

    /// The end of the first so many of a step's steps.
    fn end_of(&self, step: &Step, steps: u64) -> Seconds {
        match step.kind {
            Kind::Decoding { members, contexts } => {
                step.began + self.spec.law.decode_time(steps, members, contexts)
            }
            Kind::Ends(at) => at,
        }
    }

    /// The first step that ends at `now` or later is the last of those in progress.
    fn cut_at(&mut self, now: Seconds) {
        if let Some(step) = &self.step {
            let steps = self.steps_before(step, now) + 1;
            if let Some(step) = &mut self.step {
                step.steps = step.steps.min(steps);
            }
        }
    }

    /// How many of a step's steps end before `now`.
    fn steps_before(&self, step: &Step, now: Seconds) -> u64 {
        let (mut before, mut after) = (0, step.steps);
        while before < after {
            let middle = before.midpoint(after) + 1;
            if middle <= after && self.end_of(step, middle) < now {
                before = middle;
            } else {
                after = middle - 1;
            }
        }
        before
    }

    /// What has been decoded by `now` is, and a single step remains in progress.
    fn interrupt_at(&mut self, now: Seconds) {
        let Some(step) = self.step.take() else {
            return;
        };
        if let Kind::Decoding { .. } = step.kind {
            let complete = self.steps_before(&step, now).min(step.steps - 1);
            let ends = self.end_of(&step, complete + 1);
            self.free_blocks -= self.decoding.advance(complete);
            self.step = Some(Step {
                steps: 1,
                kind: Kind::Ends(ends),
                ..step
            });
        } else {
            self.step = Some(step);
        }
    }

    /// The steps in progress end: tokens are out, whoever has all of them leaves.
    fn finish(&mut self, now: Seconds, step: Step, events: &mut Vec<Event>) {
        self.free_blocks -= self.decoding.advance(step.steps);
        while let Some((job, computed)) = self.decoding.next_done() {
            self.done(now, job, computed, events);
        }
        for job in step.stalled {
            self.uncomputed -= 1;
            self.decodes(job);
        }
        for (job, new) in step.prompts {
            let Some(member) = &mut self.members[job] else {
                continue;
            };
            member.computed += new;
            self.uncomputed -= new;
            if member.computed < member.request.prompt + member.out {
                continue;
            }
            member.out += 1;
            if member.out == 1 {
                member.enter(now, Stage::Decode);
                events.push(Event::FirstToken { job });
            }
            if member.out == member.request.answer {
                let computed = member.computed;
                self.done(now, job, computed, events);
            } else {
                self.decodes(job);
            }
        }
    }

    /// A request leaves with its last token: what it has computed is kept or freed.
    fn done(&mut self, now: Seconds, job: usize, computed: u64, events: &mut Vec<Event>) {
        if self.members[job].is_some_and(|member| member.request.keeps) {
            self.keep(job, computed);
        } else {
            self.free_blocks += self.blocks(computed);
        }
        self.running.retain(|&other| other != job);
        let visit = self.leave(now, job);
        events.push(Event::Done { job, visit });
    }

    fn decodes(&mut self, job: usize) {
        if let Some(member) = &self.members[job] {
            let left = member.request.answer - member.out;
            self.decoding.join(job, member.computed, member.out, left);
        }
    }

    fn leave(&mut self, now: Seconds, job: usize) -> Visit {
        match self.members[job].take() {
            Some(mut member) => {
                member.enter(now, member.stage);
                Visit {
                    stages: member.stages,
                    ..Visit::default()
                }
            }
            None => Visit::default(),
        }
    }
}

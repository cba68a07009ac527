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

use super::Request;
use super::decoding::Decoding;
use crate::llm::{Batch, ServerSpec};
use crate::station::Visit;
use crate::station::stage::{Stage, StageTimes};
use crate::units::Seconds;
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
            step: None,
            decides_at: None,
        }
    }

    /// Whether a request fits into the memory at all.
    pub fn fits(&self, request: &Request) -> bool {
        self.blocks(request.prompt + request.answer) <= self.spec.kv_blocks
    }

    /// A request that fits arrives; `job` is its number until it leaves.
    pub fn arrive(&mut self, now: Seconds, job: usize, request: Request) {
        if self.members.len() <= job {
            self.members.resize(job + 1, None);
        }
        let place = Place {
            // Turned so that bits order as numbers do.
            rank: order_of(request.rank),
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
        if self.waiting.remove(&member.place) {
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

    /// Requests that run.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Requests that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a step is in progress.
    pub fn is_busy(&self) -> bool {
        self.step.is_some()
    }

    /// Share of the memory for keys and values in use, as of the last event.
    pub fn memory_in_use(&self) -> f64 {
        1.0 - self.free_blocks as f64 / self.spec.kv_blocks as f64
    }

    /// Blocks in use, counted over the requests: for tests of conservation.
    pub fn blocks_by_request(&self) -> u64 {
        let step = self.step.as_ref();
        let new_of = |job: usize| {
            let prompts = step.into_iter().flat_map(|step| &step.prompts);
            prompts
                .filter(|(other, _)| *other == job)
                .map(|(_, new)| new)
                .sum::<u64>()
        };
        let of = |&job: &usize| match self.decoding.state(job) {
            Some((computed, _)) => self.blocks(computed),
            None => self.members[job].map_or(0, |m| self.blocks(m.computed + new_of(job))),
        };
        self.running.iter().map(of).sum()
    }

    /// Blocks in use, as the server keeps count.
    pub fn blocks_in_use(&self) -> u64 {
        self.spec.kv_blocks - self.free_blocks
    }

    fn blocks(&self, tokens: u64) -> u64 {
        tokens.div_ceil(self.spec.block_tokens)
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
            self.free_blocks += self.blocks(computed);
            self.running.retain(|&other| other != job);
            let visit = self.leave(now, job);
            events.push(Event::Done { job, visit });
        }
        for job in step.stalled {
            self.decodes(job);
        }
        for (job, new) in step.prompts {
            let Some(member) = &mut self.members[job] else {
                continue;
            };
            member.computed += new;
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
                self.free_blocks += self.blocks(computed);
                self.running.retain(|&other| other != job);
                let visit = self.leave(now, job);
                events.push(Event::Done { job, visit });
            } else {
                self.decodes(job);
            }
        }
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

    /// Decides who computes what in the next step, and begins it.
    fn decide(&mut self, now: Seconds, events: &mut Vec<Event>) {
        let mut step = Step {
            began: now,
            steps: 1,
            kind: Kind::Ends(now),
            prompts: Vec::new(),
            stalled: Vec::new(),
        };
        let mut budget = self.spec.token_budget - self.decoding.members();
        let mut left_blocks = self.free_blocks;
        let needed = self.decoding.blocks_for_next();
        let partial = self.partial().map(|(job, wants, computed)| {
            let new = wants.min(budget);
            let blocks = self.blocks(computed + new) - self.blocks(computed);
            (job, new, blocks)
        });
        let mut put_back = false;
        if needed + partial.map_or(0, |(_, _, blocks)| blocks) <= self.free_blocks {
            left_blocks -= needed;
            if let Some((job, new, blocks)) = partial {
                step.prompts.push((job, new));
                budget -= new;
                left_blocks -= blocks;
                self.free_blocks -= blocks;
            }
        } else {
            put_back = true;
            self.decide_in_shortage(now, &mut step, events);
        }
        if !put_back {
            self.admit(now, budget, left_blocks, &mut step);
        }
        if self.running.is_empty() {
            return;
        }
        let mut batch = Batch {
            tokens: self.decoding.members() as f64,
            context_tokens: self.decoding.contexts() as f64,
            attended_pairs: 0.0,
        };
        if step.prompts.is_empty() && step.stalled.is_empty() {
            step.kind = Kind::Decoding {
                members: self.decoding.members(),
                contexts: batch.context_tokens,
            };
            step.steps = self.decoding.steps_until_change(self.free_blocks);
            // Somebody might be admitted after the next step.
            if put_back {
                step.steps = 1;
            }
        } else {
            for &(job, new) in &step.prompts {
                batch.add(new, self.members[job].map_or(0, |member| member.computed));
            }
            step.kind = Kind::Ends(now + self.spec.law.time(&batch));
        }
        self.step = Some(step);
    }

    /// The running request whose prompt is not computed: the last admitted, if any. What
    /// it wants, and what it has computed.
    fn partial(&self) -> Option<(usize, u64, u64)> {
        let &job = self.running.last()?;
        let member = self.members[job].filter(|_| self.decoding.state(job).is_none())?;
        let all = member.request.prompt + member.out;
        Some((job, all - member.computed, member.computed))
    }

    /// Admits those that wait, while there are budget, seats and blocks.
    fn admit(&mut self, now: Seconds, mut budget: u64, mut left_blocks: u64, step: &mut Step) {
        while budget > 0
            && self.running.len() < self.spec.max_running
            && let Some(&place) = self.waiting.first()
        {
            let block_tokens = self.spec.block_tokens;
            let Some(member) = &mut self.members[place.job] else {
                break;
            };
            let new = (member.request.prompt + member.out).min(budget);
            let blocks = new.div_ceil(block_tokens);
            if blocks > left_blocks {
                break;
            }
            let stage = if member.out == 0 {
                Stage::Prefill
            } else {
                Stage::Decode
            };
            member.enter(now, stage);
            self.waiting.pop_first();
            self.running.push(place.job);
            step.prompts.push((place.job, new));
            budget -= new;
            left_blocks -= blocks;
            self.free_blocks -= blocks;
        }
    }

    /// Where blocks do not suffice for all running requests: in order of admission, the last
    /// by rank and arrival being put back until they do.
    fn decide_in_shortage(&mut self, now: Seconds, step: &mut Step, events: &mut Vec<Event>) {
        let mut budget = self.spec.token_budget;
        let mut left_blocks = self.free_blocks;
        // Blocks that have been promised in this step.
        let mut promised: Vec<(usize, u64, u64)> = Vec::new();
        let mut at = 0;
        'running: while at < self.running.len() {
            let job = self.running[at];
            let (computed, wants) = self.progress(job);
            let new = wants.min(budget);
            let blocks = self.blocks(computed + new) - self.blocks(computed);
            while blocks > left_blocks {
                let Some(victim) = self.last_in_order() else {
                    break 'running;
                };
                if let Some(place) = promised.iter().position(|(other, _, _)| *other == victim) {
                    let (_, new, blocks) = promised.remove(place);
                    budget += new;
                    left_blocks += blocks;
                }
                let victim_at = self.running.iter().position(|&other| other == victim);
                left_blocks += self.put_back(now, victim);
                events.push(Event::Preempted { job: victim });
                if victim == job {
                    break 'running;
                }
                if victim_at.is_some_and(|place| place < at) {
                    at -= 1;
                }
            }
            promised.push((job, new, blocks));
            budget -= new;
            left_blocks -= blocks;
            at += 1;
        }
        for &job in &self.running {
            let has = promised.iter().find(|(other, _, _)| *other == job);
            match (has, self.decoding.state(job)) {
                (Some(_), Some(_)) => {}
                (Some(&(_, new, blocks)), None) => {
                    step.prompts.push((job, new));
                    self.free_blocks -= blocks;
                }
                (None, Some(_)) => step.stalled.push(job),
                (None, None) => step.prompts.push((job, 0)),
            }
        }
        for &job in &step.stalled {
            let (computed, out) = self.decoding.leave(job);
            if let Some(member) = &mut self.members[job] {
                (member.computed, member.out) = (computed, out);
            }
        }
    }

    /// Tokens that a running request has computed, and what it wants.
    fn progress(&self, job: usize) -> (u64, u64) {
        if let Some((computed, _)) = self.decoding.state(job) {
            return (computed, 1);
        }
        self.members[job].map_or((0, 0), |member| {
            let all = member.request.prompt + member.out;
            (member.computed, all - member.computed)
        })
    }

    fn last_in_order(&self) -> Option<usize> {
        let places = self.running.iter().filter_map(|&job| self.members[job]);
        Some(places.map(|member| member.place).max()?.job)
    }

    /// Puts a running request back among the waiting; returns the blocks that it had.
    fn put_back(&mut self, now: Seconds, job: usize) -> u64 {
        self.running.retain(|&other| other != job);
        let decoded = self.decoding.state(job).map(|_| self.decoding.leave(job));
        let block_tokens = self.spec.block_tokens;
        let Some(member) = &mut self.members[job] else {
            return 0;
        };
        if let Some((computed, out)) = decoded {
            (member.computed, member.out) = (computed, out);
        }
        let blocks = member.computed.div_ceil(block_tokens);
        member.computed = 0;
        member.enter(now, Stage::Preempted);
        self.free_blocks += blocks;
        self.waiting.insert(member.place);
        blocks
    }
}

/// The bits of a number, turned so that they order as numbers do.
fn order_of(rank: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    // Without a negative zero.
    let bits = (rank + 0.0).to_bits();
    if bits & SIGN != 0 { !bits } else { bits | SIGN }
}

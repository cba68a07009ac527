//! A slow, obvious server for reference: every member's tokens are counted one by one, and
//! every step is an event.

use super::Request;
use crate::llm::{Batch, ServerSpec};
use crate::units::Seconds;

/// The reference of [`Server`](super::Server).
#[derive(Debug)]
pub struct ReferenceServer {
    spec: ServerSpec,
    /// In order of admission.
    running: Vec<Member>,
    /// In order of rank and arrival.
    waiting: Vec<Member>,
    arrived: u64,
    /// What is kept between visits: jobs and tokens, the least recently used first.
    kept: Vec<(usize, u64)>,
    step_ends: Option<Seconds>,
}

/// A request that is done: its number, when its first token was out, and how often it was
/// put back.
pub type Done = (usize, Seconds, u64);

#[derive(Debug, Clone)]
struct Member {
    job: usize,
    request: Request,
    arrived: u64,
    computed: u64,
    out: u64,
    new: u64,
    first_token: Seconds,
    preemptions: u64,
}

impl Member {
    fn wants(&self) -> u64 {
        self.request.prompt + self.out - self.computed
    }

    fn order(&self) -> (f64, u64) {
        (self.request.rank, self.arrived)
    }
}

impl ReferenceServer {
    /// An idle server.
    pub fn new(spec: &ServerSpec) -> Self {
        Self {
            spec: *spec,
            running: Vec::new(),
            waiting: Vec::new(),
            arrived: 0,
            kept: Vec::new(),
            step_ends: None,
        }
    }

    /// A request arrives.
    pub fn arrive(&mut self, job: usize, request: Request) {
        let member = Member {
            job,
            request,
            arrived: self.arrived,
            computed: 0,
            out: 0,
            new: 0,
            first_token: Seconds(f64::NAN),
            preemptions: 0,
        };
        self.arrived += 1;
        for (other, tokens) in &mut self.kept {
            if *other == job {
                *tokens = (*tokens).min(request.context);
            }
        }
        self.kept.retain(|(_, tokens)| *tokens > 0);
        self.wait(member);
    }

    /// Nothing is kept for a job any more.
    pub fn forget(&mut self, job: usize) {
        self.kept.retain(|(other, _)| *other != job);
    }

    /// A request leaves early.
    pub fn cancel(&mut self, job: usize) {
        self.running.retain(|member| member.job != job);
        self.waiting.retain(|member| member.job != job);
        self.forget(job);
    }

    /// When the step in progress ends.
    pub fn step_ends(&self) -> Option<Seconds> {
        self.step_ends
    }

    /// Blocks in use: of tokens computed, of those that the step in progress computes, and
    /// of what is kept.
    pub fn blocks(&self) -> u64 {
        let of = |member: &Member| self.blocks_of(member.computed + member.new);
        let kept = self.kept.iter().map(|(_, tokens)| self.blocks_of(*tokens));
        self.running.iter().map(of).sum::<u64>() + kept.sum::<u64>()
    }

    /// Gives up what is kept for others than `spared`, until `more` blocks would fit; nothing
    /// where they never would. Whether they fit.
    fn make_room(&mut self, more: u64, spared: Option<usize>) -> bool {
        let before = self.kept.clone();
        while self.blocks() + more > self.spec.kv_blocks {
            let victim = self.kept.iter().position(|(job, _)| Some(*job) != spared);
            let Some(place) = victim else {
                self.kept = before;
                return false;
            };
            self.kept.remove(place);
        }
        true
    }

    /// The step in progress ends.
    pub fn end_step(&mut self, now: Seconds) -> Vec<Done> {
        self.step_ends = None;
        let mut done = Vec::new();
        for member in &mut self.running {
            member.computed += std::mem::take(&mut member.new);
            if member.computed == member.request.prompt + member.out {
                member.out += 1;
                if member.out == 1 {
                    member.first_token = now;
                }
            }
        }
        self.running.retain(|member| {
            let is_done = member.out == member.request.answer;
            if is_done {
                done.push((member.job, member.first_token, member.preemptions));
                if member.request.keeps {
                    self.kept.push((member.job, member.computed));
                }
            }
            !is_done
        });
        done
    }

    /// Where no step is in progress: the next one begins, if there is anything to compute.
    pub fn begin_step(&mut self, now: Seconds) {
        if self.step_ends.is_some() {
            return;
        }
        let mut budget = self.spec.token_budget;
        let mut put_back = false;
        let mut at = 0;
        'running: while at < self.running.len() {
            let new = self.running[at].wants().min(budget);
            loop {
                self.running[at].new = new;
                if self.make_room(0, None) {
                    break;
                }
                self.kept.clear();
                if self.blocks() <= self.spec.kv_blocks {
                    break;
                }
                self.running[at].new = 0;
                put_back = true;
                let (place, victim) = self.take_last_in_order();
                budget += victim.new;
                let itself = place == at;
                self.wait(Member {
                    computed: 0,
                    new: 0,
                    preemptions: victim.preemptions + 1,
                    ..victim
                });
                if itself {
                    break 'running;
                }
                if place < at {
                    at -= 1;
                }
            }
            budget -= new;
            at += 1;
        }
        while !put_back
            && budget > 0
            && self.running.len() < self.spec.max_running
            && !self.waiting.is_empty()
        {
            let job = self.waiting[0].job;
            let kept = self.kept.iter().find(|(other, _)| *other == job);
            let kept = kept.map_or(0, |(_, tokens)| *tokens);
            let new = (self.waiting[0].wants() - kept).min(budget);
            let more = self.blocks_of(kept + new) - self.blocks_of(kept);
            if !self.make_room(more, Some(job)) {
                break;
            }
            self.forget(job);
            let mut member = self.waiting.remove(0);
            member.computed = kept;
            member.new = new;
            budget -= new;
            self.running.push(member);
        }
        if self.running.is_empty() {
            return;
        }
        let mut batch = Batch::default();
        for member in self.running.iter().filter(|member| member.new > 0) {
            batch.add(member.new, member.computed);
        }
        self.step_ends = Some(now + self.spec.law.time(&batch));
    }

    fn blocks_of(&self, tokens: u64) -> u64 {
        tokens.div_ceil(self.spec.block_tokens)
    }

    fn wait(&mut self, member: Member) {
        let place = self
            .waiting
            .iter()
            .position(|other| member.order() < other.order())
            .unwrap_or(self.waiting.len());
        self.waiting.insert(place, member);
    }

    fn take_last_in_order(&mut self) -> (usize, Member) {
        let mut last = 0;
        for (place, member) in self.running.iter().enumerate() {
            if member.order() >= self.running[last].order() {
                last = place;
            }
        }
        (last, self.running.remove(last))
    }
}

//! What a server decides before each step: who computes how many tokens, who is admitted,
//! and who is put back for want of memory.

use super::{Event, Kind, Server, Step};
use crate::llm::Batch;
use crate::station::stage::Stage;
use crate::units::Seconds;

impl Server {
    /// Decides who computes what in the next step, and begins it.
    pub(super) fn decide(&mut self, now: Seconds, events: &mut Vec<Event>) {
        let mut step = Step {
            began: now,
            steps: 1,
            kind: Kind::Ends(now),
            prompts: Vec::new(),
            stalled: Vec::new(),
        };
        let mut budget = self.spec.token_budget - self.decoding.members();
        let mut left_blocks = 0;
        let needed = self.decoding.blocks_for_next();
        let partial = self.partial().map(|(job, wants, computed)| {
            let new = wants.min(budget);
            let blocks = self.blocks(computed + new) - self.blocks(computed);
            (job, new, blocks)
        });
        let mut put_back = false;
        let all_needed = needed + partial.map_or(0, |(_, _, blocks)| blocks);
        if all_needed > self.free_blocks && self.reclaim(all_needed - self.free_blocks, None) == 0 {
            self.reclaim_all();
        }
        if all_needed <= self.free_blocks {
            left_blocks = self.free_blocks - needed;
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
            members: self.decoding.members() as f64,
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
            for &(job, new) in step.prompts.iter().filter(|(_, new)| *new > 0) {
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
            let Some(member) = self.members[place.job] else {
                break;
            };
            let kept = self.kept.tokens(place.job);
            let new = (member.request.prompt + member.out - kept).min(budget);
            let blocks = self.blocks(kept + new) - self.blocks(kept);
            if blocks > left_blocks {
                left_blocks += self.reclaim(blocks - left_blocks, Some(place.job));
            }
            if blocks > left_blocks {
                break;
            }
            self.resume(place.job);
            let Some(member) = &mut self.members[place.job] else {
                break;
            };
            member.computed = kept;
            let stage = if member.out == 0 && kept == 0 {
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
                self.uncomputed += 1;
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
        // Nothing that it had computed is kept.
        self.uncomputed += if decoded.is_some() {
            member.request.prompt + member.out
        } else {
            member.computed
        };
        member.computed = 0;
        member.enter(now, Stage::Preempted);
        self.free_blocks += blocks;
        self.waiting.insert(member.place);
        blocks
    }
}

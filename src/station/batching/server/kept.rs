//! Contexts that a server keeps between two visits of a request: their blocks stay in use
//! until the request comes back, until it leaves the system, or until others need them; then
//! the least recently used goes first.

use super::Server;
use crate::units::Seconds;
use std::collections::BTreeSet;

/// The contexts that are kept, none of which is running.
#[derive(Debug, Default)]
pub(super) struct KeptContexts {
    /// By job: tokens, and when it was last used.
    contexts: Vec<Option<(u64, u64)>>,
    /// (last use, job), the least recently used first.
    by_use: BTreeSet<(u64, usize)>,
    uses: u64,
}

impl KeptContexts {
    /// Tokens that are kept for a job.
    pub fn tokens(&self, job: usize) -> u64 {
        let context = self.contexts.get(job).copied().flatten();
        context.map_or(0, |(tokens, _)| tokens)
    }

    /// Every job with what is kept for it, the least recently used first.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let by_use = self.by_use.iter();
        by_use.map(|&(_, job)| (job, self.tokens(job)))
    }

    fn keep(&mut self, job: usize, tokens: u64) {
        if self.contexts.len() <= job {
            self.contexts.resize(job + 1, None);
        }
        self.contexts[job] = Some((tokens, self.uses));
        self.by_use.insert((self.uses, job));
        self.uses += 1;
    }

    fn shorten(&mut self, job: usize, to: u64) {
        if let Some(Some((tokens, _))) = self.contexts.get_mut(job) {
            *tokens = (*tokens).min(to);
        }
    }

    fn take(&mut self, job: usize) -> u64 {
        let Some((tokens, used)) = self.contexts.get_mut(job).and_then(Option::take) else {
            return 0;
        };
        self.by_use.remove(&(used, job));
        tokens
    }
}

impl Server {
    /// A request that is done leaves what it has computed.
    pub(super) fn keep(&mut self, job: usize, tokens: u64) {
        self.kept.keep(job, tokens);
    }

    /// A request comes back whose first `valid` tokens are as they were: how many are there.
    pub(super) fn come_back(&mut self, job: usize, valid: u64) -> u64 {
        let before = self.kept.tokens(job);
        if valid == 0 {
            self.kept.take(job);
        } else {
            self.kept.shorten(job, valid);
        }
        let after = self.kept.tokens(job);
        self.free_blocks += self.blocks(before) - self.blocks(after);
        after
    }

    /// A request begins to run behind what is kept for it.
    pub(super) fn resume(&mut self, job: usize) -> u64 {
        self.kept.take(job)
    }

    /// Nothing is kept for a job any more; whether anything was.
    pub fn forget(&mut self, now: Seconds, job: usize) -> bool {
        let frees = self.give_up(job) > 0;
        if frees && self.has_seats() {
            // Those that wait may fit now.
            self.cut_at(now);
        }
        frees
    }

    /// Gives up what is kept for a job: how many blocks that frees.
    pub(super) fn give_up(&mut self, job: usize) -> u64 {
        let tokens = self.kept.take(job);
        if tokens > 0 && self.is_waiting(job) {
            self.uncomputed += tokens;
        }
        let blocks = self.blocks(tokens);
        self.free_blocks += blocks;
        blocks
    }

    fn is_waiting(&self, job: usize) -> bool {
        let member = self.members.get(job).copied().flatten();
        member.is_some_and(|member| self.waiting.contains(&member.place))
    }

    /// Makes up for `missing` blocks out of what is kept for others than `spared`; nothing
    /// is given up if that cannot be. Returns the blocks that it has freed.
    pub(super) fn reclaim(&mut self, missing: u64, spared: Option<usize>) -> u64 {
        let mut found = 0;
        let mut victims = Vec::new();
        for (job, tokens) in self.kept.iter() {
            if found >= missing {
                break;
            }
            if Some(job) != spared {
                found += self.blocks(tokens);
                victims.push(job);
            }
        }
        if found < missing {
            return 0;
        }
        victims.into_iter().map(|job| self.give_up(job)).sum()
    }

    /// Gives up all that is kept.
    pub(super) fn reclaim_all(&mut self) {
        let all: Vec<usize> = self.kept.iter().map(|(job, _)| job).collect();
        for job in all {
            self.give_up(job);
        }
    }
}

//! The memory for keys and values of a server, in blocks.

use super::{Kind, Server};
use crate::units::Seconds;

impl Server {
    /// Share of the memory for keys and values in use, with what has been decoded by now.
    pub fn memory_in_use(&self, now: Seconds) -> f64 {
        let grown = match &self.step {
            Some(step) if matches!(step.kind, Kind::Decoding { .. }) => {
                let complete = self.steps_before(step, now).min(step.steps - 1);
                self.decoding.blocks_for(complete)
            }
            _ => 0,
        };
        1.0 - (self.free_blocks - grown) as f64 / self.spec.kv_blocks as f64
    }

    /// Blocks in use, counted over the requests and what is kept for them: for tests of
    /// conservation.
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
        let running: u64 = self.running.iter().map(of).sum();
        let kept = self.kept.iter().map(|(_, tokens)| self.blocks(tokens));
        running + kept.sum::<u64>()
    }

    /// Blocks in use, as the server keeps count.
    pub fn blocks_in_use(&self) -> u64 {
        self.spec.kv_blocks - self.free_blocks
    }

    pub(super) fn blocks(&self, tokens: u64) -> u64 {
        tokens.div_ceil(self.spec.block_tokens)
    }
}

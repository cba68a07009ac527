//! The memory for keys and values of a server, in blocks.

use super::Server;

impl Server {
    /// Share of the memory for keys and values in use, as of the last event.
    pub fn memory_in_use(&self) -> f64 {
        1.0 - self.free_blocks as f64 / self.spec.kv_blocks as f64
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

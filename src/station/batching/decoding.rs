//! The requests of a batch that decode: they all advance together, a token a step, so that
//! one counter tells the progress of all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Those that decode.
#[derive(Debug)]
pub(super) struct Decoding {
    block_tokens: u64,
    /// Steps since the beginning.
    counter: u64,
    members: u64,
    /// The sum over members of their computed tokens.
    computed: u64,
    /// By job.
    joined: Vec<Option<Joined>>,
    /// Members that need another block in a step whose counter has this remainder.
    crossing: Vec<u64>,
    /// (counter when the last token is out, order of joining, job), first done first.
    ends: BinaryHeap<Reverse<(u64, u64, usize)>>,
    joins: u64,
}

/// A member as it joined.
#[derive(Debug, Clone, Copy)]
struct Joined {
    counter: u64,
    computed: u64,
    out: u64,
}

impl Decoding {
    /// Nobody.
    pub fn new(block_tokens: u64) -> Self {
        Self {
            block_tokens,
            counter: 0,
            members: 0,
            computed: 0,
            joined: Vec::new(),
            crossing: vec![0; block_tokens as usize],
            ends: BinaryHeap::new(),
            joins: 0,
        }
    }

    /// How many there are.
    pub fn members(&self) -> u64 {
        self.members
    }

    /// The sum of their contexts in the next step: tokens computed, and the new one.
    pub fn contexts(&self) -> u64 {
        self.computed + self.members
    }

    /// A request that has computed so many tokens decodes from now on, `left` more.
    pub fn join(&mut self, job: usize, computed: u64, out: u64, left: u64) {
        if self.joined.len() <= job {
            self.joined.resize(job + 1, None);
        }
        let joined = Joined {
            counter: self.counter,
            computed,
            out,
        };
        self.joined[job] = Some(joined);
        self.members += 1;
        self.computed += computed;
        let crossing = self.crossing_of(joined);
        self.crossing[crossing] += 1;
        self.ends
            .push(Reverse((self.counter + left, self.joins, job)));
        self.joins += 1;
    }

    /// Tokens computed and answer tokens out of a request that decodes.
    pub fn state(&self, job: usize) -> Option<(u64, u64)> {
        let joined = (*self.joined.get(job)?)?;
        let steps = self.counter - joined.counter;
        Some((joined.computed + steps, joined.out + steps))
    }

    /// A request leaves, done or not: what it had computed and put out.
    pub fn leave(&mut self, job: usize) -> (u64, u64) {
        let found = self.take(job);
        self.ends.retain(|Reverse((_, _, other))| *other != job);
        found
    }

    fn take(&mut self, job: usize) -> (u64, u64) {
        let found = self.state(job).unwrap_or((0, 0));
        if let Some(joined) = self.joined.get_mut(job).and_then(Option::take) {
            self.members -= 1;
            self.computed -= found.0;
            let crossing = self.crossing_of(joined);
            self.crossing[crossing] -= 1;
        }
        found
    }

    /// Takes out a request whose last token is out: its number, and what it has computed.
    pub fn next_done(&mut self) -> Option<(usize, u64)> {
        let &Reverse((ends, _, job)) = self.ends.peek()?;
        if ends > self.counter {
            return None;
        }
        self.ends.pop();
        Some((job, self.take(job).0))
    }

    /// All compute so many tokens more; returns the blocks that takes.
    pub fn advance(&mut self, steps: u64) -> u64 {
        let blocks = self.blocks_for(steps);
        self.counter += steps;
        self.computed += steps * self.members;
        blocks
    }

    /// Blocks that the next step takes.
    pub fn blocks_for_next(&self) -> u64 {
        self.crossing[(self.counter % self.block_tokens) as usize]
    }

    /// Blocks that so many steps take.
    pub fn blocks_for(&self, steps: u64) -> u64 {
        let rounds = steps / self.block_tokens;
        let rest = (0..steps % self.block_tokens).map(|step| self.crossing_at(step));
        rounds * self.members + rest.sum::<u64>()
    }

    /// How many steps follow before somebody is done or blocks do not suffice: at least
    /// one, which they suffice for.
    pub fn steps_until_change(&self, free_blocks: u64) -> u64 {
        let Some(Reverse((ends, _, _))) = self.ends.peek() else {
            return 1;
        };
        let until_done = ends - self.counter;
        let rounds = free_blocks / self.members.max(1);
        let mut steps = rounds * self.block_tokens;
        let mut left = free_blocks - rounds * self.members;
        // Within one round.
        while steps < until_done && self.crossing_at(steps) <= left {
            left -= self.crossing_at(steps);
            steps += 1;
            if steps == (rounds + 1) * self.block_tokens {
                break;
            }
        }
        until_done.min(steps).max(1)
    }

    /// Blocks taken in the step that comes after so many others.
    fn crossing_at(&self, steps: u64) -> u64 {
        self.crossing[((self.counter + steps) % self.block_tokens) as usize]
    }

    /// The remainder of the counter in whose steps a member's computed tokens fill blocks
    /// completely, so that its next one needs another.
    fn crossing_of(&self, joined: Joined) -> usize {
        let block = self.block_tokens;
        ((joined.counter % block + block - joined.computed % block) % block) as usize
    }
}

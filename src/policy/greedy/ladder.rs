//! Candidates in order, few of them at a time.
//!
//! Every placement raises the gaps of all others a little, so that a bound found
//! earlier is soon too low: among very many candidates each would come first, be looked
//! at and sent back over and over. Here the queue holds only candidates before a horizon,
//! a hundred or two. The others wait on rungs, each some times as long as the one below
//! and with a farther horizon. When the queue is empty, the bounds of a whole rung are
//! found anew in one pass and its first candidates go a rung down. So a candidate is
//! looked at a few times on each rung, of which there are log N.

use super::Candidate;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// Candidates that a rung hands to the queue.
const QUEUED: usize = 128;
/// How many times as long as the one below it a rung is.
const TIMES: usize = 4;

/// See the module. Which candidate is first depends on the bounds alone, not on who
/// waits on which rung.
#[derive(Debug)]
pub(super) struct Ladder {
    /// Candidates before `horizon`.
    queue: BinaryHeap<Reverse<Candidate>>,
    horizon: Candidate,
    /// Lowest first; none where all fit into the queue. No candidate is before the
    /// horizon of the rung below.
    rungs: Vec<Rung>,
}

/// Candidates before a horizon, in no order.
#[derive(Debug)]
struct Rung {
    candidates: Vec<Candidate>,
    horizon: Candidate,
    /// How many candidates go a rung down from here.
    hands_down: usize,
}

impl Ladder {
    pub fn new(candidates: Vec<Candidate>) -> Self {
        let mut ladder = Self {
            queue: BinaryHeap::new(),
            horizon: Candidate::BEYOND,
            rungs: Vec::new(),
        };
        if candidates.len() < 2 * QUEUED {
            ladder.queue = candidates.into_iter().map(Reverse).collect();
            return ladder;
        }
        let mut hands_down = QUEUED;
        while 2 * TIMES * hands_down < candidates.len() {
            ladder.rungs.push(Rung {
                candidates: Vec::new(),
                horizon: Candidate::BEFORE,
                hands_down,
            });
            hands_down *= TIMES;
        }
        ladder.rungs.push(Rung {
            candidates,
            horizon: Candidate::BEYOND,
            hands_down,
        });
        ladder.horizon = Candidate::BEFORE;
        ladder
    }

    /// The first candidate by the bounds known; `renew` puts the present ones in their
    /// place, each of them still a bound.
    #[inline]
    pub fn first(&mut self, renew: impl FnMut(&mut [Candidate])) -> Option<Candidate> {
        if self.queue.is_empty() {
            self.refill(renew);
        }
        self.queue.peek().map(|first| first.0)
    }

    /// Takes the first candidate out; what is left does not come before what this
    /// returns.
    #[inline]
    pub fn take_first(&mut self) -> Candidate {
        self.queue.pop();
        self.queue.peek().map_or(self.horizon, |next| next.0)
    }

    /// The first candidate has another bound now, higher as a rule.
    #[inline]
    pub fn renew_first(&mut self, renewed: Candidate) {
        if let Some(mut first) = self.queue.peek_mut() {
            if renewed < self.horizon {
                *first = Reverse(renewed);
            } else {
                PeekMut::pop(first);
                send_up(&mut self.rungs, renewed);
            }
        }
    }

    /// Puts a candidate back that was taken out.
    #[inline]
    pub fn put_back(&mut self, candidate: Candidate) {
        if candidate < self.horizon {
            self.queue.push(Reverse(candidate));
        } else {
            send_up(&mut self.rungs, candidate);
        }
    }

    /// Hands candidates down, rung by rung, until there is one in the queue or nobody
    /// left.
    fn refill(&mut self, mut renew: impl FnMut(&mut [Candidate])) {
        while self.queue.is_empty() {
            let Some(at) = self.rungs.iter().position(|r| !r.candidates.is_empty()) else {
                return;
            };
            let (lower, upper) = self.rungs.split_at_mut(at);
            let Some((rung, above)) = upper.split_first_mut() else {
                return;
            };
            renew(&mut rung.candidates);
            rung.candidates.retain(|&candidate| {
                let stays = candidate < rung.horizon;
                if !stays {
                    send_up(above, candidate);
                }
                stays
            });
            let (handed, horizon) = rung.hand_down();
            for between in lower.iter_mut() {
                between.horizon = Candidate::BEFORE;
            }
            match lower.last_mut() {
                Some(below) => {
                    below.candidates = handed;
                    below.horizon = horizon;
                }
                None => {
                    self.queue = handed.into_iter().map(Reverse).collect();
                    self.horizon = horizon;
                }
            }
        }
    }
}

impl Rung {
    /// The first candidates, and what those that stay do not come before.
    fn hand_down(&mut self) -> (Vec<Candidate>, Candidate) {
        // A few more than usual rather than a rest that costs another pass.
        if self.candidates.len() <= self.hands_down * 3 / 2 {
            return (std::mem::take(&mut self.candidates), self.horizon);
        }
        let (_, &mut horizon, _) = self.candidates.select_nth_unstable(self.hands_down);
        let stay = self.candidates.split_off(self.hands_down);
        (std::mem::replace(&mut self.candidates, stay), horizon)
    }
}

/// Puts a candidate on the first of these rungs whose horizon it is before.
fn send_up(rungs: &mut [Rung], candidate: Candidate) {
    // Nothing is beyond the topmost.
    if let Some(rung) = rungs.iter_mut().find(|rung| candidate < rung.horizon) {
        rung.candidates.push(candidate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn takes_what_looking_at_everybody_takes(
            laws in prop::collection::vec((-3i32..30, 0i32..6), 0..4_600),
            put_back in prop::collection::vec(any::<bool>(), 16),
        ) {
            // Gaps that grow with what has been taken, each at a pace of its own.
            let gap_of = |at: usize, taken: usize| {
                let (start, pace) = laws[at];
                f64::from(start) + f64::from(pace) * 0.01 * taken as f64
            };
            let candidate = |at, taken| Candidate::new(gap_of(at, taken), at);
            let mut left: Vec<usize> = (0..laws.len()).collect();
            let mut ladder = Ladder::new(left.iter().map(|&at| candidate(at, 0)).collect());
            let mut taken = 0;
            let mut looks = 0;
            loop {
                let found = ladder.first(|candidates| {
                    for one in candidates {
                        *one = candidate(one.at(), taken);
                    }
                });
                let Some(found) = found else { break };
                let now = candidate(found.at(), taken);
                prop_assert!(found <= now, "a bound above what it bounds");
                if found < now {
                    looks += 1;
                    // Both ways of sending somebody back.
                    if put_back[looks % put_back.len()] {
                        ladder.take_first();
                        ladder.put_back(now);
                    } else {
                        ladder.renew_first(now);
                    }
                    continue;
                }
                let first = left.iter().copied().min_by_key(|&at| candidate(at, taken));
                prop_assert_eq!(Some(found.at()), first);
                left.retain(|&at| at != found.at());
                let next = ladder.take_first();
                prop_assert!(left.iter().all(|&at| next <= candidate(at, taken)));
                taken += 1;
            }
            prop_assert!(left.is_empty(), "{} candidates were lost", left.len());
        }
    }
}

//! How far a query is on its plan, and what it needs next.

use super::payload::token_bits;
use super::{Escalation, Payload, Plan, Tier, TokenProcess};
use crate::units::Bits;
use crate::world::query::Tokens;
use crate::world::streams::StreamKey;

/// What a query needs next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Its prompt gets to a tier, from the one before it, and the model there answers.
    Ask(Tier),
    /// An answer that has been judged is sent from a tier to the user.
    Deliver(Tier),
    /// The device drafts, the server verifies.
    Round(Round),
}

/// A round of drafts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// Whether the device has still to compute the prompt; its first token is then there.
    pub prompt: bool,
    /// Tokens of the prompt and the answer before the drafts.
    pub context: u64,
    /// Tokens that the device decodes one by one.
    pub decoded: u64,
    /// Whether the answer's first token is among those that the device keeps.
    pub keeps_first: bool,
    /// What is verified; nothing where the device has kept all that were left.
    pub message: Option<Message>,
}

/// What is sent to be verified, and what is computed for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Message {
    /// Its size on the uplink.
    pub up: Bits,
    /// All tokens behind which and among which the server verifies.
    pub tokens: u64,
    /// Of these, those that it has computed already.
    pub computed: u64,
    /// Size of its answer.
    pub down: Bits,
}

/// What a query has sent and had computed beside its own answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Traffic {
    /// Sent on the uplink.
    pub up: Bits,
    /// Sent to the user.
    pub down: Bits,
    /// Sent between the edge and the cloud, both ways.
    pub backhaul: Bits,
    /// Rounds of drafts.
    pub rounds: u32,
    /// Tokens drafted to be verified.
    pub drafted: u32,
    /// Of these, those that were accepted.
    pub accepted: u32,
    /// Tokens of the answer that the device kept without asking.
    pub kept: u32,
}

/// What follows from the plan and the draws of a query.
#[derive(Debug)]
pub struct PlanContext<'a> {
    /// Its plan.
    pub plan: Plan,
    /// Its size on the uplink.
    pub bits: Bits,
    /// Its tokens, where its sizes come from them.
    pub tokens: Option<Tokens>,
    /// Whether its device has computed its first token already.
    pub probed: bool,
    /// What becomes of tokens.
    pub process: &'a TokenProcess,
    /// Where its draws are.
    pub key: StreamKey,
}

impl PlanContext<'_> {
    fn token_key(&self, token: u64) -> StreamKey {
        self.key.named("token").index(token)
    }

    fn accepts(&self, token: u64) -> bool {
        self.process.accepts(self.token_key(token))
    }

    fn answer(&self) -> u64 {
        self.tokens.map_or(1, |tokens| tokens.answer)
    }
}

/// How far a query is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Progress {
    /// The tier that is answering, or whose answer counts.
    asked: Option<Tier>,
    delivered: bool,
    /// Tokens of the answer that are settled.
    out: u64,
    /// Of the prompt's and the answer's, those that the server has computed.
    on_server: u64,
    /// Kept since the last verification: the server is still to be told.
    untold: u64,
    /// Kept ones that the large model would have rejected.
    deviating: u64,
    /// Drafts of the round in progress.
    drafted: u64,
    phone_has_prompt: bool,
    /// What has been sent and computed.
    pub traffic: Traffic,
}

/// What has become of a step, for policies that want to be asked again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// A tier has answered, this uncertain, and another could be asked.
    Answered {
        /// Which.
        tier: Tier,
        /// How uncertain its answer is, in 0..=1.
        uncertainty: f64,
        /// Whether the plan goes on to the next tier.
        escalates: bool,
    },
    /// A round has been verified.
    Verified {
        /// Tokens drafted.
        drafted: u64,
        /// Of these accepted.
        accepted: u64,
    },
    /// Nothing that a policy could change.
    Settled,
}

impl Progress {
    /// The tier whose answer it is.
    pub fn answered_by(&self) -> Option<Tier> {
        self.asked
    }

    /// The answer is this tier's.
    pub fn answer(&mut self, tier: Tier) {
        self.asked = Some(tier);
    }

    /// Of the answer's tokens, the share that the device kept and the large model would have
    /// rejected.
    pub fn deviating_share(&self) -> f64 {
        match self.out {
            0 => 0.0,
            out => self.deviating as f64 / out as f64,
        }
    }

    /// The first step.
    pub fn begin(&mut self, with: &PlanContext<'_>) -> Step {
        let step = match with.plan {
            Plan::Cascade { .. } => Step::Ask(Tier::Device),
            Plan::Cloud => Step::Ask(Tier::Cloud),
            Plan::Direct | Plan::Race { .. } => Step::Ask(Tier::Edge),
            Plan::Speculative { gamma, payload } => {
                self.asked = Some(Tier::Edge);
                self.phone_has_prompt = with.probed;
                return self.draft(with, u64::from(gamma), payload);
            }
            Plan::Hybrid {
                skip_below,
                payload,
            } => {
                self.asked = Some(Tier::Edge);
                self.phone_has_prompt = with.probed;
                return self.keep_and_draft(with, skip_below, payload);
            }
        };
        if let Step::Ask(tier) = step {
            self.asked = Some(tier);
        }
        step
    }

    /// A step is complete: what has become of it. `uncertainty` is that of the answer of the
    /// tier that was asked, `history` what the tier remembers.
    pub fn complete(
        &mut self,
        with: &PlanContext<'_>,
        uncertainty: impl FnOnce(Tier) -> f64,
        history: impl FnOnce(Tier) -> Option<f64>,
    ) -> Outcome {
        match (with.plan, self.asked) {
            (Plan::Cascade { escalate, to_cloud }, Some(tier)) if !self.delivered => {
                let last = if to_cloud { Tier::Cloud } else { Tier::Edge };
                if tier == last {
                    return Outcome::Settled;
                }
                let uncertainty = uncertainty(tier);
                let threshold = match escalate {
                    Escalation::Above(threshold) => Some(threshold),
                    Escalation::Quantile { .. } => history(tier),
                };
                Outcome::Answered {
                    tier,
                    uncertainty,
                    escalates: threshold.is_some_and(|threshold| uncertainty > threshold),
                }
            }
            (Plan::Speculative { .. } | Plan::Hybrid { .. }, _) if self.drafted > 0 => {
                self.verify(with)
            }
            _ => Outcome::Settled,
        }
    }

    /// What comes after a step that is complete; nothing when the answer is with the user.
    /// `gamma` replaces the plan's length of drafts.
    pub fn next(
        &mut self,
        with: &PlanContext<'_>,
        outcome: &Outcome,
        gamma: Option<u32>,
    ) -> Option<Step> {
        match with.plan {
            Plan::Direct | Plan::Cloud | Plan::Race { .. } => None,
            Plan::Cascade { .. } => {
                let tier = self.asked.filter(|_| !self.delivered)?;
                if let (
                    Outcome::Answered {
                        escalates: true, ..
                    },
                    Some(next),
                ) = (outcome, tier.next())
                {
                    self.asked = Some(next);
                    return Some(Step::Ask(next));
                }
                self.delivered = true;
                (tier != Tier::Device).then_some(Step::Deliver(tier))
            }
            _ if self.out >= with.answer() => None,
            Plan::Speculative {
                gamma: planned,
                payload,
            } => Some(self.draft(with, u64::from(gamma.unwrap_or(planned)), payload)),
            Plan::Hybrid {
                skip_below,
                payload,
            } => Some(self.keep_and_draft(with, skip_below, payload)),
        }
    }

    /// The device drafts some tokens, all of which are verified.
    fn draft(&mut self, with: &PlanContext<'_>, gamma: u64, payload: Payload) -> Step {
        let drafted = gamma.min(with.answer() - self.out).max(1);
        let kept = 0;
        self.round(with, kept, drafted, payload)
    }

    /// The device keeps tokens until it is not sure of one, which is verified.
    fn keep_and_draft(
        &mut self,
        with: &PlanContext<'_>,
        skip_below: f64,
        payload: Payload,
    ) -> Step {
        let sure = |token: &u64| with.process.uncertainty(with.token_key(*token)) < skip_below;
        let kept = (self.out..with.answer()).take_while(sure).count() as u64;
        let drafted = u64::from(self.out + kept < with.answer());
        self.round(with, kept, drafted, payload)
    }

    fn round(&mut self, with: &PlanContext<'_>, kept: u64, drafted: u64, payload: Payload) -> Step {
        let prompt_tokens = with.tokens.map_or(1, |tokens| tokens.prompt);
        let context = prompt_tokens + self.out;
        let prompt = !self.phone_has_prompt;
        // The prompt's own first token needs no step.
        let ready = u64::from(self.out == 0);
        self.phone_has_prompt = true;
        let keeps_first = self.out == 0 && kept > 0;
        self.deviating += (self.out..self.out + kept)
            .filter(|&token| !with.accepts(token))
            .count() as u64;
        self.out += kept;
        self.untold += kept;
        self.drafted = drafted;
        self.traffic.kept += kept as u32;
        let message = (drafted > 0).then(|| {
            let token = token_bits(with.process.vocabulary);
            let first = self.traffic.rounds == 0;
            let up = payload.size(with.process.vocabulary).0 * drafted as f64
                + token * self.untold as f64
                + if first { with.bits.0 } else { 0.0 };
            let left = with.answer() - self.out;
            Message {
                up: Bits(up),
                tokens: prompt_tokens + self.out + drafted,
                computed: self.on_server,
                down: Bits(token * (self.accepted(with) + 1).min(left) as f64),
            }
        });
        if let Some(message) = &message {
            self.untold = 0;
            self.traffic.up = Bits(self.traffic.up.0 + message.up.0);
            self.traffic.down = Bits(self.traffic.down.0 + message.down.0);
            self.traffic.rounds += 1;
            self.traffic.drafted += drafted as u32;
        }
        Step::Round(Round {
            prompt,
            context,
            decoded: kept + drafted - ready,
            keeps_first,
            message,
        })
    }

    /// How many drafts of the round in progress are accepted: those before the first failure.
    fn accepted(&self, with: &PlanContext<'_>) -> u64 {
        (self.out..self.out + self.drafted)
            .take_while(|&token| with.accepts(token))
            .count() as u64
    }

    /// The drafts that are accepted count, and one token of the server more.
    fn verify(&mut self, with: &PlanContext<'_>) -> Outcome {
        let (accepted, drafted) = (self.accepted(with), self.drafted);
        let prompt_tokens = with.tokens.map_or(1, |tokens| tokens.prompt);
        self.on_server = prompt_tokens + self.out + accepted;
        self.out = (self.out + accepted + 1).min(with.answer());
        self.drafted = 0;
        self.traffic.accepted += accepted as u32;
        Outcome::Verified { drafted, accepted }
    }
}

#[cfg(test)]
mod tests;

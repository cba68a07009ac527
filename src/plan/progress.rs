//! How far a query is on its plan, and what it needs next.

use super::payload::token_bits;
use super::{Escalation, History, Payload, Plan, Tier, TokenProcess};
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

/// What the tiers remember of their answers, where plans go by it.
#[derive(Debug, Clone, Default)]
pub struct Histories([History; 3]);

impl Histories {
    /// The threshold of a tier under a plan.
    pub fn threshold(&self, plan: &Plan, tier: Tier) -> Option<f64> {
        match plan {
            Plan::Cascade {
                escalate: Escalation::Quantile { beta, .. },
                ..
            } => self.0[tier as usize].quantile_above(*beta),
            _ => None,
        }
    }

    /// A tier remembers an answer.
    pub fn remember(&mut self, plan: &Plan, tier: Tier, uncertainty: f64) {
        if let Plan::Cascade {
            escalate: Escalation::Quantile { window, .. },
            ..
        } = plan
        {
            self.0[tier as usize].remember(uncertainty, *window as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Acceptance;
    use super::*;

    fn with<'a>(plan: Plan, process: &'a TokenProcess, query: u64) -> PlanContext<'a> {
        PlanContext {
            plan,
            bits: Bits(1000.0),
            tokens: Some(Tokens {
                prompt: 50,
                answer: 4000,
            }),
            probed: false,
            process,
            key: StreamKey::root(8).named("query").index(query),
        }
    }

    /// All rounds of a query.
    fn rounds(with: &PlanContext<'_>) -> (Progress, Vec<Round>) {
        let mut progress = Progress::default();
        let mut rounds = Vec::new();
        let mut step = Some(progress.begin(with));
        while let Some(Step::Round(round)) = step {
            rounds.push(round);
            let outcome = progress.complete(with, |_| 0.0, |_| None);
            step = progress.next(with, &outcome, None);
        }
        assert_eq!(step, None);
        (progress, rounds)
    }

    /// (1 - r^(gamma + 1)) / (1 - r) tokens a round at acceptance r: 3.70, 4.33 and 5.50 of 9.
    #[test]
    fn rounds_bring_as_many_tokens_as_the_closed_form_says() {
        for r in [0.75, 0.80, 0.87] {
            let process = TokenProcess {
                acceptance: Acceptance::Independent(r),
                ..TokenProcess::default()
            };
            let plan = Plan::Speculative {
                gamma: 8,
                payload: Payload::TokenIds,
            };
            let (mut tokens, mut count) = (0.0, 0.0);
            for query in 0..20 {
                let (progress, rounds) = rounds(&with(plan, &process, query));
                tokens += progress.out as f64;
                count += rounds.len() as f64;
                assert_eq!(progress.traffic.rounds as usize, rounds.len());
            }
            let expected = (1.0 - f64::powi(r, 9)) / (1.0 - r);
            let found: f64 = tokens / count;
            assert!((found / expected - 1.0).abs() < 0.02, "{r}: {found}");
        }
    }

    #[test]
    fn every_token_is_computed_once_by_the_server_unless_it_was_rejected() {
        let process = TokenProcess::default();
        let plan = Plan::Speculative {
            gamma: 4,
            payload: Payload::TokenIds,
        };
        let with = with(plan, &process, 3);
        let (progress, rounds) = rounds(&with);
        let mut before = 0;
        let mut computed = 0;
        for round in &rounds {
            let message = round.message.expect("all drafts are verified");
            assert!(message.computed >= before && message.tokens > message.computed);
            before = message.computed;
            computed += message.tokens - message.computed;
        }
        let rejected = progress.traffic.drafted - progress.traffic.accepted;
        let last = rounds.last().expect("there are rounds");
        // The last round's tokens are told apart from the answer's end.
        let beyond = last.message.map_or(0, |m| m.tokens) as i64 - (50 + 4000);
        let expected = 50 + 4000 + u64::from(rejected);
        assert!(
            (computed as i64 - expected as i64).abs() <= 4 + beyond.abs(),
            "{computed} {expected}"
        );
        // One step of the device a draft, but for the first.
        let decoded: u64 = rounds.iter().map(|round| round.decoded).sum();
        assert_eq!(decoded + 1, u64::from(progress.traffic.drafted));
    }

    #[test]
    fn a_hybrid_keeps_what_it_is_sure_of() {
        let process = TokenProcess::default();
        for skip_below in [0.073, 0.43] {
            let plan = Plan::Hybrid {
                skip_below,
                payload: Payload::TokenIds,
            };
            let with = with(plan, &process, 1);
            let (progress, rounds) = rounds(&with);
            let kept = f64::from(progress.traffic.kept);
            // Of the tokens that the device decides about: some are the server's own.
            let decided = kept + f64::from(progress.traffic.drafted);
            let share = kept / decided;
            assert!((share - skip_below).abs() < 0.03, "{skip_below}: {share}");
            // Below .06 / .82 nothing would be rejected.
            assert_eq!(progress.deviating == 0, skip_below < 0.0732);
            assert_eq!(progress.out, 4000);
            assert!(rounds[0].prompt);
            assert!(rounds[1..].iter().all(|round| !round.prompt));
        }
    }

    #[test]
    fn a_device_that_keeps_everything_sends_nothing() {
        let process = TokenProcess::default();
        let plan = Plan::Hybrid {
            skip_below: 1.0,
            payload: Payload::TokenIds,
        };
        let (progress, rounds) = rounds(&with(plan, &process, 1));
        assert_eq!(rounds.len(), 1);
        assert_eq!((rounds[0].decoded, rounds[0].message), (3999, None));
        assert_eq!(progress.traffic.up, Bits(0.0));
        assert!((progress.deviating_share() - 0.35).abs() < 0.03);
    }

    #[test]
    fn a_cascade_goes_up_while_answers_are_uncertain() {
        let process = TokenProcess::default();
        let plan = Plan::Cascade {
            escalate: Escalation::Above(0.5),
            to_cloud: true,
        };
        let with = with(plan, &process, 1);
        let way = |uncertain: [f64; 3]| {
            let mut progress = Progress::default();
            let mut way = vec![progress.begin(&with)];
            loop {
                let outcome = progress.complete(&with, |tier| uncertain[tier as usize], |_| None);
                match progress.next(&with, &outcome, None) {
                    Some(step) => way.push(step),
                    None => return way,
                }
            }
        };
        use Step::{Ask, Deliver};
        use Tier::{Cloud, Device, Edge};
        assert_eq!(way([0.2, 0.9, 0.9]), [Ask(Device)]);
        assert_eq!(
            way([0.6, 0.5, 0.9]),
            [Ask(Device), Ask(Edge), Deliver(Edge)]
        );
        let all = [Ask(Device), Ask(Edge), Ask(Cloud), Deliver(Cloud)];
        assert_eq!(way([0.6, 0.7, 0.9]), all);
    }
}

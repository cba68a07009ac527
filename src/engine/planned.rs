//! Queries on plans of several steps: what comes after each, and races.

use super::in_flight::Phase;
use super::life::Arrival;
use super::{Recorder, Run};
use crate::plan::{Outcome, Plan, PlanContext, Step, Tier};
use crate::policy::{Continuation, Policy, PolicyError, QueryEvent, WhatHappened};
use crate::route::{answer_bits, backhaul_bits};
use crate::snapshot::Choice;
use crate::station::Sharing;
use crate::station::stage::Stage;
use crate::units::Bits;

impl Run<'_> {
    /// The query in a slot begins its plan at a server.
    pub(super) fn begins(
        &mut self,
        slot: usize,
        server: usize,
        plan: Plan,
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        self.check_plan(&plan, slot)?;
        self.in_flight[slot].plan = plan;
        let mut progress = self.in_flight[slot].progress;
        let step = progress.begin(&self.plan_context(slot));
        self.in_flight[slot].progress = progress;
        if !matches!(plan, Plan::Cascade { .. }) {
            self.connects(slot, server);
        }
        match plan {
            Plan::Race { .. } => {
                self.count_direct(slot);
                let needs = self.in_flight[slot].needs();
                let twin = self.in_flight.fork(slot);
                let step = Step::Ask(Tier::Device);
                self.in_flight[twin].route = self.network.step_route(&needs, server, &step);
                let choice = Choice::Edge(server);
                self.in_flight[slot].route = self.network.route(&needs, choice, None);
                self.goes_to(twin, Phase::Served { place: 0 });
                self.goes_to(slot, Phase::Served { place: 0 });
            }
            Plan::Cloud => {
                self.count_direct(slot);
                let needs = self.in_flight[slot].needs();
                let traffic = &mut self.in_flight[slot].progress.traffic;
                let both = [0, 1].map(|message| backhaul_bits(&needs, message).0);
                traffic.backhaul = Bits(both.iter().sum());
                self.in_flight[slot].route = self.network.cloud_route(&needs, server);
                self.goes_to(slot, Phase::Served { place: 0 });
            }
            _ => {
                if self.begins_step(slot, &step) == Arrival::RouteEnds {
                    // A step without a visit: a round of what is there already.
                    return self.step_ends(slot, policy, recorder);
                }
            }
        }
        Ok(())
    }

    /// Counts what a query sends that is answered in one go.
    pub(super) fn count_direct(&mut self, slot: usize) {
        let needs = self.in_flight[slot].needs();
        let traffic = &mut self.in_flight[slot].progress.traffic;
        traffic.up = needs.bits;
        traffic.down = answer_bits(&needs);
    }

    /// A query counts among those at a server.
    pub(super) fn connects(&mut self, slot: usize, server: usize) {
        let needs = self.in_flight[slot].needs();
        self.network.connect(slot, server, &needs);
        self.in_flight[slot].connected = true;
    }

    /// Whether a plan can be followed here at all.
    fn check_plan(&self, plan: &Plan, slot: usize) -> Result<(), PolicyError> {
        let serving = &self.settings.serving;
        let failed = |what: &str| Err(PolicyError::Failed(format!("plan {plan:?}: {what}")));
        if let Err(fault) = plan.check(serving.process.vocabulary) {
            return failed(&format!(
                "{}: found {}, allowed is {}",
                fault.field, fault.found, fault.allowed
            ));
        }
        if serving.sharing != Sharing::Live {
            return failed("plans of several steps need `sharing: Live`");
        }
        if plan.needs_cloud() && serving.cloud.is_none() {
            return failed("the scenario has no `cloud`");
        }
        let by_tokens = serving.phone.is_some()
            && self.in_flight[slot].tokens.is_some()
            && self.network.edge_batches();
        if plan.has_rounds() && !by_tokens {
            return failed(
                "rounds need `users.serving: Phone(..)`, `servers.serving: Batching(..)` and \
                 `workload.tokens`",
            );
        }
        Ok(())
    }

    fn plan_context(&self, slot: usize) -> PlanContext<'_> {
        let flight = &self.in_flight[slot];
        PlanContext {
            plan: flight.plan,
            bits: flight.bits,
            tokens: flight.tokens,
            probed: flight.probed,
            process: &self.settings.serving.process,
            key: self
                .world
                .key()
                .named("answer-tokens")
                .index(flight.number()),
        }
    }

    fn begins_step(&mut self, slot: usize, step: &Step) -> Arrival {
        let Some(server) = self.in_flight[slot].server() else {
            return Arrival::RouteEnds;
        };
        let needs = self.in_flight[slot].needs();
        let flight = &mut self.in_flight[slot];
        flight.step_began = (self.now, flight.stages[Stage::LocalCompute]);
        let traffic = &mut flight.progress.traffic;
        match step {
            Step::Ask(Tier::Edge) => traffic.up = needs.bits,
            Step::Ask(Tier::Cloud) => traffic.backhaul = backhaul_bits(&needs, 0),
            Step::Deliver(tier) => {
                traffic.down = answer_bits(&needs);
                if *tier == Tier::Cloud {
                    traffic.backhaul = Bits(traffic.backhaul.0 + backhaul_bits(&needs, 1).0);
                }
                // Judged, and not shown before.
                flight.first_token = flight.tokens.map(|_| self.now);
            }
            Step::Ask(Tier::Device) | Step::Round(_) => {}
        }
        if *step == Step::Ask(Tier::Edge) && !self.in_flight[slot].connected {
            self.connects(slot, server);
        }
        self.in_flight[slot].route = self.network.step_route(&needs, server, step);
        self.goes_to(slot, Phase::Served { place: 0 })
    }

    /// A step of a plan is complete: the next begins, or the query leaves.
    pub(super) fn step_ends(
        &mut self,
        slot: usize,
        policy: &mut dyn Policy,
        recorder: &mut dyn Recorder,
    ) -> Result<(), PolicyError> {
        loop {
            let flight = &self.in_flight[slot];
            let (number, plan) = (flight.number(), flight.plan);
            let mut progress = flight.progress;
            let with = self.plan_context(slot);
            let uncertainty = |tier| match tier {
                Tier::Device => flight.answer_uncertainty,
                larger => self.world.larger_answer_uncertainty(number, larger as u64),
            };
            let history = |tier| self.histories.threshold(&plan, tier);
            let mut outcome = progress.complete(&with, uncertainty, history);
            let what = match outcome {
                Outcome::Settled => None,
                Outcome::Answered {
                    tier,
                    uncertainty,
                    escalates,
                } => Some(WhatHappened::Answered {
                    tier,
                    uncertainty,
                    escalates,
                }),
                Outcome::Verified { drafted, accepted } => Some(WhatHappened::Verified {
                    drafted,
                    accepted,
                    drafting: flight.stages[Stage::LocalCompute] - flight.step_began.1,
                    round: self.now - flight.step_began.0,
                }),
            };
            let said = match what {
                None => Continuation::AsPlanned,
                Some(what) => {
                    policy.asked_again(&QueryEvent::new(self.now, number, flight.user(), what))?
                }
            };
            let mut gamma = None;
            match (said, &mut outcome) {
                (Continuation::Accept, Outcome::Answered { escalates, .. }) => *escalates = false,
                (Continuation::Escalate, Outcome::Answered { escalates, .. }) => *escalates = true,
                (Continuation::Draft(tokens), _) => gamma = Some(tokens.max(1)),
                _ => {}
            }
            let next = progress.next(&with, &outcome, gamma);
            match outcome {
                Outcome::Answered {
                    tier, uncertainty, ..
                } => {
                    self.histories.remember(&plan, tier, uncertainty);
                    let flight = &mut self.in_flight[slot];
                    flight.first_token = flight.tokens.map(|_| self.now);
                }
                Outcome::Verified { .. } => {
                    self.in_flight[slot].first_token.get_or_insert(self.now);
                }
                Outcome::Settled => {}
            }
            self.in_flight[slot].progress = progress;
            match next {
                None => {
                    self.leaves(slot, false, recorder);
                    return Ok(());
                }
                Some(step) => {
                    if self.begins_step(slot, &step) == Arrival::AtStation {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The device's side of a race has its answer: it counts if it is certain enough.
    pub(super) fn device_side_ends(&mut self, twin: usize, recorder: &mut dyn Recorder) {
        let Some(slot) = self.in_flight[twin].twin() else {
            return;
        };
        let is_good = match self.in_flight[slot].plan {
            Plan::Race { tau } => self.in_flight[twin].answer_uncertainty <= tau,
            _ => false,
        };
        if is_good {
            let side = self.in_flight[twin].clone();
            self.stops(slot);
            self.in_flight[slot].takes_over(&side);
        }
        self.gives_up_side(slot, twin);
        if is_good {
            self.leaves(slot, false, recorder);
        }
    }

    /// The device's side of a race is over.
    pub(super) fn gives_up_side(&mut self, slot: usize, twin: usize) {
        for station in self.in_flight[twin].visited() {
            self.network.visit(station).0.forget(self.now, twin);
        }
        self.in_flight.join(slot, twin);
    }

    /// Whether the answer of the query in a slot is right.
    pub(super) fn is_right(&self, slot: usize) -> bool {
        let flight = &self.in_flight[slot];
        let truth = flight.truth();
        match flight.answered_by() {
            Tier::Device => truth.slm_correct,
            Tier::Edge => {
                let deviating = flight.progress.deviating_share();
                let by_device = deviating > 0.0
                    && self.world.answer_draw(flight.number(), "deviating") < deviating;
                if by_device {
                    truth.slm_correct
                } else {
                    truth.llm_correct
                }
            }
            Tier::Cloud => {
                let accuracy = self.settings.serving.cloud.as_ref();
                let accuracy = accuracy.map_or(0.0, |cloud| cloud.accuracy);
                self.world.answer_draw(flight.number(), "cloud-answer") < accuracy
            }
        }
    }
}

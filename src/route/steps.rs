//! The routes of plans: which visits each of their steps is.

use super::{ComputeLaw, Leg, Needs, Network, Route, leg};
use crate::plan::{Message, Round, Step, Tier};
use crate::station::batching::Request;
use crate::station::stage::Stage;
use crate::station::{Demand, StationId};
use crate::units::{Bits, Flop, Seconds};
use smallvec::smallvec;

/// Bits of a token of an answer on its way over the backhaul.
const ANSWER_TOKEN_BITS: f64 = 32.0;

impl Network<'_> {
    /// The way of a step of a plan, `server` being the one that the policy has chosen.
    pub fn step_route(&self, needs: &Needs, server: usize, step: &Step) -> Route {
        match *step {
            Step::Ask(Tier::Device) => {
                let demand = self.local_demand(needs);
                Route(smallvec![leg(StationId::Device, needs.user, demand)])
            }
            Step::Ask(Tier::Edge) => {
                let mut route = self.to_server(needs, server, needs.bits);
                self.edge_compute(&mut route, needs, server);
                route
            }
            // From the edge, which has the prompt.
            Step::Ask(Tier::Cloud) => {
                let mut route = Route::default();
                self.to_cloud(&mut route, needs, server);
                route
            }
            Step::Deliver(tier) => {
                let mut route = Route::default();
                if tier == Tier::Cloud {
                    route.0.extend(self.backhaul(needs, server, 1));
                }
                self.to_user(&mut route, server);
                route
            }
            Step::Round(round) => self.round_route(needs, server, &round),
        }
    }

    /// The way of a query that only the cloud answers.
    pub fn cloud_route(&self, needs: &Needs, server: usize) -> Route {
        let mut route = self.to_server(needs, server, needs.bits);
        self.to_cloud(&mut route, needs, server);
        route.0.extend(self.backhaul(needs, server, 1));
        self.to_user(&mut route, server);
        route
    }

    /// Access to the uplink, and the transmission.
    pub(super) fn to_server(&self, needs: &Needs, server: usize, bits: Bits) -> Route {
        let cell = self.world.cell_to(needs.user, server);
        let mut route = Route::default();
        if let Some(access) = &self.serving.access {
            let waited = Demand {
                time: Some(access.wait(self.message_key(needs))),
                ..Demand::none(Stage::Access)
            };
            route.0.push(leg(StationId::Access, cell, waited));
        }
        let sent = Demand {
            bits,
            ..Demand::none(Stage::Uplink)
        };
        route.0.push(leg(StationId::Uplink, cell, sent));
        route
    }

    /// The answer's way back from a server.
    pub(super) fn to_user(&self, route: &mut Route, server: usize) {
        if let Some(demand) = self.serving.downlink.demand() {
            route.0.push(leg(StationId::Downlink, server, demand));
        }
    }

    /// The compute of a server, and what comes before it there.
    pub(super) fn to_compute(&self, route: &mut Route, server: usize, computed: Demand) {
        if let ComputeLaw::Batching(spec) = self.serving.compute
            && spec.request > Seconds(0.0)
        {
            let received = Demand {
                time: Some(spec.request),
                ..Demand::none(Stage::EdgeQueue)
            };
            route.0.push(leg(StationId::Frontend, server, received));
        }
        route.0.push(leg(StationId::Compute, server, computed));
    }

    fn edge_compute(&self, route: &mut Route, needs: &Needs, server: usize) {
        let computed = Demand {
            work: needs.llm_work,
            request: self.request(needs),
            ..Demand::none(Stage::EdgeCompute)
        };
        self.to_compute(route, server, computed);
    }

    fn to_cloud(&self, route: &mut Route, needs: &Needs, server: usize) {
        route.0.extend(self.backhaul(needs, server, 0));
        let computed = Demand {
            work: needs.llm_work,
            request: self.request(needs),
            ..Demand::none(Stage::EdgeCompute)
        };
        route.0.push(leg(StationId::Cloud, 0, computed));
    }

    /// A message over the backhaul: the prompt (0) or the answer (1).
    fn backhaul(&self, needs: &Needs, server: usize, message: u64) -> Option<Leg> {
        let cloud = self.serving.cloud.as_ref()?;
        let key = self.message_key(needs).named("backhaul").index(message);
        let demand = Demand {
            time: Some(cloud.backhaul.time(backhaul_bits(needs, message), key)),
            ..Demand::none(Stage::Backhaul)
        };
        Some(leg(StationId::Backhaul, server, demand))
    }

    fn round_route(&self, needs: &Needs, server: usize, round: &Round) -> Route {
        let mut route = match round.message {
            Some(Message { up, .. }) => self.to_server(needs, server, up),
            None => Route::default(),
        };
        if let Some(drafts) = self.drafts(needs, round) {
            route.0.insert(0, drafts);
        }
        if let Some(message) = &round.message {
            let all = needs
                .tokens
                .map_or(1, |tokens| tokens.prompt + tokens.answer);
            let share = (message.tokens - message.computed) as f64 / all as f64;
            let verified = Demand {
                work: Flop(needs.llm_work.0 * share),
                request: Request {
                    context: message.computed,
                    keeps: true,
                    ..Request::new(message.tokens, 1)
                },
                ..Demand::none(Stage::EdgeCompute)
            };
            self.to_compute(&mut route, server, verified);
            self.to_user(&mut route, server);
        }
        route
    }

    /// What the device computes in a round.
    fn drafts(&self, needs: &Needs, round: &Round) -> Option<Leg> {
        let (law, tokens) = self.phone_of(needs)?;
        let first_token = match round.prompt {
            true => law.prompt_time(tokens.prompt),
            false => Seconds(0.0),
        };
        let computed = round.decoded + if round.prompt { tokens.prompt } else { 0 };
        if computed == 0 && !round.keeps_first {
            return None;
        }
        let contexts = (round.context + 1) as f64;
        let all = (tokens.prompt + tokens.answer) as f64;
        let demand = Demand {
            work: Flop(needs.slm_work.0 * computed as f64 / all),
            time: Some(first_token + law.decode_time(round.decoded, 1, contexts)),
            first_token: round.keeps_first.then_some(first_token),
            ..Demand::none(Stage::LocalCompute)
        };
        Some(leg(StationId::Device, needs.user, demand))
    }

    /// Whether the edge servers batch.
    pub fn edge_batches(&self) -> bool {
        matches!(self.serving.compute, ComputeLaw::Batching(_))
    }
}

/// Size of a message over the backhaul: the prompt (0) or the answer (1).
pub fn backhaul_bits(needs: &Needs, message: u64) -> Bits {
    match message {
        0 => needs.bits,
        _ => answer_bits(needs),
    }
}

/// Size of an answer.
pub fn answer_bits(needs: &Needs) -> Bits {
    let tokens = needs.tokens.map_or(1, |tokens| tokens.answer);
    Bits(ANSWER_TOKEN_BITS * tokens as f64)
}

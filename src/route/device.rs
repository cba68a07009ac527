//! What a query asks of its user's device.

use super::{Needs, Network, Route, leg};
use crate::llm::StepLaw;
use crate::station::stage::Stage;
use crate::station::{Demand, StationId};
use crate::units::Seconds;
use crate::world::query::Tokens;
use smallvec::smallvec;

impl Network<'_> {
    /// The way of a query whose uncertainty is computed on its device: its prompt or,
    /// where tokens are not told apart, a share of the small model's work.
    pub fn probe(&self, needs: &Needs, work_share: f64) -> Route {
        let demand = match self.phone_of(needs) {
            Some((law, tokens)) => {
                let all = (tokens.prompt + tokens.answer) as f64;
                Demand {
                    work: needs.slm_work * (tokens.prompt as f64 / all),
                    time: Some(law.prompt_time(tokens.prompt)),
                    ..Demand::none(Stage::Probe)
                }
            }
            None => Demand {
                work: needs.slm_work * work_share,
                ..Demand::none(Stage::Probe)
            },
        };
        Route(smallvec![leg(StationId::Device, needs.user, demand)])
    }

    pub(super) fn phone_of(&self, needs: &Needs) -> Option<(StepLaw, Tokens)> {
        Some((self.serving.phone?, needs.tokens?))
    }

    /// How long a query still is in service on its device, as policies expect it at
    /// `now`; `None` where that is a lump of work at the device's capacity.
    pub fn local_time(&self, needs: &Needs, now: Seconds) -> Option<Seconds> {
        let at_full_rates = self.time_at_full_rates(needs);
        if self.serving.throttling.is_none() {
            return at_full_rates;
        }
        let capacity = self.world.users()[needs.user].capacity;
        let time = at_full_rates.unwrap_or_else(|| needs.slm_work / capacity);
        self.devices.throttled_time(needs.user, now, time)
    }

    fn time_at_full_rates(&self, needs: &Needs) -> Option<Seconds> {
        let (law, tokens) = self.phone_of(needs)?;
        let answer = self.serving.foresight.of(tokens).answer.round() as u64;
        let prompt_time = if needs.probed {
            Seconds(0.0)
        } else {
            law.prompt_time(tokens.prompt)
        };
        Some(prompt_time + law.answer_time(tokens.prompt, answer))
    }

    pub(super) fn local_demand(&self, needs: &Needs) -> Demand {
        let lump = Demand {
            work: needs.slm_work,
            ..Demand::none(Stage::LocalCompute)
        };
        let Some((law, Tokens { prompt, answer })) = self.phone_of(needs) else {
            return lump;
        };
        // What the probe has computed is not computed again.
        let first_token = if needs.probed {
            Seconds(0.0)
        } else {
            law.prompt_time(prompt)
        };
        Demand {
            time: Some(first_token + law.answer_time(prompt, answer)),
            first_token: Some(first_token),
            ..lump
        }
    }
}

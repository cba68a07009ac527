//! What the channel must satisfy to go on in time.

use super::{Faults, Scenario};
use crate::world::channel::Variation;
use crate::world::motion::Mobility;

pub(super) fn check(scenario: &Scenario, faults: &mut Faults) {
    faults.positive("channel.block_ms", scenario.channel.block_ms);
    match scenario.channel.variation {
        Some(Variation::Jakes {
            doppler_hz: Some(doppler_hz),
        }) if !(doppler_hz.is_finite() && doppler_hz >= 0.0) => faults.add(
            "channel.variation.doppler_hz",
            &doppler_hz.to_string(),
            "a finite number not below 0",
        ),
        Some(Variation::GaussMarkov { coherence_ms }) => {
            faults.positive("channel.variation.coherence_ms", coherence_ms);
        }
        _ => {}
    }
    if scenario.doppler_of_motion() && scenario.users.mobility == Mobility::Static {
        faults.add(
            "channel.variation",
            "`Jakes` without `doppler_hz`, with users at rest",
            "`Jakes(doppler_hz: ..)`, or `users.mobility`, from which it follows",
        );
    }
    carrier(scenario, faults);
}

fn carrier(scenario: &Scenario, faults: &mut Faults) {
    let field = "channel.carrier_ghz";
    match (
        scenario.channel.carrier_ghz,
        scenario.channel.path_loss.carrier_ghz(),
    ) {
        (Some(carrier_ghz), None) => faults.positive(field, carrier_ghz),
        (Some(carrier_ghz), Some(_)) => faults.add(
            field,
            &format!("{carrier_ghz} beside a path loss that has a carrier of its own"),
            "`channel.path_loss.carrier_ghz` alone, or `path_loss: LogDistance(..)`",
        ),
        (None, None)
            if scenario.doppler_of_motion() && scenario.users.mobility != Mobility::Static =>
        {
            faults.add(
                field,
                "no carrier, with users that move and `path_loss: LogDistance`",
                "a frequency in GHz, which gives each user the Doppler frequency of its \
                 speed; or a `channel.variation` that needs none, such as `Static`",
            );
        }
        (None, _) => {}
    }
}

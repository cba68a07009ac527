//! What the channel must satisfy to go on in time.

use super::{Faults, Scenario};
use crate::world::channel::Variation;
use crate::world::motion::Mobility;

pub(super) fn check(scenario: &Scenario, faults: &mut Faults) {
    faults.within("channel.block_ms", scenario.channel.block_ms, 1e-3..=1e12);
    match scenario.channel.variation {
        Some(Variation::Jakes {
            doppler_hz: Some(doppler_hz),
        }) => faults.within("channel.variation.doppler_hz", doppler_hz, 0.0..=1e6),
        Some(Variation::GaussMarkov { coherence_ms }) => {
            faults.within("channel.variation.coherence_ms", coherence_ms, 1e-6..=1e12);
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
        (Some(carrier_ghz), None) => faults.within(field, carrier_ghz, 1e-3..=1e4),
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

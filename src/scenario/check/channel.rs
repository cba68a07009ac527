//! What the channel must satisfy.

use super::{Faults, Scenario};
use crate::scenario::ChannelSpec;
use crate::world::channel::tr38901::Environment;
use crate::world::channel::{Fading, LineOfSight, PathLoss, Walls};
use crate::world::motion::Mobility;
use crate::world::power_control::PowerControl;
use std::ops::RangeInclusive;

/// What TR 38.901 is for, in GHz.
const CARRIERS_GHZ: RangeInclusive<f64> = 0.5..=100.0;

pub(super) fn check(scenario: &Scenario, faults: &mut Faults) {
    let channel = &scenario.channel;
    path_loss(&channel.path_loss, faults);
    if let Fading::Rician { k_db } = channel.fading {
        faults.within("channel.fading.k_db", k_db, -100.0..=100.0);
    }
    faults.within("channel.shadowing_db", channel.shadowing_db, 0.0..=100.0);
    let density = channel.noise_dbm_per_hz;
    faults.within("channel.noise_dbm_per_hz", density, -400.0..=100.0);
    let figure = channel.noise_figure_db;
    faults.within("channel.noise_figure_db", figure, 0.0..=100.0);
    shadowing(channel, faults);
    buildings(channel, faults);
    antennas(scenario, faults);
    power_control(scenario, faults);
    cities(channel, faults);
    measured(scenario, faults);
}

/// Measured gains say nothing of what makes them up, nor of places.
fn measured(scenario: &Scenario, faults: &mut Faults) {
    let channel = &scenario.channel;
    if channel.gains.is_none() {
        return;
    }
    let beside = [
        ("channel.shadowing", channel.shadowing.is_some()),
        ("channel.shadowing_db", channel.shadowing_db > 0.0),
        ("channel.buildings", channel.buildings.is_some()),
        ("channel.variation", channel.variation.is_some()),
        (
            "channel.interference_tolerance",
            channel.interference_tolerance > 0.0,
        ),
        (
            "users.power_control",
            scenario.users.power_control != PowerControl::Full,
        ),
        (
            "users.mobility",
            scenario.users.mobility != Mobility::Static,
        ),
    ];
    for (field, _) in beside.into_iter().filter(|(_, given)| *given) {
        faults.add(
            "channel.gains",
            &format!("measured gains beside `{field}`"),
            "gains that hold all of it, or no `gains`",
        );
    }
}

fn antennas(scenario: &Scenario, faults: &mut Faults) {
    let gains_dbi = -100.0..=100.0;
    let of_users = scenario.users.antenna_gain_dbi;
    faults.within("users.antenna_gain_dbi", of_users, gains_dbi.clone());
    let of_servers = scenario.servers.antenna_gain_dbi;
    faults.within("servers.antenna_gain_dbi", of_servers, gains_dbi);
}

fn power_control(scenario: &Scenario, faults: &mut Faults) {
    let PowerControl::Fractional { p0_dbm, alpha } = scenario.users.power_control else {
        return;
    };
    let field = "users.power_control";
    faults.within(&format!("{field}.p0_dbm"), p0_dbm, -300.0..=100.0);
    faults.within(&format!("{field}.alpha"), alpha, 0.0..=1.0);
    if scenario.channel.interference_tolerance > 0.0 {
        faults.add(
            field,
            "Fractional beside `channel.interference_tolerance`",
            "Full, or a tolerance of 0",
        );
    }
    if scenario.energy.is_some() && scenario.users.mobility != Mobility::Static {
        faults.add(
            field,
            "Fractional beside `energy`, with users that move",
            "Full, or users at rest, whose power does not change on the way",
        );
    }
}

fn path_loss(path_loss: &PathLoss, faults: &mut Faults) {
    let field = |name: &str| format!("channel.path_loss.{name}");
    match *path_loss {
        PathLoss::LogDistance {
            reference_db,
            exponent,
            min_distance_m,
        } => {
            faults.within(&field("reference_db"), reference_db, -300.0..=300.0);
            faults.within(&field("exponent"), exponent, 0.01..=20.0);
            faults.within(&field("min_distance_m"), min_distance_m, 1e-6..=1e6);
        }
        PathLoss::UmiLos {
            carrier_ghz,
            terminal_height_m,
        }
        | PathLoss::UmaNlos {
            carrier_ghz,
            terminal_height_m,
        } => {
            faults.within(&field("carrier_ghz"), carrier_ghz, 1e-3..=1e4);
            // The least height above 1 m whose breakpoint distance is not lost in rounding.
            let heights_m = 1.001..=1e3;
            faults.within(&field("terminal_height_m"), terminal_height_m, heights_m);
        }
        PathLoss::UMa { .. }
        | PathLoss::UMi { .. }
        | PathLoss::RMa { .. }
        | PathLoss::InH { .. } => {
            let Some(standard) = path_loss.standard() else {
                return;
            };
            let heights_m = match standard.environment {
                Environment::UMa => 1.5..=13.0,
                Environment::UMi => 1.5..=22.5,
                Environment::RMa => 1.0..=10.0,
                Environment::InH(_) => 0.5..=3.0,
            };
            faults.within(&field("carrier_ghz"), standard.carrier_ghz, CARRIERS_GHZ);
            let height_m = standard.terminal_height.0;
            faults.within(&field("terminal_height_m"), height_m, heights_m);
        }
    }
}

fn shadowing(channel: &ChannelSpec, faults: &mut Faults) {
    let Some(shadowing) = channel.shadowing else {
        return;
    };
    let field = "channel.shadowing";
    if channel.path_loss.standard().is_none() {
        faults.add(
            field,
            &format!("{shadowing:?} beside `path_loss: LogDistance`"),
            "a path loss of TR 38.901, such as `UMi(carrier_ghz: 3.5)`, or `shadowing_db`",
        );
    }
    if channel.shadowing_db != 0.0 {
        faults.add(
            field,
            &format!(
                "{shadowing:?} beside `shadowing_db: {}`",
                channel.shadowing_db
            ),
            "one of them",
        );
    }
}

fn buildings(channel: &ChannelSpec, faults: &mut Faults) {
    let Some(buildings) = channel.buildings else {
        return;
    };
    let share = buildings.indoor_share;
    faults.within("channel.buildings.indoor_share", share, 0.0..=1.0);
    let standard = channel.path_loss.standard();
    match standard.map(|standard| standard.environment) {
        Some(Environment::RMa) if buildings.walls == Walls::HighLoss => faults.add(
            "channel.buildings.walls",
            "HighLoss in `RMa`",
            "LowLoss, which alone the standard has there",
        ),
        Some(Environment::UMa | Environment::UMi | Environment::RMa) => {}
        None | Some(Environment::InH(_)) => faults.add(
            "channel.buildings",
            "users in buildings, where the path loss has no outside",
            "`path_loss: UMa(..)`, `UMi(..)` or `RMa(..)`, or no buildings",
        ),
    }
}

/// What cities cannot know of links that they do not keep.
fn cities(channel: &ChannelSpec, faults: &mut Faults) {
    let is_drawn = match channel.path_loss {
        PathLoss::UMa { line_of_sight, .. }
        | PathLoss::UMi { line_of_sight, .. }
        | PathLoss::RMa { line_of_sight, .. }
        | PathLoss::InH { line_of_sight, .. } => line_of_sight == LineOfSight::Drawn,
        PathLoss::LogDistance { .. } | PathLoss::UmiLos { .. } | PathLoss::UmaNlos { .. } => false,
    };
    let by_link = is_drawn || channel.shadowing.is_some() || channel.buildings.is_some();
    if channel.interference_tolerance > 0.0 && by_link {
        faults.add(
            "channel.interference_tolerance",
            &format!(
                "{} beside line of sight that is drawn, `shadowing` or `buildings`",
                channel.interference_tolerance
            ),
            "0, or a path loss with `line_of_sight: Always` or `Never`, and `shadowing_db`",
        );
    }
}

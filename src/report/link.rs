//! Link budgets as planners write them: a line a gain or a loss.

use crate::units::BitsPerSecond;
use crate::world::channel::tr38901::Sight;
use crate::world::link_budget::LinkBudget;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};

/// The budget of a link as aligned text.
pub fn text(budget: &LinkBudget) -> String {
    let parts = &budget.parts;
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    let mut row = |what: &str, value: f64, unit: &str, note: String| {
        table.add_row([
            what.to_owned(),
            format!("{value:.1}"),
            unit.to_owned(),
            note,
        ]);
    };
    let none = String::new;
    row("Distance on the ground", parts.distance.0, "m", none());
    let back_off = match budget.back_off_db {
        0.0 => none(),
        below => format!("{below:.1} dB below full power"),
    };
    row("Transmit power", budget.tx_power_dbm, "dBm", back_off);
    if budget.antennas_db != 0.0 {
        row("Antennas", budget.antennas_db, "dB", "both ends".to_owned());
    }
    let sight = match parts.sight {
        Some(Sight::Line) => "line of sight",
        Some(Sight::Obstructed) => "no line of sight",
        None => "",
    };
    row("Path loss", -parts.path_loss_db(), "dB", sight.to_owned());
    if let Some(inside) = parts.inside {
        let depth = format!("{:.1} m behind the wall", inside.depth.0);
        row("Walls and rooms", -inside.loss_db, "dB", depth);
    }
    row("Shadowing", parts.shadowing_db, "dB", none());
    row("Fading", budget.fading_db, "dB", none());
    row("Received power", budget.received_dbm, "dBm", none());
    let bandwidth = format!("over {} MHz", budget.bandwidth.0 * 1e-6);
    row("Noise", budget.noise_dbm, "dBm", bandwidth);
    row("SNR", budget.snr_db, "dB", none());
    if let Some(interference_dbm) = budget.interference_dbm {
        let of = "all other users at their best servers".to_owned();
        row("Interference", interference_dbm, "dBm", of);
    }
    row("SINR", budget.sinr_db, "dB", none());
    let alone = "whole bandwidth, no interference".to_owned();
    row("Rate alone", megabits(budget.rate_alone), "Mbit/s", alone);
    let shared = format!("bandwidth shared by {} in the cell", budget.users_in_cell);
    row(
        "Rate shared",
        megabits(budget.rate_shared),
        "Mbit/s",
        shared,
    );
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if let Some(values) = table.column_mut(1) {
        values.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<String> = table
        .to_string()
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    format!(
        "User {} to server {}\n\n{}\n",
        budget.user,
        budget.server,
        lines.join("\n")
    )
}

/// The same as JSON.
pub fn json(budget: &LinkBudget) -> Value {
    let parts = &budget.parts;
    json!({
        "user": budget.user,
        "server": budget.server,
        "distance_m": parts.distance.0,
        "tx_power_dbm": budget.tx_power_dbm,
        "antennas_db": budget.antennas_db,
        "line_of_sight": parts.sight.map(|sight| sight == Sight::Line),
        "path_loss_db": parts.path_loss_db(),
        "indoor_depth_m": parts.inside.map(|inside| inside.depth.0),
        "wall_loss_db": parts.inside.map(|inside| inside.loss_db),
        "shadowing_db": parts.shadowing_db,
        "fading_db": budget.fading_db,
        "received_dbm": budget.received_dbm,
        "noise_dbm": budget.noise_dbm,
        "snr_db": budget.snr_db,
        "interference_dbm": budget.interference_dbm,
        "sinr_db": budget.sinr_db,
        "bandwidth_mhz": budget.bandwidth.0 * 1e-6,
        "users_in_cell": budget.users_in_cell,
        "rate_alone_mbps": megabits(budget.rate_alone),
        "rate_shared_mbps": megabits(budget.rate_shared),
    })
}

fn megabits(rate: BitsPerSecond) -> f64 {
    rate.0 * 1e-6
}

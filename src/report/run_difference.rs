//! Two runs beside each other: a table, and JSON.

use super::table::mean;
use crate::experiment::{Estimate, GroupDifference, RunDifference};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};

/// What the table shows: the measure, its heading, and what its values are multiplied by.
const SHOWN: [(&str, &str, f64); 4] = [
    ("delay_mean_ms", "Δ mean delay (ms)", 1.0),
    ("delay_p99_ms", "Δ p99 of a replication (ms)", 1.0),
    ("accuracy", "Δ accuracy (points)", 100.0),
    ("offloaded_share", "Δ offloaded (points)", 100.0),
];

/// The second run minus the first, a line a policy and point.
pub fn text(difference: &RunDifference) -> String {
    let mut table = Table::new();
    let headings = SHOWN.iter().map(|(_, heading, _)| *heading);
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(
            ["value", "policy", "replications"]
                .into_iter()
                .chain(headings),
        );
    for group in &difference.groups {
        let shown = SHOWN.iter().map(|(name, _, factor)| {
            let found = measure(group, name).map(|[.., change]| change.scaled(*factor));
            found.map_or_else(String::new, mean)
        });
        let key = [
            group.group.value.clone(),
            group.group.policy.clone(),
            group.replications.to_string(),
        ];
        table.add_row(key.into_iter().chain(shown));
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table
        .to_string()
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n") + "\n"
}

fn measure(group: &GroupDifference, name: &str) -> Option<[Estimate; 3]> {
    let found = group.measures.iter().find(|(measure, _)| measure == name);
    found.map(|(_, estimates)| *estimates)
}

/// All measures, with the means of both runs.
pub fn json(difference: &RunDifference) -> Value {
    let groups: Vec<Value> = difference
        .groups
        .iter()
        .map(|group| {
            let measures: serde_json::Map<String, Value> = group
                .measures
                .iter()
                .map(|(name, [first, second, change])| {
                    let value = json!({"first": first, "second": second, "difference": change});
                    (name.clone(), value)
                })
                .collect();
            json!({
                "value": group.group.value,
                "policy": group.group.policy,
                "replications": group.replications,
                "measures": measures,
            })
        })
        .collect();
    let unmatched: Vec<Value> = difference
        .unmatched
        .iter()
        .map(|group| json!({"value": group.value, "policy": group.policy}))
        .collect();
    json!({"groups": groups, "unmatched": unmatched})
}

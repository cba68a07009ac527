//! The numbers that `page.js` draws.

use super::document::{self, PointNumbers, PolicyNumbers, Stages, StagesOf};
use crate::experiment::{Estimate, series};
use crate::report::drawn_policies::{DrawnPolicies, label};
use crate::report::number::swept;
use crate::report::plot::field_label;
use crate::report::plot::theme::{Dash, Marker, Rgb};
use crate::station::stage::Stage;
use serde_json::{Value, json};

/// Everything, for one script element.
pub(super) fn of(
    fields: &[String],
    points: &[PointNumbers<'_>],
    stages: &[StagesOf],
    next_histogram: &mut dyn FnMut() -> Option<String>,
) -> Value {
    let names = points.iter().map(|point| {
        let policies = point.policies.iter();
        policies.map(|policy| &*policy.policy).collect()
    });
    let drawn = DrawnPolicies::of(series(&names.collect::<Vec<Vec<&str>>>()));
    let policies: Vec<Value> = drawn
        .iter()
        .map(|(label, style)| {
            json!({
                "label": label,
                "colour": hex(style.colour),
                "dash": dash(style.dash),
                "symbol": symbol(style.marker),
            })
        })
        .collect();
    let points: Vec<Value> = points
        .iter()
        .map(|point| {
            let place = document::place(&point.values);
            let policies: Vec<Value> = point
                .policies
                .iter()
                .map(|policy| {
                    let is_own =
                        |rows: &&StagesOf| rows.place == place && rows.policy == policy.policy;
                    let stages = stages.iter().find(is_own);
                    let distribution = next_histogram().map(|text| document::distribution(&text));
                    numbers(policy, stages.map(|found| &found.stages), distribution)
                })
                .collect();
            json!({
                "values": point.values.iter().map(swept).collect::<Vec<_>>(),
                "numbers": point.values.iter().map(|value| value.number()).collect::<Vec<_>>(),
                "policies": policies,
            })
        })
        .collect();
    let colours: serde_json::Map<String, Value> = Stage::ALL
        .into_iter()
        .map(|stage| (stage.name().to_owned(), json!(hex(stage.colour()))))
        .collect();
    json!({
        "fields": fields.iter().map(|field| field_label(field)).collect::<Vec<_>>(),
        "policies": policies,
        "points": points,
        "stageColours": colours,
    })
}

fn numbers(
    policy: &PolicyNumbers,
    stages: Option<&Stages>,
    distribution: Option<Vec<(f64, f64)>>,
) -> Value {
    let estimate = |number: document::Number, factor: f64| {
        let scaled = Estimate::from(number).scaled(factor);
        json!([scaled.mean, scaled.ci95])
    };
    let quantiles: serde_json::Map<String, Value> = policy
        .delay_quantiles_ms
        .keys()
        .map(|name| (name.clone(), json!(policy.quantile(name))))
        .collect();
    let measures: serde_json::Map<String, Value> = policy
        .measures
        .iter()
        .map(|(name, number)| (name.clone(), estimate(*number, 1.0)))
        .collect();
    json!({
        "name": label(&policy.policy),
        "queries": policy.queries,
        "accuracy": estimate(policy.accuracy, 100.0),
        "offloaded": estimate(policy.offloaded_share, 100.0),
        "objective": estimate(policy.objective_s, 1.0),
        "delay": estimate(policy.delay_mean_ms, 1.0),
        "quantiles": quantiles,
        "measures": measures,
        "stages": stages,
        "beyond": distribution,
    })
}

/// Dashes as Plotly takes them.
fn dash(dash: Dash) -> String {
    let lengths: Vec<String> = dash.iter().map(|length| format!("{length}px")).collect();
    match lengths.is_empty() {
        true => "solid".to_owned(),
        false => lengths.join(","),
    }
}

/// Plotly's name of a marker.
fn symbol(marker: Marker) -> &'static str {
    match marker {
        Marker::Circle => "circle",
        Marker::Square => "square",
        Marker::TriangleUp => "triangle-up",
        Marker::Diamond => "diamond",
        Marker::TriangleDown => "triangle-down",
        Marker::Plus => "cross",
        Marker::Cross => "x",
        Marker::Star => "star",
    }
}

fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

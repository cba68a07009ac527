//! What was simulated, in words.

use super::document::Document;
use crate::report::number::shortest;
use crate::scenario::{Scenario, SweptValue};
use crate::station::Sharing;
use crate::world::arrivals::Arrivals;
use crate::world::geometry::Placement;

/// A sentence for each part of the system.
pub(super) fn description(document: &Document) -> Vec<String> {
    let scenario = &document.scenario;
    let mut sentences = vec![
        users(scenario),
        servers(scenario),
        arrivals(&scenario.workload.arrivals),
        sharing(scenario),
    ];
    sentences.extend(swept(scenario));
    sentences.push(runs(document));
    sentences
}

fn users(scenario: &Scenario) -> String {
    let area = &scenario.area;
    let place = format!(
        "{} m x {} m",
        shortest(area.width_m),
        shortest(area.height_m)
    );
    let count = match is_swept(scenario, "users.count") {
        true => "Users".to_owned(),
        false => many(scenario.users.count, "user"),
    };
    format!("{count} with a small model on their phones, in an area of {place}.")
}

fn servers(scenario: &Scenario) -> String {
    let servers = &scenario.servers;
    let compute = match &servers.serving {
        Some(_) => "a batching server with a large model".to_owned(),
        None => format!(
            "a large model that a query gets at most {} TFLOP/s of",
            shortest(servers.max_per_user_tflops)
        ),
    };
    let stand = match servers.placement {
        Placement::Uniform => ", placed at random",
        _ => "",
    };
    let cloud = match scenario.cloud {
        Some(_) => " A cloud is behind them.",
        None => "",
    };
    format!(
        "{}{stand}, each with {} MHz of uplink bandwidth and {compute}.{cloud}",
        many(servers.number(), "edge server"),
        shortest(servers.bandwidth_mhz)
    )
}

fn arrivals(arrivals: &Arrivals) -> String {
    match arrivals {
        Arrivals::Batch => "Every user has one query, all at the same instant.".to_owned(),
        Arrivals::Poisson { rate_per_user_hz } => format!(
            "Queries arrive as a Poisson process, {} a second and user.",
            shortest(*rate_per_user_hz)
        ),
        Arrivals::Bursty {
            rate_per_user_hz,
            burst_ratio,
            ..
        } => format!(
            "Queries arrive in bursts, {} a second and user on average, {} times as fast in a \
             burst as outside.",
            shortest(*rate_per_user_hz),
            shortest(*burst_ratio)
        ),
        Arrivals::Periodic { period_s, .. } => {
            format!("Every user has a query every {} s.", shortest(*period_s))
        }
        Arrivals::Gamma {
            rate_per_user_hz,
            cv,
        } => format!(
            "Queries arrive with gamma distributed gaps of coefficient of variation {}, {} a \
             second and user.",
            shortest(*cv),
            shortest(*rate_per_user_hz)
        ),
        Arrivals::Trace { .. } => "Queries arrive as a trace has them.".to_owned(),
    }
}

fn sharing(scenario: &Scenario) -> String {
    let text = match scenario.sharing {
        Sharing::Held => {
            "Shares of bandwidth and compute, and interference, are those of the moment of \
             decision until a query has left."
        }
        Sharing::Live => {
            "Shares of bandwidth and compute, and interference, follow who is there at every \
             moment."
        }
    };
    text.to_owned()
}

fn swept(scenario: &Scenario) -> Option<String> {
    let sweep = scenario.sweep.as_ref()?;
    let fields = sweep.0.iter().map(|swept| {
        let values = swept.values.resolved();
        let values: Vec<String> = values.iter().map(SweptValue::to_string).collect();
        format!("{} takes {}", swept.field, values.join(", "))
    });
    Some(format!("{}.", fields.collect::<Vec<_>>().join("; ")))
}

fn runs(document: &Document) -> String {
    let points = document.points();
    let policies = points.first().map_or(&[][..], |point| point.policies);
    let replications = policies.first().map_or(0, |policy| policy.replications);
    let at_each = match points.len() {
        1 => "",
        _ => " at each point",
    };
    format!(
        "{}{at_each}, all policies on the same draws; seed {}.",
        many(replications as usize, "independent replication"),
        document.seed
    )
}

fn is_swept(scenario: &Scenario, field: &str) -> bool {
    scenario.swept_fields().iter().any(|swept| swept == field)
}

fn many(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

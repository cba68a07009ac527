//! What a scenario comes to, before it is run: the values that decide what happens, for
//! `edgelm check`.

use super::number::decimals;
use super::swept;
use crate::experiment::Experiment;
use crate::physics::radio::thermal_noise;
use crate::scenario::{PhoneSpec, Scenario};
use crate::units::{Hertz, db_from_ratio};

/// A line for each part of the system, at the last point of the sweep.
pub fn lines(experiment: &Experiment) -> Vec<String> {
    let Some(point) = experiment.points().last() else {
        return Vec::new();
    };
    let scenario = point.scenario;
    let fields = experiment.loaded().scenario.swept_fields();
    let mut lines = Vec::new();
    match swept::title(&fields, point.values) {
        place if place.is_empty() => {}
        place => lines.push(format!("at {place}:")),
    }
    lines.push(who(scenario));
    lines.push(air(scenario));
    lines.push(servers(scenario));
    if scenario.servers.serving.is_none() && scenario.users.serving == PhoneSpec::Lump {
        lines.extend(times(scenario));
    }
    lines.push(format!(
        "about {:.1e} events in the whole run",
        experiment.demand().events
    ));
    lines
}

fn who(scenario: &Scenario) -> String {
    let (users, servers) = (scenario.users.count, scenario.servers.number());
    format!(
        "{users} users and {servers} servers, {} users to a server",
        short(users as f64 / servers as f64)
    )
}

fn air(scenario: &Scenario) -> String {
    let channel = &scenario.channel;
    let bandwidth = Hertz(scenario.servers.bandwidth_mhz * 1e6);
    let noise = thermal_noise(channel.noise_dbm_per_hz, channel.noise_figure_db, bandwidth);
    format!(
        "{} MHz a cell, shared by those who send; noise {} dBm over it; phones send {} dBm",
        short(scenario.servers.bandwidth_mhz),
        short(db_from_ratio(noise.0) + 30.0),
        short(db_from_ratio(scenario.users.tx_power_mw))
    )
}

fn servers(scenario: &Scenario) -> String {
    let servers = &scenario.servers;
    if let Some(block) = &servers.serving {
        return match block.resolve(&scenario.catalog()) {
            Ok(spec) => format!(
                "a server batches up to {} queries, whose prompts and answers share room for {} \
                 tokens",
                spec.max_running,
                spec.kv_tokens()
            ),
            // Checked before.
            Err(fault) => fault.to_string(),
        };
    }
    let (mean, most) = (servers.capacity_tflops.mean(), servers.max_per_user_tflops);
    let limit = if most >= mean {
        "more than it has: this limits nobody".to_owned()
    } else {
        format!(
            "so that up to {} at once slow nobody down",
            (mean / most).floor()
        )
    };
    format!(
        "a server computes {} TFLOP/s on average, a query gets at most {}, {limit}",
        short(mean),
        short(most)
    )
}

/// How long queries take by themselves, and how much of the system they take.
fn times(scenario: &Scenario) -> Vec<String> {
    let (workload, servers) = (&scenario.workload, &scenario.servers);
    let at_server = servers
        .capacity_tflops
        .mean()
        .min(servers.max_per_user_tflops);
    let on_phone = scenario.users.capacity_gflops.mean();
    let (large, small) = (workload.llm_gflop.mean(), workload.slm_gflop.mean());
    let mut lines = vec![format!(
        "a mean query takes {} ms at a server by itself, and {} ms on a mean phone",
        short(large / at_server),
        short(1e3 * small / on_phone)
    )];
    if let Some(rate_hz) = workload.arrivals.rate_per_user_hz() {
        let all_hz = rate_hz * scenario.users.count as f64;
        let capacity = 1e3 * servers.capacity_tflops.mean() * servers.number() as f64;
        lines.push(format!(
            "load: {} of the servers if every query is sent, {} of a mean phone if none is",
            short(all_hz * large / capacity),
            short(rate_hz * small / on_phone)
        ));
    }
    lines
}

/// Three significant digits, without a fraction that is zero.
fn short(value: f64) -> String {
    let text = format!("{value:.*}", decimals(value, 3));
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Loaded;
    use std::path::Path;

    fn of(text: &str) -> Vec<String> {
        let loaded = Loaded::from_text(text, Path::new("s.ron"), &[]).unwrap();
        lines(&Experiment::new(loaded).unwrap())
    }

    #[test]
    fn the_paper_s_cell_comes_to_this() {
        let lines = of(
            "(users: (count: 60), policies: [EdgeAll], replications: 100,
             sweep: (field: \"users.count\", values: [60, 120]))",
        );
        assert_eq!(
            lines,
            [
                "at users.count = 120:",
                "120 users and 4 servers, 30 users to a server",
                "100 MHz a cell, shared by those who send; noise -94 dBm over it; phones send 23 dBm",
                "a server computes 15.1 TFLOP/s on average, a query gets at most 1.51, so that up \
                 to 9 at once slow nobody down",
                "a mean query takes 11.1 ms at a server by itself, and 28.5 ms on a mean phone",
                "about 7.2e4 events in the whole run",
            ]
        );
    }

    #[test]
    fn a_run_in_time_has_a_load_and_a_server_that_batches_has_seats() {
        let lines = of(
            "(users: (count: 10), policies: [EdgeAll], servers: (capacity_tflops: 1),
             workload: (llm_gflop: 100, slm_gflop: 10, arrivals: Poisson(rate_per_user_hz: 2)),
             run: (duration_s: 10))",
        );
        // 20 queries a second of 0.1 TFLOP at four servers of 1 TFLOP/s.
        let load =
            "load: 0.5 of the servers if every query is sent, 0.22 of a mean phone if none is";
        assert_eq!(lines[4], load);
        assert!(lines[2].ends_with("at most 1.51, more than it has: this limits nobody"));
        let lines = of(
            "(users: (count: 10), policies: [EdgeAll], servers: (serving:
             Batching(model: \"llama-3.1-8b\", card: \"rtx-4090\", max_running: 7)),
             workload: (tokens: (prompt_tokens: 40, output_tokens: 9)))",
        );
        assert!(
            lines[2].starts_with("a server batches up to 7 queries"),
            "{lines:?}"
        );
    }
}

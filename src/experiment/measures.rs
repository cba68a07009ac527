//! Measures that a scenario asks for beyond delay, accuracy and share offloaded.

use super::histogram::DelayCounts;
use super::record::{LoadRecord, ReplicationRecord};
use super::record_means::{accuracy, mean_delay_ms, offloaded_share};
use crate::scenario::{Prices, Scenario, WarmUp};
use crate::world::arrivals::Arrivals;

/// Share of queries not answered by their deadline, dropped ones among them.
pub const DEADLINE_MISSED: &str = "deadline_missed_share";

/// All that is known of a replication by the names that results have, means first:
/// `delay_mean_ms`, `accuracy`, `offloaded_share`, `objective_s`, and what the scenario
/// asks for beyond. Which names there are depends on the scenario alone.
pub fn by_replication(scenario: &Scenario, r: &ReplicationRecord) -> Vec<(&'static str, f64)> {
    let mut all = vec![
        ("delay_mean_ms", mean_delay_ms(r)),
        ("accuracy", accuracy(r)),
        ("offloaded_share", offloaded_share(r)),
        ("objective_s", r.objective_s),
    ];
    all.extend(measures(scenario, r));
    all
}

/// The measures of a replication, by their names in results: which ones there are depends
/// on the scenario alone.
pub(super) fn measures(scenario: &Scenario, r: &ReplicationRecord) -> Vec<(&'static str, f64)> {
    let mut measures = Vec::new();
    let mut add = |name, value: f64| measures.push((name, value));
    if scenario.workload.deadline.is_some() {
        add(DEADLINE_MISSED, r.missed as f64 / left(r));
        add("dropped_share", r.dropped as f64 / left(r));
    }
    if scenario.servers.serving.is_some() {
        add("refused_share", r.refused as f64 / left(r));
    }
    if scenario.servers.allocation.is_some() {
        add("delay_jain", jain_of_delays(r));
    }
    if scenario.tells_tokens_apart() {
        let tokens = &r.tokens;
        let ms = |sum_s: f64, queries: u64| sum_s * 1e3 / queries as f64;
        let quantile = |times: &DelayCounts, q| times.value_at_quantile(q) as f64 * 1e-6;
        add("ttft_mean_ms", ms(tokens.first_sum_s, tokens.queries));
        add("ttft_p50_ms", quantile(&tokens.first, 0.5));
        add("ttft_p90_ms", quantile(&tokens.first, 0.9));
        add("ttft_p99_ms", quantile(&tokens.first, 0.99));
        add("tpot_mean_ms", ms(tokens.later_sum_s, tokens.later_queries));
        add("tpot_p50_ms", quantile(&tokens.later, 0.5));
        add("tpot_p99_ms", quantile(&tokens.later, 0.99));
        if scenario.slo.is_some() {
            add("slo_met_share", tokens.met_slo as f64 / left(r));
            if scenario.workload.arrivals != Arrivals::Batch {
                add("goodput_per_s", tokens.met_slo as f64 / r.load.window_s);
            }
        }
    }
    if scenario.cloud.is_some() || scenario.policies.iter().any(|spec| spec.plan().is_some()) {
        let traffic = &r.traffic;
        let kilobytes = |bits: f64| bits / 8e3 / r.queries as f64;
        add("sent_up_kb", kilobytes(traffic.up_bits));
        add("sent_down_kb", kilobytes(traffic.down_bits));
        add("backhaul_kb", kilobytes(traffic.backhaul_bits));
        add("rounds_mean", traffic.rounds as f64 / r.queries as f64);
        let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
        add("accepted_share", share(traffic.accepted, traffic.drafted));
        add(
            "kept_share",
            share(traffic.kept, traffic.kept + traffic.drafted),
        );
        add("cloud_share", share(traffic.by_cloud, r.queries));
    }
    if let Some(energy) = scenario.energy {
        let tx_power_w = scenario.users.tx_power_mw * 1e-3;
        let device_j_per_flop = energy.device_j_per_gflop * 1e-9;
        let server_j_per_flop = energy.server_j_per_gflop * 1e-9;
        add("transmit_energy_j", tx_power_w * r.transmit_s / left(r));
        add(
            "device_energy_j",
            device_j_per_flop * r.device_flop / left(r),
        );
        add("server_energy_j", server_j_per_flop * r.edge_flop / left(r));
        if scenario.tells_tokens_apart() {
            let [device_prompt, server_prompt] = r.tokens.prompt_flop;
            let prompt_j = device_j_per_flop * device_prompt + server_j_per_flop * server_prompt;
            let all_j = device_j_per_flop * r.device_flop + server_j_per_flop * r.edge_flop;
            add("prefill_energy_j", prompt_j / left(r));
            add("decode_energy_j", (all_j - prompt_j) / left(r));
            let tokens = r.tokens.answer_tokens as f64;
            add(
                "energy_j_per_token",
                (all_j + tx_power_w * r.transmit_s) / tokens,
            );
        }
    }
    if let Some(prices) = scenario.prices {
        let [transmission, compute, accuracy] = costs(&prices, r);
        add("cost_transmission", transmission);
        add("cost_compute", compute);
        add("cost_accuracy", accuracy);
        add("cost", transmission + compute + accuracy);
    }
    if scenario.workload.arrivals != Arrivals::Batch {
        let over_servers = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        if scenario.run.warm_up == WarmUp::Mser5 {
            add("warm_up_s", r.load.warm_up_s);
        }
        add("throughput_per_s", r.load.answered as f64 / r.load.window_s);
        add(
            "edge_utilisation",
            over_servers(&r.load.edge_busy_s) / r.load.window_s,
        );
        add(
            "edge_utilisation_max",
            r.load.edge_busy_s.iter().copied().fold(0.0, f64::max) / r.load.window_s,
        );
        add("edge_offered_load_max", edge_offered_load(&r.load));
        add(
            "device_utilisation",
            r.load.device_busy_s / r.load.window_s / scenario.users.count as f64,
        );
        add("device_offered_load_max", device_offered_load(&r.load));
        add(
            "transmitting_mean",
            r.load.uplink_area_s.iter().sum::<f64>() / r.load.window_s,
        );
    }
    measures
}

/// What a query costs on average: what it sends, what is computed for it, and being wrong.
fn costs(prices: &Prices, r: &ReplicationRecord) -> [f64; 3] {
    let (traffic, queries) = (&r.traffic, left(r));
    let gigabytes = |bits: f64| bits / 8e9;
    let pflop = |flop: f64| flop * 1e-15;
    let transmission = prices.per_gigabyte_air * gigabytes(traffic.up_bits + traffic.down_bits)
        + prices.per_gigabyte_backhaul * gigabytes(traffic.backhaul_bits);
    let compute = prices.per_device_pflop * pflop(r.device_flop)
        + prices.per_server_pflop * pflop(r.edge_flop);
    let accuracy = prices.per_wrong_answer * (queries - r.correct as f64);
    [transmission, compute, accuracy].map(|cost| cost / queries)
}

/// Jain's index of fairness over the delays of n queries, (sum of d)^2 / (n sum of d^2): 1
/// where all are the same, 1/n where one has it all (Jain, Chiu and Hawe, DEC-TR-301, 1984).
fn jain_of_delays(r: &ReplicationRecord) -> f64 {
    let n = r.queries as f64;
    let mean_square_s2 = (r.delay_sum_s / n).powi(2);
    mean_square_s2 / (mean_square_s2 + r.delay_squares_s2 / n)
}

/// The offered load of the busiest server: work sent to it over what it can do.
pub(super) fn edge_offered_load(load: &LoadRecord) -> f64 {
    load.offered_s.iter().copied().fold(0.0, f64::max) / load.window_s
}

/// The offered load of the busiest device.
pub(super) fn device_offered_load(load: &LoadRecord) -> f64 {
    load.busiest_device_s / load.window_s
}

/// Queries that were measured, answered or dropped.
fn left(record: &ReplicationRecord) -> f64 {
    (record.queries + record.dropped) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jains_index_is_one_for_equal_delays_and_one_over_n_for_a_single_one() {
        let jain = |delays_s: &[f64]| {
            let mut record = ReplicationRecord::default();
            delays_s
                .iter()
                .for_each(|&delay_s| record.add_delay(delay_s));
            jain_of_delays(&record)
        };
        assert_eq!(jain(&[0.25; 4]), 1.0);
        assert!((jain(&[0.0, 0.0, 0.0, 3.0]) - 0.25).abs() < 1e-15);
        assert!((jain(&[1.0, 2.0, 3.0]) - 36.0 / 42.0).abs() < 1e-15);
    }
}

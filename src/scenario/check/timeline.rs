//! What a run in time must satisfy: arrivals, scheduling, run length, mobility, tokens,
//! energy.

use super::range::number;
use super::{Faults, MOST_REPLICATIONS, Scenario, plans, serving, variation};
use crate::engine::{Probe, Scheduling};
use crate::physics::radio::Interference;
use crate::scenario::WarmUp;
use crate::station::Sharing;
use crate::station::compute::Discipline;
use crate::station::downlink::Downlink;
use crate::world::arrivals::{Arrivals, AtEnd};
use crate::world::motion::{Mobility, TimedPoint};
use std::ops::RangeInclusive;

pub(super) fn check(scenario: &Scenario, faults: &mut Faults) {
    arrivals(scenario, faults);
    tolerance(scenario, faults);
    scheduling(scenario, faults);
    serving::check(scenario, faults);
    plans::check(scenario, faults);
    run(scenario, faults);
    mobility(scenario, faults);
    variation::check(scenario, faults);
    costs(scenario, faults);
    if let Some(access) = scenario.access {
        faults.within("access.grant_ms", access.grant_ms, 0.0..=1e6);
        faults.within("access.slot_ms", access.slot_ms, 0.0..=1e6);
        faults.within("access.harq_rtt_ms", access.harq_rtt_ms, 0.0..=1e6);
        faults.within("access.first_bler", access.first_bler, 0.0..=0.99);
    }
    if let Downlink::Latency { ms } = scenario.downlink {
        faults.within("downlink.ms", ms, 0.0..=1e9);
    }
    if let Some(until) = &scenario.until {
        let width = until.relative_half_width;
        faults.within("until.relative_half_width", width, 1e-9..=1e3);
        let most = until.max_replications as usize;
        faults.count_up_to("until.max_replications", most, MOST_REPLICATIONS);
        if until.max_replications < scenario.replications {
            faults.add(
                "until.max_replications",
                &until.max_replications.to_string(),
                &format!("at least `replications`, {}", scenario.replications),
            );
        }
    }
}

/// Arrivals of one user, in hertz.
const RATES: RangeInclusive<f64> = 1e-9..=1e6;

/// The latest instant, in seconds: the clock then still tells a microsecond.
const LATEST_S: f64 = 1e9;

fn arrivals(scenario: &Scenario, faults: &mut Faults) {
    let field = |name: &str| format!("workload.arrivals.{name}");
    match &scenario.workload.arrivals {
        Arrivals::Batch => {}
        Arrivals::Poisson { rate_per_user_hz } => {
            faults.within(&field("rate_per_user_hz"), *rate_per_user_hz, RATES);
        }
        Arrivals::Bursty {
            rate_per_user_hz,
            burst_ratio,
            burst_mean_s,
            quiet_mean_s,
            shared: _,
        } => {
            faults.within(&field("rate_per_user_hz"), *rate_per_user_hz, RATES);
            faults.within(&field("burst_ratio"), *burst_ratio, 1.0..=1e6);
            faults.within(&field("burst_mean_s"), *burst_mean_s, 1e-6..=1e9);
            faults.within(&field("quiet_mean_s"), *quiet_mean_s, 1e-6..=1e9);
        }
        Arrivals::Periodic { period_s, jitter_s } => {
            faults.within(&field("period_s"), *period_s, 1e-6..=1e9);
            if !(0.0..=0.5 * period_s).contains(jitter_s) {
                faults.add(
                    &field("jitter_s"),
                    &jitter_s.to_string(),
                    "a number from 0 to half the period",
                );
            }
        }
        Arrivals::Gamma {
            rate_per_user_hz,
            cv,
        } => {
            faults.within(&field("rate_per_user_hz"), *rate_per_user_hz, RATES);
            // Beyond, the gamma law's values fall below the least number above zero.
            faults.within(&field("cv"), *cv, 1e-6..=10.0);
        }
        Arrivals::Trace { rate_scale, .. } => {
            faults.within(&field("rate_scale"), *rate_scale, 1e-9..=1e9);
        }
    }
}

/// Under a tolerance gains are in single precision, 6e-8 off.
const LEAST_TOLERANCE: f64 = 1e-6;

/// The far field knows homes that stay, and powers heard over one's own channel.
fn tolerance(scenario: &Scenario, faults: &mut Faults) {
    let tolerance = scenario.channel.interference_tolerance;
    let field = "channel.interference_tolerance";
    if tolerance != 0.0 && !(LEAST_TOLERANCE..1.0).contains(&tolerance) {
        let allowed = format!("0, which is exact, or a number from {LEAST_TOLERANCE:e} to below 1");
        faults.add(field, &tolerance.to_string(), &allowed);
    }
    if tolerance <= 0.0 {
        return;
    }
    let found = |what: &str| format!("{tolerance} with {what}");
    if scenario.sharing == Sharing::Held {
        faults.add(
            field,
            &found("`sharing: Held`"),
            "0 with `Held`, whose shares are exact; or `sharing: Live`",
        );
    }
    if scenario.channel.interference == Interference::AsPrinted {
        faults.add(
            field,
            &found("`interference: AsPrinted`"),
            "0 with `AsPrinted`, under which every user disturbs every server alike",
        );
    }
    if scenario.users.mobility != Mobility::Static {
        faults.add(
            field,
            &found("users that move"),
            "0 with mobility: a user's home must stay the same",
        );
    }
}

fn scheduling(scenario: &Scenario, faults: &mut Faults) {
    let batch = scenario.workload.arrivals == Arrivals::Batch;
    match scenario.scheduling() {
        Scheduling::Batch if !batch => faults.add(
            "scheduling",
            "Batch with arrivals over time",
            "`PerArrival` or `Every(period_ms: ..)`",
        ),
        Scheduling::Batch if scenario.workload.probe != Probe::Free => faults.add(
            "scheduling",
            "Batch with a probe, after which queries wait at different times",
            "`PerArrival` or `Every(period_ms: ..)`",
        ),
        Scheduling::Every { period_ms } => {
            faults.within("scheduling.period_ms", period_ms, 1e-3..=1e12);
        }
        Scheduling::Batch | Scheduling::PerArrival => {}
    }
    if scenario.servers.discipline == Discipline::Fifo && scenario.sharing == Sharing::Held {
        faults.add(
            "servers.discipline",
            "Fifo with `sharing: Held`, which fixes every share",
            "`Fifo` with `sharing: Live`",
        );
    }
    if let Some(deadline) = scenario.workload.deadline {
        faults.within("workload.deadline.after_ms", deadline.after_ms, 1e-6..=1e12);
    }
}

fn run(scenario: &Scenario, faults: &mut Faults) {
    let run = &scenario.run;
    if let Some(duration_s) = run.duration_s {
        faults.within("run.duration_s", duration_s, 1e-6..=LATEST_S);
    }
    if let Some(queries) = run.queries {
        faults.count("run.queries", queries as usize);
    }
    if let WarmUp::Seconds(seconds) = run.warm_up {
        let end = run.duration_s.unwrap_or(LATEST_S);
        if !(seconds >= 0.0 && seconds < end) {
            faults.add(
                "run.warm_up",
                &number(seconds),
                "seconds not below 0 and less than `run.duration_s`",
            );
        }
    }
    let endless = match scenario.workload.arrivals {
        Arrivals::Batch => false,
        Arrivals::Trace { at_end, .. } => at_end == AtEnd::Loop,
        _ => true,
    };
    if endless && run.duration_s.is_none() && run.queries.is_none() {
        faults.add(
            "run",
            "no end",
            "`duration_s` or `queries`, where arrivals do not end by themselves",
        );
    }
    if scenario.workload.arrivals == Arrivals::Batch && run != &Default::default() {
        faults.add(
            "run",
            "a run in time with `arrivals: Batch`",
            "no `run`, or arrivals over time",
        );
    }
}

fn mobility(scenario: &Scenario, faults: &mut Faults) {
    match &scenario.users.mobility {
        Mobility::Static => {}
        Mobility::RandomWaypoint {
            speed_min_m_per_s,
            speed_max_m_per_s,
            pause_s,
        } => {
            let field = |name: &str| format!("users.mobility.{name}");
            let (least, greatest) = (*speed_min_m_per_s, *speed_max_m_per_s);
            faults.within(&field("speed_min_m_per_s"), least, 1e-6..=1e6);
            faults.within(&field("speed_max_m_per_s"), greatest, 1e-6..=1e6);
            if greatest < least {
                faults.add(
                    &field("speed_max_m_per_s"),
                    &number(greatest),
                    "a number not below `speed_min_m_per_s`",
                );
            }
            faults.within(&field("pause_s"), *pause_s, 0.0..=1e9);
        }
        Mobility::Listed(trajectories) => {
            if trajectories.is_empty() {
                faults.add("users.mobility", "no trajectory", "at least one");
            }
            for (at, points) in trajectories.iter().enumerate() {
                let field = format!("users.mobility[0][{at}]");
                if points.is_empty() {
                    faults.add(&field, "no position", "at least one (time_s, x, y)");
                }
                for (point, TimedPoint(time_s, x, y)) in points.iter().enumerate() {
                    let own = |at: usize| format!("{field}[{point}].{at}");
                    faults.within(&own(0), *time_s, -LATEST_S..=LATEST_S);
                    faults.within(&own(1), *x, -1e7..=1e7);
                    faults.within(&own(2), *y, -1e7..=1e7);
                }
                if !points.is_sorted_by(|a, b| a.0 < b.0) {
                    faults.add(&field, "times that do not increase", "increasing times");
                }
            }
        }
    }
}

fn costs(scenario: &Scenario, faults: &mut Faults) {
    if let Some(tokens) = &scenario.workload.tokens {
        let field = |name: &str| format!("workload.tokens.{name}");
        faults.distribution(&field("prompt_tokens"), &tokens.prompt_tokens, 1e-12..=1e9);
        faults.distribution(&field("output_tokens"), &tokens.output_tokens, 1e-12..=1e9);
        for (name, value, allowed) in [
            ("bits_per_token", tokens.bits_per_token, 1e-12..=1e9),
            ("flop_per_parameter", tokens.flop_per_parameter, 1e-3..=1e6),
            (
                "slm_parameters_billion",
                tokens.slm_parameters_billion,
                1e-9..=1e6,
            ),
            (
                "llm_parameters_billion",
                tokens.llm_parameters_billion,
                1e-9..=1e6,
            ),
        ] {
            faults.within(&field(name), value, allowed);
        }
    }
    for (name, price) in scenario.prices.unwrap_or_default().by_name() {
        faults.within(&format!("prices.{name}"), price, 0.0..=1e12);
    }
    if let Some(energy) = scenario.energy {
        let device = energy.device_j_per_gflop;
        faults.within("energy.device_j_per_gflop", device, 0.0..=1e9);
        let server = energy.server_j_per_gflop;
        faults.within("energy.server_j_per_gflop", server, 0.0..=1e9);
    }
}

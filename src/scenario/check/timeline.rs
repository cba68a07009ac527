//! What a run in time must satisfy: arrivals, scheduling, run length, mobility, tokens,
//! energy.

use super::{Faults, Scenario, serving, variation};
use crate::engine::{Probe, Scheduling};
use crate::physics::radio::Interference;
use crate::scenario::WarmUp;
use crate::station::Sharing;
use crate::station::compute::Discipline;
use crate::station::downlink::Downlink;
use crate::world::arrivals::{Arrivals, AtEnd};
use crate::world::motion::Mobility;

pub(super) fn check(scenario: &Scenario, faults: &mut Faults) {
    arrivals(scenario, faults);
    tolerance(scenario, faults);
    scheduling(scenario, faults);
    serving::check(scenario, faults);
    run(scenario, faults);
    mobility(scenario, faults);
    variation::check(scenario, faults);
    costs(scenario, faults);
    if let Downlink::Latency { ms } = scenario.downlink {
        faults.not_negative("downlink.ms", ms);
    }
    if let Some(until) = &scenario.until {
        faults.positive("until.relative_half_width", until.relative_half_width);
        if until.max_replications < scenario.replications {
            faults.add(
                "until.max_replications",
                &until.max_replications.to_string(),
                &format!("at least `replications`, {}", scenario.replications),
            );
        }
    }
}

fn arrivals(scenario: &Scenario, faults: &mut Faults) {
    let field = |name: &str| format!("workload.arrivals.{name}");
    match &scenario.workload.arrivals {
        Arrivals::Batch => {}
        Arrivals::Poisson { rate_per_user_hz } => {
            faults.positive(&field("rate_per_user_hz"), *rate_per_user_hz);
        }
        Arrivals::Bursty {
            rate_per_user_hz,
            burst_ratio,
            burst_mean_s,
            quiet_mean_s,
            shared: _,
        } => {
            faults.positive(&field("rate_per_user_hz"), *rate_per_user_hz);
            if !(burst_ratio.is_finite() && *burst_ratio >= 1.0) {
                faults.add(
                    &field("burst_ratio"),
                    &burst_ratio.to_string(),
                    "a finite number not below 1",
                );
            }
            faults.positive(&field("burst_mean_s"), *burst_mean_s);
            faults.positive(&field("quiet_mean_s"), *quiet_mean_s);
        }
        Arrivals::Periodic { period_s, jitter_s } => {
            faults.positive(&field("period_s"), *period_s);
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
            faults.positive(&field("rate_per_user_hz"), *rate_per_user_hz);
            // Beyond, the shape 1 / cv^2 of the gamma law cannot be drawn from.
            if !(1e-6..=1e6).contains(cv) {
                faults.add(&field("cv"), &cv.to_string(), "a number from 1e-6 to 1e6");
            }
        }
        Arrivals::Trace { rate_scale, .. } => faults.positive(&field("rate_scale"), *rate_scale),
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
        Scheduling::Every { period_ms } => faults.positive("scheduling.period_ms", period_ms),
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
        faults.positive("workload.deadline.after_ms", deadline.after_ms);
    }
}

fn run(scenario: &Scenario, faults: &mut Faults) {
    let run = &scenario.run;
    if let Some(duration_s) = run.duration_s {
        faults.positive("run.duration_s", duration_s);
    }
    if let Some(queries) = run.queries {
        faults.count("run.queries", queries as usize);
    }
    if let WarmUp::Seconds(seconds) = run.warm_up {
        let end = run.duration_s.unwrap_or(f64::INFINITY);
        if !(seconds >= 0.0 && seconds < end) {
            faults.add(
                "run.warm_up",
                &seconds.to_string(),
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
            faults.positive("users.mobility.speed_min_m_per_s", *speed_min_m_per_s);
            if !(speed_max_m_per_s.is_finite() && speed_max_m_per_s >= speed_min_m_per_s) {
                faults.add(
                    "users.mobility.speed_max_m_per_s",
                    &speed_max_m_per_s.to_string(),
                    "a finite number not below `speed_min_m_per_s`",
                );
            }
            if !(pause_s.is_finite() && *pause_s >= 0.0) {
                faults.add(
                    "users.mobility.pause_s",
                    &pause_s.to_string(),
                    "a finite number not below 0",
                );
            }
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
        faults.distribution(&field("prompt_tokens"), &tokens.prompt_tokens);
        faults.distribution(&field("output_tokens"), &tokens.output_tokens);
        faults.positive(&field("bits_per_token"), tokens.bits_per_token);
        faults.positive(&field("flop_per_parameter"), tokens.flop_per_parameter);
        faults.positive(
            &field("slm_parameters_billion"),
            tokens.slm_parameters_billion,
        );
        faults.positive(
            &field("llm_parameters_billion"),
            tokens.llm_parameters_billion,
        );
    }
    if let Some(energy) = scenario.energy {
        for (field, value) in [
            ("energy.device_j_per_gflop", energy.device_j_per_gflop),
            ("energy.server_j_per_gflop", energy.server_j_per_gflop),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                faults.add(field, &value.to_string(), "a finite number not below 0");
            }
        }
    }
}

//! What a scenario must satisfy beyond having the right fields of the right types.

mod serving;
mod timeline;
mod variation;

use super::{Scenario, TableSource};
use crate::fault::Fault;
use crate::uncertainty::Metric;
use crate::world::channel::{Fading, PathLoss};
use crate::world::distribution::Distribution;
use crate::world::geometry::{Placement, hexagonal_extent};

/// Everything that is wrong with a scenario's values, in the order of its fields.
pub fn check(scenario: &Scenario) -> Vec<Fault> {
    let mut faults = Faults(Vec::new());
    faults.count("replications", scenario.replications as usize);
    faults.positive("area.width_m", scenario.area.width_m);
    faults.positive("area.height_m", scenario.area.height_m);
    users(scenario, &mut faults);
    servers(scenario, &mut faults);
    channel(scenario, &mut faults);
    let workload = &scenario.workload;
    faults.distribution("workload.query_bits", &workload.query_bits);
    faults.distribution("workload.slm_gflop", &workload.slm_gflop);
    faults.distribution("workload.llm_gflop", &workload.llm_gflop);
    if let TableSource::Inline(table) = &workload.uncertainty.table
        && let Err(error) = table.validate()
    {
        faults.add(
            "workload.uncertainty.table",
            &error.to_string(),
            "a consistent table",
        );
    }
    if let Some(pair) = workload.uncertainty.table.synthetic()
        && let Err(error) = pair.validate()
    {
        let field = error.field.as_deref().unwrap_or_default();
        let field = field.trim_start_matches("Synthetic");
        faults.add(
            &format!("workload.uncertainty.table{field}"),
            &error.found,
            &error.allowed,
        );
    }
    compared(&workload.uncertainty.compare_metrics, &mut faults);
    policies(scenario, &mut faults);
    timeline::check(scenario, &mut faults);
    if let Some(sweep) = &scenario.sweep {
        if sweep.values.is_empty() {
            faults.add("sweep.values", "no value", "at least one value");
        }
        for (at, value) in sweep.values.iter().enumerate() {
            if !value.is_finite() {
                faults.add(
                    &format!("sweep.values[{at}]"),
                    &value.to_string(),
                    "a finite number",
                );
            } else if let Some(earlier) = sweep.values[..at].iter().position(|v| v == value) {
                faults.add(
                    &format!("sweep.values[{at}]"),
                    &format!("{value} again"),
                    &format!("values that differ (it is value {earlier} already)"),
                );
            }
        }
    }
    faults.0
}

fn users(scenario: &Scenario, faults: &mut Faults) {
    let users = &scenario.users;
    faults.count("users.count", users.count);
    faults.placement("users.placement", &users.placement, scenario);
    if let Some(positions) = users.placement.count()
        && positions < users.count
    {
        faults.add(
            "users.count",
            &format!("{} users", users.count),
            &format!("at most the {positions} positions that `users.placement` gives"),
        );
    }
    faults.positive("users.tx_power_mw", users.tx_power_mw);
    faults.distribution("users.capacity_gflops", &users.capacity_gflops);
}

fn servers(scenario: &Scenario, faults: &mut Faults) {
    let servers = &scenario.servers;
    faults.placement("servers.placement", &servers.placement, scenario);
    match (servers.placement.count(), servers.count) {
        (None, None) => faults.add(
            "servers.placement",
            "`Uniform` without `servers.count`",
            "a `count` beside it",
        ),
        (None, Some(count)) => faults.count("servers.count", count),
        (Some(0), _) => faults.add("servers.placement", "no position", "at least one server"),
        (Some(positions), Some(count)) if positions != count => faults.add(
            "servers.count",
            &count.to_string(),
            &format!("the {positions} positions of `servers.placement`, or no `count` at all"),
        ),
        (Some(_), _) => {}
    }
    faults.positive("servers.bandwidth_mhz", servers.bandwidth_mhz);
    faults.distribution("servers.capacity_tflops", &servers.capacity_tflops);
    faults.positive("servers.max_per_user_tflops", servers.max_per_user_tflops);
}

fn channel(scenario: &Scenario, faults: &mut Faults) {
    let channel = &scenario.channel;
    match channel.path_loss {
        PathLoss::LogDistance {
            reference_db,
            exponent,
            min_distance_m,
        } => {
            faults.finite("channel.path_loss.reference_db", reference_db);
            faults.positive("channel.path_loss.exponent", exponent);
            faults.positive("channel.path_loss.min_distance_m", min_distance_m);
        }
        PathLoss::UmiLos {
            carrier_ghz,
            terminal_height_m,
        }
        | PathLoss::UmaNlos {
            carrier_ghz,
            terminal_height_m,
        } => {
            faults.positive("channel.path_loss.carrier_ghz", carrier_ghz);
            if !(terminal_height_m.is_finite() && terminal_height_m > 1.0) {
                faults.add(
                    "channel.path_loss.terminal_height_m",
                    &terminal_height_m.to_string(),
                    "a height in metres above 1",
                );
            }
        }
    }
    if let Fading::Rician { k_db } = channel.fading {
        faults.finite("channel.fading.k_db", k_db);
    }
    if !(channel.shadowing_db.is_finite() && channel.shadowing_db >= 0.0) {
        faults.add(
            "channel.shadowing_db",
            &channel.shadowing_db.to_string(),
            "a finite number of decibels not below 0",
        );
    }
    faults.finite("channel.noise_dbm_per_hz", channel.noise_dbm_per_hz);
    faults.finite("channel.noise_figure_db", channel.noise_figure_db);
}

fn compared(metrics: &[Metric], faults: &mut Faults) {
    for (at, metric) in metrics.iter().enumerate() {
        if metrics[..at].contains(metric) {
            faults.add(
                &format!("workload.uncertainty.compare_metrics[{at}]"),
                &format!("{metric:?} again"),
                "each metric once",
            );
        }
    }
}

fn policies(scenario: &Scenario, faults: &mut Faults) {
    if scenario.policies.is_empty() {
        faults.add("policies", "an empty list", "at least one policy");
    }
    for (at, policy) in scenario.policies.iter().enumerate() {
        if let Err(fault) = policy.check() {
            faults.add(
                &format!("policies[{at}]{}", fault.field),
                &fault.found,
                &fault.allowed,
            );
        }
        if let Some(earlier) = scenario.policies[..at].iter().position(|p| p == policy) {
            faults.add(
                &format!("policies[{at}]"),
                &format!("{policy} again"),
                &format!("each policy once (it is policies[{earlier}] already)"),
            );
        }
    }
}

pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, field: &str, found: &str, allowed: &str) {
        self.0.push(Fault {
            field: field.to_owned(),
            found: found.to_owned(),
            allowed: allowed.to_owned(),
        });
    }

    fn count(&mut self, field: &str, value: usize) {
        if value == 0 {
            self.add(field, "0", "a whole number of at least 1");
        }
    }

    pub(super) fn positive(&mut self, field: &str, value: f64) {
        if !(value.is_finite() && value > 0.0) {
            self.add(field, &value.to_string(), "a positive, finite number");
        }
    }

    pub(super) fn share(&mut self, field: &str, value: f64) {
        if !(0.0..=1.0).contains(&value) {
            self.add(field, &value.to_string(), "a number from 0 to 1");
        }
    }

    pub(super) fn not_negative(&mut self, field: &str, value: f64) {
        if !(value.is_finite() && value >= 0.0) {
            self.add(field, &value.to_string(), "a finite number not below 0");
        }
    }

    fn finite(&mut self, field: &str, value: f64) {
        if !value.is_finite() {
            self.add(field, &value.to_string(), "a finite number");
        }
    }

    fn distribution(&mut self, field: &str, distribution: &Distribution) {
        if let Err(fault) = distribution.check() {
            self.add(
                &format!("{field}{}", fault.field),
                &fault.found,
                fault.allowed,
            );
        }
    }

    fn placement(&mut self, field: &str, placement: &Placement, scenario: &Scenario) {
        let area = &scenario.area;
        if let Placement::Listed(points) = placement {
            for (at, point) in points.iter().enumerate() {
                if !area.contains(*point) {
                    self.add(
                        &format!("{field}[{at}]"),
                        &format!("({}, {})", point.0, point.1),
                        &format!(
                            "a position inside the area of {} m x {} m",
                            area.width_m, area.height_m
                        ),
                    );
                }
            }
        }
        if let Placement::Grid { columns, rows } = *placement {
            self.count(&format!("{field}.columns"), columns);
            self.count(&format!("{field}.rows"), rows);
        }
        if let Placement::Hexagonal {
            columns,
            rows,
            spacing_m,
        } = *placement
        {
            self.count(&format!("{field}.columns"), columns);
            self.count(&format!("{field}.rows"), rows);
            self.positive(&format!("{field}.spacing_m"), spacing_m);
            let (width_m, height_m) = hexagonal_extent(columns, rows, spacing_m);
            if width_m > area.width_m || height_m > area.height_m {
                self.add(
                    field,
                    &format!("a grid of {width_m:.0} m x {height_m:.0} m"),
                    &format!(
                        "one that fits into the area of {} m x {} m",
                        area.width_m, area.height_m
                    ),
                );
            }
        }
    }
}

//! What a scenario must satisfy beyond having the right fields of the right types.

mod allocation;
mod channel;
mod plans;
mod range;
mod serving;
mod sweep;
mod timeline;
mod variation;

use super::{Scenario, TableSource, learned_file};
use crate::fault::Fault;
use crate::uncertainty::Metric;
use crate::world::geometry::{Placement, hexagonal_extent};

/// Characters of a title at most: it stands in one line above every plot.
const LONGEST_TITLE: usize = 300;

/// Replications of a point at most: each leaves a record behind.
const MOST_REPLICATIONS: usize = 10_000_000;

/// Users, servers, columns or rows at most. Whether so many fit into memory is another
/// question, asked of the machine before a run.
const MOST: usize = 1_000_000_000;

/// Everything that is wrong with a scenario's values, in the order of its fields.
pub fn check(scenario: &Scenario) -> Vec<Fault> {
    let mut faults = Faults(Vec::new());
    title(&scenario.title, &mut faults);
    faults.0.extend(scenario.catalog.faults());
    faults.0.extend(learned_file::faults(scenario));
    let replications = scenario.replications as usize;
    faults.count_up_to("replications", replications, MOST_REPLICATIONS);
    faults.within("area.width_m", scenario.area.width_m, 1e-3..=1e7);
    faults.within("area.height_m", scenario.area.height_m, 1e-3..=1e7);
    users(scenario, &mut faults);
    servers(scenario, &mut faults);
    channel::check(scenario, &mut faults);
    let workload = &scenario.workload;
    faults.distribution("workload.query_bits", &workload.query_bits, 1e-12..=1e15);
    faults.distribution("workload.slm_gflop", &workload.slm_gflop, 1e-12..=1e12);
    faults.distribution("workload.llm_gflop", &workload.llm_gflop, 1e-12..=1e12);
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
    allocation::check(scenario, &mut faults);
    timeline::check(scenario, &mut faults);
    if let Some(sweep) = &scenario.sweep {
        sweep::check(sweep, &mut faults);
    }
    faults.0
}

fn title(title: &str, faults: &mut Faults) {
    let length = title.chars().count();
    if length > LONGEST_TITLE {
        faults.add(
            "title",
            &format!("{length} characters"),
            &format!("at most {LONGEST_TITLE} characters"),
        );
    }
}

fn users(scenario: &Scenario, faults: &mut Faults) {
    let users = &scenario.users;
    faults.count_up_to("users.count", users.count, MOST);
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
    faults.within("users.tx_power_mw", users.tx_power_mw, 1e-6..=1e9);
    let capacity = &users.capacity_gflops;
    faults.distribution("users.capacity_gflops", capacity, 1e-6..=1e12);
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
        (None, Some(count)) => faults.count_up_to("servers.count", count, MOST),
        (Some(0), _) => faults.add("servers.placement", "no position", "at least one server"),
        (Some(positions), Some(count)) if positions != count => faults.add(
            "servers.count",
            &count.to_string(),
            &format!("the {positions} positions of `servers.placement`, or no `count` at all"),
        ),
        (Some(_), _) => {}
    }
    faults.within("servers.bandwidth_mhz", servers.bandwidth_mhz, 1e-6..=1e9);
    let capacity = &servers.capacity_tflops;
    faults.distribution("servers.capacity_tflops", capacity, 1e-9..=1e12);
    let most = servers.max_per_user_tflops;
    faults.within("servers.max_per_user_tflops", most, 1e-9..=1e12);
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
        // Results tell policies apart by their names.
        let mut before = scenario.policies[..at].iter();
        if let Some(earlier) = before.position(|p| p.to_string() == policy.to_string()) {
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
        self.count_up_to(field, value, usize::MAX);
    }

    fn count_up_to(&mut self, field: &str, value: usize, most: usize) {
        if value == 0 {
            self.add(field, "0", "a whole number of at least 1");
        } else if value > most {
            let allowed = format!("a whole number of at most {most}");
            self.add(field, &value.to_string(), &allowed);
        }
    }

    pub(super) fn share(&mut self, field: &str, value: f64) {
        if !(0.0..=1.0).contains(&value) {
            self.add(field, &value.to_string(), "a number from 0 to 1");
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
            self.lattice(field, columns, rows);
        }
        if let Placement::Hexagonal {
            columns,
            rows,
            spacing_m,
        } = *placement
        {
            self.lattice(field, columns, rows);
            self.within(&format!("{field}.spacing_m"), spacing_m, 1e-3..=1e7);
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

    /// Columns and rows of a grid, whose product is a number of positions.
    fn lattice(&mut self, field: &str, columns: usize, rows: usize) {
        self.count_up_to(&format!("{field}.columns"), columns, MOST);
        self.count_up_to(&format!("{field}.rows"), rows, MOST);
        if columns.checked_mul(rows).is_none_or(|all| all > MOST) {
            self.add(
                field,
                &format!("{columns} columns and {rows} rows"),
                &format!("at most {MOST} positions"),
            );
        }
    }
}

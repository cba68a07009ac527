//! Facts that the manual states beside results: how much work a run is, loads, which
//! policies there are, what columns mean.

use crate::manual_numbers::{page, says};
use crate::policies::EVERY_POLICY;
use crate::shipped;
use edgelm::experiment::Experiment;
use edgelm::scenario::{Scenario, policy_from_text};
use edgelm::world::arrivals::Arrivals;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn the_pages_have_how_much_work_figure_3_is() {
    let experiment = Experiment::new(shipped::scenario("fig3", &[])).expect("it is valid");
    let scenario = &experiment.loaded().scenario;
    let runs = experiment.point_count() * scenario.policies.len() * scenario.replications as usize;
    let runs = format!("simulates {},{:03} runs", runs / 1_000, runs % 1_000);
    says("README.md", &[runs]);
    let tasks = experiment.task_count();
    let blocks = format!("For {tasks} tasks in blocks of 10");
    let array = format!("--array=0-{} ", tasks.div_ceil(10) - 1);
    says("docs/outgrow-your-laptop.md", &[blocks, array]);
}

/// Loads and rates that scenarios' headers state follow from their fields.
#[test]
fn headers_state_the_loads_of_their_scenarios() {
    let grouped = |number: f64| format!("{},{:03}", number as u64 / 1_000, number as u64 % 1_000);
    let city = shipped::scenario("metropolis", &[]).scenario;
    let Arrivals::Poisson {
        rate_per_user_hz, ..
    } = city.workload.arrivals
    else {
        panic!("Poisson arrivals");
    };
    let arriving_hz = city.users.count as f64 * rate_per_user_hz;
    let served_hz = served_hz(&city);
    says(
        "scenarios/metropolis.ron",
        &[
            format!("phones that ask {} queries a second", grouped(arriving_hz)),
            format!(
                "keep the servers {:.0} % busy",
                100.0 * arriving_hz / served_hz
            ),
        ],
    );
    let cell = shipped::scenario("poisson", &[]).scenario;
    let tens = |number: f64| (number / 10.0).round() * 10.0;
    says(
        "scenarios/poisson.ron",
        &[
            format!(
                "bring {} queries a second",
                grouped(30.0 * cell.users.count as f64)
            ),
            format!(
                "together serve about {}:",
                grouped(tens(self::served_hz(&cell)))
            ),
        ],
    );
}

/// Queries a second that a scenario's servers can serve all together.
fn served_hz(scenario: &Scenario) -> f64 {
    let servers = scenario.servers.number() as f64;
    let tflops = scenario.servers.capacity_tflops.mean();
    servers * tflops * 1e3 / scenario.workload.llm_gflop.mean()
}

#[test]
fn the_page_of_policies_has_them_all() {
    let text = page("docs/policies.md");
    let scenario = shipped::scenario("policies", &[]).scenario;
    let run: BTreeSet<&str> = scenario.policies.iter().map(|spec| spec.kind()).collect();
    assert_eq!(run.len(), scenario.policies.len(), "each once");
    for written in EVERY_POLICY {
        let spec = policy_from_text(written, "--policy").expect(written);
        let kind = spec.kind();
        let named = [format!("`{kind}`"), format!("`{kind}(")];
        assert!(named.iter().any(|name| text.contains(name)), "{kind}");
        let left_out = ["Optimal", "External"].contains(&kind);
        assert_ne!(run.contains(kind), left_out, "{kind} in policies.ron");
    }
}

/// Every column that a shipped scenario's `results.csv` has is explained.
#[test]
fn every_column_of_results_is_explained() {
    let text = page("docs/results.md") + &page("docs/timeline.md");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    let mut columns = BTreeSet::new();
    for entry in fs::read_dir(golden).expect("a folder") {
        let path = entry.expect("an entry").path();
        let snapshot = fs::read_to_string(&path).expect("a snapshot");
        let header = snapshot.lines().find(|line| line.starts_with("sweep,"));
        columns.extend(
            header
                .into_iter()
                .flat_map(|line| line.split(','))
                .map(str::to_owned),
        );
    }
    assert!(columns.len() > 50, "{columns:?}");
    let explained = |name: &str| text.contains(&format!("`{name}`"));
    let unexplained: Vec<&String> = columns
        .iter()
        .filter(|column| {
            let base = column
                .trim_end_matches("_ci95")
                .trim_end_matches("_ci95_ms");
            let stage = base.trim_end_matches("_mean_ms");
            let quantile = column.starts_with("delay_p") && column.ends_with("_ms");
            !(quantile || explained(column) || explained(base) || explained(&format!("{stage}_ms")))
        })
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
}

//! Whole runs: the complete engine beside its parts and beside loops written by
//! hand, an hour of a loaded cell, and the whole of Figure 3 on one thread and on two.

#[path = "peers/queues/mod.rs"]
mod queues;

use divan::Bencher;
use divan::counter::ItemsCount;
use edgelm::experiment::{Experiment, Results};
use edgelm::scenario::{Override, load};
use queues::complete::Cell;
use queues::{Work, by_hand, parts, without_list};
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn main() {
    divan::main();
}

const CUSTOMERS: u64 = 200_000;
const WORKS: [&str; 2] = ["mm1", "capped-ps"];

fn work(name: &str) -> Work {
    name.parse().expect("the works are those that there are")
}

/// Queries a second through the complete engine.
#[divan::bench(args = WORKS)]
fn complete(bencher: Bencher<'_, '_>, name: &str) {
    let cell = Cell::new(work(name)).expect("the scenario is valid");
    bencher
        .counter(ItemsCount::new(CUSTOMERS))
        .bench_local(|| cell.simulate(CUSTOMERS, 1).expect("the policy decides"));
}

/// The engine's event list and stations alone.
#[divan::bench(args = WORKS)]
fn list_and_stations(bencher: Bencher<'_, '_>, name: &str) {
    let work = work(name);
    bencher
        .counter(ItemsCount::new(CUSTOMERS))
        .bench_local(|| parts::simulate(work, CUSTOMERS, 1));
}

#[divan::bench(args = WORKS)]
fn written_by_hand(bencher: Bencher<'_, '_>, name: &str) {
    let work = work(name);
    bencher
        .counter(ItemsCount::new(CUSTOMERS))
        .bench_local(|| by_hand::simulate(work, CUSTOMERS, 1));
}

#[divan::bench(args = WORKS)]
fn written_by_hand_without_event_list(bencher: Bencher<'_, '_>, name: &str) {
    let work = work(name);
    bencher
        .counter(ItemsCount::new(CUSTOMERS))
        .bench_local(|| without_list::simulate(work, CUSTOMERS, 1));
}

/// A shipped scenario with some fields set.
fn experiment(file: &str, fields: &[(&str, &str)]) -> Experiment {
    let overrides: Vec<Override> = fields
        .iter()
        .map(|(field, value)| Override::set(field, value))
        .collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let loaded = load(&file, &overrides).expect("the scenario is valid");
    Experiment::new(loaded).expect("the sweep is valid")
}

fn run(experiment: &Experiment, threads: usize) -> Results {
    experiment
        .run(Some(threads), &AtomicBool::new(false), &|| ())
        .expect("the policies decide")
}

/// 120 users for an hour at each rate (queries a second and user), GOA every 10 ms:
/// one replication on one thread.
#[divan::bench(args = [1, 10], sample_count = 3, sample_size = 1)]
fn an_hour_of_poisson(bencher: Bencher<'_, '_>, rate_per_user_hz: u64) {
    let experiment = experiment(
        "scenarios/poisson.ron",
        &[
            ("replications", "1"),
            ("run.duration_s", "3600"),
            ("policies", "[Goa(tau: 0.6)]"),
            ("sweep.values", &format!("[{rate_per_user_hz}]")),
        ],
    );
    bencher
        .counter(ItemsCount::new(120 * 3_600 * rate_per_user_hz))
        .bench_local(|| run(&experiment, 1));
}

/// 17,500 simulations; the argument is the number of threads.
#[divan::bench(args = [1, 2], sample_count = 5, sample_size = 1)]
fn figure_3(bencher: Bencher<'_, '_>, threads: usize) {
    let experiment = experiment("scenarios/fig3.ron", &[]);
    bencher
        .counter(ItemsCount::new(17_500u32))
        .bench_local(|| run(&experiment, threads));
}

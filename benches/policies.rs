//! One decision of the policies that search, at the paper's size and beyond.

mod paper_cell;

use divan::Bencher;
use edgelm::policy::{DEFAULT_MAX_PASSES, Goa, Marginal, Optimal, Policy, Refined, best_known};
use paper_cell::{TAU, cell};

fn main() {
    divan::main();
}

#[divan::bench(args = [60, 120, 300, 1_000])]
fn refined(bencher: Bencher<'_, '_>, users: usize) {
    let cell = cell(users, 0);
    let mut policy = Refined {
        tau: TAU,
        start: Box::new(Goa { tau: TAU }),
        max_passes: DEFAULT_MAX_PASSES,
    };
    bencher.bench_local(|| policy.decide(&cell.view()));
}

#[divan::bench(args = [60, 120, 300])]
fn marginal(bencher: Bencher<'_, '_>, users: usize) {
    let cell = cell(users, 0);
    bencher.bench_local(|| Marginal { tau: TAU }.decide(&cell.view()));
}

#[divan::bench(args = [120], sample_count = 10)]
fn best_known_of_12_starts(bencher: Bencher<'_, '_>, users: usize) {
    let cell = cell(users, 0);
    bencher.bench_local(|| best_known(&cell.view(), TAU, 8));
}

/// Ten different worlds each, since the work depends on the world.
#[divan::bench(args = [8, 12, 16], sample_count = 1, sample_size = 1)]
fn optimal_of_10_worlds(bencher: Bencher<'_, '_>, users: usize) {
    let cells: Vec<_> = (0..10).map(|at| cell(users, at)).collect();
    let mut policy = Optimal {
        tau: TAU,
        max_nodes: 100_000_000,
    };
    bencher.bench_local(|| {
        for cell in &cells {
            assert!(policy.decide(&cell.view()).is_ok());
        }
    });
}

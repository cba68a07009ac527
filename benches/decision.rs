//! One GOA decision: the lazy greedy core beside the literal Algorithm 1, which
//! recomputes every gap at every step.

mod paper_cell;

use divan::Bencher;
use edgelm::policy::{Goa, Policy, literal};
use paper_cell::{TAU, cell};

fn main() {
    divan::main();
}

#[divan::bench(args = [60, 120, 1_000, 10_000, 100_000])]
fn lazy(bencher: Bencher<'_, '_>, users: usize) {
    let cell = cell(users, 0);
    bencher.bench_local(|| Goa { tau: TAU }.decide(&cell.view()));
}

// At N = 10,000 one literal decision takes minutes: run it alone, with
// `cargo bench --bench decision -- literal_large --include-ignored`.
#[divan::bench(args = [60, 120, 1_000], max_time = 10)]
fn literal(bencher: Bencher<'_, '_>, users: usize) {
    let cell = cell(users, 0);
    bencher.bench_local(|| literal::algorithm_1(&cell.view(), TAU));
}

#[divan::bench(args = [10_000], sample_count = 1, sample_size = 1, ignore)]
fn literal_large(bencher: Bencher<'_, '_>, users: usize) {
    let cell = cell(users, 0);
    bencher.bench_local(|| literal::algorithm_1(&cell.view(), TAU));
}

//! One GOA decision: the lazy greedy core beside the literal Algorithm 1, which
//! recomputes every gap at every step.

use divan::Bencher;
use edgelm::experiment::world_model;
use edgelm::policy::{Goa, Policy, literal};
use edgelm::scenario::{Instance, InstanceServer, InstanceSnapshot, InstanceUser, Scenario};
use edgelm::uncertainty::Table;
use edgelm::world::World;
use edgelm::world::streams::StreamKey;

fn main() {
    divan::main();
}

const TAU: f64 = 0.6;

/// The paper's cell (M = 4) with `users` users, as drawn in replication 0.
fn cell(users: usize) -> InstanceSnapshot {
    let scenario = Scenario::from_ron(&format!("(users: (count: {users}), policies: [LocalAll])"))
        .expect("the scenario is valid");
    let model = world_model(&scenario, &Table::default());
    let world = World::draw(&model, StreamKey::root(1).index(0));
    let instance = Instance {
        tx_power_w: model.users.tx_power.0,
        noise_w: model.noise.0,
        users: (0..users)
            .map(|i| {
                let query = world.query(i, 0, None);
                InstanceUser {
                    uncertainty: query.uncertainty,
                    query_bits: query.bits.0,
                    slm_flop: query.slm_work.0,
                    llm_flop: query.llm_work.0,
                    local_flops: world.users()[i].capacity.0,
                }
            })
            .collect(),
        servers: world
            .servers()
            .iter()
            .map(|server| InstanceServer {
                flops: server.capacity.0,
                max_flops_per_user: model.servers.max_per_user.0,
                bandwidth_hz: model.servers.bandwidth.0,
            })
            .collect(),
        gain: (0..users).map(|i| world.gains(i).to_vec()).collect(),
    };
    instance.snapshot(model.interference)
}

#[divan::bench(args = [60, 120, 1_000, 10_000])]
fn lazy(bencher: Bencher<'_, '_>, users: usize) {
    let cell = cell(users);
    bencher.bench_local(|| Goa { tau: TAU }.decide(&cell.view()));
}

// At N = 10,000 one literal decision takes minutes: run it alone, with
// `cargo bench --bench decision -- literal_large --include-ignored`.
#[divan::bench(args = [60, 120, 1_000], max_time = 10)]
fn literal(bencher: Bencher<'_, '_>, users: usize) {
    let cell = cell(users);
    bencher.bench_local(|| literal::algorithm_1(&cell.view(), TAU));
}

#[divan::bench(args = [10_000], sample_count = 1, sample_size = 1, ignore)]
fn literal_large(bencher: Bencher<'_, '_>, users: usize) {
    let cell = cell(users);
    bencher.bench_local(|| literal::algorithm_1(&cell.view(), TAU));
}

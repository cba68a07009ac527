//! A snapshot of the paper's cell to decide on.

use edgelm::experiment::world_model;
use edgelm::scenario::{Instance, InstanceServer, InstanceSnapshot, InstanceUser, Scenario};
use edgelm::uncertainty::Table;
use edgelm::world::World;
use edgelm::world::streams::StreamKey;

/// The threshold of Fig. 3.
pub const TAU: f64 = 0.6;

/// The paper's cell (M = 4) with `users` users, as drawn in a replication.
pub fn cell(users: usize, replication: u64) -> InstanceSnapshot {
    let scenario = Scenario::from_ron(&format!("(users: (count: {users}), policies: [LocalAll])"))
        .expect("the scenario is valid");
    let model = world_model(&scenario, &Table::default());
    let world = World::draw(&model, StreamKey::root(1).index(replication));
    let instance = Instance {
        tx_power_w: model.users.tx_power.0,
        noise_w: model.cells.noise.0,
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
                bandwidth_hz: model.cells.bandwidth.0,
            })
            .collect(),
        gain: (0..users)
            .map(|i| world.links(i).iter().map(|(_, gain)| gain).collect())
            .collect(),
    };
    instance.snapshot(model.interference)
}

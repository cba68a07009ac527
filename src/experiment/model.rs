//! From a scenario's fields, in the units people write, to the world's laws in SI.

use crate::physics::radio::thermal_noise;
use crate::scenario::Scenario;
use crate::uncertainty::Table;
use crate::units::{FlopPerSecond, Hertz, Watts};
use crate::world::channel::Channel;
use crate::world::distribution::{Distribution, Scaled};
use crate::world::query::Workload;
use crate::world::{ServerModel, UserModel, WorldModel};

/// The laws that a checked scenario describes, with the table it refers to.
pub fn world_model(scenario: &Scenario, table: &Table) -> WorldModel {
    let bandwidth = Hertz(scenario.servers.bandwidth_mhz * 1e6);
    let scaled = |distribution: &Distribution, unit| Scaled {
        distribution: distribution.clone(),
        unit,
    };
    WorldModel {
        area: scenario.area,
        users: UserModel {
            count: scenario.users.count,
            placement: scenario.users.placement.clone(),
            tx_power: Watts(scenario.users.tx_power_mw * 1e-3),
            capacity: scaled(&scenario.users.capacity_gflops, 1e9),
        },
        servers: ServerModel {
            count: scenario.servers.number(),
            placement: scenario.servers.placement.clone(),
            bandwidth,
            capacity: scaled(&scenario.servers.capacity_tflops, 1e12),
            max_per_user: FlopPerSecond(scenario.servers.max_per_user_tflops * 1e12),
        },
        channel: Channel {
            path_loss: scenario.channel.path_loss,
            fading: scenario.channel.fading,
            shadowing_db: scenario.channel.shadowing_db,
        },
        noise: thermal_noise(
            scenario.channel.noise_dbm_per_hz,
            scenario.channel.noise_figure_db,
            bandwidth,
        ),
        interference: scenario.channel.interference,
        workload: Workload {
            query_bits: scaled(&scenario.workload.query_bits, 1.0),
            slm_flop: scaled(&scenario.workload.slm_gflop, 1e9),
            llm_flop: scaled(&scenario.workload.llm_gflop, 1e9),
            uncertainty: table.clone(),
            metric: scenario.workload.uncertainty.metric,
        },
    }
}

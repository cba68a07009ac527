//! From a scenario's fields, in the units people write, to the laws of worlds and
//! runs in SI.

use crate::engine::Settings;
use crate::physics::radio::thermal_noise;
use crate::route::{CloudCompute, CloudLaw, ComputeLaw, Foresight, Serving};
use crate::scenario::{ForesightSpec, Scenario, TokenSpec, WarmUp};
use crate::uncertainty::Table;
use crate::units::{FlopPerSecond, Hertz, Seconds, Watts};
use crate::world::arrivals::ArrivalLaw;
use crate::world::channel::{Channel, Doppler, FadingProcess, Shadowing, Variation};
use crate::world::distribution::{Distribution, Scaled};
use crate::world::query::{QuerySize, TokenCosts, Workload};
use crate::world::trace::Trace;
use crate::world::{CellModel, ServerModel, UserModel, WorldModel};
use std::sync::Arc;

/// The laws that a checked scenario describes, with the table it refers to.
pub fn world_model(scenario: &Scenario, table: &Table) -> WorldModel {
    let bandwidth = Hertz(scenario.servers.bandwidth_mhz * 1e6);
    let coherence_time = Seconds(scenario.channel.block_ms * 1e-3);
    WorldModel {
        area: scenario.area,
        users: UserModel {
            count: scenario.users.count,
            placement: scenario.users.placement.clone(),
            mobility: scenario.users.mobility.clone(),
            tx_power: Watts(scenario.users.tx_power_mw * 1e-3),
            power_control: scenario.users.power_control,
            capacity: scaled(&scenario.users.capacity_gflops, 1e9),
        },
        servers: ServerModel {
            count: scenario.servers.number(),
            placement: scenario.servers.placement.clone(),
            capacity: scaled(&scenario.servers.capacity_tflops, 1e12),
            max_per_user: FlopPerSecond(scenario.servers.max_per_user_tflops * 1e12),
        },
        cells: CellModel {
            bandwidth,
            noise: thermal_noise(
                scenario.channel.noise_dbm_per_hz,
                scenario.channel.noise_figure_db,
                bandwidth,
            ),
        },
        channel: Channel {
            path_loss: scenario.channel.path_loss,
            fading: scenario.channel.fading,
            shadowing: match scenario.channel.shadowing {
                Some(standard) => Shadowing::Standard(standard),
                None => Shadowing::Deviation(scenario.channel.shadowing_db),
            },
            buildings: scenario.channel.buildings,
            antennas_db: scenario.users.antenna_gain_dbi + scenario.servers.antenna_gain_dbi,
            process: fading_process(scenario, coherence_time),
        },
        // What files hold is found with them.
        measured: None,
        coherence_time,
        interference: scenario.channel.interference,
        interference_tolerance: scenario.channel.interference_tolerance,
        workload: Workload {
            size: query_size(scenario),
            uncertainty: table.clone(),
            metric: scenario.workload.uncertainty.metric,
            router: scenario.workload.probe.router(table),
        },
    }
}

/// How fading goes on in time. A carrier is there where one is needed: that is checked.
fn fading_process(scenario: &Scenario, coherence_time: Seconds) -> FadingProcess {
    match scenario.variation() {
        Variation::Static => FadingProcess::Static,
        Variation::IndependentBlocks => FadingProcess::IndependentBlocks,
        Variation::Jakes {
            doppler_hz: Some(doppler_hz),
        } => FadingProcess::Sinusoids(Doppler::Of(Hertz(doppler_hz))),
        Variation::Jakes { doppler_hz: None } => match scenario.carrier_ghz() {
            Some(carrier_ghz) if scenario.doppler_of_motion() => {
                FadingProcess::Sinusoids(Doppler::of_motion(Hertz(carrier_ghz * 1e9)))
            }
            _ => FadingProcess::Static,
        },
        Variation::GaussMarkov { coherence_ms } => {
            FadingProcess::gauss_markov(Seconds(coherence_ms * 1e-3), coherence_time)
        }
    }
}

/// How a run of a checked scenario goes, with the trace it refers to.
pub(super) fn settings(scenario: &Scenario, trace: Option<&Arc<Trace>>) -> Settings {
    Settings {
        arrivals: ArrivalLaw {
            arrivals: scenario.workload.arrivals.clone(),
            trace: trace.cloned(),
        },
        scheduling: scenario.scheduling(),
        serving: Serving {
            sharing: scenario.sharing,
            allocations: scenario.servers.allocation.unwrap_or_default(),
            compute: compute_law(scenario),
            access: scenario.access,
            downlink: scenario.downlink,
            foresight: foresight(scenario, trace),
            // Checked.
            phone: scenario
                .users
                .serving
                .law(&scenario.catalog())
                .unwrap_or_default(),
            cloud: cloud_law(scenario),
            process: scenario.workload.token_process.clone().unwrap_or_default(),
            throttling: scenario.users.throttling,
        },
        probe: scenario.workload.probe,
        deadline: scenario.workload.deadline,
        slo: scenario.slo,
        duration: scenario.run.duration_s.map(Seconds),
        queries: scenario.run.queries,
        warm_up: match scenario.run.warm_up {
            WarmUp::Seconds(seconds) => Seconds(seconds),
            // Found by pilot replications.
            WarmUp::None | WarmUp::Mser5 => Seconds(0.0),
        },
        after: scenario.run.after,
        sample_every: None,
        verification: None,
    }
}

/// What servers compute by. That a block can be resolved is checked.
fn compute_law(scenario: &Scenario) -> ComputeLaw {
    match &scenario.servers.serving {
        None => ComputeLaw::Shared(scenario.servers.discipline),
        Some(block) => match block.resolve(&scenario.catalog()) {
            Ok(spec) => ComputeLaw::Batching(spec),
            Err(fault) => unreachable!("checked before: {fault:?}"),
        },
    }
}

/// What is behind the edge. That its block can be resolved is checked.
fn cloud_law(scenario: &Scenario) -> Option<CloudLaw> {
    let cloud = scenario.cloud.as_ref()?;
    let compute = match &cloud.serving {
        None => CloudCompute::Shared {
            capacity: FlopPerSecond(cloud.capacity_tflops * 1e12),
            max_per_user: FlopPerSecond(cloud.max_per_user_tflops * 1e12),
        },
        Some(block) => match block.resolve(&scenario.catalog()) {
            Ok(spec) => CloudCompute::Batching(spec),
            Err(fault) => unreachable!("checked before: {fault:?}"),
        },
    };
    Some(CloudLaw {
        compute,
        backhaul: cloud.backhaul.clone(),
        accuracy: cloud.accuracy,
    })
}

fn foresight(scenario: &Scenario, trace: Option<&Arc<Trace>>) -> Foresight {
    match (&scenario.workload.tokens, trace) {
        (Some(tokens), _) if tokens.foresight == ForesightSpec::Exact => Foresight::Exact,
        (Some(_), Some(trace)) => {
            let sum: f64 = trace.rows.iter().map(|row| row.output_tokens).sum();
            Foresight::Mean {
                answer_tokens: sum / trace.rows.len() as f64,
            }
        }
        (Some(tokens), None) => Foresight::Mean {
            answer_tokens: tokens.output_tokens.mean(),
        },
        (None, _) => Foresight::Exact,
    }
}

fn query_size(scenario: &Scenario) -> QuerySize {
    let workload = &scenario.workload;
    match &workload.tokens {
        None => QuerySize::Drawn {
            query_bits: scaled(&workload.query_bits, 1.0),
            slm_flop: scaled(&workload.slm_gflop, 1e9),
            llm_flop: scaled(&workload.llm_gflop, 1e9),
        },
        Some(TokenSpec {
            prompt_tokens,
            output_tokens,
            bits_per_token,
            flop_per_parameter,
            slm_parameters_billion,
            llm_parameters_billion,
            foresight: _,
        }) => QuerySize::Tokens(TokenCosts {
            prompt_tokens: scaled(prompt_tokens, 1.0),
            output_tokens: scaled(output_tokens, 1.0),
            bits_per_token: *bits_per_token,
            flop_per_parameter: *flop_per_parameter,
            slm_parameters: slm_parameters_billion * 1e9,
            llm_parameters: llm_parameters_billion * 1e9,
        }),
    }
}

fn scaled(distribution: &Distribution, unit: f64) -> Scaled {
    Scaled {
        distribution: distribution.clone(),
        unit,
    }
}

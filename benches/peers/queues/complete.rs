//! The complete engine: a query is drawn, waits for the policy, is decided, and
//! passes through the stations of a cell with one user and one server.

use super::{FULL_RATE_JOBS, Sojourns, Work};
use edgelm::engine::{CompletedQuery, Recorder, Scheduling, Settings, simulate};
use edgelm::experiment::world_model;
use edgelm::policy::{EdgeAll, LocalAll, Policy, PolicyError};
use edgelm::route::Serving;
use edgelm::scenario::Scenario;
use edgelm::station::Sharing;
use edgelm::uncertainty::Table;
use edgelm::world::arrivals::{ArrivalLaw, Arrivals};
use edgelm::world::streams::StreamKey;
use edgelm::world::{World, WorldModel};

/// A cell in which the queue is all that takes time.
pub struct Cell {
    model: WorldModel,
    work: Work,
}

impl Cell {
    /// M/M/1 is the user's own device; the shared server is the edge's, behind an
    /// uplink so fast that it takes no time worth mentioning.
    ///
    /// # Errors
    /// Text that is not a scenario.
    pub fn new(work: Work) -> Result<Self, ron::error::SpannedError> {
        let scenario = Scenario::from_ron(&format!(
            "(users: (count: 1, capacity_gflops: Fixed(1000)),
              area: (width_m: 2, height_m: 2),
              servers: (placement: Listed([(1, 1)]), bandwidth_mhz: 1e9,
                        capacity_tflops: Fixed({FULL_RATE_JOBS}), max_per_user_tflops: 1),
              channel: (fading: None),
              workload: (query_bits: Fixed(1e-6),
                         slm_gflop: Exponential(mean: 1000),
                         llm_gflop: Exponential(mean: 1000)),
              policies: [EdgeAll])"
        ))?;
        Ok(Self {
            model: world_model(&scenario, &Table::default()),
            work,
        })
    }

    /// Simulates `customers` queries from an empty system to an empty system.
    ///
    /// # Errors
    /// What the policy says.
    pub fn simulate(&self, customers: u64, seed: u64) -> Result<Sojourns, PolicyError> {
        let world = World::draw(&self.model, StreamKey::root(seed));
        let settings = Settings {
            arrivals: ArrivalLaw {
                arrivals: Arrivals::Poisson {
                    rate_per_user_hz: self.work.rate_hz(),
                },
                trace: None,
            },
            scheduling: Scheduling::PerArrival,
            serving: Serving {
                sharing: Sharing::Live,
                ..Serving::default()
            },
            queries: Some(customers),
            ..Settings::default()
        };
        let mut policy: Box<dyn Policy> = match self.work {
            Work::Mm1 => Box::new(LocalAll),
            Work::CappedPs => Box::new(EdgeAll),
        };
        let mut sojourns = Sojourns::default();
        simulate(&world, &settings, policy.as_mut(), &mut sojourns)?;
        Ok(sojourns)
    }
}

impl Recorder for Sojourns {
    fn on_departure(&mut self, query: &CompletedQuery, _measured: bool) {
        self.add(query.stages.total().0);
    }
}

//! `Batch` arrivals with `Held` sharing give every query exactly the delay of
//! Eq. 8: here written out once more, literally, from the paper.

use edgelm::engine::{CompletedQuery, Settings, simulate};
use edgelm::experiment::world_model;
use edgelm::physics::radio::Interference;
use edgelm::policy::{Policy, PolicyError};
use edgelm::scenario::Scenario;
use edgelm::snapshot::{Choice, Decision, View};
use edgelm::uncertainty::Table;
use edgelm::world::streams::StreamKey;
use edgelm::world::{World, WorldModel};
use proptest::prelude::*;
use rand::RngExt;

/// Sends every query anywhere, by a stream of its own.
struct Anywhere {
    seed: u64,
    local_share: f64,
}

impl Policy for Anywhere {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let mut rng = StreamKey::root(self.seed).stream();
        let choices = view
            .queries
            .iter()
            .map(|_| {
                if rng.random::<f64>() < self.local_share {
                    Choice::Local
                } else {
                    Choice::Edge(rng.random_range(0..view.servers.len()))
                }
            })
            .collect();
        Ok(Decision { choices })
    }
}

/// Eq. 8 from Eqs. 2 to 7, for every user, from the assignment alone.
fn delays(world: &World<'_>, choices: &[Choice]) -> Vec<f64> {
    let model: &WorldModel = world.model();
    let x = |i: usize, j: usize| choices[i] == Choice::Edge(j);
    let (n, m) = (world.users().len(), world.servers().len());
    let p = model.users.tx_power.0;
    let h2 = |i: usize, j: usize| world.links(i).gain(j);
    (0..n)
        .map(|i| {
            let query = world.query(i, 0, None);
            let Choice::Edge(j) = choices[i] else {
                return query.slm_work.0 / world.users()[i].capacity.0;
            };
            let connected = (0..n).filter(|&i| x(i, j)).count() as f64;
            let interference: f64 = (0..n)
                .filter(|&other| other != i)
                .flat_map(|other| (0..m).filter(move |&k| k != j).map(move |k| (other, k)))
                .filter(|&(other, k)| x(other, k))
                .map(|(other, k)| match model.interference {
                    Interference::CoChannel => p * h2(other, j),
                    Interference::AsPrinted => p * h2(other, k),
                    Interference::Orthogonal => 0.0,
                })
                .sum();
            let sinr = p * h2(i, j) / (interference + model.cells.noise.0);
            let rate = model.cells.bandwidth.0 / connected.max(1.0) * (sinr.ln_1p() / 2f64.ln());
            let share = (world.servers()[j].capacity.0 / connected.max(1.0))
                .min(model.servers.max_per_user.0);
            query.bits.0 / rate + query.llm_work.0 / share
        })
        .collect()
}

fn scenario(users: usize, servers: usize, interference: &str, fading: &str) -> Scenario {
    Scenario::from_ron(&format!(
        "(users: (count: {users}), servers: (placement: Uniform, count: {servers}), \
         channel: (interference: {interference}, fading: {fading}, shadowing_db: 4), \
         workload: (query_bits: LogNormal(mean: 1300, cv: 0.5), llm_gflop: Exponential(mean: 16)), \
         policies: [LocalAll])"
    ))
    .expect("the scenario is valid")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_query_takes_exactly_its_eq_8(
        users in 1usize..80,
        servers in 1usize..7,
        interference in prop::sample::select(vec!["CoChannel", "AsPrinted", "Orthogonal"]),
        fading in prop::sample::select(vec!["Rayleigh", "None", "Rician(k_db: 6)"]),
        local_share in 0.0..=1.0f64,
        seed in any::<u64>(),
    ) {
        let model = world_model(
            &scenario(users, servers, interference, fading),
            &Table::default(),
        );
        let world = World::draw(&model, StreamKey::root(seed).index(0));
        let mut done: Vec<CompletedQuery> = Vec::new();
        let mut policy = Anywhere { seed, local_share };
        simulate(&world, &Settings::default(), &mut policy, &mut done).unwrap();
        prop_assert_eq!(done.len(), users);
        done.sort_by_key(|completed| completed.query.user);
        let choices: Vec<Choice> = done.iter().map(|completed| completed.choice).collect();
        for (completed, expected) in done.iter().zip(delays(&world, &choices)) {
            let delay = completed.stages.total().0;
            prop_assert!(
                (delay - expected).abs() <= 1e-12 * expected,
                "user {} at {:?}: {} instead of {}",
                completed.query.user, completed.choice, delay, expected
            );
        }
    }
}

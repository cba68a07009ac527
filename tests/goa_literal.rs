//! The lazy greedy core decides exactly what Algorithms 1 and 2 decide when every
//! gap is recomputed at every step: on random instances, with ties.

use edgelm::physics::radio::Interference;
use edgelm::policy::greedy::Weight;
use edgelm::policy::{EdgeAll, Goa, MinDelay, Policy, Random, literal};
use edgelm::snapshot::{Decision, ServerState, View, WaitingQuery};
use edgelm::units::{Bits, Flop, FlopPerSecond, Hertz, Seconds, Watts};
use edgelm::world::streams::{Stream, StreamKey};
use proptest::prelude::*;
use rand::RngExt;

struct Instance {
    queries: Vec<WaitingQuery>,
    servers: Vec<ServerState>,
    gains: Vec<f64>,
    interference: Interference,
}

impl Instance {
    /// A random instance. With `levels`, every quantity takes one of that many
    /// values only, so that gaps tie again and again.
    fn draw(n: usize, m: usize, levels: Option<u32>, loaded: bool, seed: u64) -> Self {
        let mut rng = StreamKey::root(seed).stream();
        fn pick(rng: &mut Stream, levels: Option<u32>, low: f64, high: f64) -> f64 {
            let u: f64 = match levels {
                Some(levels) => f64::from(rng.random_range(0..levels)) / f64::from(levels),
                None => rng.random(),
            };
            low + (high - low) * u
        }
        let queries = (0..n)
            .map(|user| WaitingQuery {
                user,
                uncertainty: pick(&mut rng, levels, 0.0, 1.0),
                bits: Bits(pick(&mut rng, levels, 500.0, 3000.0)),
                slm_work: Flop(2.6e9),
                llm_work: Flop(pick(&mut rng, levels, 5e9, 3e10)),
                local_capacity: FlopPerSecond(pick(&mut rng, levels, 45e9, 136e9)),
                local_backlog: Seconds(if loaded {
                    pick(&mut rng, levels, 0.0, 0.05)
                } else {
                    0.0
                }),
            })
            .collect();
        let servers = (0..m)
            .map(|_| ServerState {
                capacity: FlopPerSecond(pick(&mut rng, levels, 9e12, 21e12)),
                max_per_user: FlopPerSecond(1.513e12),
                bandwidth: Hertz(1e8),
                noise: Watts(4e-13),
                connected: if loaded { rng.random_range(0..20) } else { 0 },
                from_others: Watts(if loaded { 1e-11 } else { 0.0 }),
                from_own: Watts(if loaded { 3e-10 } else { 0.0 }),
            })
            .collect();
        let gains = (0..n * m)
            .map(|_| 10f64.powf(-pick(&mut rng, levels, 7.0, 11.0)))
            .collect();
        let interference = [
            Interference::CoChannel,
            Interference::AsPrinted,
            Interference::Orthogonal,
        ][rng.random_range(0..3)];
        Self {
            queries,
            servers,
            gains,
            interference,
        }
    }

    fn view(&self) -> View<'_> {
        View {
            now: Seconds(0.0),
            queries: &self.queries,
            servers: &self.servers,
            gains: &self.gains,
            tx_power: Watts(0.2),
            interference: self.interference,
            key: StreamKey::root(9),
        }
    }
}

fn decided(policy: &mut dyn Policy, view: &View<'_>) -> Decision {
    policy.decide(view).expect("these policies cannot fail")
}

fn assert_same(instance: &Instance, tau: f64) -> Result<(), TestCaseError> {
    let view = instance.view();
    let everyone: Vec<usize> = (0..view.queries.len()).collect();
    let goa = decided(&mut Goa { tau }, &view);
    prop_assert_eq!(&goa, &literal::algorithm_1(&view, tau));
    prop_assert_eq!(decided(&mut MinDelay, &view), literal::algorithm_2(&view));
    prop_assert_eq!(
        decided(&mut EdgeAll, &view),
        literal::step_1(&view, everyone, Weight::Uncertainty)
    );
    // Random offloads as many as GOA, and places whom it chose as Algorithm 2 would.
    let random = decided(
        &mut Random {
            like: Box::new(Goa { tau }),
        },
        &view,
    );
    prop_assert_eq!(random.offloaded(), goa.offloaded());
    let chosen: Vec<usize> = (0..view.queries.len())
        .filter(|&i| random.choices[i] != edgelm::snapshot::Choice::Local)
        .collect();
    prop_assert_eq!(random, literal::step_1(&view, chosen, Weight::One));
    // Constraint (11): nobody above tau stays.
    for (query, choice) in view.queries.iter().zip(&goa.choices) {
        prop_assert!(query.uncertainty <= tau || *choice != edgelm::snapshot::Choice::Local);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn lazy_and_literal_decide_the_same(
        n in 0usize..60, m in 1usize..=12, tau in 0.0..=1.0f64, loaded in any::<bool>(), seed in any::<u64>(),
    ) {
        assert_same(&Instance::draw(n, m, None, loaded, seed), tau)?;
    }

    #[test]
    fn lazy_and_literal_break_ties_the_same(
        n in 0usize..40, m in 1usize..=12, levels in 1u32..4, loaded in any::<bool>(), seed in any::<u64>(),
    ) {
        assert_same(&Instance::draw(n, m, Some(levels), loaded, seed), 0.5)?;
    }
}

#[test]
fn lazy_and_literal_decide_the_same_on_large_instances() {
    for (n, m, seed) in [(300, 1, 1), (300, 4, 2), (200, 12, 3), (300, 12, 4)] {
        assert_same(&Instance::draw(n, m, None, false, seed), 0.6).unwrap();
        assert_same(&Instance::draw(n, m, Some(3), true, seed), 0.3).unwrap();
    }
}

//! Policies that find a server for every query: no single move improves what they end at.

use crate::random_instance::Instance;
use edgelm::physics::allocation::{Allocation, Allocations};
use edgelm::physics::radio::Interference;
use edgelm::policy::{FairAssociation, Policy, PricedAssociation};
use edgelm::snapshot::{Choice, Decision, View, services};
use edgelm::units::{FlopPerSecond, Seconds};
use proptest::prelude::*;

const SQUARE_ROOT: Allocations = Allocations {
    bandwidth: Allocation::SquareRoot,
    compute: Allocation::SquareRoot,
};

fn delays(view: &View<'_>, decision: &Decision) -> Vec<f64> {
    services(view, decision)
        .iter()
        .map(|service| service.total().0)
        .collect()
}

/// What every single move to another server leads to.
fn moved(decision: &Decision, servers: usize) -> impl Iterator<Item = Decision> + '_ {
    (0..decision.choices.len()).flat_map(move |query| {
        (0..servers).map(move |server| {
            let mut other = decision.clone();
            other.choices[query] = Choice::Edge(server);
            other
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn no_move_lowers_the_sum_of_delays_by_more_than_epsilon(
        n in 1usize..40, m in 1usize..=6, epsilon_ms in 1e-3..10.0f64, seed in any::<u64>(),
    ) {
        let mut instance = Instance::draw(n, m, None, false, seed);
        instance.interference = Interference::Orthogonal;
        instance.allocations = SQUARE_ROOT;
        for server in &mut instance.servers {
            server.max_per_user = FlopPerSecond(1e18);
        }
        let view = instance.view();
        let epsilon = Seconds(epsilon_ms * 1e-3);
        let decision = PricedAssociation { epsilon }.decide(&view).unwrap();
        prop_assert_eq!(decision.offloaded(), n);
        let sum: f64 = delays(&view, &decision).iter().sum();
        for other in moved(&decision, m) {
            let found: f64 = delays(&view, &other).iter().sum();
            prop_assert!(found >= sum - epsilon.0 * (1.0 + 1e-9), "{found} against {sum}");
        }
    }

    #[test]
    fn no_move_raises_the_utility(
        n in 1usize..16, m in 1usize..=4, which in 0..4usize, seed in any::<u64>(),
    ) {
        let mut instance = Instance::draw(n, m, None, false, seed);
        instance.allocations = SQUARE_ROOT;
        let view = instance.view();
        let alpha = [0.0, 1.0, 2.0, 5.0][which];
        let decision = FairAssociation { alpha }.decide(&view).unwrap();
        prop_assert_eq!(decision.offloaded(), n);
        let utility = |decision: &Decision| -> f64 {
            let rates = delays(&view, decision).into_iter().map(|delay| 1.0 / delay);
            rates
                .map(|rate| match alpha {
                    1.0 => rate.ln(),
                    _ => rate.powf(1.0 - alpha) / (1.0 - alpha),
                })
                .sum()
        };
        let best = utility(&decision);
        for other in moved(&decision, m) {
            prop_assert!(utility(&other) <= best + 1e-9 * best.abs());
        }
    }
}

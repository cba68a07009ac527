//! The lazy greedy core decides exactly what Algorithms 1 and 2 decide when every
//! gap is recomputed at every step: on random instances, with ties.

use crate::random_instance::{Instance, UNEQUAL};
use edgelm::policy::greedy::Weight;
use edgelm::policy::{EdgeAll, Goa, MinDelay, Policy, Random, literal};
use edgelm::snapshot::{Decision, View};
use edgelm::world::streams::StreamKey;
use proptest::prelude::*;

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
    fn the_greedy_core_and_literal_decide_the_same_with_shares_that_are_not_equal(
        n in 0usize..24, m in 1usize..=5, tau in 0.0..=1.0f64, which in 0..4usize, seed in any::<u64>(),
    ) {
        let mut instance = Instance::draw(n, m, None, false, seed);
        instance.allocations = UNEQUAL[which];
        assert_same(&instance, tau)?;
    }

    #[test]
    fn lazy_and_literal_break_ties_the_same(
        n in 0usize..40, m in 1usize..=12, levels in 1u32..4, loaded in any::<bool>(), seed in any::<u64>(),
    ) {
        assert_same(&Instance::draw(n, m, Some(levels), loaded, seed), 0.5)?;
    }

    #[test]
    fn lazy_and_literal_decide_the_same_where_links_carry_nothing(
        n in 0usize..40, m in 1usize..=12, dead in 0.1..=1.0f64, tied in any::<bool>(), seed in any::<u64>(),
    ) {
        let mut instance = Instance::draw(n, m, tied.then_some(3), true, seed);
        let key = StreamKey::root(seed).named("dead-links");
        for (link, gain) in instance.gains.iter_mut().enumerate() {
            if key.index(link as u64).uniform() < dead {
                *gain = 0.0;
            }
        }
        assert_same(&instance, 0.6)?;
    }
}

#[test]
fn lazy_and_literal_decide_the_same_on_large_instances() {
    for (n, m, seed) in [
        (300, 1, 1),
        (300, 4, 2),
        (200, 12, 3),
        (300, 12, 4),
        (900, 3, 5),
    ] {
        assert_same(&Instance::draw(n, m, None, false, seed), 0.6).unwrap();
        assert_same(&Instance::draw(n, m, Some(3), true, seed), 0.3).unwrap();
    }
}

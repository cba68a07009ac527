//! The objective kept up step by step is the objective computed anew.

use crate::random_instance::{Instance, UNEQUAL};
use edgelm::snapshot::{Choice, Decision, Evaluation, Step, objective};
use edgelm::world::streams::StreamKey;
use proptest::prelude::*;
use rand::RngExt;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn random_steps_change_the_objective_by_what_was_said(
        n in 1usize..60, m in 1usize..=8, loaded in any::<bool>(),
        unequal in prop::option::of(0..UNEQUAL.len()), batches in any::<bool>(), seed in any::<u64>(),
    ) {
        let unequal = unequal.filter(|_| !batches);
        let mut instance = Instance::draw(n, m, None, loaded && unequal.is_none(), seed);
        instance.allocations = unequal.map_or_else(Default::default, |which| UNEQUAL[which]);
        if batches {
            instance = instance.batching(seed);
        }
        let view = instance.view();
        let mut rng = StreamKey::root(seed).named("steps").stream();
        let mut anywhere = || match rng.random_range(0..=m) {
            0 => Choice::Local,
            server => Choice::Edge(server - 1),
        };
        let start = Decision { choices: (0..n).map(|_| anywhere()).collect() };
        let mut evaluation = Evaluation::new(&view, &start);
        prop_assert!(close(evaluation.cost().total().0, objective(&view, &start).0));
        let mut rng = StreamKey::root(seed).named("queries").stream();
        let mut expected = start;
        for _ in 0..40 {
            let step = if rng.random::<bool>() {
                Step::Swap(rng.random_range(0..n), rng.random_range(0..n))
            } else {
                Step::Move { query: rng.random_range(0..n), to: anywhere() }
            };
            match step {
                Step::Swap(a, b) => expected.choices.swap(a, b),
                Step::Move { query, to } => expected.choices[query] = to,
            }
            let before = evaluation.cost();
            let announced = evaluation.change(step);
            evaluation.apply(step);
            let full = objective(&view, &expected).0;
            prop_assert_eq!(evaluation.decision(), expected.clone());
            prop_assert!(close(evaluation.cost().total().0, full));
            prop_assert!(close((before + announced).total().0, full), "{:?}", step);
        }
    }
}

/// A query over a dead link never finishes; the rest of the sum stays meaningful.
#[test]
fn a_dead_link_is_counted_and_can_be_left() {
    let mut instance = Instance::draw(4, 2, None, false, 5);
    instance.gains[0] = 0.0;
    let view = instance.view();
    let decision = Decision {
        choices: vec![
            Choice::Edge(0),
            Choice::Edge(0),
            Choice::Edge(1),
            Choice::Local,
        ],
    };
    let mut evaluation = Evaluation::new(&view, &decision);
    assert_eq!(evaluation.cost().stranded, 1);
    assert_eq!(evaluation.cost().total().0, f64::INFINITY);
    let rescue = Step::Move {
        query: 0,
        to: Choice::Edge(1),
    };
    assert_eq!(evaluation.change(rescue).stranded, -1);
    evaluation.apply(rescue);
    let total = evaluation.cost().total().0;
    assert!(total.is_finite() && close(total, objective(&view, &evaluation.decision()).0));
}

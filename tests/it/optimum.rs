//! Enumeration, branch and bound and local search agree where all three can be
//! run, and constraint (11) holds everywhere.

use crate::random_instance::{Instance, UNEQUAL};
use edgelm::policy::{
    DEFAULT_MAX_PASSES, EdgeAll, Goa, Marginal, MinDelay, Optimal, Policy, Refined, above,
    best_known, enumerate, greedy, local_search,
};
use edgelm::snapshot::{Choice, Decision, Evaluation, Step, View, objective};
use proptest::prelude::*;

fn decided(mut policy: impl Policy, view: &View<'_>) -> Decision {
    policy.decide(view).expect("small instances cannot fail")
}

fn refined(tau: f64) -> Refined {
    Refined {
        tau,
        start: Box::new(Goa { tau }),
        max_passes: DEFAULT_MAX_PASSES,
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

fn obeys_11(view: &View<'_>, tau: f64, decision: &Decision) -> bool {
    view.queries
        .iter()
        .zip(&decision.choices)
        .all(|(query, choice)| query.uncertainty <= tau || *choice != Choice::Local)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn branch_and_bound_finds_what_enumeration_finds(
        n in 0usize..=6, m in 1usize..=3, tau in 0.0..=1.0f64, loaded in any::<bool>(),
        unequal in prop::option::of(0..UNEQUAL.len()), seed in any::<u64>(),
    ) {
        let mut instance = Instance::draw(n, m, None, loaded && unequal.is_none(), seed);
        instance.allocations = unequal.map_or_else(Default::default, |which| UNEQUAL[which]);
        let view = instance.view();
        let (_, least) = enumerate(&view, tau);
        let optimal = decided(Optimal { tau, max_nodes: 100_000 }, &view);
        prop_assert!(obeys_11(&view, tau, &optimal));
        let found = objective(&view, &optimal).0;
        prop_assert!(close(found, least.total().0), "{} against {}", found, least.total().0);
        // Nothing that obeys (11) is below the optimum.
        for decision in [decided(Goa { tau }, &view), decided(Marginal { tau }, &view), decided(refined(tau), &view)] {
            prop_assert!(objective(&view, &decision).0 >= least.total().0 * (1.0 - 1e-9));
        }
    }

    #[test]
    fn a_local_optimum_is_no_worse_than_its_start_and_no_step_improves_it(
        n in 0usize..40, m in 1usize..=6, tau in 0.0..=1.0f64, loaded in any::<bool>(),
        levels in prop::option::of(1u32..4), batches in any::<bool>(), seed in any::<u64>(),
    ) {
        let mut instance = Instance::draw(n, m, levels, loaded, seed);
        if batches {
            instance = instance.batching(seed);
        }
        let view = instance.view();
        let must_offload = above(&view, tau);
        for mut start in [decided(Goa { tau }, &view), decided(MinDelay, &view), decided(EdgeAll, &view)] {
            greedy::place_missing(&view, &must_offload, &mut start);
            let found = local_search(&view, &start, &must_offload, DEFAULT_MAX_PASSES);
            prop_assert!(found.local_optimum);
            prop_assert!(found.cost.total().0 <= objective(&view, &start).0 * (1.0 + 1e-12));
            prop_assert!(obeys_11(&view, tau, &found.decision));
            // The certificate, checked one step at a time without any bound.
            let evaluation = Evaluation::new(&view, &found.decision);
            let allowed = |query: usize, to: Choice| to != Choice::Local || !must_offload[query];
            let least = -1e-9 * found.cost.total().0;
            for a in 0..n {
                for to in std::iter::once(Choice::Local).chain((0..m).map(Choice::Edge)) {
                    if allowed(a, to) {
                        let change = evaluation.change(Step::Move { query: a, to });
                        prop_assert!(change.seconds >= least);
                    }
                }
                for b in 0..a {
                    if allowed(a, evaluation.choice(b)) && allowed(b, evaluation.choice(a)) {
                        prop_assert!(evaluation.change(Step::Swap(a, b)).seconds >= least);
                    }
                }
            }
        }
    }

    #[test]
    fn nobody_above_tau_stays(
        n in 0usize..80, m in 1usize..=6, tau in 0.0..=1.0f64, loaded in any::<bool>(),
        levels in prop::option::of(1u32..4), seed in any::<u64>(),
    ) {
        let instance = Instance::draw(n, m, levels, loaded, seed);
        let view = instance.view();
        for policy in [Box::new(Goa { tau }) as Box<dyn Policy>, Box::new(Marginal { tau }), Box::new(refined(tau))] {
            let mut policy = policy;
            let decision = policy.decide(&view).unwrap();
            prop_assert!(obeys_11(&view, tau, &decision));
        }
        prop_assert!(obeys_11(&view, tau, &best_known(&view, tau, 2).unwrap().decision));
    }

    /// Marginal picks, at every step, the least change of the objective: the
    /// literal version evaluates every candidate anew.
    #[test]
    fn marginal_picks_the_least_increase(
        n in 0usize..14, m in 1usize..=4, tau in 0.0..=1.0f64, loaded in any::<bool>(), seed in any::<u64>(),
    ) {
        let instance = Instance::draw(n, m, None, loaded, seed);
        let view = instance.view();
        let mut literal = Decision::all_local(n);
        let (forced, free): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| view.queries[i].uncertainty > tau);
        for (mut candidates, all) in [(forced, true), (free, false)] {
            while !candidates.is_empty() {
                let now = objective(&view, &literal).0;
                let mut best = (f64::INFINITY, 0, 0);
                for (at, &i) in candidates.iter().enumerate() {
                    for j in 0..m {
                        let mut trial = literal.clone();
                        trial.choices[i] = Choice::Edge(j);
                        let change = objective(&view, &trial).0 - now;
                        if change < best.0 {
                            best = (change, at, j);
                        }
                    }
                }
                if !all && best.0 >= 0.0 {
                    break;
                }
                literal.choices[candidates.remove(best.1)] = Choice::Edge(best.2);
            }
        }
        let fast = objective(&view, &decided(Marginal { tau }, &view)).0;
        prop_assert!(close(fast, objective(&view, &literal).0));
    }
}

/// Local search finds the optimum itself on most small instances, and the best of
/// several starts on nearly all.
#[test]
fn local_search_is_at_or_near_the_optimum() {
    let (mut exact, mut exact_many, mut worst) = (0, 0, 0.0f64);
    let instances = 60;
    for seed in 0..instances {
        let instance = Instance::draw(7, 2, None, false, seed);
        let view = instance.view();
        let tau = 0.5;
        let least = enumerate(&view, tau).1.total().0;
        let one = objective(&view, &decided(refined(tau), &view)).0;
        let many = best_known(&view, tau, 8).unwrap().cost.total().0;
        assert!(many >= least * (1.0 - 1e-9) && one >= many * (1.0 - 1e-9));
        exact += u32::from(close(one, least));
        exact_many += u32::from(close(many, least));
        worst = worst.max(one / least - 1.0);
    }
    println!(
        "exact from GOA {exact}, from many starts {exact_many} of {instances}; worst gap {worst:.3}"
    );
    assert!(exact >= 30 && exact_many >= 57 && worst < 0.05);
}

#[test]
fn the_optimum_is_refused_beyond_the_bound_on_work() {
    let instance = Instance::draw(40, 4, None, false, 3);
    let error = Optimal {
        tau: 0.2,
        max_nodes: 50,
    }
    .decide(&instance.view())
    .unwrap_err()
    .to_string();
    assert!(
        error.contains("40 queries at 4 servers") && error.contains("more than 50"),
        "{error}"
    );
}

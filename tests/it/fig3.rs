//! The paper's published numbers (arXiv 2602.07958, section IV.B), from the
//! shipped scenario at N = 120.

use edgelm::experiment::{Estimate, Experiment, PolicyResult};
use edgelm::scenario::{Override, load};
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn at_120() -> Vec<PolicyResult> {
    let only_120 = Override::set("sweep.values", "[120]");
    let loaded = load(Path::new("scenarios/fig3.ron"), &[only_120]).expect("the scenario is valid");
    let experiment = Experiment::new(loaded).expect("the sweep is valid");
    let mut results = experiment
        .run(None, &AtomicBool::new(false), &|| ())
        .expect("the policies decide");
    results.points.remove(0).policies
}

fn published(estimate: Estimate, ms: f64) -> bool {
    estimate.covers(ms) || (estimate.mean / ms - 1.0).abs() < 0.05
}

#[test]
fn the_published_delays_and_orders_come_out() {
    let results = at_120();
    let [goa, edge_all, min_delay, random, local_all] = &results[..] else {
        panic!("five policies");
    };
    for (policy, ms) in [(goa, 31.2), (edge_all, 44.2), (min_delay, 25.4)] {
        assert!(
            published(policy.delay_mean_ms, ms),
            "{}: {:?}, published {ms}",
            policy.policy,
            policy.delay_mean_ms
        );
    }
    assert!(min_delay.delay_mean_ms.mean < goa.delay_mean_ms.mean);
    assert!(goa.delay_mean_ms.mean < edge_all.delay_mean_ms.mean);
    assert!(goa.delay_mean_ms.mean < random.delay_mean_ms.mean);
    assert!(edge_all.accuracy.mean >= goa.accuracy.mean);
    assert!(goa.accuracy.mean > random.accuracy.mean);
    assert!(goa.accuracy.mean > min_delay.accuracy.mean);
    assert_eq!(edge_all.offloaded_share.mean, 1.0);
    assert_eq!(local_all.offloaded_share.mean, 0.0);
    assert_eq!(goa.queries, 500 * 120);
    // On the same draws GOA's gain in accuracy over Random is beyond doubt.
    let paired = random.difference.as_ref().expect("GOA is first");
    let accuracy = paired.accuracy;
    assert!(accuracy.mean + accuracy.ci95.unwrap() < 0.0, "{accuracy:?}");
}

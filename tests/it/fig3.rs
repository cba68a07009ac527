//! The paper's published numbers (arXiv 2602.07958, section IV.B), from the
//! shipped scenario at N = 120.

use crate::shipped;
use edgelm::experiment::Estimate;

/// Mean delays at N = 120 that the paper prints, in milliseconds: GOA, Edge all, Min
/// delay.
pub const PUBLISHED_MS: [f64; 3] = [31.2, 44.2, 25.4];

fn published(estimate: Estimate, ms: f64) -> bool {
    estimate.covers(ms) || (estimate.mean / ms - 1.0).abs() < 0.05
}

#[test]
fn the_published_delays_and_orders_come_out() {
    let results = shipped::run("fig3", &[("sweep.values", "[120]")]);
    let [goa, edge_all, min_delay, random, local_all] = &results[..] else {
        panic!("five policies");
    };
    for (policy, ms) in [goa, edge_all, min_delay].into_iter().zip(PUBLISHED_MS) {
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

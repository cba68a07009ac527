//! What local search buys on the world of Fig. 3 at its largest N.

use crate::shipped;

/// GOA, Refined and Marginal, as in `scenarios/policies.ron`.
pub const POLICIES: [(&str, &str); 1] = [(
    "policies",
    "[Goa(tau: 0.6), Refined(tau: 0.6), Marginal(tau: 0.6)]",
)];

/// Refined and Marginal against GOA on the same 500 draws, as in Fig. 3.
#[test]
fn refined_lowers_the_objective_by_more_than_15_percent() {
    let results = shipped::run("policies", &POLICIES);
    let [goa, refined, marginal] = &results[..] else {
        panic!("three policies");
    };
    let difference = refined.difference.as_ref().expect("to GOA").objective_s;
    let upper = difference.mean + difference.ci95.expect("500 replications");
    assert!(
        upper < -0.15 * goa.objective_s.mean,
        "{difference:?} of {:?}",
        goa.objective_s
    );
    // The price: below tau it keeps home who would slow down others, where GOA
    // sends whoever gains; that costs two or three points of accuracy.
    let accuracy = refined.difference.as_ref().expect("to GOA").accuracy;
    assert!((-0.03..-0.015).contains(&accuracy.mean), "{accuracy:?}");
    assert!(refined.delay_mean_ms.mean < goa.delay_mean_ms.mean);
    assert!(marginal.objective_s.mean < goa.objective_s.mean);
}

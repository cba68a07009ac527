//! What the pages of the systems beside GOA say is what their scenarios give.

use crate::manual_numbers::{says, with_interval};
use crate::shipped::run;
use edgelm::experiment::PolicyResult;

fn named<'r>(results: &'r [PolicyResult], policy: &str) -> &'r PolicyResult {
    results
        .iter()
        .find(|result| result.policy == policy)
        .expect(policy)
}

fn p99_ms(policy: &PolicyResult) -> f64 {
    let of = policy
        .delay_quantiles
        .iter()
        .find(|quantile| quantile.quantile == 0.99);
    of.expect("p99").value_ms
}

#[test]
fn the_page_says_what_the_time_to_decide_does() {
    let results = run("systems/decision-time", &[]);
    let mean = |at: usize| with_interval(results[at].delay_mean_ms);
    says(
        "docs/systems/allocation.md",
        &[
            format!("{} ms becomes {} ms", mean(0), mean(1)),
            format!("sending nothing ({} ms)", mean(4)),
            format!("everything ({} ms)", mean(3)),
        ],
    );
    let difference = results[2].difference.as_ref().expect("to the first");
    assert!((difference.delay_mean_ms.mean - 0.013).abs() < 1e-9);
}

#[test]
fn the_page_says_what_square_roots_are_worth() {
    let policies = "[Goa(tau: 0.6), PricedAssociation(), StrongestSignal, EdgeAll]";
    let square_root = run("systems/square-root", &[("policies", policies)]);
    let equal = run(
        "systems/square-root",
        &[("policies", policies), ("servers.allocation", "()")],
    );
    let rows = square_root.iter().zip(&equal).map(|(roots, equal)| {
        format!(
            "| `{}` | {} | {:.0} | {} | {:.0} |",
            roots.policy,
            with_interval(roots.delay_mean_ms),
            p99_ms(roots),
            with_interval(equal.delay_mean_ms),
            p99_ms(equal),
        )
    });
    says("docs/systems/allocation.md", &rows.collect::<Vec<_>>());
    for (roots, equal) in square_root.iter().zip(&equal).skip(1) {
        let mean = 1.0 - roots.delay_mean_ms.mean / equal.delay_mean_ms.mean;
        assert!((0.145..0.16).contains(&mean), "{mean}");
        assert!(p99_ms(roots) < 0.5 * p99_ms(equal));
    }
}

#[test]
fn the_page_says_who_wins_at_a_moderate_load() {
    let results = run(
        "systems/all",
        &[
            (
                "policies",
                "[Goa(tau: 0.6), Threshold(tau: 0.6), EdgeAll, CloudOnly]",
            ),
            ("sweep.values", "[0.4]"),
        ],
    );
    let measure = |policy: &PolicyResult, name| policy.measure(name).expect(name).mean;
    let rows = results.iter().map(|policy| {
        format!(
            "| `{}` | {} | {:.0} | {} | {:.0} | {:.1} | {:.2} | {:.1} | {:.1} | {:.2} |",
            policy.policy,
            with_interval(policy.delay_mean_ms),
            p99_ms(policy),
            with_interval(policy.accuracy.scaled(100.0)),
            measure(policy, "ttft_p99_ms"),
            100.0 * measure(policy, "slo_met_share"),
            measure(policy, "sent_up_kb"),
            measure(policy, "device_energy_j"),
            measure(policy, "server_energy_j"),
            measure(policy, "delay_jain"),
        )
    });
    let threshold = named(&results, "Threshold(tau: 0.6)").difference.as_ref();
    let threshold = threshold.expect("to the first");
    let mut sentences: Vec<String> = rows.collect();
    let gained = threshold.delay_mean_ms.scaled(-1.0);
    let lost = threshold.accuracy.scaled(-100.0);
    sentences.push(format!("faster than GOA by {} ms", with_interval(gained)));
    sentences.push(format!("loses {} points", with_interval(lost)));
    says("docs/systems/README.md", &sentences);
}

#[test]
fn the_page_says_what_was_learned() {
    let results = run("systems/learned", &[]);
    let rows = results.iter().map(|policy| {
        let difference = policy.difference.as_ref().map(|difference| {
            let points = with_interval(difference.accuracy.scaled(100.0));
            (with_interval(difference.delay_mean_ms), points)
        });
        let (delay, accuracy) = difference.unwrap_or(("-".to_owned(), "-".to_owned()));
        format!(
            "| `{}` | {} | {:.1} | {} | {delay} | {accuracy} |",
            policy.policy,
            with_interval(policy.delay_mean_ms),
            p99_ms(policy),
            with_interval(policy.accuracy.scaled(100.0)),
        )
    });
    says("docs/systems/learned.md", &rows.collect::<Vec<_>>());
}

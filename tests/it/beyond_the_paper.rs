//! What docs/beyond-the-paper.md says of served language models is what its commands give.

use crate::manual_numbers::{says, with_interval};
use crate::shipped::run;
use edgelm::experiment::{Estimate, PolicyResult};

const PAGE: &str = "docs/beyond-the-paper.md";

fn at_120(tokens: (u32, u32)) -> Vec<PolicyResult> {
    let tokens = format!("(prompt_tokens: {}, output_tokens: {})", tokens.0, tokens.1);
    run(
        "fig3-tokens",
        &[("sweep.values", "[120]"), ("workload.tokens", &tokens)],
    )
}

#[test]
fn figure_3_with_tokens() {
    let sizes = [(40, 1), (128, 64), (512, 128)].map(at_120);
    let names = [
        "GOA",
        "Edge all",
        "Min delay",
        "Random, as many as GOA",
        "Local all",
    ];
    let row = |name: &str, at: usize, of: fn(&PolicyResult) -> Estimate| {
        let cells = sizes
            .iter()
            .map(|policies| with_interval(of(&policies[at])));
        format!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let rows = names.iter().enumerate().flat_map(|(at, name)| {
        [
            row(name, at, |policy| policy.delay_mean_ms),
            row(name, at, |policy| policy.accuracy.scaled(100.0)),
        ]
    });
    says(PAGE, &rows.collect::<Vec<_>>());
    for policies in &sizes {
        let [goa, edge_all, min_delay, random, local_all] = &policies[..] else {
            panic!("five policies");
        };
        let mean = |policy: &PolicyResult| policy.delay_mean_ms.mean;
        assert!(mean(min_delay) < mean(goa) && mean(goa) < mean(edge_all));
        assert!((mean(random) / mean(goa) - 1.0).abs() < 0.02);
        assert!((goa.accuracy.mean - random.accuracy.mean - 0.068).abs() < 5e-4);
        assert!((goa.accuracy.mean - local_all.accuracy.mean - 0.248).abs() < 5e-4);
        assert!((goa.offloaded_share.mean - 0.602).abs() < 5e-4);
    }
    let above = |policies: &[PolicyResult]| {
        100.0 * (policies[0].delay_mean_ms.mean / policies[4].delay_mean_ms.mean - 1.0)
    };
    assert_eq!(
        (above(&sizes[1]).round(), above(&sizes[2]).round()),
        (7.0, 20.0)
    );
}

#[test]
fn figure_4_with_tokens() {
    let taus = ["0.2", "0.4", "0.6", "0.8", "0.9"];
    let goa: Vec<String> = taus.iter().map(|tau| format!("Goa(tau: {tau})")).collect();
    let policies = format!("[{}]", goa.join(", "));
    let results = run(
        "fig3-tokens",
        &[("sweep.values", "[120]"), ("policies", &policies)],
    );
    let rows = taus.iter().zip(&results).map(|(tau, policy)| {
        format!(
            "| {tau} | {} | {} | {:.1} |",
            with_interval(policy.delay_mean_ms),
            with_interval(policy.accuracy.scaled(100.0)),
            100.0 * policy.offloaded_share.mean,
        )
    });
    says(PAGE, &rows.collect::<Vec<_>>());
}

#[test]
fn the_price_of_knowing_at_light_load() {
    let goa = |probe: &str| {
        let policies = "[Goa(tau_quantile: 0.4)]";
        let changes = [
            ("sweep.values", "[0.1]"),
            ("policies", policies),
            ("workload.probe", probe),
        ];
        run("price-of-knowing", &changes).remove(0)
    };
    let probes = ["Free", "FirstToken()", "Router(auroc: 0.75, cost_ms: 20)"];
    let found = probes.map(goa);
    let rows = probes.iter().zip(&found).map(|(probe, policy)| {
        format!(
            "| `{probe}` | {} | {} |",
            with_interval(policy.delay_mean_ms),
            with_interval(policy.accuracy.scaled(100.0))
        )
    });
    says(PAGE, &rows.collect::<Vec<_>>());
    let ttft_ms = |policy: &PolicyResult| policy.measure("ttft_mean_ms").expect("tokens").mean;
    says(
        PAGE,
        &[format!(
            "from {:.1} to {:.1} ms",
            ttft_ms(&found[0]),
            ttft_ms(&found[1])
        )],
    );
    let dearer_ms = found[1].delay_mean_ms.mean - found[0].delay_mean_ms.mean;
    says(PAGE, &[format!("the first token costs {dearer_ms:.0} ms")]);
}

//! The numbers that the manual prints are those that the commands beside them give: each
//! is formed anew from the results, at the precision that is printed, and looked for in
//! the page.

use crate::fig3::PUBLISHED_MS;
use crate::refined::POLICIES;
use crate::shipped::{self, run};
use edgelm::experiment::{Estimate, Experiment, GapOptions, PairedDifference, PolicyResult};
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

const AT_120: (&str, &str) = ("sweep.values", "[120]");

/// A page's text on one line, without the marks of a quotation.
pub fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let lines = text
        .lines()
        .map(|line| line.trim_start_matches(['>', '/', ' ']));
    let words = lines.flat_map(str::split_whitespace);
    words.collect::<Vec<_>>().join(" ")
}

/// The page says each of these.
pub fn says(name: &str, sentences: &[String]) {
    let text = page(name);
    for sentence in sentences {
        assert!(text.contains(sentence), "{name} does not say: {sentence}");
    }
}

fn half_width(estimate: Estimate) -> f64 {
    estimate.ci95.expect("an interval")
}

/// `31.7 ± 1.4`.
fn tenths(estimate: Estimate) -> String {
    format!("{:.1} ± {:.1}", estimate.mean, half_width(estimate))
}

/// `+1.58 ± 0.20`.
fn signed_hundredths(estimate: Estimate) -> String {
    format!("{:+.2} ± {:.2}", estimate.mean, half_width(estimate))
}

/// As tables for the terminal have it: two digits of the half width.
pub fn with_interval(estimate: Estimate) -> String {
    let half_width = half_width(estimate);
    let decimals = match half_width {
        0.0 => 6,
        _ => (1.0 - half_width.log10().floor()).clamp(0.0, 6.0) as usize,
    };
    format!("{:.decimals$} ± {half_width:.decimals$}", estimate.mean)
}

fn percent(estimate: Estimate) -> Estimate {
    estimate.scaled(100.0)
}

/// `77.8 %`, or `100 %` where there is nothing behind the point.
fn share(estimate: Estimate) -> String {
    let text = format!("{:.1}", 100.0 * estimate.mean);
    format!("{} %", text.trim_end_matches(".0"))
}

fn difference(policy: &PolicyResult) -> &PairedDifference {
    policy.difference.as_ref().expect("not the first")
}

#[test]
fn the_readme_has_figure_3_at_120_users() {
    let results = run("fig3", &[AT_120]);
    let names = [
        "GOA",
        "Edge all",
        "Min delay",
        "Random, as many as GOA",
        "Local all",
    ];
    assert_eq!(results.len(), names.len());
    let published = PUBLISHED_MS.map(|ms| format!("{ms} ms"));
    let [goa, edge_all, min_delay] = &published;
    let published = [goa, edge_all, min_delay, "above GOA", ""];
    let rows = names.iter().zip(&results).zip(published);
    let rows: Vec<String> = rows
        .map(|((name, policy), published)| {
            format!(
                "| {name} | {} ms | {published} | {} % | {} |",
                tenths(policy.delay_mean_ms),
                tenths(percent(policy.accuracy)),
                share(policy.offloaded_share),
            )
            .replace("|  |", "| |")
        })
        .collect();
    says("README.md", &rows);
}

#[test]
fn the_readme_has_what_eq_3_as_printed_gives() {
    let results = run("fig3", &[AT_120, ("channel.interference", "AsPrinted")]);
    let times = results.iter().zip(PUBLISHED_MS);
    let times: Vec<String> = times
        .map(|(policy, ms)| tenths(policy.delay_mean_ms.scaled(1.0 / ms)))
        .collect();
    let [goa, edge_all, min_delay] = &times[..] else {
        panic!("three published delays");
    };
    let sentence = format!(
        "{goa} (GOA), {edge_all} (Edge all) and {min_delay} times (Min delay) the published ones"
    );
    says("README.md", &[sentence]);
}

#[test]
fn refined_is_beside_goa_as_the_page_says() {
    let results = run("policies", &POLICIES);
    let (goa, refined) = (&results[0], &results[1]);
    let to_goa = difference(refined);
    let p999 = |policy: &PolicyResult| {
        let mut quantiles = policy.delay_quantiles.iter();
        *quantiles.find(|q| q.quantile == 0.999).expect("p99.9")
    };
    let (of_goa, of_refined) = (p999(goa), p999(refined));
    let hundredths = |e: Estimate| format!("{:.2} ± {:.2}", e.mean, half_width(e));
    says(
        "docs/policies.md",
        &[
            format!(
                "an objective {:.0} % below GOA's (paired difference {} s of {} s)",
                -100.0 * to_goa.objective_s.mean / goa.objective_s.mean,
                hundredths(to_goa.objective_s),
                hundredths(goa.objective_s)
            ),
            format!(
                "a mean delay of {} instead of {} ms",
                tenths(refined.delay_mean_ms),
                tenths(goa.delay_mean_ms)
            ),
            format!(
                "a p99.9 of {:.1} [{:.1}, {:.1}] instead of {:.0} [{:.0}, {:.0}] ms",
                of_refined.value_ms,
                of_refined.low_ms.expect("bounded"),
                of_refined.high_ms.expect("bounded"),
                of_goa.value_ms,
                of_goa.low_ms.expect("bounded"),
                of_goa.high_ms.expect("bounded")
            ),
            format!(
                "{} % instead of {} % of queries leave",
                tenths(percent(refined.offloaded_share)),
                tenths(percent(goa.offloaded_share))
            ),
            format!(
                "accuracy is {} points lower",
                tenths(percent(to_goa.accuracy).scaled(-1.0))
            ),
        ],
    );
}

/// `4.9 s [4.1, 5.9]` of p99, at so many digits.
fn p99_s(policy: &PolicyResult, digits: usize) -> String {
    let mut quantiles = policy.delay_quantiles.iter();
    let p99 = quantiles.find(|q| q.quantile == 0.99).expect("p99");
    let [value, low, high] =
        [Some(p99.value_ms), p99.low_ms, p99.high_ms].map(|ms| ms.expect("bounded") * 1e-3);
    format!("{value:.digits$} s [{low:.digits$}, {high:.digits$}]")
}

#[test]
fn rules_that_look_at_load_are_as_slow_as_the_page_says() {
    let policies = "[JoinShortestQueue, LeastLoaded, PowerOfTwo]";
    let results = run("policies", &[("policies", policies)]);
    let [shortest, least, two] = &results[..] else {
        panic!("three policies");
    };
    let sentences = [(shortest, 1), (least, 0), (two, 0)]
        .map(|(policy, digits)| (p99_s(policy, digits), policy.policy.clone()));
    let of_page = sentences.clone();
    says(
        "docs/policies.md",
        &of_page.map(|(p99, name)| format!("{p99} under `{name}`")),
    );
    says(
        "scenarios/policies.ron",
        &sentences.map(|(p99, name)| format!("{p99} under {name}")),
    );
}

#[test]
fn refined_is_as_close_to_the_best_as_the_page_says() {
    let loaded = shipped::scenario("gap", &[("sweep.values", "[12, 60]")]);
    let found = Experiment::new(loaded)
        .expect("the sweep is valid")
        .gap(
            &GapOptions::default(),
            None,
            &AtomicBool::new(false),
            &|| (),
        )
        .expect("the policies decide");
    let gap = |point: usize, kind: &str| {
        let policies = &found.points[point].policies;
        let of_kind = policies.iter().find(|p| p.policy.starts_with(kind));
        percent(of_kind.expect("it is there").gap)
    };
    let hundredths = |e: Estimate| format!("{:.2} ± {:.2} %", e.mean, half_width(e));
    assert_eq!([0, 1].map(|p| found.points[p].exact_share), [1.0, 0.0]);
    says(
        "docs/policies.md",
        &[
            format!(
                "{} above the optimum at N = 12",
                hundredths(gap(0, "Refined"))
            ),
            format!(
                "{} above the best known at N = 60",
                hundredths(gap(1, "Refined"))
            ),
        ],
    );
    let (goa, threshold) = (gap(1, "Goa"), gap(1, "Threshold"));
    assert!(threshold.mean + half_width(threshold) < goa.mean - half_width(goa));
}

#[test]
fn the_measured_pair_gives_the_table_of_its_page() {
    let results = run("measured", &[AT_120]);
    let names = [
        "GOA",
        "Edge all",
        "Min delay",
        "Random, as many as GOA",
        "Local all",
    ];
    assert_eq!(results.len(), names.len());
    let rows: Vec<String> = names
        .iter()
        .zip(&results)
        .map(|(name, policy)| {
            let paired = policy.difference.as_ref();
            let paired = paired.map_or(String::new(), |d| {
                format!("{} ", signed_hundredths(percent(d.accuracy)))
            });
            format!(
                "| {name} | {} % | {paired}| {} ms |",
                tenths(percent(policy.accuracy)),
                tenths(policy.delay_mean_ms)
            )
        })
        .collect();
    says("docs/uncertainty.md", &rows);
}

#[test]
fn figure_5_gives_the_table_of_its_page() {
    // The metrics' first policy, as `fig5.ron` has it.
    let policies = "[Goa(tau_quantile: 0.4), EdgeAll, LocalAll]";
    let results = run("fig5", &[AT_120, ("policies", policies)]);
    let metrics = ["margin", "entropy", "perplexity"];
    let rows: Vec<String> = metrics
        .iter()
        .zip(&results)
        .map(|(metric, policy)| {
            assert!(policy.policy.ends_with(metric), "{}", policy.policy);
            let paired = policy.difference.as_ref();
            let [points, ms] = paired.map_or([String::new(), String::new()], |d| {
                let points = signed_hundredths(percent(d.accuracy));
                [
                    format!("{points} "),
                    format!("{} ", tenths(d.delay_mean_ms)),
                ]
            });
            format!(
                "| {metric} | {} % | {points}| {} ms | {ms}|",
                tenths(percent(policy.accuracy)),
                tenths(policy.delay_mean_ms)
            )
        })
        .collect();
    says("docs/uncertainty.md", &rows);
}

#[test]
fn figure_4_gives_the_numbers_of_its_page() {
    let crowded = run("fig4", &[AT_120]);
    let (low, high) = (&crowded[0], &crowded[7]);
    let paired = difference(high);
    let sparse = run("fig4", &[("sweep.values", "[60]")]);
    let accuracy = difference(&sparse[7]).accuracy;
    let delays = || sparse.iter().map(|policy| policy.delay_mean_ms);
    let widest = delays().map(half_width).fold(0.0, f64::max);
    let least = delays().map(|e| e.mean).fold(f64::INFINITY, f64::min);
    let most = delays().map(|e| e.mean).fold(0.0, f64::max);
    says(
        "docs/uncertainty.md",
        &[
            format!(
                "accuracy falls from {:.1} to {:.1} % ({} points, paired)",
                100.0 * low.accuracy.mean,
                100.0 * high.accuracy.mean,
                tenths(percent(paired.accuracy))
            ),
            format!(
                "mean delay from {:.1} to {:.1} ms ({})",
                low.delay_mean_ms.mean,
                high.delay_mean_ms.mean,
                tenths(paired.delay_mean_ms)
            ),
            format!(
                "{} against {} are offloaded",
                share(sparse[0].offloaded_share),
                share(sparse[7].offloaded_share)
            ),
            format!(
                "by {:.2} ± {:.2} points",
                -100.0 * accuracy.mean,
                100.0 * half_width(accuracy)
            ),
            format!("the mean delays, of {least:.0} to {most:.0} ms, do not come in order"),
            format!("(intervals of up to ± {widest:.1} ms)"),
        ],
    );
}

#[test]
fn the_paper_is_reproduced_as_its_page_says() {
    const PAGE: &str = "docs/reproducing-the-paper.md";
    let results = run("fig3", &[AT_120]);
    let [goa, edge_all, min_delay, random, _] = &results[..] else {
        panic!("five policies");
    };
    let names = ["GOA", "Edge all", "Min delay"];
    let rows = [goa, edge_all, min_delay]
        .into_iter()
        .zip(PUBLISHED_MS)
        .zip(names);
    let mut sentences: Vec<String> = rows
        .map(|((policy, published), name)| {
            let delay = with_interval(policy.delay_mean_ms);
            format!("| {name} | {delay} ms | {published} ms |")
        })
        .collect();
    let delay = |policy| with_interval(difference(policy).delay_mean_ms);
    let accuracy = |policy| with_interval(percent(difference(policy).accuracy));
    let at_60 = run("fig3", &[("sweep.values", "[60]")]);
    sentences.extend([
        format!(
            "at N = 120 by {} ms. At N = 60 the difference is {} ms",
            delay(edge_all),
            delay(&at_60[1])
        ),
        format!(
            "by {} ms at N = 120",
            delay(min_delay).trim_start_matches('-')
        ),
        format!(
            "{} beside {} % at N = 120",
            with_interval(percent(goa.accuracy)),
            with_interval(percent(edge_all.accuracy))
        ),
        format!("by {} points", accuracy(min_delay).trim_start_matches('-')),
        format!(
            "in accuracy by {} points; in delay by {} ms, which 500 draws do not tell from",
            accuracy(random).trim_start_matches('-'),
            delay(random)
        ),
    ]);
    let of_delay = difference(random).delay_mean_ms;
    assert!(of_delay.mean < half_width(of_delay));
    let of_tau = run("fig4", &[AT_120]);
    for (at, tau) in [(0, "0.2"), (2, "0.4"), (4, "0.6"), (6, "0.8")] {
        sentences.push(format!(
            "| {tau} | {} % | {} ms | {} % |",
            with_interval(percent(of_tau[at].accuracy)),
            with_interval(of_tau[at].delay_mean_ms),
            with_interval(percent(of_tau[at].offloaded_share))
        ));
    }
    let of_metric = run("fig5", &[AT_120]);
    let [margin, entropy, perplexity] =
        [0, 1, 2].map(|at| with_interval(percent(of_metric[at].accuracy)));
    sentences.push(format!(
        "{margin} % of queries by margin, {entropy} % by entropy and {perplexity} % by perplexity"
    ));
    says(PAGE, &sentences);
}

#[test]
fn the_page_on_statistics_has_the_numbers_of_figure_3() {
    let results = run("fig3", &[AT_120]);
    let (goa, random) = (&results[0], &results[3]);
    let fewer = run("fig3", &[AT_120, ("replications", "100")]);
    let middle = |policy: &PolicyResult| {
        let q = policy.delay_quantiles[0];
        let end = |end: Option<f64>| end.expect("an end");
        format!(
            "{:.2} [{:.2}, {:.2}]",
            q.value_ms,
            end(q.low_ms),
            end(q.high_ms)
        )
    };
    says(
        "docs/statistics.md",
        &[
            format!(
                "GOA is {} ms and that of the random policy {} ms; the difference on the same \
                 draws is {} ms",
                with_interval(goa.delay_mean_ms),
                with_interval(random.delay_mean_ms),
                with_interval(difference(random).delay_mean_ms)
            ),
            format!(
                "Their accuracies differ by {} points",
                with_interval(percent(difference(random).accuracy))
            ),
            format!(
                "GOA has {} ms in 100 replications and {} ms in 500",
                with_interval(fewer[0].delay_mean_ms),
                with_interval(goa.delay_mean_ms)
            ),
            format!("(p50: {} and {} ms)", middle(&fewer[0]), middle(goa)),
        ],
    );
}

//! `scenarios/fig3.ron` is the reference of scenarios: every field of every type is in
//! it, at its default, with all kinds of values that it can have.

use crate::serde_types::Types;
use edgelm::scenario::{Diagnostic, Loaded, Override, Scenario, TokenSpec};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const FILE: &str = "scenarios/fig3.ron";

fn text() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE)).expect("the scenario")
}

/// The text behind the slashes of a comment line.
fn comment(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("//")
}

/// Fields behind `//` without a space, and what is deeper inside them, are fields.
fn is_field(comment: &str) -> bool {
    !comment.is_empty() && (!comment.starts_with(' ') || comment.starts_with("    "))
}

/// The file with comments as ordinary text.
fn without_slashes() -> String {
    let lines = text();
    let lines = lines.lines().map(|line| comment(line).unwrap_or(line));
    // Comments inside of fields that are commented out.
    let lines = lines.map(|line| line.replace("//", ""));
    lines.collect::<Vec<String>>().join("\n")
}

/// The file with its commented-out fields as fields.
fn with_all_fields() -> String {
    let fields = |line: &str| match comment(line) {
        Some(behind) if is_field(behind) => behind.to_owned(),
        _ => line.to_owned(),
    };
    text().lines().map(fields).collect::<Vec<_>>().join("\n")
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c| !is_name(c)).collect()
}

/// What a pair of parentheses is named by, and the names of the fields right inside it.
#[derive(Debug)]
struct Group<'t> {
    name: &'t str,
    fields: BTreeSet<&'t str>,
    /// Where it begins, its name included.
    start: usize,
    /// All of it.
    text: &'t str,
}

/// All pairs of parentheses of a text.
fn groups(text: &str) -> Vec<Group<'_>> {
    let word_before = |end: usize| {
        let start = text[..end].rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
        &text[start..end]
    };
    let (mut open, mut closed): (Vec<Group<'_>>, _) = (Vec::new(), Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => {
                let name = word_before(at);
                open.push(Group {
                    name,
                    fields: BTreeSet::new(),
                    start: at - name.len(),
                    text: "",
                });
            }
            ')' => {
                let group = open.pop().expect("parentheses are in pairs");
                let text = &text[group.start..=at];
                closed.push(Group { text, ..group });
            }
            ':' => {
                if let Some(group) = open.last_mut() {
                    group.fields.insert(word_before(at));
                }
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "parentheses are in pairs");
    closed
}

#[test]
fn every_field_and_every_kind_of_value_is_in_the_reference() {
    // Own entries of the catalogue are on a page of their own, to which the file leads.
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/catalog.md"));
    let blocks = page
        .split("```ron")
        .skip(1)
        .map(|rest| rest.split("```").next());
    let entries = blocks.flatten().find(|block| block.contains("hardware: ["));
    let carried = edgelm::llm::catalog::EMBEDDED;
    let text = [&without_slashes(), entries.expect("a block"), carried].concat();
    let (groups, words) = (groups(&text), words(&text));
    let types = Types::of::<Scenario>();
    let mut missing = Vec::new();
    for (name, fields) in &types.fields {
        let variant = name.split_once("::").map(|(_, variant)| variant);
        let held = groups.iter().any(|group| {
            variant.is_none_or(|variant| group.name == variant)
                && fields.iter().all(|field| group.fields.contains(field))
        });
        if !held {
            missing.push(format!("{name} with {}", fields.join(", ")));
        }
    }
    for (name, variant) in &types.tuple_variants {
        if !groups.iter().any(|group| group.name == *variant) {
            missing.push(format!("{name}::{variant}(..)"));
        }
    }
    for (name, variant) in &types.unit_variants {
        if !words.contains(variant) {
            missing.push(format!("{name}::{variant}"));
        }
    }
    assert!(missing.is_empty(), "not in {FILE}:\n{}", missing.join("\n"));
    // The walk has come everywhere.
    for (name, field) in [
        ("Scenario", "until"),
        ("Until", "max_replications"),
        ("PolicySpec::External", "time_limit_ms"),
        ("Arrivals::Bursty", "shared"),
        ("Bin", "slm_accuracy"),
        ("Records", "perplexity"),
    ] {
        assert!(types.fields[name].contains(&field), "{name}.{field}");
    }
    assert!(types.tuple_variants.contains(&("Target", "OffloadedShare")));
    assert!(types.unit_variants.contains(&("AtEnd", "Loop")));
}

#[test]
fn what_the_reference_writes_out_are_the_defaults() {
    let written = Scenario::from_ron(&text()).expect("readable");
    let policies = "policies: [Goa(tau: 0.6), EdgeAll, MinDelay, Random(like: Goa(tau: 0.6)),
        LocalAll]";
    let sweep = "sweep: (field: \"users.count\", values: [60, 70, 80, 90, 100, 110, 120])";
    let short = format!(
        "(title: \"{}\", users: (count: 120), {policies}, {sweep})",
        written.title
    );
    let defaults = Scenario::from_ron(&short).expect("readable");
    assert_eq!(written, defaults);
    let all = Scenario::from_ron(&with_all_fields()).expect("its commented-out fields are fields");
    assert_eq!(all.workload.tokens, Some(TokenSpec::default()));
    assert_eq!(all.scheduling, Some(defaults.scheduling()));
    assert_eq!(all.run.warm_up, defaults.run.warm_up);
    assert_eq!(all.servers.count, Some(defaults.servers.number()));
    assert!(!all.workload.deadline.expect("it is there").drop);
    assert!(all.energy.is_some() && all.until.is_some());
    assert!(all.run.duration_s.is_some() && all.run.queries.is_some());
}

#[test]
fn the_fields_that_are_commented_out_can_be_used_as_they_stand() {
    let in_time = [
        Override::set("workload.arrivals", "Poisson(rate_per_user_hz: 1)"),
        Override::set("scheduling", "PerArrival"),
        Override::set("channel.path_loss", "UMi(carrier_ghz: 3.5)"),
    ];
    let loaded = Loaded::from_text(&with_all_fields(), Path::new(FILE), &in_time);
    if let Err(wrong) = loaded {
        let wrong: Vec<String> = wrong.iter().map(Diagnostic::to_string).collect();
        panic!("{}", wrong.join("\n"));
    }
}

/// A form as the file shows it, the field that it is a value of, and the same with only
/// what must be given.
const FORMS: [(&str, &str, &str); 64] = [
    (
        "sweep.values",
        "Linear(from: .., to: .., points: .., whole: false)",
        "Linear(from: .., to: .., points: ..)",
    ),
    (
        "sweep.values",
        "Logarithmic(from: .., to: .., points: .., whole: false)",
        "Logarithmic(from: .., to: .., points: ..)",
    ),
    (
        "users.power_control",
        "Fractional(p0_dbm: .., alpha: ..)",
        "Fractional(p0_dbm: .., alpha: ..)",
    ),
    (
        "channel.path_loss",
        "UMa(carrier_ghz: .., terminal_height_m: 1.5, line_of_sight: Drawn)",
        "UMa(carrier_ghz: ..)",
    ),
    (
        "channel.path_loss",
        "UMi(carrier_ghz: .., terminal_height_m: 1.5, line_of_sight: Drawn)",
        "UMi(carrier_ghz: ..)",
    ),
    (
        "channel.path_loss",
        "RMa(carrier_ghz: .., terminal_height_m: 1.5, line_of_sight: Drawn)",
        "RMa(carrier_ghz: ..)",
    ),
    (
        "channel.path_loss",
        "InH(carrier_ghz: .., terminal_height_m: 1, line_of_sight: Drawn, office: Mixed)",
        "InH(carrier_ghz: ..)",
    ),
    ("workload.token_process.uncertainty", "Power(1)", "Power(1)"),
    (
        "workload.token_process.acceptance",
        "Line(slope: .., intercept: ..)",
        "Line(slope: .., intercept: ..)",
    ),
    (
        "workload.token_process.acceptance",
        "Independent(..)",
        "Independent(..)",
    ),
    (
        "policies[0]",
        "RecServe(beta: .., window: 1000, to_cloud: false, to: StrongestSignal)",
        "RecServe(beta: ..)",
    ),
    (
        "policies[0]",
        "Uhlm(threshold: .., payload: TokenIds, to: StrongestSignal)",
        "Uhlm(threshold: ..)",
    ),
    (
        "policies[0]",
        "Corrected(probability: .., payload: TokenIds, to: StrongestSignal)",
        "Corrected(probability: ..)",
    ),
    (
        "policies[0]",
        "SpecDecode(gamma: .., payload: TokenIds, to: StrongestSignal)",
        "SpecDecode(gamma: ..)",
    ),
    (
        "policies[0]",
        "Race(tau: .., to: StrongestSignal)",
        "Race(tau: ..)",
    ),
    (
        "policies[0].payload",
        "TopK(k: .., bits: ..)",
        "TopK(k: .., bits: ..)",
    ),
    (
        "policies[0].payload",
        "Distribution(bits: ..)",
        "Distribution(bits: ..)",
    ),
    (
        "workload.probe",
        "Router(auroc: .., cost_ms: 0)",
        "Router(auroc: ..)",
    ),
    ("downlink", "Latency(ms: ..)", "Latency(ms: ..)"),
    (
        "channel.variation",
        "Jakes(doppler_hz: ..)",
        "Jakes(doppler_hz: ..)",
    ),
    (
        "channel.variation",
        "GaussMarkov(coherence_ms: ..)",
        "GaussMarkov(coherence_ms: ..)",
    ),
    (
        "users.placement",
        "Grid(columns: .., rows: ..)",
        "Grid(columns: .., rows: ..)",
    ),
    (
        "users.placement",
        "Hexagonal(columns: .., rows: .., spacing_m: ..)",
        "Hexagonal(columns: .., rows: .., spacing_m: ..)",
    ),
    ("users.capacity_gflops", "Fixed(..)", "Fixed(..)"),
    (
        "users.capacity_gflops",
        "Uniform(low: .., high: ..)",
        "Uniform(low: .., high: ..)",
    ),
    (
        "users.capacity_gflops",
        "Exponential(mean: ..)",
        "Exponential(mean: ..)",
    ),
    (
        "users.capacity_gflops",
        "LogNormal(mean: .., cv: ..)",
        "LogNormal(mean: .., cv: ..)",
    ),
    (
        "users.capacity_gflops",
        "Gamma(mean: .., cv: ..)",
        "Gamma(mean: .., cv: ..)",
    ),
    (
        "users.capacity_gflops",
        "Hyperexponential(mean: .., cv: ..)",
        "Hyperexponential(mean: .., cv: ..)",
    ),
    (
        "users.capacity_gflops",
        "Pareto(minimum: .., shape: ..)",
        "Pareto(minimum: .., shape: ..)",
    ),
    (
        "users.mobility",
        "RandomWaypoint(speed_min_m_per_s: .., speed_max_m_per_s: .., pause_s: 0)",
        "RandomWaypoint(speed_min_m_per_s: .., speed_max_m_per_s: ..)",
    ),
    (
        "channel.path_loss",
        "LogDistance(reference_db: 38.5, exponent: 2.2, min_distance_m: 1)",
        "LogDistance()",
    ),
    (
        "channel.path_loss",
        "UmiLos(carrier_ghz: .., terminal_height_m: 1.5)",
        "UmiLos(carrier_ghz: ..)",
    ),
    (
        "channel.path_loss",
        "UmaNlos(carrier_ghz: .., terminal_height_m: 1.5)",
        "UmaNlos(carrier_ghz: ..)",
    ),
    ("channel.fading", "Rician(k_db: ..)", "Rician(k_db: ..)"),
    (
        "workload.arrivals",
        "Poisson(rate_per_user_hz: ..)",
        "Poisson(rate_per_user_hz: ..)",
    ),
    (
        "workload.arrivals",
        "Bursty(rate_per_user_hz: .., burst_ratio: .., burst_mean_s: .., quiet_mean_s: .., \
         shared: false)",
        "Bursty(rate_per_user_hz: .., burst_ratio: .., burst_mean_s: .., quiet_mean_s: ..)",
    ),
    (
        "workload.arrivals",
        "Periodic(period_s: .., jitter_s: 0)",
        "Periodic(period_s: ..)",
    ),
    (
        "workload.arrivals",
        "Gamma(rate_per_user_hz: .., cv: ..)",
        "Gamma(rate_per_user_hz: .., cv: ..)",
    ),
    (
        "workload.arrivals",
        "Trace(file: .., rate_scale: 1, at_end: Stop)",
        "Trace(file: ..)",
    ),
    (
        "workload.probe",
        "FirstToken(work_share: ..)",
        "FirstToken(work_share: ..)",
    ),
    ("workload.uncertainty.table", "File(..)", "File(..)"),
    (
        "workload.uncertainty.table",
        "Synthetic(slm_accuracy: .., llm_accuracy: .., auroc: .., correlation: ..)",
        "Synthetic(slm_accuracy: .., llm_accuracy: .., auroc: .., correlation: ..)",
    ),
    (
        "workload.uncertainty.table",
        "Inline(Bins([(low: .., high: .., share: .., slm_accuracy: .., llm_accuracy: ..), ...]))",
        "Inline(Bins([(low: .., high: .., share: .., slm_accuracy: .., llm_accuracy: ..)]))",
    ),
    (
        "workload.uncertainty.table",
        "Inline(Records((margin: [..], entropy: [..], perplexity: [..], slm_correct: [..], \
         llm_correct: [..])))",
        "Inline(Records((margin: [..], entropy: [..], perplexity: [..], slm_correct: [..], \
         llm_correct: [..])))",
    ),
    ("scheduling", "Every(period_ms: ..)", "Every(period_ms: ..)"),
    ("run.warm_up", "Seconds(..)", "Seconds(..)"),
    (
        "servers.allocation.compute",
        "AlphaFair(..)",
        "AlphaFair(..)",
    ),
    (
        "policies[0]",
        "Goa(tau: .. | tau_quantile: ..)",
        "Goa(tau: ..)",
    ),
    (
        "policies[0]",
        "Marginal(tau: .. | tau_quantile: ..)",
        "Marginal(tau: ..)",
    ),
    (
        "policies[0]",
        "Refined(tau: .. | tau_quantile: .., start: Goa)",
        "Refined(tau: ..)",
    ),
    (
        "policies[0]",
        "Optimal(tau: .. | tau_quantile: .., max_nodes: 2000000)",
        "Optimal(tau: ..)",
    ),
    (
        "policies[0]",
        "Threshold(tau: .. | tau_quantile: .., to: StrongestSignal)",
        "Threshold(tau: ..)",
    ),
    ("policies[0]", "Random(like: ..)", "Random(like: ..)"),
    (
        "policies[0]",
        "Timed(policy: .., takes: ..)",
        "Timed(policy: .., takes: ..)",
    ),
    (
        "policies[0]",
        "Labelled(policy: .., label: ..)",
        "Labelled(policy: .., label: ..)",
    ),
    ("policies[0].takes", "FixedMs(..)", "FixedMs(..)"),
    (
        "policies[0]",
        "PricedAssociation(epsilon_ms: 0.001)",
        "PricedAssociation()",
    ),
    (
        "policies[0]",
        "FairAssociation(alpha: ..)",
        "FairAssociation(alpha: ..)",
    ),
    (
        "policies[0]",
        "Deadline(slack_ms: ..)",
        "Deadline(slack_ms: ..)",
    ),
    (
        "policies[0]",
        "AdaptiveTau(target: .., start: 0.6, step: 0.01)",
        "AdaptiveTau(target: ..)",
    ),
    ("policies[0].target", "DelayP99Ms(..)", "DelayP99Ms(..)"),
    (
        "policies[0].target",
        "OffloadedShare(..)",
        "OffloadedShare(..)",
    ),
    (
        "policies[0]",
        "External(command: [..], time_limit_ms: 10000)",
        "External(command: [..])",
    ),
];

/// A form with a value in each place of `..`.
fn filled(form: &str) -> String {
    let form = form.replace(" | tau_quantile: ..", "").replace(", ...", "");
    let form = form.replace("like: ..", "like: EdgeAll");
    let form = form.replace("policy: ..", "policy: EdgeAll");
    let form = form.replace("takes: ..", "takes: FixedMs(2)");
    let form = form.replace("target: ..", "target: OffloadedShare(0.5)");
    let mut text = String::new();
    let mut parts = form.split("..");
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let value = if ["file: ", "File(", "label: "]
            .iter()
            .any(|end| text.ends_with(end))
        {
            "\"a.csv\""
        } else if text.ends_with("command: [") {
            "\"a\""
        } else if text.ends_with("correct: [") {
            "true"
        } else {
            "1"
        };
        text.push_str(value);
        text.push_str(part);
    }
    text
}

#[test]
fn the_forms_are_what_a_scenario_reads_with_their_defaults() {
    let text = without_slashes();
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = one_line(&text);
    let scenario = |field: &str, value: &str| {
        let read = "(users: (count: 1), policies: [EdgeAll])";
        let tree = match field.split_once('.') {
            _ if field == "policies[0].target" => {
                read.replace("EdgeAll", &format!("AdaptiveTau(target: {value})"))
            }
            _ if field == "policies[0].takes" => read.replace(
                "EdgeAll",
                &format!("Timed(policy: EdgeAll, takes: {value})"),
            ),
            _ if field == "policies[0].payload" => {
                read.replace("EdgeAll", &format!("SpecDecode(payload: {value})"))
            }
            _ if field == "policies[0]" => read.replace("EdgeAll", value),
            _ if field == "sweep.values" => read.replace(
                "(users",
                &format!("(sweep: (field: \"users.count\", values: {value}), users"),
            ),
            None => read.replace("(users", &format!("({field}: {value}, users")),
            Some(("users", field)) => read.replace("(count", &format!("({field}: {value}, count")),
            Some((outer, inner)) => {
                let nested = inner.rsplit('.').fold(value.to_owned(), |inside, name| {
                    format!("({name}: {inside})")
                });
                read.replace("(users", &format!("({outer}: {nested}, users"))
            }
        };
        Scenario::from_ron(&tree).unwrap_or_else(|error| panic!("{tree}: {error}"))
    };
    for (field, full, least) in FORMS {
        assert!(shown.contains(full), "{FILE} does not show {full}");
        let (full, least) = (filled(full), filled(least));
        assert_eq!(scenario(field, &full), scenario(field, &least), "{full}");
    }
    // And all forms are among these, but for lists whose items have no names.
    for group in groups(&text) {
        let form = one_line(group.text);
        let is_form = !group.name.is_empty() && form.contains("..") && !form.contains(", ...]");
        assert!(
            !is_form || FORMS.iter().any(|(_, full, _)| full.contains(&form)),
            "{form} is not tried"
        );
    }
}

//! Everything that reads what others wrote, each as a function of bytes: none may panic,
//! hang or take memory without bound. The fuzz targets call them, and so do tests.

use edgelm::experiment::{Experiment, Plan, TaskRanges, whole_records};
use edgelm::physics::radio::Interference;
use edgelm::policy::{self, Build, PolicySpec};
use edgelm::profile::{Role, questions, response};
use edgelm::scenario::{Instance, Loaded, Override, policy_from_text};
use edgelm::snapshot::services;
use edgelm::uncertainty::{Quantiles, Table};
use edgelm::units::Seconds;
use edgelm::world::channel::MeasuredGains;
use edgelm::world::trace::Trace;
use std::path::Path;
use std::sync::OnceLock;

/// A target: its name, which is that of its folder of seeds, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 12] = [
    ("scenario", scenario),
    ("overrides", overrides),
    ("instance", instance),
    ("table", table),
    ("trace", trace),
    ("gains", gains),
    ("plan", plan),
    ("record", record),
    ("ranges", ranges),
    ("external", external),
    ("model_answer", model_answer),
    ("questions", questions_of),
];

const SMALL: &str = "(replications: 1, users: (count: 2), policies: [EdgeAll, LocalAll])";

fn small() -> &'static Loaded {
    static SMALL_LOADED: OnceLock<Loaded> = OnceLock::new();
    SMALL_LOADED
        .get_or_init(|| Loaded::from_text(SMALL, Path::new("small.ron"), &[]).expect("it is good"))
}

fn small_plan() -> &'static Plan {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    PLAN.get_or_init(|| Plan::new(&Experiment::new(small().clone()).expect("one point")))
}

/// Whether a scenario's text may name a file.
fn names_a_file(text: &str) -> bool {
    ["File", "file", "gains"]
        .iter()
        .any(|word| text.contains(word))
}

/// A scenario file. What it refers to is not read: it could be any file of this machine.
fn scenario(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if names_a_file(&text) {
        return;
    }
    match Loaded::from_text(&text, Path::new("fuzzed.ron"), &[]) {
        Ok(loaded) => drop(loaded.warnings()),
        Err(diagnostics) => show(&diagnostics),
    }
}

/// `--set FIELD=VALUE` lines.
fn overrides(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if names_a_file(&text) {
        return;
    }
    let mut loaded = small().clone();
    for line in text.lines() {
        let Some((field, value)) = line.split_once('=') else {
            continue;
        };
        match loaded.with_override(&Override::set(field.trim(), value.trim())) {
            Ok(changed) => loaded = changed,
            Err(diagnostics) => show(&diagnostics),
        }
    }
}

/// An instance, decided by a policy: the first line may name it.
fn instance(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (spec, text) = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("policy ") => {
            let named = policy_from_text(&first["policy ".len()..], "--policy");
            (named.unwrap_or(PolicySpec::MinDelay), rest)
        }
        _ => (PolicySpec::MinDelay, &*text),
    };
    // A program is not run, and what takes exponential time is not waited for.
    if spec.program().is_some() || spec.needs_table() || spec.to_string().contains("Optimal") {
        return;
    }
    match Instance::from_json(text, Path::new("fuzzed.json")) {
        Ok(instance) => {
            let data = instance.snapshot(Interference::CoChannel);
            let view = data.view();
            let mut policy = spec.build(&Build {
                quantiles: Quantiles::Ranks,
                external: &|_| unreachable!("no program is run"),
            });
            policy.begin_replication();
            if let Ok(decision) = policy.decide(&view) {
                policy::check(&view, &decision).expect("a policy of ours decides rightly");
                for service in services(&view, &decision) {
                    assert!(!service.total().0.is_nan(), "a delay that is no number");
                }
            }
        }
        Err(diagnostics) => show(&diagnostics),
    }
}

fn table(data: &[u8]) {
    if let Ok(table) = Table::parse(&String::from_utf8_lossy(data)) {
        table.validate().expect("what is read is consistent");
    }
}

/// Measured gains of two users and three servers.
fn gains(data: &[u8]) {
    if let Ok(gains) = MeasuredGains::parse(&String::from_utf8_lossy(data), 2, 3) {
        for time_s in [0.0, 0.5, 1e12] {
            for link in 0..6 {
                let gain = gains.at(link / 3, link % 3, Seconds(time_s));
                assert!(gain.is_finite() && gain > 0.0);
            }
        }
    }
}

fn trace(data: &[u8]) {
    if let Ok(trace) = Trace::parse(&String::from_utf8_lossy(data)) {
        let times: Vec<f64> = trace.rows.iter().map(|row| row.arrival.0).collect();
        assert!(times.is_sorted() && times.iter().all(|time| time.is_finite()));
        assert!(trace.period().is_none_or(|period| period.0 > 0.0));
    }
}

fn plan(data: &[u8]) {
    if let Ok(plan) = Plan::from_json(&String::from_utf8_lossy(data)) {
        assert!(!plan.name().contains('/'), "its name leads elsewhere");
        // Names of files in it are those of texts that it holds.
        if let Err(diagnostics) = plan.experiment(Path::new("fuzzed.json")) {
            show(&diagnostics);
        }
    }
}

fn record(data: &[u8]) {
    whole_records(small_plan(), data);
}

fn ranges(data: &[u8]) {
    if let Ok(ranges) = String::from_utf8_lossy(data).parse::<TaskRanges>() {
        let again: TaskRanges = ranges.to_string().parse().expect("what it prints");
        assert_eq!(again, ranges);
    }
}

/// A program's first line and its answers, of two users and two servers.
fn external(data: &[u8]) {
    const INSTANCE: &str = r#"{"tx_power_w": 0.2, "noise_w": 4e-13, "users": [
        {"uncertainty": 0.5, "query_bits": 1e3, "slm_flop": 1e9, "llm_flop": 1e10, "local_flops": 9e10},
        {"uncertainty": 0.9, "query_bits": 1e3, "slm_flop": 1e9, "llm_flop": 1e10, "local_flops": 9e10}],
        "servers": [{"flops": 1e13, "max_flops_per_user": 1e12, "bandwidth_hz": 1e8},
        {"flops": 1e13, "max_flops_per_user": 1e12, "bandwidth_hz": 1e8}],
        "gain": [[1e-9, 1e-10], [1e-10, 1e-9]]}"#;
    let instance = Instance::from_json(INSTANCE, Path::new("i.json")).expect("it is good");
    let data_of = instance.snapshot(Interference::CoChannel);
    let view = data_of.view();
    for line in String::from_utf8_lossy(data).lines() {
        if let Ok(decision) = edgelm::external::decision_of(line, &view) {
            policy::check(&view, &decision).expect("what is accepted can be done");
        }
    }
}

fn model_answer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for role in Role::BOTH {
        for k in [2, 10] {
            if let Ok(reply) = response::read(&text, role, k)
                && let Some(found) = reply.uncertainties
            {
                for value in [found.margin, found.entropy, found.perplexity] {
                    assert!((0.0..=1.0).contains(&value), "an uncertainty of {value}");
                }
            }
        }
    }
}

fn questions_of(data: &[u8]) {
    for name in ["questions.jsonl", "questions.txt"] {
        if let Ok(found) = questions::parse(data, Path::new(name)) {
            assert!(!found.is_empty());
        }
    }
}

/// Errors are shown, with their places.
fn show(diagnostics: &[edgelm::scenario::Diagnostic]) {
    for diagnostic in diagnostics {
        let _ = diagnostic.render(true);
        if let Some(place) = &diagnostic.place {
            let _ = place.line_and_column();
        }
    }
}

//! Language models as they are served, within scenarios: phones, batching servers, first
//! tokens, and what cannot be.

use crate::command::run_in;
use edgelm::engine::CompletedQuery;
use edgelm::experiment::{Experiment, Study};
use edgelm::llm::{Catalog, Order, ServerSpec, StepLaw};
use edgelm::scenario::PhoneSpec;
use edgelm::snapshot::Choice;
use edgelm::station::batching::{Event, Request, Server};
use edgelm::station::stage::Stage;
use edgelm::units::Seconds;
use edgelm::world::streams::StreamKey;
use rand::RngExt;

fn npu() -> StepLaw {
    let phone = PhoneSpec::Phone {
        model: "llama-3.2-1b-4bit".to_owned(),
        hardware: "snapdragon-8-elite-npu".to_owned(),
        sustained_share: 1.0,
    };
    let law = phone
        .law(&Catalog::default())
        .expect("both are in the catalogue");
    law.expect("a phone has one")
}

#[test]
fn a_phone_takes_what_was_measured_on_one() {
    let law = npu();
    let prompt_ms = law.prompt_time(128).as_ms();
    assert!((prompt_ms - 37.2).abs() < 0.05, "{prompt_ms}");
    let per_s = 1.0 / law.answer_time(128, 2).0;
    assert!((per_s - 53.5).abs() < 0.05, "{per_s}");
}

/// One seat, answers of one token and no fixed time: a single server that serves prompts
/// in order of arrival. Its mean wait is Pollaczek and Khinchine's.
#[test]
fn one_seat_and_answers_of_one_token_are_m_g_1() {
    let per_token_s = 1e-3;
    let spec = ServerSpec {
        law: StepLaw::affine(0.0, per_token_s, 0.0),
        request: Seconds(0.0),
        max_running: 1,
        token_budget: 1000,
        block_tokens: 16,
        kv_blocks: 1000,
        max_model_len: u64::MAX,
        order: Order::Fcfs,
    };
    let (low, high) = (1u64, 199u64);
    let mean = (low + high) as f64 / 2.0;
    let square = (low..=high).map(|n| (n * n) as f64).sum::<f64>() / (high - low + 1) as f64;
    let load = 0.7;
    let rate = load / (mean * per_token_s);
    let expected = rate * square * per_token_s * per_token_s / (2.0 * (1.0 - load));
    let mut rng = StreamKey::root(11).stream();
    let mut server = Server::new(&spec);
    let mut events = Vec::new();
    let (mut next_arrival, mut job, mut done, mut wait_s) = (0.0, 0, 0, 0.0);
    let wanted = 300_000;
    while done < wanted {
        let next = server.next_event().map_or(f64::INFINITY, |at| at.0);
        if next_arrival <= next {
            let request = Request::new(rng.random_range(low..=high), 1);
            server.arrive(Seconds(next_arrival), job, request);
            job += 1;
            next_arrival -= (1.0 - rng.random::<f64>()).ln() / rate;
        } else {
            server.advance(Seconds(next), &mut events);
            for event in events.drain(..) {
                if let Event::Done { visit, .. } = event {
                    done += 1;
                    wait_s += visit.stages[Stage::EdgeQueue].0;
                }
            }
        }
    }
    let found = wait_s / f64::from(wanted);
    // The standard error is about half a percent.
    assert!((found / expected - 1.0).abs() < 0.02, "{found} {expected}");
}

const CELL: &str = "users: (count: 40, serving: Phone(model: \"llama-3.2-1b-4bit\",
        hardware: \"snapdragon-8-elite-npu\")),
    servers: (serving: Batching(model: \"llama-3.1-8b\", card: \"rtx-4090\", max_running: 16)),
    sharing: Live, downlink: Latency(ms: 4), replications: 2,
    run: (duration_s: 20, warm_up: Seconds(2))";

fn cell(more: &str) -> String {
    format!("({CELL}, {more})")
}

fn workload(more: &str) -> String {
    format!(
        "workload: (arrivals: Poisson(rate_per_user_hz: 0.4),
            tokens: (prompt_tokens: Uniform(low: 20, high: 400),
                     output_tokens: Uniform(low: 1, high: 90)){more})"
    )
}

fn queries(experiment: &Experiment, policy: usize) -> Vec<CompletedQuery> {
    let mut queries = Vec::new();
    experiment
        .replay(0, policy, 0, None, &mut queries)
        .expect("it runs");
    queries
}

fn experiment(text: &str) -> Experiment {
    let study = Study::from_ron(text).unwrap_or_else(|error| panic!("{error}"));
    study.experiment().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_query_has_its_first_token_within_its_stages() {
    let text = cell(&format!(
        "{}, policies: [Threshold(tau: 0.6), EdgeAll, LocalAll, Goa(tau: 0.6)]",
        workload(", probe: FirstToken()")
    ));
    let experiment = experiment(&text);
    let law = npu();
    let (mut local, mut sent) = (0, 0);
    for policy in 0..4 {
        for query in queries(&experiment, policy) {
            let tokens = query.query.tokens.expect("it has tokens");
            let stages = query.stages;
            let end = query.arrived + stages.total();
            let first = query.first_token.expect("it was answered");
            let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
            // The prompt on the phone, once, wherever the query is answered.
            assert!(close(
                stages[Stage::Probe].0,
                law.prompt_time(tokens.prompt).0
            ));
            match query.choice {
                Choice::Local => {
                    local += 1;
                    let answer = law.answer_time(tokens.prompt, tokens.answer).0;
                    assert!(close(stages[Stage::LocalCompute].0, answer));
                    assert!(close((end - first).0, answer));
                }
                Choice::Edge(_) => {
                    sent += 1;
                    assert!(close(stages[Stage::Downlink].0, 4e-3));
                    // No memory is short here: what follows the first token is decoding.
                    assert_eq!(stages[Stage::Preempted], Seconds(0.0));
                    assert!(close((end - first).0, stages[Stage::Decode].0));
                    assert!(stages[Stage::Prefill] > Seconds(0.0));
                    assert_eq!(stages[Stage::EdgeCompute], Seconds(0.0));
                    assert_eq!(tokens.answer == 1, stages[Stage::Decode] == Seconds(0.0));
                }
            }
        }
    }
    assert!(local > 200 && sent > 200, "{local} {sent}");
}

#[test]
fn first_tokens_are_among_the_measures_and_agree_with_the_queries() {
    let text = cell(&format!("{}, policies: [EdgeAll]", workload("")));
    let experiment = experiment(&text);
    let queries = queries(&experiment, 0);
    let ms = |query: &CompletedQuery| {
        let first = query.first_token.expect("it was answered");
        (first - query.arrived).as_ms()
    };
    let found = queries.iter().map(ms).sum::<f64>() / queries.len() as f64;
    let mut times: Vec<f64> = queries.iter().map(ms).collect();
    times.sort_by(f64::total_cmp);
    let results = Study::from_ron(&text)
        .and_then(|study| study.set("replications", 1))
        .and_then(Study::run)
        .unwrap_or_else(|error| panic!("{error}"));
    let result = &results.points[0].policies[0];
    let measured = |name: &str| result.measure(name).expect("it is measured").mean;
    assert!((measured("ttft_mean_ms") / found - 1.0).abs() < 1e-9);
    let median = times[times.len().div_ceil(2) - 1];
    assert!((measured("ttft_p50_ms") / median - 1.0).abs() < 2e-3);
    assert!(measured("ttft_p99_ms") >= measured("ttft_p90_ms"));
    // A step of one to sixteen that decode takes 17 to 19 ms on this card.
    let tpot = measured("tpot_mean_ms");
    assert!((16.9..22.0).contains(&tpot), "{tpot}");
}

#[test]
fn a_saturated_server_puts_out_n_tokens_a_step() {
    let law = StepLaw::affine(7e-3, 2e-4, 1e-7);
    let spec = ServerSpec {
        law,
        request: Seconds(0.0),
        max_running: 24,
        token_budget: 512,
        block_tokens: 16,
        kv_blocks: 100_000,
        max_model_len: u64::MAX,
        order: Order::Fcfs,
    };
    let mut server = Server::new(&spec);
    for job in 0..200 {
        let request = Request::new(30, 300);
        server.arrive(Seconds(0.0), job, request);
    }
    let (mut events, mut end) = (Vec::new(), Seconds(0.0));
    while let Some(at) = server.next_event() {
        server.advance(at, &mut events);
        end = at;
    }
    let found = 200.0 * 300.0 / end.0;
    let step = law.decode_time(1, 24, 24.0 * (30.0 + 150.0));
    let bound = 24.0 / step.0;
    // Prompts take their part, and the last batch is not full.
    assert!((0.85..1.0).contains(&(found / bound)), "{found} {bound}");
}

#[test]
fn batching_gives_the_same_bytes_on_any_number_of_threads() {
    let text = cell(&format!("{}, policies: [Goa(tau: 0.5)]", workload("")));
    let means = [1, 3].map(|threads| {
        let study = Study::from_ron(&text).unwrap_or_else(|error| panic!("{error}"));
        let results = study
            .threads(threads)
            .run()
            .unwrap_or_else(|error| panic!("{error}"));
        let result = &results.points[0].policies[0];
        (result.delay_mean_ms, result.measure("ttft_p99_ms"))
    });
    assert_eq!(means[0], means[1]);
}

#[test]
fn what_cannot_be_served_is_said() {
    let policies = "policies: [EdgeAll]";
    let good = cell(&format!("{}, {policies}", workload("")));
    for (field, value, said) in [
        ("rtx-4090", "rtx-4080", "rtx-4090"),
        ("llama-3.1-8b", "llama-3.1-8", "llama-3.1-8b"),
        (
            "snapdragon-8-elite-npu",
            "snapdragon-8-elite",
            "snapdragon-8-elite-npu",
        ),
        (
            "max_running: 16",
            "max_running: 16, token_budget: 8",
            "at least `max_running`, 16",
        ),
        ("max_running: 16", "max_running: 0", "at least 1"),
        (
            "max_running: 16",
            "order: Priority",
            "queries of a scenario have none",
        ),
        (
            "max_running: 16",
            "order: ShortestExpected",
            "foresight: Exact",
        ),
        (
            "policies: [EdgeAll]",
            "policies: [Random(like: Optimal(tau: 0.6))]",
            "objective of shared compute",
        ),
        (
            "policies: [EdgeAll]",
            "policies: [Optimal(tau: 0.6)]",
            "objective of shared compute",
        ),
        (
            "downlink: Latency(ms: 4)",
            "downlink: Latency(ms: -4)",
            "downlink.ms",
        ),
    ] {
        assert!(good.contains(field), "{field}");
        let error = match Study::from_ron(&good.replace(field, value)) {
            Ok(_) => panic!("{value} is accepted"),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(said), "{value}: {error}");
    }
    let without = cell("workload: (arrivals: Poisson(rate_per_user_hz: 1)), policies: [EdgeAll]");
    let error = Study::from_ron(&without)
        .err()
        .expect("no tokens")
        .to_string();
    assert!(error.contains("without `workload.tokens`"), "{error}");
}

#[test]
fn the_readme_says_what_the_scenario_gives() {
    let text = std::fs::read_to_string("scenarios/serving.ron").expect("it is shipped");
    let results = Study::from_ron(&text)
        .and_then(|study| study.set("sweep.values", "[1.2]"))
        .and_then(Study::run)
        .unwrap_or_else(|error| panic!("{error}"));
    let seconds = |policy: usize| {
        let delay = results.points[0].policies[policy].delay_mean_ms;
        let half_width = delay.ci95.expect("an interval");
        format!("{:.1} ± {:.1} s", delay.mean / 1e3, half_width / 1e3)
    };
    let (goa, edge_all) = (seconds(0), seconds(2));
    crate::manual_numbers::says(
        "README.md",
        &[format!(
            "`Goa` answers in {goa} on average, `EdgeAll` in {edge_all}."
        )],
    );
}

#[test]
fn times_of_tokens_have_their_distributions() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "(users: (count: 20, serving: Phone(model: \"llama-3.2-1b-4bit\", hardware: \
        \"snapdragon-8-elite-npu\")), servers: (serving: Batching(model: \"llama-3.1-8b\", \
        card: \"rtx-4090\")), sharing: Live, run: (duration_s: 20), replications: 4, \
        workload: (arrivals: Poisson(rate_per_user_hz: 0.2), tokens: (prompt_tokens: 64, \
        output_tokens: Choice([(1, 0.5), (40, 0.5)]))), policies: [EdgeAll, LocalAll])";
    std::fs::write(folder.path().join("a.ron"), text).expect("written");
    let (code, _, stderr) = run_in(folder.path(), &["run", "a.ron"]);
    assert_eq!(code, 0, "{stderr}");
    let out = folder.path().join("output/a");
    for file in ["ttft_ccdf.png", "tpot_ccdf.png"] {
        assert!(out.join(file).exists(), "{file}");
    }
    let mut results = csv::Reader::from_path(out.join("results.csv")).expect("results");
    let header = results.headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|column| column == name).expect(name);
    for row in results.records() {
        let row = row.expect("a row");
        let number = |name: &str| row[column(name)].parse::<f64>().expect("a number");
        // The last row of a file has the number of all, its end their mean.
        let of = |what: &str| -> (f64, f64) {
            let name = format!("{what}_{}.hgrm", &row[column("policy")]);
            let text = std::fs::read_to_string(out.join(name)).expect("a distribution");
            let last = text.lines().rfind(|line| line.contains("1.000000000000"));
            let total = last.expect("a last row").split_whitespace().nth(2);
            let mean = text.split("#[Mean    =").nth(1).expect("a mean");
            let mean = mean.split(',').next().expect("a number").trim();
            let total = total.expect("a total").parse().expect("a number");
            (total, mean.parse().expect("a number"))
        };
        let (queries, first, later) = (number("queries"), of("ttft"), of("tpot"));
        assert_eq!((of("delay").0, first.0), (queries, queries));
        // Answers of one token have no later one.
        assert!(
            later.0 > 0.4 * queries && later.0 < 0.6 * queries,
            "{later:?}"
        );
        // Histograms have three digits; the table has the mean of replications' means.
        assert!(
            (first.1 / number("ttft_mean_ms") - 1.0).abs() < 0.05,
            "{first:?}"
        );
        assert!(
            (later.1 / number("tpot_mean_ms") - 1.0).abs() < 0.05,
            "{later:?}"
        );
    }
}

#[test]
fn what_a_server_does_not_take_is_refused_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    // Every third request is too long for the server, and every ninth for its memory, too.
    let trace: String = (0..90)
        .map(|at| {
            let tokens = [40, 40, 60][at % 3] + if at % 9 == 8 { 500 } else { 0 };
            format!("{},{tokens},20\n", 0.2 * at as f64)
        })
        .collect();
    let header = "arrival_s,prompt_tokens,output_tokens\n";
    std::fs::write(folder.path().join("t.csv"), format!("{header}{trace}")).expect("written");
    let run = |limits: &str| {
        let text = format!(
            "(users: (count: 5, serving: Phone(model: \"llama-3.2-1b-4bit\", hardware: \
             \"snapdragon-8-elite-npu\")), servers: (serving: Batching(model: \
             \"llama-3.1-8b\", card: \"rtx-4090\", {limits})), sharing: Live, replications: 3, \
             run: (duration_s: 18), workload: (arrivals: Trace(file: \"t.csv\"), tokens: ()), \
             policies: [EdgeAll, LocalAll, RecServe(beta: 0.4)])"
        );
        std::fs::write(folder.path().join("a.ron"), text).expect("written");
        let verified = ["run", "a.ron", "--verify", "--export", "csv", "--queries"];
        let (code, _, stderr) = run_in(folder.path(), &verified);
        assert_eq!(code, 0, "{stderr}");
        let results = folder.path().join("output/a/results.csv");
        let mut results = csv::Reader::from_path(results).expect("results");
        let header = results.headers().expect("a header").clone();
        let column = |name: &str| header.iter().position(|column| column == name).expect(name);
        let rows: Vec<csv::StringRecord> =
            results.records().map(|row| row.expect("a row")).collect();
        let refused = |at: usize| {
            rows[at][column("refused_share")]
                .parse::<f64>()
                .expect("a share")
        };
        let queries = |at: usize| {
            rows[at][column("queries")]
                .parse::<u64>()
                .expect("a number")
        };
        ([refused(0), refused(1)], [queries(0), queries(1)], stderr)
    };
    let (refused, queries, said) = run("max_model_len: 64");
    assert!((refused[0] - 1.0 / 3.0).abs() < 1e-12, "{refused:?}");
    assert_eq!((refused[1], queries), (0.0, [180, 270]));
    assert!(said.contains("EdgeAll: 90 queries were refused"), "{said}");
    let (refused, queries, _) = run("kv_tokens: 512");
    assert!((refused[0] - 1.0 / 9.0).abs() < 1e-12, "{refused:?}");
    assert_eq!(queries, [240, 270]);
}

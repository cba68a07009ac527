//! Plans of several steps: closed forms of rounds, shares of cascades, races, and that
//! nothing is lost or left behind.

use edgelm::engine::{Areas, CompletedQuery, Counts, Recorder, Scheduling, Settings, simulate};
use edgelm::experiment::{Study, world_model};
use edgelm::llm::{Order, ServerSpec, StepLaw};
use edgelm::plan::{Acceptance, Payload, Tier, TokenProcess};
use edgelm::policy::{Policy, ServerRule, SpecDecode};
use edgelm::route::{ComputeLaw, Serving};
use edgelm::scenario::Scenario;
use edgelm::snapshot::Choice;
use edgelm::station::Sharing;
use edgelm::station::stage::Stage;
use edgelm::uncertainty::Table;
use edgelm::units::Seconds;
use edgelm::world::World;
use edgelm::world::arrivals::{ArrivalLaw, Arrivals};
use edgelm::world::streams::StreamKey;

/// Keeps all queries, and how the run ended.
#[derive(Default)]
struct All {
    queries: Vec<CompletedQuery>,
    counts: Counts,
    areas: Areas,
}

impl Recorder for All {
    fn on_departure(&mut self, done: &CompletedQuery, _measured: bool) {
        self.queries.push(*done);
    }
    fn counted(&mut self, _now: Seconds, counts: &Counts) {
        assert_eq!(
            counts.arrived,
            counts.in_flight + counts.completed + counts.dropped
        );
        self.counts = *counts;
    }
    fn finished(&mut self, _now: Seconds, areas: &Areas) {
        self.areas = areas.clone();
    }
}

const TOKENS: &str = "tokens: (prompt_tokens: Fixed(8), output_tokens: Fixed(600),
    bits_per_token: 1e-9)";

/// One user, an uplink that takes no time, a device whose token takes `c` of the server's
/// step, whatever is in it.
fn alone(c: f64, acceptance: f64, gamma: u32, latency_ms: f64) -> Vec<CompletedQuery> {
    let text = format!(
        "(users: (count: 1), replications: 1, policies: [EdgeAll], sharing: Live,
          workload: (arrivals: Periodic(period_s: 1e6), {TOKENS}), run: (duration_s: 2.5e7))"
    );
    let scenario = Scenario::from_ron(&text).expect("the scenario is valid");
    let model = world_model(&scenario, &Table::default());
    let world = World::draw(&model, StreamKey::root(5).index(0));
    let settings = Settings {
        arrivals: ArrivalLaw {
            arrivals: Arrivals::Periodic {
                period_s: 1e6,
                jitter_s: 0.0,
            },
            trace: None,
        },
        scheduling: Scheduling::PerArrival,
        serving: Serving {
            sharing: Sharing::Live,
            compute: ComputeLaw::Batching(ServerSpec {
                law: StepLaw::affine(1.0, 0.0, 0.0),
                request: Seconds(0.0),
                max_running: 8,
                token_budget: 4096,
                block_tokens: 16,
                kv_blocks: 1000,
                max_model_len: u64::MAX,
                order: Order::Fcfs,
            }),
            phone: Some(StepLaw::affine(c, 0.0, 0.0)),
            downlink: if latency_ms > 0.0 {
                edgelm::station::downlink::Downlink::Latency { ms: latency_ms }
            } else {
                Default::default()
            },
            process: TokenProcess {
                acceptance: Acceptance::Independent(acceptance),
                // Drafts weigh nothing: the uplink is free.
                vocabulary: 2,
                ..TokenProcess::default()
            },
            ..Serving::default()
        },
        duration: Some(Seconds(2.5e7)),
        ..Settings::default()
    };
    let mut policy = SpecDecode::new(Some(gamma), Payload::TokenIds, ServerRule::default());
    let mut all = All::default();
    simulate(&world, &settings, &mut policy, &mut all).expect("it decides");
    all.queries
}

/// Tokens a step of the server, over rounds of `gamma c + 1` steps: published as 3.303,
/// 3.865 and 4.907 at c = .015, gamma = 8 and r = .75, .80, .87.
#[test]
fn drafts_bring_their_published_speed_ups_where_the_network_is_free() {
    for (r, published) in [(0.75, 3.303), (0.80, 3.865), (0.87, 4.907)] {
        let closed_form = (1.0 - f64::powi(r, 9)) / (1.0 - r) / (8.0 * 0.015 + 1.0);
        assert!((closed_form - published).abs() < 5e-4, "{closed_form}");
        let queries = alone(0.015, r, 8, 0.0);
        assert!(queries.len() > 20);
        let mut speed_ups = Vec::new();
        for query in &queries {
            // Every answer token takes the server one step alone.
            speed_ups.push(600.0 / query.stages.total().0);
            let rounds = f64::from(query.traffic.rounds);
            let drafted = f64::from(query.traffic.drafted);
            // The prompt's own token is the first draft: a step as every other.
            let expected = rounds + 0.015 * drafted;
            assert!(
                (query.stages.total().0 - expected).abs() < 1e-3,
                "{query:?}"
            );
        }
        let mean = speed_ups.iter().sum::<f64>() / speed_ups.len() as f64;
        assert!((mean / published - 1.0).abs() < 0.02, "{r}: {mean}");
    }
}

#[test]
fn a_round_takes_the_sum_of_its_parts() {
    for query in alone(0.1, 0.8, 4, 250.0) {
        let rounds = f64::from(query.traffic.rounds);
        let drafts_s = 0.1 * f64::from(query.traffic.drafted);
        let parts = [
            (Stage::LocalCompute, drafts_s),
            (Stage::Downlink, 0.25 * rounds),
        ];
        for (stage, expected) in parts {
            let found = query.stages[stage].0;
            assert!((found - expected).abs() < 1e-9 * expected, "{stage:?}");
        }
        let at_server = query.stages[Stage::Prefill].0 + query.stages[Stage::Decode].0;
        assert!((at_server - rounds).abs() < 1e-3);
        let first = query.first_token.expect("it has tokens") - query.arrived;
        // Four drafts, a step, the way back.
        assert!((first.0 - (0.4 + 1.0 + 0.25)).abs() < 1e-3, "{first:?}");
    }
}

fn study(policies: &str, more: &str) -> Vec<Vec<CompletedQuery>> {
    study_at(4.0, policies, more)
}

fn study_at(downlink_ms: f64, policies: &str, more: &str) -> Vec<Vec<CompletedQuery>> {
    let text = format!(
        "(users: (count: 40, serving: Phone(model: \"llama-3.2-1b-4bit\",
            hardware: \"snapdragon-8-elite-npu\")),
          servers: (serving: Batching(model: \"llama-3.1-8b\", card: \"rtx-4090\",
            max_running: 16)),
          cloud: (accuracy: 0.95, serving: Batching(model: \"llama-3.1-8b\", card: \"h100-sxm\")),
          sharing: Live, replications: 1, downlink: Latency(ms: {downlink_ms}), access: (),
          run: (duration_s: 60, warm_up: Seconds(2)),
          workload: (arrivals: Poisson(rate_per_user_hz: 0.4),
            tokens: (prompt_tokens: Uniform(low: 20, high: 300),
                     output_tokens: Uniform(low: 1, high: 60)){more}),
          policies: [{policies}])"
    );
    let study = Study::from_ron(&text).unwrap_or_else(|error| panic!("{error}"));
    let experiment = study.experiment().unwrap_or_else(|error| panic!("{error}"));
    let point = experiment.points().next().expect("one point");
    (0..point.policies.len())
        .map(|policy| {
            let mut queries = Vec::new();
            experiment
                .replay(0, policy, 0, None, &mut queries)
                .expect("it runs");
            queries
        })
        .collect()
}

fn share(queries: &[CompletedQuery], is: impl Fn(&CompletedQuery) -> bool) -> (f64, f64) {
    let share = queries.iter().filter(|query| is(query)).count() as f64 / queries.len() as f64;
    let deviation = (share * (1.0 - share) / queries.len() as f64).sqrt();
    (share, deviation)
}

/// A tier passes on beta of its answers: beta at the edge or behind it, beta squared in the
/// cloud; each sends its prompt once over the uplink, and once more over the backhaul.
#[test]
fn a_cascade_passes_on_beta_of_its_answers() {
    let beta = 0.3;
    let queries = study("RecServe(beta: 0.3, to_cloud: true)", "").remove(0);
    assert!(queries.len() > 800);
    let (up, deviation) = share(&queries, |q| q.answered_by != Tier::Device);
    assert!((up - beta).abs() < 4.0 * deviation, "{up}");
    let (cloud, deviation) = share(&queries, |q| q.answered_by == Tier::Cloud);
    assert!(
        (cloud - beta * beta).abs() < 4.0 * deviation + 0.01,
        "{cloud}"
    );
    for query in &queries {
        let bits = query.query.bits.0;
        let tokens = query.query.tokens.expect("it has tokens");
        let sent = [query.traffic.up.0, query.traffic.backhaul.0];
        let expected = match query.answered_by {
            Tier::Device => [0.0, 0.0],
            Tier::Edge => [bits, 0.0],
            Tier::Cloud => [bits, bits + 32.0 * tokens.answer as f64],
        };
        assert_eq!(sent, expected);
        // A judged answer is shown when it is complete.
        let first = query.first_token.expect("it has tokens");
        let end = query.arrived + query.stages.total();
        assert!((first.0 - end.0).abs() < 1e-9 || query.answered_by == Tier::Device);
        assert_eq!(
            query.choice == Choice::Local,
            query.answered_by == Tier::Device
        );
    }
}

#[test]
fn a_race_takes_the_first_good_answer_and_leaves_nothing_behind() {
    // Answers come back late, so that devices may be first.
    let all = study_at(300.0, "Race(tau: 0.5), EdgeAll, LocalAll", "");
    let (mut by_device, mut by_edge) = (0, 0);
    for query in &all[0] {
        match query.answered_by {
            Tier::Device => {
                by_device += 1;
                assert!(query.query.uncertainty <= 0.5);
                assert_eq!(query.correct(), query.query.slm_correct);
                assert_eq!(query.stages[Stage::Decode].0, 0.0);
            }
            _ => {
                by_edge += 1;
                assert_eq!(query.correct(), query.query.llm_correct);
                assert_eq!(query.stages[Stage::LocalCompute].0, 0.0);
            }
        }
    }
    assert!(by_device > 30 && by_edge > 100, "{by_device} {by_edge}");
    // Whoever loses has worked, too.
    let work = |queries: &[CompletedQuery]| {
        let device: f64 = queries.iter().map(|q| q.device_work.0).sum();
        let edge: f64 = queries.iter().map(|q| q.edge_work.0).sum();
        (device, edge)
    };
    let (race, local) = (work(&all[0]), work(&all[2]));
    assert!(race.0 > 0.5 * local.0 && race.1 > 0.0);
}

#[test]
fn hybrids_keep_the_tokens_below_their_threshold() {
    for threshold in [0.43, 0.073] {
        let policy = format!("Uhlm(threshold: {threshold})");
        let queries = study(&policy, "").remove(0);
        let sum =
            |of: fn(&CompletedQuery) -> u32| queries.iter().map(|q| of(q) as f64).sum::<f64>();
        let kept = sum(|q| q.traffic.kept);
        let decided = kept + sum(|q| q.traffic.drafted);
        let found = kept / decided;
        let deviation = (threshold * (1.0 - threshold) / decided).sqrt();
        assert!((found - threshold).abs() < 4.0 * deviation, "{found}");
        for query in &queries {
            let tokens = query.query.tokens.expect("it has tokens");
            let out = query.traffic.kept + query.traffic.accepted;
            assert!(u64::from(out) <= tokens.answer);
            assert!(u64::from(out + query.traffic.rounds) >= tokens.answer);
            let first = query.first_token.expect("it has tokens");
            let end = query.arrived + query.stages.total();
            assert!(first > query.arrived && first.0 <= end.0 + 1e-9);
        }
    }
}

/// The best length is at least as good as lengths that are fixed, but for what it costs to
/// find it.
#[test]
fn the_best_draft_is_found_while_running() {
    let all = study(
        "SpecDecode(gamma: 1), SpecDecode(gamma: 32), SpecDecode()",
        "",
    );
    let mean = |queries: &Vec<CompletedQuery>| {
        queries.iter().map(|q| q.stages.total().0).sum::<f64>() / queries.len() as f64
    };
    let [short, long, best] = [mean(&all[0]), mean(&all[1]), mean(&all[2])];
    assert!(best < 1.05 * short.min(long), "{short} {long} {best}");
}

#[test]
fn the_cloud_answers_when_servers_have_no_room() {
    let all = study("EdgeFirst, CloudOnly", "");
    let (cloud, _) = share(&all[1], |q| q.answered_by == Tier::Cloud);
    assert_eq!(cloud, 1.0);
    for query in &all[1] {
        // Twice the default latency of 20 ms, and the messages.
        let backhaul = query.stages[Stage::Backhaul].as_ms();
        assert!((40.0..40.2).contains(&backhaul), "{backhaul}");
    }
    let (right, deviation) = share(&all[1], CompletedQuery::correct);
    assert!((right - 0.95).abs() < 4.0 * deviation);
    let (passed_on, _) = share(&all[0], |q| q.answered_by == Tier::Cloud);
    assert!(passed_on < 1.0);
}

/// Queries that are given up at their deadline in the middle of a plan leave everywhere.
#[test]
fn queries_given_up_leave_nothing_behind() {
    let policies = "Race(tau: 0.5), RecServe(beta: 0.5, to_cloud: true), SpecDecode(gamma: 4),
        Uhlm(threshold: 0.4), CloudOnly";
    for queries in study(policies, ", deadline: (after_ms: 300, drop: true)") {
        let (dropped, _) = share(&queries, |q| q.dropped);
        assert!(dropped > 0.02 && dropped < 1.0, "{dropped}");
        for query in &queries {
            assert!(query.stages.total().as_ms() < 300.0 + 1e-6);
        }
    }
}

/// A policy that was written before there were plans.
struct Before;

impl Policy for Before {
    fn decide(
        &mut self,
        view: &edgelm::snapshot::View<'_>,
    ) -> Result<edgelm::snapshot::Decision, edgelm::policy::PolicyError> {
        Ok(edgelm::snapshot::Decision::all_local(view.queries.len()))
    }
}

#[test]
fn policies_without_plans_still_work() {
    let text = "(users: (count: 5), replications: 2, policies: [EdgeAll])";
    let study = Study::from_ron(text)
        .expect("valid")
        .policy("Before", || Before);
    let results = study.run().expect("it runs");
    let point = results.point(None).expect("one point");
    assert!(point.accuracy("Before").is_ok());
}

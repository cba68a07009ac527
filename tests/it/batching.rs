//! Servers that batch: worked examples, and lockstep with a reference that counts every
//! token of every request.

use edgelm::llm::{Order, ServerSpec, StepLaw};
use edgelm::station::batching::{Event, ReferenceServer, Request, Server};
use edgelm::station::stage::Stage;
use edgelm::units::Seconds;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn spec(law: StepLaw) -> ServerSpec {
    ServerSpec {
        law,
        request: Seconds(0.0),
        max_running: 8,
        token_budget: 64,
        block_tokens: 16,
        kv_blocks: 10_000,
        max_model_len: u64::MAX,
        order: Order::Fcfs,
    }
}

fn affine() -> StepLaw {
    StepLaw::affine(0.005, 1e-4, 1e-7)
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Outcome {
    first_s: f64,
    end_s: f64,
    preemptions: u64,
}

/// Arrivals and cancellations, which are true, by time: when, and whose.
fn in_order(
    requests: &[(f64, u64, u64, f64)],
    cancelled: &BTreeMap<usize, f64>,
) -> Vec<(f64, bool, usize)> {
    let mut happenings: Vec<(f64, bool, usize)> = requests
        .iter()
        .enumerate()
        .map(|(job, request)| (request.0, false, job))
        .chain(cancelled.iter().map(|(&job, &at)| (at, true, job)))
        .collect();
    happenings.sort_by(|a, b| a.0.total_cmp(&b.0));
    happenings
}

/// Runs requests (arrival, prompt, answer, rank), the requests named in `cancelled` being
/// taken away at a time of their own, and checks blocks and stages on the way.
fn run(
    spec: &ServerSpec,
    requests: &[(f64, u64, u64, f64)],
    cancelled: &BTreeMap<usize, f64>,
) -> (Vec<Outcome>, u64) {
    let mut server = Server::new(spec);
    let mut outcomes = vec![Outcome::default(); requests.len()];
    let mut happenings = in_order(requests, cancelled).into_iter().peekable();
    let (mut events, mut advances) = (Vec::new(), 0);
    loop {
        let next = server.next_event();
        let (now, happening) = match (happenings.peek(), next) {
            (Some(&(at, ..)), Some(next)) if at <= next.0 => (at, happenings.next()),
            (Some(&(at, ..)), None) => (at, happenings.next()),
            (_, Some(next)) => (next.0, None),
            (None, None) => break,
        };
        let check_stages = |job: usize, visit: edgelm::station::Visit| {
            let spent = visit.stages.total().0;
            let arrived = requests[job].0;
            assert!(
                (spent - (now - arrived)).abs() < 1e-12 * now.max(1.0),
                "{visit:?}"
            );
        };
        match happening {
            Some((_, false, job)) => {
                let (_, prompt, answer, rank) = requests[job];
                let request = Request {
                    rank,
                    ..Request::new(prompt, answer)
                };
                assert!(server.fits(&request));
                server.arrive(Seconds(now), job, request);
            }
            Some((_, true, job)) if outcomes[job].end_s == 0.0 => {
                outcomes[job].end_s = now;
                check_stages(job, server.cancel(Seconds(now), job));
            }
            Some(_) => {}
            None => {
                advances += 1;
                server.advance(Seconds(now), &mut events);
                for event in events.drain(..) {
                    match event {
                        Event::FirstToken { job } => outcomes[job].first_s = now,
                        Event::Preempted { job } => outcomes[job].preemptions += 1,
                        Event::Done { job, visit } => {
                            outcomes[job].end_s = now;
                            check_stages(job, visit);
                            let decode = now - outcomes[job].first_s;
                            let preempted = visit.stages[Stage::Preempted].0;
                            assert!(visit.stages[Stage::Decode].0 <= decode + 1e-9);
                            assert_eq!(preempted > 0.0, outcomes[job].preemptions > 0);
                        }
                    }
                }
            }
        }
        assert_eq!(server.blocks_in_use(), server.blocks_by_request());
        assert!(server.blocks_in_use() <= spec.kv_blocks);
    }
    assert_eq!(
        (server.running(), server.waiting(), server.blocks_in_use()),
        (0, 0, 0)
    );
    (outcomes, advances)
}

/// The same by the reference.
fn run_reference(
    spec: &ServerSpec,
    requests: &[(f64, u64, u64, f64)],
    cancelled: &BTreeMap<usize, f64>,
) -> Vec<Outcome> {
    let mut server = ReferenceServer::new(spec);
    let mut outcomes = vec![Outcome::default(); requests.len()];
    let mut happenings = in_order(requests, cancelled).into_iter().peekable();
    loop {
        let next = server.step_ends();
        let now = match (happenings.peek(), next) {
            (Some(&(at, ..)), Some(next)) => at.min(next.0),
            (Some(&(at, ..)), None) => at,
            (None, Some(next)) => next.0,
            (None, None) => break,
        };
        while let Some((_, cancels, job)) = happenings.next_if(|one| one.0 == now) {
            if !cancels {
                let (_, prompt, answer, rank) = requests[job];
                server.arrive(
                    job,
                    Request {
                        rank,
                        ..Request::new(prompt, answer)
                    },
                );
            } else if outcomes[job].end_s == 0.0 {
                outcomes[job].end_s = now;
                server.cancel(job);
            }
        }
        if next == Some(Seconds(now)) {
            for (job, first, preemptions) in server.end_step(Seconds(now)) {
                outcomes[job] = Outcome {
                    first_s: first.0,
                    end_s: now,
                    preemptions,
                };
            }
        }
        assert!(server.blocks() <= spec.kv_blocks);
        server.begin_step(Seconds(now));
    }
    outcomes
}

fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 5e-8, "{found} {expected}");
}

#[test]
fn a_request_alone_takes_its_chunks_and_its_steps() {
    let (found, events) = run(&spec(affine()), &[(0.0, 150, 4, 0.0)], &BTreeMap::new());
    assert_close(found[0].first_s, 0.0300);
    assert_close(found[0].end_s, 0.0453456);
    // Three chunks, and the other three tokens at once: a decision and an end each.
    assert_eq!(events, 8);
}

#[test]
fn requests_that_arrive_together_share_their_steps() {
    let requests = [(0.0, 20, 2, 0.0), (0.0, 30, 2, 0.0)];
    let (found, _) = run(&spec(affine()), &requests, &BTreeMap::new());
    for outcome in found {
        assert_close(outcome.first_s, 0.0100);
        assert_close(outcome.end_s, 0.0152052);
    }
}

#[test]
fn the_third_waits_for_one_of_two_seats() {
    let two_seats = ServerSpec {
        max_running: 2,
        ..spec(affine())
    };
    let requests = [(0.0, 10, 2, 0.0), (0.0, 10, 5, 0.0), (0.0, 10, 1, 0.0)];
    let (found, _) = run(&two_seats, &requests, &BTreeMap::new());
    let ends = [0.0122022, 0.0285061, 0.0183034];
    for (outcome, end) in found.iter().zip(ends) {
        assert_close(outcome.end_s, end);
    }
}

#[test]
fn a_prompt_in_chunks_delays_those_that_decode() {
    let requests = [(0.0, 100, 10, 0.0), (0.012, 70, 3, 0.0)];
    let (found, _) = run(&spec(affine()), &requests, &BTreeMap::new());
    assert_close(found[0].first_s, 0.0200);
    assert_close(found[1].first_s, 0.0372203);
    assert_close(found[0].end_s, 0.0732088);
    assert_close(found[1].end_s, 0.0476553);
}

#[test]
fn for_want_of_memory_the_second_is_put_back_once() {
    let five_blocks = ServerSpec {
        kv_blocks: 5,
        max_model_len: u64::MAX,
        ..spec(affine())
    };
    let requests = [(0.0, 16, 40, 0.0), (0.0, 16, 40, 0.0)];
    let (found, _) = run(&five_blocks, &requests, &BTreeMap::new());
    assert_close(found[0].end_s, 0.2088796);
    assert_close(found[1].end_s, 0.3294775);
    assert_eq!([found[0].preemptions, found[1].preemptions], [0, 1]);
}

#[test]
fn a_batch_that_decodes_puts_out_n_tokens_a_step() {
    let law = affine();
    let requests = vec![(0.0, 4, 401, 0.0); 8];
    let (found, events) = run(&spec(law), &requests, &BTreeMap::new());
    let steps = law.decode_time(400, 8, 8.0 * 5.0);
    for outcome in found {
        assert!(((outcome.end_s - outcome.first_s) / steps.0 - 1.0).abs() < 1e-12);
    }
    assert!(events <= 4, "many tokens, few events: {events}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn servers_follow_their_reference(
        requests in prop::collection::vec(
            (0u32..400, 1u64..60, 1u64..50, 0u32..3, prop::option::weighted(0.25, 0u32..3000)),
            1..24,
        ),
        blocks in 0u64..30,
        block_tokens in 1u64..9,
        seats in 1usize..9,
        budget in 9u64..50,
        by_rank in any::<bool>(),
    ) {
        let most = requests.iter().map(|r| (r.1 + r.2).div_ceil(block_tokens)).max();
        let spec = ServerSpec {
            law: StepLaw::affine(0.005, 1e-4, 1e-6),
            request: Seconds(0.0),
            max_running: seats,
            token_budget: budget,
            block_tokens,
            kv_blocks: most.unwrap_or(1) + blocks,
            max_model_len: u64::MAX,
            order: Order::Fcfs,
        };
        let mut cancelled = BTreeMap::new();
        let mut arrivals = Vec::new();
        for (job, &(at, prompt, answer, rank, cancel)) in requests.iter().enumerate() {
            let at = f64::from(at) * 1.3e-3;
            let rank = if by_rank { f64::from(rank) } else { 0.0 };
            arrivals.push((at, prompt, answer, rank));
            if let Some(later) = cancel {
                cancelled.insert(job, at + f64::from(later) * 1.01e-4);
            }
        }
        let (found, _) = run(&spec, &arrivals, &cancelled);
        let expected = run_reference(&spec, &arrivals, &cancelled);
        for (job, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let end = (found.end_s / expected.end_s - 1.0).abs();
            prop_assert!(end < 1e-12, "{job}: {found:?} {expected:?}");
            if !cancelled.contains_key(&job) {
                let first = (found.first_s / expected.first_s - 1.0).abs();
                prop_assert!(first < 1e-12, "{job}: {found:?} {expected:?}");
                prop_assert_eq!(found.preemptions, expected.preemptions);
            }
        }
    }
}

//! Requests that come back to a server that has kept their contexts: lockstep with the
//! reference that counts every token.

use edgelm::llm::{Order, ServerSpec, StepLaw};
use edgelm::station::batching::{Event, ReferenceServer, Request, Server};
use edgelm::units::Seconds;
use proptest::prelude::*;

/// A visit: how long after the one before, how many tokens it adds, and how many of those
/// that were computed before are not valid any more.
type Round = (u32, u64, u64);

/// A query of several visits, the first of them its prompt.
#[derive(Debug, Clone)]
struct Query {
    arrives_s: f64,
    prompt: u64,
    rounds: Vec<Round>,
    leaves_after: Option<f64>,
}

impl Query {
    fn visits(&self) -> usize {
        1 + self.rounds.len()
    }

    /// What a visit asks for.
    fn request(&self, visit: usize) -> Request {
        let (mut prompt, mut context) = (self.prompt, 0);
        for &(_, new, dropped) in &self.rounds[..visit] {
            context = prompt - dropped.min(prompt - 1);
            prompt = context + new;
        }
        Request {
            context,
            keeps: visit + 1 < self.visits(),
            ..Request::new(prompt, 1)
        }
    }

    fn think_s(&self, visit: usize) -> f64 {
        f64::from(self.rounds[visit].0) * 1.37e-4 + 1e-5
    }
}

/// What both servers can.
trait Batching {
    fn arrive(&mut self, now: f64, job: usize, request: Request);
    fn leave(&mut self, now: f64, job: usize);
    fn next(&self) -> Option<f64>;
    /// What is announced for `now` happens: who is done.
    fn happen(&mut self, now: f64) -> Vec<usize>;
    /// Everything of `now` has happened.
    fn settle(&mut self, now: f64);
    fn blocks(&self) -> u64;
}

impl Batching for Server {
    fn arrive(&mut self, now: f64, job: usize, request: Request) {
        Server::arrive(self, Seconds(now), job, request);
    }
    fn leave(&mut self, now: f64, job: usize) {
        self.cancel(Seconds(now), job);
        self.forget(Seconds(now), job);
    }
    fn next(&self) -> Option<f64> {
        self.next_event().map(|at| at.0)
    }
    fn happen(&mut self, now: f64) -> Vec<usize> {
        let mut events = Vec::new();
        self.advance(Seconds(now), &mut events);
        let done = events.into_iter().filter_map(|event| match event {
            Event::Done { job, .. } => Some(job),
            _ => None,
        });
        done.collect()
    }
    fn settle(&mut self, _now: f64) {
        assert_eq!(self.blocks_in_use(), self.blocks_by_request());
    }
    fn blocks(&self) -> u64 {
        self.blocks_in_use()
    }
}

impl Batching for ReferenceServer {
    fn arrive(&mut self, _now: f64, job: usize, request: Request) {
        ReferenceServer::arrive(self, job, request);
    }
    fn leave(&mut self, _now: f64, job: usize) {
        self.cancel(job);
        self.forget(job);
    }
    fn next(&self) -> Option<f64> {
        self.step_ends().map(|at| at.0)
    }
    fn happen(&mut self, now: f64) -> Vec<usize> {
        let done = self.end_step(Seconds(now));
        done.into_iter().map(|(job, ..)| job).collect()
    }
    fn settle(&mut self, now: f64) {
        self.begin_step(Seconds(now));
    }
    fn blocks(&self) -> u64 {
        ReferenceServer::blocks(self)
    }
}

/// When each visit ends; no number for those that were not completed.
fn run(server: &mut dyn Batching, blocks: u64, queries: &[Query]) -> Vec<Vec<f64>> {
    let mut ends: Vec<Vec<f64>> = vec![Vec::new(); queries.len()];
    // When a visit begins, and when its query leaves early.
    let mut begins: Vec<Option<f64>> = queries.iter().map(|q| Some(q.arrives_s)).collect();
    let mut leaves: Vec<Option<f64>> = queries
        .iter()
        .map(|q| q.leaves_after.map(|after| q.arrives_s + after))
        .collect();
    let earliest = |times: &[Option<f64>]| times.iter().flatten().copied().min_by(f64::total_cmp);
    loop {
        let next = [earliest(&begins), earliest(&leaves), server.next()];
        let Some(now) = earliest(&next) else {
            break;
        };
        for job in 0..queries.len() {
            if leaves[job] == Some(now) {
                leaves[job] = None;
                begins[job] = None;
                server.leave(now, job);
            }
        }
        for job in 0..queries.len() {
            if begins[job] == Some(now) {
                begins[job] = None;
                server.arrive(now, job, queries[job].request(ends[job].len()));
            }
        }
        if server.next() == Some(now) {
            for job in server.happen(now) {
                ends[job].push(now);
                let visit = ends[job].len();
                if visit < queries[job].visits() {
                    begins[job] = Some(now + queries[job].think_s(visit - 1));
                } else {
                    leaves[job] = None;
                }
            }
        }
        server.settle(now);
        assert!(server.blocks() <= blocks);
    }
    assert_eq!(server.blocks(), 0);
    ends
}

#[test]
fn what_is_kept_is_not_computed_again() {
    let spec = ServerSpec {
        law: StepLaw::affine(0.005, 1e-4, 0.0),
        request: Seconds(0.0),
        max_running: 8,
        token_budget: 64,
        block_tokens: 16,
        kv_blocks: 100,
        max_model_len: u64::MAX,
        order: Order::Fcfs,
    };
    let query = Query {
        arrives_s: 0.0,
        prompt: 50,
        rounds: vec![(0, 5, 0), (0, 5, 3)],
        leaves_after: None,
    };
    let ends = run(&mut Server::new(&spec), 100, std::slice::from_ref(&query)).remove(0);
    let took = |visit: usize| ends[visit] - ends[visit - 1] - query.think_s(visit - 1);
    assert!((ends[0] - 0.010).abs() < 1e-12);
    // 5 ms and five tokens each, whatever precedes them.
    assert!((took(1) - 0.0055).abs() < 1e-12, "{ends:?}");
    assert!((took(2) - 0.0055).abs() < 1e-12, "{ends:?}");
}

#[test]
fn what_is_kept_gives_way_to_those_that_need_it() {
    let spec = ServerSpec {
        law: StepLaw::affine(0.005, 1e-4, 0.0),
        request: Seconds(0.0),
        max_running: 8,
        token_budget: 64,
        block_tokens: 16,
        kv_blocks: 4,
        max_model_len: u64::MAX,
        order: Order::Fcfs,
    };
    let first = Query {
        arrives_s: 0.0,
        prompt: 40,
        rounds: vec![(1000, 5, 0)],
        leaves_after: None,
    };
    let second = Query {
        arrives_s: 0.02,
        prompt: 40,
        rounds: vec![],
        leaves_after: None,
    };
    let queries = [first.clone(), second];
    let ends = run(&mut Server::new(&spec), 4, &queries);
    let took = ends[0][1] - ends[0][0] - first.think_s(0);
    // All 45 tokens anew.
    assert!((took - 0.0095).abs() < 1e-12, "{ends:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn servers_that_keep_contexts_follow_their_reference(
        queries in prop::collection::vec(
            (
                0u32..200,
                1u64..40,
                prop::collection::vec((0u32..120, 1u64..9, 0u64..6), 0..6),
                prop::option::weighted(0.25, 0u32..2000),
            ),
            1..16,
        ),
        blocks in 0u64..12,
        block_tokens in 1u64..9,
        seats in 1usize..7,
        budget in 7u64..40,
    ) {
        let queries: Vec<Query> = queries
            .into_iter()
            .enumerate()
            .map(|(job, (at, prompt, rounds, leaves))| Query {
                arrives_s: f64::from(at) * 1.3e-3 + job as f64 * 1e-7,
                prompt,
                rounds,
                leaves_after: leaves.map(|after| f64::from(after) * 1.01e-4 + 3e-6),
            })
            .collect();
        let longest = queries.iter().flat_map(|query| {
            (0..query.visits()).map(|visit| query.request(visit).prompt + 1)
        });
        let most = longest.max().unwrap_or(1).div_ceil(block_tokens) + blocks;
        let spec = ServerSpec {
            law: StepLaw::affine(0.005, 1e-4, 1e-6),
            request: Seconds(0.0),
            max_running: seats,
            token_budget: budget,
            block_tokens,
            kv_blocks: most,
            max_model_len: u64::MAX,
            order: Order::Fcfs,
        };
        let found = run(&mut Server::new(&spec), most, &queries);
        let expected = run(&mut ReferenceServer::new(&spec), most, &queries);
        for (found, expected) in found.iter().zip(&expected) {
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                prop_assert!((found / expected - 1.0).abs() < 1e-12, "{} {}", found, expected);
            }
        }
    }
}

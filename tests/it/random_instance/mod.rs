//! Random snapshots for property tests.

use edgelm::llm::{Order, ServerSpec, StepLaw};
use edgelm::physics::allocation::{Allocation, Allocations};
use edgelm::physics::gains::GainTable;
use edgelm::physics::radio::Interference;
use edgelm::snapshot::{BatchState, ExpectedTokens, ServerState, View, WaitingQuery};
use edgelm::units::{Bits, Flop, FlopPerSecond, Hertz, Seconds, Watts};
use edgelm::world::streams::{Stream, StreamKey};
use rand::RngExt;

/// Shares that are not equal, of bandwidth, of compute and of both.
pub const UNEQUAL: [Allocations; 4] = [
    Allocations {
        bandwidth: Allocation::SquareRoot,
        compute: Allocation::SquareRoot,
    },
    Allocations {
        bandwidth: Allocation::WeightedSquareRoot,
        compute: Allocation::WeightedSquareRoot,
    },
    Allocations {
        bandwidth: Allocation::AlphaFair(8.0),
        compute: Allocation::Equal,
    },
    Allocations {
        bandwidth: Allocation::Equal,
        compute: Allocation::AlphaFair(1.5),
    },
];

pub struct Instance {
    pub queries: Vec<WaitingQuery>,
    pub servers: Vec<ServerState>,
    pub gains: Vec<f64>,
    pub interference: Interference,
    pub allocations: Allocations,
}

impl Instance {
    /// A random instance. With `levels`, every quantity takes one of that many
    /// values only, so that gaps tie again and again.
    pub fn draw(n: usize, m: usize, levels: Option<u32>, loaded: bool, seed: u64) -> Self {
        let mut rng = StreamKey::root(seed).stream();
        fn pick(rng: &mut Stream, levels: Option<u32>, low: f64, high: f64) -> f64 {
            let u: f64 = match levels {
                Some(levels) => f64::from(rng.random_range(0..levels)) / f64::from(levels),
                None => rng.random(),
            };
            low + (high - low) * u
        }
        let queries = (0..n)
            .map(|user| WaitingQuery {
                user,
                uncertainty: pick(&mut rng, levels, 0.0, 1.0),
                bits: Bits(pick(&mut rng, levels, 500.0, 3000.0)),
                slm_work: Flop(2.6e9),
                llm_work: Flop(pick(&mut rng, levels, 5e9, 3e10)),
                tokens: None,
                local_time: None,
                local_capacity: FlopPerSecond(pick(&mut rng, levels, 45e9, 136e9)),
                local_backlog: Seconds(if loaded {
                    pick(&mut rng, levels, 0.0, 0.05)
                } else {
                    0.0
                }),
                position: None,
                truth: None,
            })
            .collect();
        let servers = (0..m)
            .map(|_| ServerState {
                capacity: FlopPerSecond(pick(&mut rng, levels, 9e12, 21e12)),
                max_per_user: FlopPerSecond(1.513e12),
                bandwidth: Hertz(1e8),
                noise: Watts(4e-13),
                connected: if loaded { rng.random_range(0..20) } else { 0 },
                from_others: Watts(if loaded { 1e-11 } else { 0.0 }),
                from_own: Watts(if loaded { 3e-10 } else { 0.0 }),
                batching: None,
                latency: Seconds(if loaded { 4e-3 } else { 0.0 }),
                position: None,
            })
            .collect();
        let gains = (0..n * m)
            .map(|_| 10f64.powf(-pick(&mut rng, levels, 7.0, 11.0)))
            .collect();
        let interference = [
            Interference::CoChannel,
            Interference::AsPrinted,
            Interference::Orthogonal,
        ][rng.random_range(0..3)];
        Self {
            queries,
            servers,
            gains,
            interference,
            allocations: Allocations::default(),
        }
    }

    /// The same queries as tokens, at servers that batch.
    pub fn batching(mut self, seed: u64) -> Self {
        let mut rng = StreamKey::root(seed).named("batching").stream();
        for query in &mut self.queries {
            query.tokens = Some(ExpectedTokens {
                prompt: f64::from(rng.random_range(1..600)),
                answer: f64::from(rng.random_range(1..200)),
            });
            query.local_time = Some(Seconds(rng.random_range(0.1..8.0)));
        }
        for server in &mut self.servers {
            let connected = server.connected as f64;
            server.batching = Some(BatchState {
                spec: ServerSpec {
                    law: StepLaw::affine(7.6e-3, 6.3e-5, 1.2e-8).with_per_member(1e-4),
                    request: Seconds(0.0),
                    max_running: rng.random_range(1..24),
                    token_budget: 2048,
                    block_tokens: 16,
                    kv_blocks: 10_000,
                    max_model_len: u64::MAX,
                    order: Order::Fcfs,
                },
                running: server.connected,
                waiting: 0,
                memory_in_use: 0.1,
                prompt_tokens: 50.0 * connected,
                context_tokens: 400.0 * connected,
                answer_tokens: 100.0 * connected,
            });
        }
        self
    }

    pub fn view(&self) -> View<'_> {
        View {
            now: Seconds(0.0),
            queries: &self.queries,
            servers: &self.servers,
            gains: GainTable::full(&self.gains),
            tx_power: Watts(0.2),
            interference: self.interference,
            allocations: self.allocations,
            key: StreamKey::root(9),
        }
    }
}

//! A policy's view of one query as numbers of similar size: what the Python environments show
//! a learner, and what a learned policy decides by.

use crate::snapshot::{BatchState, ExpectedTokens, Load, View};

/// Names of the features of a query, before those of each server.
pub const QUERY_FEATURES: [&str; 8] = [
    "waits",
    "uncertainty",
    "query_kbit",
    "slm_gflop",
    "llm_gflop",
    "local_delay_ms",
    "local_backlog_ms",
    "queries_left",
];

/// Names of the features of each server, as seen by the query.
pub const SERVER_FEATURES: [&str; 4] = ["edge_delay_ms", "gain_db", "connected", "capacity_tflops"];

/// Of a query whose servers batch, behind its other features.
pub const TOKEN_FEATURES: [&str; 2] = ["prompt_tokens", "answer_tokens"];

/// Of each server that batches, behind its other features.
pub const BATCH_FEATURES: [&str; 4] = [
    "running",
    "waiting",
    "memory_in_use",
    "prompt_backlog_tokens",
];

/// What stands for a delay or a loss without bound.
const LARGE: f64 = 1e6;

/// Which features there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How many servers there are.
    pub servers: usize,
    /// Whether they batch.
    pub batches: bool,
}

impl Shape {
    /// That of a snapshot.
    pub fn of(view: &View<'_>) -> Self {
        Self {
            servers: view.servers.len(),
            batches: view.servers.iter().any(|server| server.batching.is_some()),
        }
    }

    /// How many features a query has.
    pub fn width(self) -> usize {
        self.of_query().count() + self.servers * self.of_server().count()
    }

    /// Their names.
    pub fn names(self) -> Vec<String> {
        let of_servers = (0..self.servers).flat_map(|server| {
            let names = self.of_server();
            names.map(move |name| format!("server_{server}_{name}"))
        });
        let of_query = self.of_query().map(str::to_owned);
        of_query.chain(of_servers).collect()
    }

    fn of_query(self) -> impl Iterator<Item = &'static str> {
        QUERY_FEATURES
            .into_iter()
            .chain(self.batching(TOKEN_FEATURES))
    }

    fn of_server(self) -> impl Iterator<Item = &'static str> {
        SERVER_FEATURES
            .into_iter()
            .chain(self.batching(BATCH_FEATURES))
    }

    fn batching<const N: usize>(
        self,
        names: [&'static str; N],
    ) -> impl Iterator<Item = &'static str> {
        names.into_iter().filter(move |_| self.batches)
    }
}

/// Writes the features of waiting query `query`, given the load of those placed so far.
pub fn write(row: &mut [f32], load: &Load<'_>, query: usize) {
    let view = load.view();
    let waiting = &view.queries[query];
    let shape = Shape::of(view);
    let of_tokens = |tokens: ExpectedTokens| [tokens.prompt, tokens.answer];
    let tokens = shape
        .batches
        .then(|| waiting.tokens.map_or([0.0; 2], of_tokens));
    let features = [
        1.0,
        waiting.uncertainty,
        waiting.bits.0 * 1e-3,
        waiting.slm_work.0 * 1e-9,
        waiting.llm_work.0 * 1e-9,
        view.local_delay(query).as_ms(),
        waiting.local_backlog.as_ms(),
        (view.queries.len() - query) as f64,
    ];
    let of_batch = |state: BatchState| {
        [
            state.running as f64,
            state.waiting as f64,
            state.memory_in_use,
            state.prompt_tokens,
        ]
    };
    let of_servers = view.servers.iter().enumerate().flat_map(|(j, server)| {
        let features = [
            load.edge_delay(query, j).as_ms(),
            10.0 * view.gain(query, j).log10(),
            load.connected(j) as f64,
            server.capacity.0 * 1e-12,
        ];
        let of_batch = server.batching.map(of_batch);
        features.into_iter().chain(of_batch.into_iter().flatten())
    });
    let of_query = features.into_iter().chain(tokens.into_iter().flatten());
    for (place, value) in row.iter_mut().zip(of_query.chain(of_servers)) {
        *place = value.clamp(-LARGE, LARGE) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_batch_have_features_of_their_own() {
        let shape = |batches| Shape {
            servers: 2,
            batches,
        };
        assert_eq!(shape(false).width(), 8 + 2 * 4);
        assert_eq!(shape(true).width(), 10 + 2 * 8);
        let names = shape(true).names();
        assert_eq!(names.len(), shape(true).width());
        assert_eq!(
            &names[8..11],
            ["prompt_tokens", "answer_tokens", "server_0_edge_delay_ms"]
        );
        assert_eq!(names[25], "server_1_prompt_backlog_tokens");
    }
}

//! A policy's view of one query as numbers of similar size: what the Python environments show
//! a learner, and what a learned policy decides by.

use crate::snapshot::Load;

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

/// What stands for a delay or a loss without bound.
const LARGE: f64 = 1e6;

/// How many features a query has before so many servers.
pub fn width(servers: usize) -> usize {
    QUERY_FEATURES.len() + servers * SERVER_FEATURES.len()
}

/// Their names.
pub fn names(servers: usize) -> Vec<String> {
    let of_query = QUERY_FEATURES.iter().map(|name| (*name).to_owned());
    let of_servers = (0..servers).flat_map(|server| {
        let named = move |name| format!("server_{server}_{name}");
        SERVER_FEATURES.iter().map(named)
    });
    of_query.chain(of_servers).collect()
}

/// Writes the features of waiting query `query`, given the load of those placed so far.
pub fn write(row: &mut [f32], load: &Load<'_>, query: usize) {
    let view = load.view();
    let waiting = &view.queries[query];
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
    let of_servers = view.servers.iter().enumerate().flat_map(|(j, server)| {
        [
            load.edge_delay(query, j).as_ms(),
            10.0 * view.gain(query, j).log10(),
            load.connected(j) as f64,
            server.capacity.0 * 1e-12,
        ]
    });
    for (place, value) in row.iter_mut().zip(features.into_iter().chain(of_servers)) {
        *place = value.clamp(-LARGE, LARGE) as f32;
    }
}

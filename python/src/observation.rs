//! A policy's view as numbers of similar size.

use crate::episode::Snapshot;
use edgelm::snapshot::Load;

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

/// Features of one slot.
pub fn width(servers: usize) -> usize {
    QUERY_FEATURES.len() + servers * SERVER_FEATURES.len()
}

/// Writes the features of waiting query `at`, given the load of those placed so far.
pub fn write(row: &mut [f32], snapshot: &Snapshot, load: &Load<'_>, at: usize) {
    let view = load.view();
    let query = &snapshot.queries[at];
    let features = [
        1.0,
        query.uncertainty,
        query.bits.0 * 1e-3,
        query.slm_work.0 * 1e-9,
        query.llm_work.0 * 1e-9,
        view.local_delay(at).as_ms(),
        query.local_backlog.as_ms(),
        (snapshot.queries.len() - at) as f64,
    ];
    let of_servers = snapshot.servers.iter().enumerate().flat_map(|(j, server)| {
        [
            load.edge_delay(at, j).as_ms(),
            10.0 * view.gain(at, j).log10(),
            load.connected(j) as f64,
            server.capacity.0 * 1e-12,
        ]
    });
    for (place, value) in row.iter_mut().zip(features.into_iter().chain(of_servers)) {
        *place = value.clamp(-LARGE, LARGE) as f32;
    }
}

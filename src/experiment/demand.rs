//! What a run will ask of a machine, estimated before it is run.
//!
//! The figures are what was measured of runs with up to 400,000 users, rounded down: an
//! estimate is to find what cannot work, not to refuse what might.

use super::Experiment;
use super::point::Point;
use crate::world::arrivals::Arrivals;

/// Bytes of a user in a replication under way: place, capacity, query, device, streams.
const USER_BYTES: f64 = 500.0;

/// Bytes of a gain between a user and a server where all are drawn at once.
const GAIN_BYTES: f64 = 12.0;

/// Bytes that are held for each replication of a policy while records lie in a file.
const RECORD_BYTES: f64 = 100.0;

/// Events in the life of a query: it arrives, is decided, sent, computed, answered.
const EVENTS_PER_QUERY: f64 = 4.0;

/// What a run asks for, by its greatest point.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Demand {
    /// Users at the point that needs the most memory.
    pub users: usize,
    /// Its servers.
    pub servers: usize,
    /// Bytes of one replication under way: each thread has one.
    pub replication_bytes: f64,
    /// Bytes held for all records together.
    pub record_bytes: f64,
    /// Events to be simulated, all points, policies and replications together.
    pub events: f64,
}

impl Experiment {
    /// Estimates what the run will ask for.
    pub fn demand(&self) -> Demand {
        let scenario = &self.loaded.scenario;
        let most = scenario.until.as_ref().map(|until| until.max_replications);
        let replications = f64::from(most.unwrap_or(scenario.replications));
        let mut demand = Demand::default();
        for point in &self.points {
            let users = point.scenario.users.count;
            let servers = point.scenario.servers.number();
            let queries = queries(point);
            let runs = replications * point.policies.len() as f64;
            demand.record_bytes += runs * RECORD_BYTES;
            demand.events += runs * queries * EVENTS_PER_QUERY;
            let bytes = users as f64 * USER_BYTES + gains(point) * GAIN_BYTES;
            if bytes > demand.replication_bytes {
                demand.replication_bytes = bytes;
                (demand.users, demand.servers) = (users, servers);
            }
        }
        demand
    }
}

/// Queries of one replication.
fn queries(point: &Point) -> f64 {
    let scenario = &point.scenario;
    let users = scenario.users.count as f64;
    let rate_hz = match scenario.workload.arrivals {
        Arrivals::Batch => return users,
        Arrivals::Trace { .. } => {
            let trace = point.settings.arrivals.trace.as_ref();
            let rows = trace.map_or(0.0, |trace| trace.rows.len() as f64);
            return scenario.run.queries.map_or(rows, |queries| queries as f64);
        }
        Arrivals::Poisson { rate_per_user_hz }
        | Arrivals::Bursty {
            rate_per_user_hz, ..
        }
        | Arrivals::Gamma {
            rate_per_user_hz, ..
        } => users * rate_per_user_hz,
        Arrivals::Periodic { period_s, .. } => users / period_s,
    };
    let within = scenario
        .run
        .duration_s
        .map(|duration_s| duration_s * rate_hz);
    let counted = scenario.run.queries.map(|queries| queries as f64);
    within
        .into_iter()
        .chain(counted)
        .fold(f64::INFINITY, f64::min)
}

/// Gains that are there at once: in a batch those of everybody, later only of those who
/// transmit.
fn gains(point: &Point) -> f64 {
    let scenario = &point.scenario;
    let exact = scenario.channel.interference_tolerance == 0.0;
    match scenario.workload.arrivals {
        Arrivals::Batch if exact => scenario.users.count as f64 * scenario.servers.number() as f64,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Loaded;
    use std::path::Path;

    fn demand(text: &str) -> Demand {
        let loaded = Loaded::from_text(text, Path::new("s.ron"), &[]).unwrap();
        Experiment::new(loaded).unwrap().demand()
    }

    #[test]
    fn a_batch_holds_all_gains_and_a_query_a_user() {
        let found = demand(
            "(replications: 10, users: (count: 1000), policies: [EdgeAll, LocalAll], \
             sweep: (field: \"users.count\", values: [500, 1000]))",
        );
        assert_eq!((found.users, found.servers), (1000, 4));
        assert_eq!(found.replication_bytes, 1000.0 * (500.0 + 4.0 * 12.0));
        assert_eq!(found.events, 2.0 * 10.0 * 1500.0 * 4.0);
        assert_eq!(found.record_bytes, 40.0 * 100.0);
    }

    #[test]
    fn a_run_in_time_ends_with_whichever_comes_first() {
        let with = |run: &str| {
            demand(&format!(
                "(replications: 1, users: (count: 10), policies: [EdgeAll], workload: \
                 (arrivals: Poisson(rate_per_user_hz: 2)), run: ({run}))"
            ))
        };
        assert_eq!(with("duration_s: 100").events, 8000.0);
        assert_eq!(with("duration_s: 100, queries: 50").events, 200.0);
        assert_eq!(with("queries: 50").replication_bytes, 5000.0);
    }
}

//! What the map plays: the queries of one replication of every policy, at the last point.

use crate::engine::{CompletedQuery, Recorder};
use crate::experiment::Experiment;
use crate::snapshot::Choice;
use serde::Serialize;
use std::collections::BTreeMap;

/// Queries of a policy that are shown, at most.
const MOST_QUERIES: usize = 400;

/// Users and servers of a scenario that has a map, at most.
const MOST_USERS: usize = 5_000;
const MOST_SERVERS: usize = 100;

/// The servers of the last point and the queries of its first replication.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scene {
    /// Extent of the area, in metres.
    area_m: [f64; 2],
    /// Where the servers stand, in metres.
    servers_m: Vec<[f64; 2]>,
    /// By policy: the first measured queries, in the order of their arrivals.
    policies: Vec<Vec<Seen>>,
}

/// One query.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Seen {
    /// Where its user stood at the decision, in metres.
    at_m: [f64; 2],
    user: usize,
    /// `None` for its own device.
    server: Option<usize>,
    arrived_s: f64,
    delay_ms: f64,
    uncertainty: f64,
    right: bool,
    dropped: bool,
}

impl Scene {
    /// Simulates the first replication of every policy at the last point once more. `None`
    /// where the world is too large for a map, or a policy is a program, which is not run
    /// just for that.
    pub fn of(experiment: &Experiment) -> Option<Self> {
        let at = experiment.points().len() - 1;
        let scenario = experiment.points().last()?.scenario;
        let is_program = scenario.policies.iter().any(|p| p.program().is_some());
        if is_program
            || scenario.users.count > MOST_USERS
            || scenario.servers.number() > MOST_SERVERS
        {
            return None;
        }
        let world = experiment.world(at, 0);
        let place = |site: &crate::world::Site| [site.position.0, site.position.1];
        let policies = (0..scenario.policies.len()).map(|policy| {
            let mut watch = Watch::default();
            // Stopped as soon as enough is seen; a policy that fails has failed the run.
            let _ = experiment.replay(at, policy, 0, None, &mut watch);
            watch.first()
        });
        Some(Self {
            area_m: [scenario.area.width_m, scenario.area.height_m],
            servers_m: world.sites().iter().map(place).collect(),
            policies: policies.collect(),
        })
    }
}

/// Keeps measured queries by number until the first ones have all left.
#[derive(Debug, Default)]
struct Watch {
    seen: BTreeMap<u64, Seen>,
}

impl Watch {
    /// The first queries, in the order of their arrivals.
    fn first(self) -> Vec<Seen> {
        self.seen.into_values().take(MOST_QUERIES).collect()
    }

    /// Whether the first queries have all left, so that the slow ones are among them.
    fn has_all(&self) -> bool {
        let first = self.seen.keys().next().copied().unwrap_or(0);
        let last = self.seen.keys().nth(MOST_QUERIES - 1);
        last.is_some_and(|last| last - first < MOST_QUERIES as u64)
    }
}

impl Recorder for Watch {
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        let Some(place) = query.circumstances.map(|found| found.position) else {
            return;
        };
        if !measured {
            return;
        }
        let seen = Seen {
            at_m: [place.0, place.1],
            user: query.query.user,
            server: match query.choice {
                Choice::Local => None,
                Choice::Edge(server) => Some(server),
            },
            arrived_s: query.arrived.0,
            delay_ms: query.stages.total().as_ms(),
            uncertainty: query.query.uncertainty,
            right: query.correct(),
            dropped: query.dropped,
        };
        self.seen.insert(query.number, seen);
    }

    fn wants_circumstances(&self) -> bool {
        true
    }

    fn stop_asked(&self) -> bool {
        self.has_all()
    }
}

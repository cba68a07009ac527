//! Rules that choose a server for a query by one criterion, and the policies that
//! send every query, or every uncertain one, by such a rule.

use super::{Policy, PolicyError};
use crate::snapshot::{Choice, Decision, View};
use crate::world::streams::Stream;
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// How a server is chosen for a query. Queries are placed one after another in
/// the order in which they wait, each seeing those before it; of equals the
/// server of the lowest number is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ServerRule {
    /// The server at the least distance. Needs positions.
    NearestServer,
    /// The server to which the channel is best now (fading included).
    #[default]
    StrongestSignal,
    /// The server that would give the query the most compute: the greatest
    /// capacity over the number then connected.
    LeastLoaded,
    /// Of two servers drawn at random, the one with fewer queries connected
    /// (Mitzenmacher, IEEE Trans. Parallel Distrib. Syst. 12, 2001).
    PowerOfTwo,
    /// The server with the fewest queries connected; of equals the one with the
    /// strongest signal.
    JoinShortestQueue,
}

/// Every query goes to a server, chosen by a rule: `NearestServer`,
/// `StrongestSignal`, `LeastLoaded`, `PowerOfTwo`, `JoinShortestQueue`.
#[derive(Debug, Clone, Copy)]
pub struct SendAll {
    /// How the server is chosen.
    pub to: ServerRule,
}

impl Policy for SendAll {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        self.to.send(view, |_| true)
    }
}

/// `Threshold(tau)`: queries more uncertain than tau are offloaded, the others
/// stay; delay plays no part in who leaves.
#[derive(Debug, Clone, Copy)]
pub struct Threshold {
    /// The uncertainty threshold, in 0..=1.
    pub tau: f64,
    /// How the server is chosen.
    pub to: ServerRule,
}

impl Policy for Threshold {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        self.to
            .send(view, |query| view.queries[query].uncertainty > self.tau)
    }
}

impl ServerRule {
    fn send(
        self,
        view: &View<'_>,
        leaves: impl Fn(usize) -> bool,
    ) -> Result<Decision, PolicyError> {
        let mut decision = Decision::all_local(view.queries.len());
        let mut connected: Vec<usize> = view.servers.iter().map(|s| s.connected).collect();
        let mut draws = view.key.named("power-of-two").stream();
        for query in (0..view.queries.len()).filter(|&query| leaves(query)) {
            let servers = 0..view.servers.len();
            let server = match self {
                Self::NearestServer => {
                    let distances = distances(view, query)?;
                    least(servers, |j| distances[j])
                }
                Self::StrongestSignal => least(servers, |j| -view.gains_of(query)[j]),
                Self::LeastLoaded => least(servers, |j| {
                    (connected[j] + 1) as f64 / view.servers[j].capacity.0
                }),
                Self::PowerOfTwo => {
                    let drawn = two_of(view.servers.len(), &mut draws);
                    // Of equals the first drawn: the lowest number would draw more.
                    least(drawn.into_iter(), |j| connected[j] as f64)
                }
                Self::JoinShortestQueue => {
                    let shortest = connected.iter().copied().min().unwrap_or(0);
                    least(servers.filter(|&j| connected[j] == shortest), |j| {
                        -view.gains_of(query)[j]
                    })
                }
            };
            if let Some(server) = server {
                connected[server] += 1;
                decision.choices[query] = Choice::Edge(server);
            }
        }
        Ok(decision)
    }
}

/// Two different numbers below `count` in random order, or what there is.
fn two_of(count: usize, draws: &mut Stream) -> Vec<usize> {
    if count < 2 {
        return (0..count).collect();
    }
    let first = draws.random_range(0..count);
    let second = draws.random_range(0..count - 1);
    vec![first, second + usize::from(second >= first)]
}

/// The first of those of the least value.
fn least(servers: impl Iterator<Item = usize>, value: impl Fn(usize) -> f64) -> Option<usize> {
    servers.min_by(|&a, &b| value(a).total_cmp(&value(b)))
}

fn distances(view: &View<'_>, query: usize) -> Result<Vec<f64>, PolicyError> {
    let unknown = || {
        PolicyError::Failed(
            "NearestServer needs the positions of users and servers, which this snapshot does \
             not have; StrongestSignal does without"
                .to_owned(),
        )
    };
    let user = view.queries[query].position.ok_or_else(unknown)?;
    view.servers
        .iter()
        .map(|server| Ok(user.distance(server.position.ok_or_else(unknown)?).0))
        .collect()
}

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

    fn threshold(&self) -> Option<f64> {
        Some(self.tau)
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
            let links = view.links_of(query);
            let server = match self {
                Self::NearestServer => {
                    let distances = distances(view, query)?;
                    least(distances.into_iter(), |distance| distance)
                }
                Self::StrongestSignal => least(links.iter(), |gain| -gain),
                Self::LeastLoaded => {
                    let load = |j: usize| (connected[j] + 1) as f64 / view.servers[j].capacity.0;
                    least(links.iter().map(|(j, _)| (j, load(j))), |load| load)
                }
                Self::PowerOfTwo => {
                    let drawn = two_of(links.len(), &mut draws).into_iter();
                    let drawn = drawn.map(|place| links.server(place));
                    // Of equals the first drawn: the lowest number would draw more.
                    least(drawn.map(|j| (j, connected[j])), |jobs| jobs as f64)
                }
                Self::JoinShortestQueue => {
                    let jobs = links.iter().map(|(j, _)| connected[j]);
                    let shortest = jobs.min().unwrap_or(0);
                    let shortest = links.iter().filter(|&(j, _)| connected[j] == shortest);
                    least(shortest, |gain| -gain)
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

/// The first of the servers whose number comes with the least value.
fn least<T: Copy>(
    servers: impl Iterator<Item = (usize, T)>,
    value: impl Fn(T) -> f64,
) -> Option<usize> {
    let least = servers.min_by(|a, b| value(a.1).total_cmp(&value(b.1)));
    least.map(|(server, _)| server)
}

/// The servers within reach and how far they are, in metres.
fn distances(view: &View<'_>, query: usize) -> Result<Vec<(usize, f64)>, PolicyError> {
    let unknown = || {
        PolicyError::Failed(
            "NearestServer needs the positions of users and servers, which this snapshot does \
             not have; StrongestSignal does without"
                .to_owned(),
        )
    };
    let user = view.queries[query].position.ok_or_else(unknown)?;
    view.links_of(query)
        .iter()
        .map(|(j, _)| {
            let place = view.servers[j].position.ok_or_else(unknown)?;
            Ok((j, user.distance(place).0))
        })
        .collect()
}

//! Which server each query joins where servers announce prices.

use super::server_rule::{SendAll, ServerRule};
use super::{Policy, PolicyError};
use crate::physics::interference::ReceivedPower;
use crate::physics::radio;
use crate::snapshot::{Choice, Decision, View};
use crate::units::{Seconds, Watts};

/// `PricedAssociation(epsilon_ms)`: every query is sent to a server; prices and square-root
/// shares alternate until no query can lower the sum of all delays by more than epsilon by
/// moving alone.
///
/// With square-root shares n queries that take d_i seconds of a whole capacity each have the
/// sum of delays (sum of sqrt(d_i))^2, so that one that joins adds 2 p s + s^2 where s is
/// its own root and the price p the sum of the roots that are there. A server announces its
/// two prices, of bandwidth and of compute, and nothing else; query after query moves where
/// that sum is least by more than epsilon (Kim, Jang, Choi and Yang, IEEE Transactions on
/// Mobile Computing 23, 2024, by mechanism). Under `interference: Orthogonal` and where C_max
/// does not bind every move lowers the sum of delays, so that it ends. Otherwise a price
/// does not hold what a query does to other cells, and it ends after 100 rounds over all queries.
#[derive(Debug, Clone, Copy)]
pub struct PricedAssociation {
    /// A gain for which no query moves.
    pub epsilon: Seconds,
}

/// Rounds over all queries at most.
const MOST_ROUNDS: usize = 100;

/// What a query adds to the sum of the roots at a server.
#[derive(Debug, Clone, Copy, Default)]
struct Roots {
    bandwidth: f64,
    compute: f64,
}

impl Policy for PricedAssociation {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let to = ServerRule::StrongestSignal;
        let mut decision = SendAll { to }.decide(view)?;
        for _ in 0..MOST_ROUNDS {
            if !self.round(view, &mut decision) {
                break;
            }
        }
        Ok(decision)
    }
}

impl PricedAssociation {
    /// Every query in turn goes where it adds least. True if one moved.
    fn round(&self, view: &View<'_>, decision: &mut Decision) -> bool {
        let mut heard = view.received(&decision.choices);
        let mut prices = prices(view, decision, &heard);
        let mut moved = false;
        for query in 0..view.queries.len() {
            let Choice::Edge(own) = decision.choices[query] else {
                continue;
            };
            let at_own = roots(view, query, own, &heard);
            let added = |server: usize| {
                let own_roots = roots(view, query, server, &heard);
                let mut price: Roots = prices[server];
                if server == own {
                    price.bandwidth -= at_own.bandwidth;
                    price.compute -= at_own.compute;
                }
                let uplink = own_roots.bandwidth * (2.0 * price.bandwidth + own_roots.bandwidth);
                let compute = own_roots.compute * (2.0 * price.compute + own_roots.compute);
                let state = &view.servers[server];
                let at_most = view.queries[query].llm_work / state.max_per_user;
                uplink + compute.max(at_most.0) + state.latency.0
            };
            let costs = view
                .links_of(query)
                .iter()
                .map(|(server, _)| (added(server), server));
            let best = costs.min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((cost, server)) = best
                && server != own
                && cost < added(own) - self.epsilon.0
            {
                decision.choices[query] = Choice::Edge(server);
                heard = view.received(&decision.choices);
                prices = self::prices(view, decision, &heard);
                moved = true;
            }
        }
        moved
    }
}

/// The roots of what a query asks of a server's bandwidth and compute.
fn roots(view: &View<'_>, query: usize, server: usize, heard: &ReceivedPower) -> Roots {
    let (waiting, state) = (&view.queries[query], &view.servers[server]);
    let signal: Watts = view.tx_power * view.gain(query, server);
    let sinr = radio::sinr(signal, heard.interference(server), state.noise);
    Roots {
        bandwidth: (waiting.bits / radio::rate(state.bandwidth, sinr)).0.sqrt(),
        compute: (waiting.llm_work / state.capacity).0.sqrt(),
    }
}

/// The sums of the roots at every server.
fn prices(view: &View<'_>, decision: &Decision, heard: &ReceivedPower) -> Vec<Roots> {
    let mut prices = vec![Roots::default(); view.servers.len()];
    for (query, choice) in decision.choices.iter().enumerate() {
        if let Choice::Edge(server) = *choice {
            let own = roots(view, query, server, heard);
            prices[server].bandwidth += own.bandwidth;
            prices[server].compute += own.compute;
        }
    }
    prices
}

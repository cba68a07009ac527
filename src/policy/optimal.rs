//! The exact optimum of Eq. 10 under (11) to (13), by branch and bound.

use super::best_known::best_known;
use super::local_search::above;
use super::{Policy, PolicyError};
use crate::physics::{radio::Interference, share};
use crate::snapshot::{Choice, Decision, EdgeStages, Evaluation, View, edge_stages};
use crate::units::Watts;

/// `Optimal(tau)`: no assignment that offloads every query above `tau` has a
/// smaller objective (to one part in 10^12). For small instances: 16 queries and 4
/// servers take 14 ms on average (`cargo bench --bench policies`), and the work can
/// grow as (M + 1)^N.
///
/// Queries are placed one after another, those above `tau` first. A partial
/// assignment is given up where a lower bound of what it can become is no better
/// than the best assignment known. The bound rests on every delay growing
/// with the number connected and with interference:
///
/// * queries placed already cost at least what they cost when each server j gets
///   r_j more of the r that still must be offloaded and hears the weakest r - r_j
///   of those, minimised over how r is divided by dynamic programming;
/// * each query not yet placed costs at least its best place now; those that must
///   be offloaded cost more where r_j of them share a server, by at least the r_j
///   smallest such increases there;
/// * a query that may stay costs at its server what it takes from those placed
///   there.
///
/// With shares that are not equal the bound is what those placed cost by now, and for each
/// other its best place if it joined now. That delays grow with the number connected and
/// with interference holds for square roots and from `AlphaFair(1)` on; below it does not.
#[derive(Debug, Clone, Copy)]
pub struct Optimal {
    /// The uncertainty threshold, in 0..=1.
    pub tau: f64,
    /// Partial assignments after which it gives up with an error.
    pub max_nodes: u64,
}

/// Some ten seconds of work at 40 queries and 4 servers, less at fewer queries.
pub const DEFAULT_MAX_NODES: u64 = 2_000_000;

/// Random starts of the local search whose best result is the first incumbent.
const STARTS: usize = 4;

/// A bound this close to the incumbent, relatively, is rounding.
const TOLERANCE: f64 = 1e-12;

impl Policy for Optimal {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let incumbent = best_known(view, self.tau, STARTS)?;
        let mut tree = Tree::new(view, self.tau, self.max_nodes, incumbent.decision);
        tree.best_cost = incumbent.cost.total().0;
        if tree.search(0).is_err() {
            return Err(PolicyError::Failed(format!(
                "the optimum of {} queries at {} servers needs more than {} partial \
                 assignments; take fewer users, a greater `max_nodes`, or `Refined`",
                view.queries.len(),
                view.servers.len(),
                self.max_nodes,
            )));
        }
        Ok(tree.best)
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.tau)
    }
}

/// More nodes than allowed.
struct OutOfNodes;

struct Tree<'v> {
    view: &'v View<'v>,
    evaluation: Evaluation<'v>,
    /// The queries in the order in which they are placed.
    order: Vec<usize>,
    /// How many of them must be offloaded; these come first.
    forced: usize,
    /// At depth d and server j, entry k: the k weakest of the contributions of
    /// queries order[d..forced] to the interference at j, summed.
    weakest: Vec<Vec<Vec<f64>>>,
    /// Weighted delay of every query on its own device.
    local: Vec<f64>,
    // The partial assignment.
    choices: Vec<Choice>,
    members: Vec<Vec<usize>>,
    interference_w: Vec<f64>,
    local_placed: f64,
    best: Decision,
    best_cost: f64,
    nodes_left: u64,
}

impl<'v> Tree<'v> {
    fn new(view: &'v View<'v>, tau: f64, max_nodes: u64, incumbent: Decision) -> Self {
        let must_offload = above(view, tau);
        let all_local = Decision::all_local(view.queries.len());
        let evaluation = Evaluation::new(view, &all_local);
        let servers = view.servers.len();
        let alone = |query: usize| {
            (0..servers)
                .map(|j| own_cost(&evaluation, query, j, 1, evaluation.interference_w(j)))
                .fold(f64::INFINITY, f64::min)
        };
        let mut order: Vec<usize> = (0..view.queries.len()).collect();
        // Those that must leave first, and of each kind the costly ones first:
        // they decide most.
        order.sort_by(|&a, &b| {
            must_offload[b]
                .cmp(&must_offload[a])
                .then(alone(b).total_cmp(&alone(a)))
        });
        let forced = must_offload.iter().filter(|&&must| must).count();
        let weakest = (0..=forced)
            .map(|depth| {
                (0..servers)
                    .map(|j| {
                        let mut heard: Vec<f64> = order[depth..forced]
                            .iter()
                            .map(|&query| heard_at_least(&evaluation, query, j))
                            .collect();
                        heard.sort_by(f64::total_cmp);
                        let mut sums = vec![0.0];
                        let mut sum = 0.0;
                        for power in heard {
                            sum += power;
                            sums.push(sum);
                        }
                        sums
                    })
                    .collect()
            })
            .collect();
        let local = (0..view.queries.len())
            .map(|query| view.queries[query].uncertainty * view.local_delay(query).0)
            .collect();
        Self {
            view,
            order,
            forced,
            weakest,
            local,
            choices: all_local.choices,
            members: vec![Vec::new(); servers],
            interference_w: (0..servers).map(|j| evaluation.interference_w(j)).collect(),
            local_placed: 0.0,
            best: incumbent,
            best_cost: f64::INFINITY,
            nodes_left: max_nodes,
            evaluation,
        }
    }

    /// Tries every place of the query at this depth, the most promising first.
    fn search(&mut self, depth: usize) -> Result<(), OutOfNodes> {
        let Some(&query) = self.order.get(depth) else {
            let decision = Decision {
                choices: self.choices.clone(),
            };
            let cost = Evaluation::new(self.view, &decision).cost().total().0;
            if cost < self.best_cost {
                self.best_cost = cost;
                self.best = decision;
            }
            return Ok(());
        };
        let home = (depth >= self.forced).then_some(Choice::Local);
        let places = home
            .into_iter()
            .chain((0..self.members.len()).map(Choice::Edge));
        let before = self.interference_w.clone();
        let mut children: Vec<(f64, Choice)> = Vec::with_capacity(self.members.len() + 1);
        for place in places {
            self.nodes_left = self.nodes_left.checked_sub(1).ok_or(OutOfNodes)?;
            self.place(query, place);
            children.push((self.bound(depth + 1), place));
            self.remove(query, place, &before);
        }
        children.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (bound, place) in children {
            // Not `>=`, so that it also ends where both are infinite.
            let promising = bound < self.best_cost * (1.0 - TOLERANCE);
            if !promising {
                break;
            }
            self.place(query, place);
            let found = self.search(depth + 1);
            self.remove(query, place, &before);
            found?;
        }
        Ok(())
    }

    fn place(&mut self, query: usize, place: Choice) {
        self.choices[query] = place;
        match place {
            Choice::Local => self.local_placed += self.local[query],
            Choice::Edge(own) => {
                self.members[own].push(query);
                for j in (0..self.members.len()).filter(|&j| j != own) {
                    self.interference_w[j] += match self.view.interference {
                        Interference::Orthogonal => 0.0,
                        Interference::CoChannel => self.evaluation.signal_w(query, j),
                        Interference::AsPrinted => self.evaluation.signal_w(query, own),
                    };
                }
            }
        }
    }

    fn remove(&mut self, query: usize, place: Choice, interference_w: &[f64]) {
        self.choices[query] = Choice::Local;
        match place {
            Choice::Local => self.local_placed -= self.local[query],
            Choice::Edge(own) => {
                self.members[own].pop();
                self.interference_w.copy_from_slice(interference_w);
            }
        }
    }

    /// No completion of the partial assignment costs less.
    fn bound(&self, depth: usize) -> f64 {
        if !self.view.allocations.are_equal() {
            return self.bound_of_unequal(depth);
        }
        let servers = self.members.len();
        let missing = &self.order[depth.min(self.forced)..self.forced];
        let free = &self.order[depth.max(self.forced)..];
        let weakest = &self.weakest[depth.min(self.forced)];
        let r = missing.len();
        // Own cost of every missing query at every server if it joined now.
        let joined = |query: usize, j: usize| {
            own_cost(
                &self.evaluation,
                query,
                j,
                self.members[j].len() + 1,
                self.interference_w[j],
            )
        };
        let now: Vec<f64> = missing
            .iter()
            .flat_map(|&query| (0..servers).map(move |j| joined(query, j)))
            .collect();
        let mut bound = self.local_placed
            + now
                .chunks(servers)
                .map(|row| row.iter().copied().fold(f64::INFINITY, f64::min))
                .sum::<f64>();
        // least[k]: servers so far, of which k of the missing are divided among them.
        let mut least = vec![f64::INFINITY; r + 1];
        least[0] = 0.0;
        let mut increases = Vec::with_capacity(r);
        for j in 0..servers {
            let mut next = vec![f64::INFINITY; r + 1];
            for here in 0..=r {
                let interference = self.interference_w[j] + weakest[j][r - here];
                let count = self.members[j].len() + here;
                let mut cost = self.placed_cost(j, count, interference);
                if here > 0 {
                    increases.clear();
                    increases.extend(missing.iter().enumerate().map(|(at, &query)| {
                        let then = own_cost(&self.evaluation, query, j, count, interference);
                        if then.is_finite() {
                            then - now[at * servers + j]
                        } else {
                            f64::INFINITY
                        }
                    }));
                    increases.sort_by(f64::total_cmp);
                    cost += increases[..here].iter().sum::<f64>();
                }
                for before in 0..=r - here {
                    let sum = least[before] + cost;
                    if sum < next[before + here] {
                        next[before + here] = sum;
                    }
                }
            }
            least = next;
        }
        bound += least[r];
        let taken: Vec<f64> = (0..servers)
            .map(|j| {
                let (count, interference) = (self.members[j].len(), self.interference_w[j]);
                self.placed_cost(j, count + 1, interference)
                    - self.placed_cost(j, count, interference)
            })
            .collect();
        for &query in free {
            bound += (0..servers)
                .map(|j| joined(query, j) + taken[j])
                .filter(|cost| !cost.is_nan())
                .fold(self.local[query], f64::min);
        }
        bound
    }

    /// The same with shares that are not equal.
    fn bound_of_unequal(&self, depth: usize) -> f64 {
        let servers = self.members.len();
        let cost = |query: usize, server: usize, stages: &EdgeStages| {
            let delay = stages.uplink + stages.compute + self.view.servers[server].latency;
            // Stranded, even where the uncertainty is 0.
            if delay.0 == f64::INFINITY {
                return f64::INFINITY;
            }
            self.view.queries[query].uncertainty * delay.0
        };
        let stages_of = |queries: &[usize], j: usize| {
            let heard = Watts(self.interference_w[j] + self.view.servers[j].noise.0);
            edge_stages(self.view, j, queries, heard)
        };
        let mut bound = self.local_placed;
        for (j, members) in self.members.iter().enumerate() {
            let placed = members.iter().zip(stages_of(members, j));
            bound += placed
                .map(|(&query, stages)| cost(query, j, &stages))
                .sum::<f64>();
        }
        for (at, &query) in self.order.iter().enumerate().skip(depth) {
            let stays = if at < self.forced {
                f64::INFINITY
            } else {
                self.local[query]
            };
            let joined = (0..servers).map(|j| {
                let mut queries = self.members[j].clone();
                queries.push(query);
                let stages = stages_of(&queries, j);
                stages
                    .last()
                    .map_or(f64::INFINITY, |own| cost(query, j, own))
            });
            bound += joined.fold(stays, f64::min);
        }
        bound
    }

    /// What the queries placed at a server cost if so many were there.
    fn placed_cost(&self, server: usize, count: usize, interference_w: f64) -> f64 {
        self.members[server]
            .iter()
            .map(|&query| own_cost(&self.evaluation, query, server, count, interference_w))
            .sum()
    }
}

/// Weighted delay of a query at a server with `count` of the waiting queries.
fn own_cost(
    evaluation: &Evaluation<'_>,
    query: usize,
    server: usize,
    count: usize,
    interference_w: f64,
) -> f64 {
    let view = evaluation.view();
    let state = &view.servers[server];
    let waiting = &view.queries[query];
    let connected = state.connected + count;
    let signal = evaluation.signal_w(query, server);
    let efficiency = libm::log1p(signal / (interference_w + state.noise.0));
    if efficiency <= 0.0 {
        return f64::INFINITY;
    }
    let compute = share::compute(state.capacity, state.max_per_user, connected).0;
    connected as f64 * evaluation.uplink_weight(query, server) / efficiency
        + waiting.uncertainty * (waiting.llm_work.0 / compute + state.latency.0)
}

/// The least power that a query can add at a server that it is not sent to.
fn heard_at_least(evaluation: &Evaluation<'_>, query: usize, server: usize) -> f64 {
    match evaluation.view().interference {
        Interference::Orthogonal => 0.0,
        Interference::CoChannel => evaluation.signal_w(query, server),
        Interference::AsPrinted => {
            let least = (0..evaluation.view().servers.len())
                .filter(|&j| j != server)
                .map(|j| evaluation.signal_w(query, j))
                .fold(f64::INFINITY, f64::min);
            if least.is_finite() { least } else { 0.0 }
        }
    }
}

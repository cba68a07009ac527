//! The objective (Eq. 10) of a complete assignment, kept up while queries move.

use super::allocated::{EdgeStages, edge_stages};
use super::{Choice, ComputeLoad, Decision, View};
use crate::physics::radio::{self, Interference};
use crate::physics::share;
use crate::units::{Seconds, Watts};
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Sub};

/// A part of the objective, or a difference of two.
///
/// A link of gain 0 carries nothing, so its query never finishes. Such queries
/// are counted beside the sum: differences of infinities would say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Queries that are sent over a link that carries nothing.
    pub stranded: i64,
    /// Uncertainty times delay, summed over all other queries, in seconds.
    pub seconds: f64,
}

impl Cost {
    /// As one number: infinite as soon as one query is stranded.
    pub fn total(self) -> Seconds {
        Seconds(if self.stranded > 0 {
            f64::INFINITY
        } else {
            self.seconds
        })
    }

    /// Fewer stranded queries first, then fewer seconds.
    pub fn order(&self, other: &Self) -> Ordering {
        self.stranded
            .cmp(&other.stranded)
            .then(self.seconds.total_cmp(&other.seconds))
    }
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            stranded: self.stranded + other.stranded,
            seconds: self.seconds + other.seconds,
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Cost {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            stranded: self.stranded - other.stranded,
            seconds: self.seconds - other.seconds,
        }
    }
}

/// One or two queries that change their place at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A query goes somewhere else.
    Move {
        /// Index of the waiting query.
        query: usize,
        /// Where it goes.
        to: Choice,
    },
    /// Two queries take each other's place.
    Swap(usize, usize),
}

/// A complete assignment of the waiting queries and its objective, with what each
/// server contributes, for asking what a [`Step`] would change.
///
/// A step costs time in proportion to the queries at the servers it touches: the
/// two whose members change, and those whose interference changes. Under
/// [`Interference::CoChannel`] a query that moves from one server to another is
/// heard by all further servers before and after, so that these two are all;
/// leaving or joining the edge, and any step under [`Interference::AsPrinted`],
/// touches every server.
#[derive(Debug, Clone)]
pub struct Evaluation<'v> {
    view: &'v View<'v>,
    choices: Vec<Choice>,
    /// The waiting queries placed at each server.
    members: Vec<Vec<usize>>,
    interference_w: Vec<f64>,
    server_costs: Vec<Cost>,
    local_seconds: f64,
    /// Uncertainty times what depends on the query alone, queries x servers:
    /// n x this / ln(1 + SINR) is the weighted uplink time.
    uplink_weights: Vec<f64>,
    /// Received power, queries x servers, in watts.
    signals_w: Vec<f64>,
}

impl<'v> Evaluation<'v> {
    /// Evaluates a decision that fits the view.
    pub fn new(view: &'v View<'v>, decision: &Decision) -> Self {
        let servers = view.servers.len();
        let mut uplink_weights = Vec::with_capacity(view.queries.len() * servers);
        for query in view.queries {
            uplink_weights.extend(view.servers.iter().map(|server| {
                query.uncertainty * query.bits.0 * std::f64::consts::LN_2 / server.bandwidth.0
            }));
        }
        let mut evaluation = Self {
            view,
            choices: decision.choices.clone(),
            members: vec![Vec::new(); servers],
            interference_w: vec![0.0; servers],
            server_costs: vec![Cost::default(); servers],
            local_seconds: 0.0,
            uplink_weights,
            signals_w: (0..view.queries.len() * servers)
                .map(|at| view.tx_power.0 * view.gain(at / servers, at % servers))
                .collect(),
        };
        for (query, choice) in decision.choices.iter().enumerate() {
            if let Choice::Edge(server) = *choice {
                evaluation.members[server].push(query);
            }
        }
        evaluation.refresh();
        evaluation
    }

    /// The snapshot that is decided.
    pub fn view(&self) -> &'v View<'v> {
        self.view
    }

    /// Where a waiting query is placed.
    pub fn choice(&self, query: usize) -> Choice {
        self.choices[query]
    }

    /// The waiting queries placed at a server, in no particular order.
    pub fn members(&self, server: usize) -> &[usize] {
        &self.members[server]
    }

    /// Power that a server receives from users of other servers (Eq. 3), in watts.
    pub fn interference_w(&self, server: usize) -> f64 {
        self.interference_w[server]
    }

    /// The assignment as a decision.
    pub fn decision(&self) -> Decision {
        Decision {
            choices: self.choices.clone(),
        }
    }

    /// The objective (Eq. 10).
    pub fn cost(&self) -> Cost {
        let local = Cost {
            stranded: 0,
            seconds: self.local_seconds,
        };
        self.server_costs
            .iter()
            .fold(local, |sum, cost| sum + *cost)
    }

    /// What a server's queries contribute to the objective.
    pub fn server_cost(&self, server: usize) -> Cost {
        self.server_costs[server]
    }

    /// By how much a step would change the objective.
    pub fn change(&self, step: Step) -> Cost {
        let legs = self.legs(step);
        let mut change = Cost::default();
        for leg in legs.iter().flatten() {
            change.seconds += self.local_seconds_of(leg.query, leg.to)
                - self.local_seconds_of(leg.query, leg.from);
        }
        for server in 0..self.members.len() {
            let leaves = leg_with(&legs, |leg| leg.from == Choice::Edge(server));
            let joins = leg_with(&legs, |leg| leg.to == Choice::Edge(server));
            let rise = self.interference_rise(&legs, server);
            if leaves.is_some() || joins.is_some() || rise != 0.0 {
                // What remains of a difference of sums must not become negative.
                let interference = (self.interference_w[server] + rise).max(0.0);
                change = change + self.cost_with(server, leaves, joins, interference)
                    - self.server_costs[server];
            }
        }
        change
    }

    /// Does a step.
    pub fn apply(&mut self, step: Step) {
        for leg in self.legs(step).into_iter().flatten() {
            if let Choice::Edge(server) = leg.from
                && let Some(at) = self.members[server].iter().position(|&q| q == leg.query)
            {
                self.members[server].swap_remove(at);
            }
            if let Choice::Edge(server) = leg.to {
                self.members[server].push(leg.query);
            }
            self.choices[leg.query] = leg.to;
        }
        // From the beginning, so that rounding does not add up over many steps.
        self.refresh();
    }

    /// Received power of a waiting query's user at a server, in watts.
    pub fn signal_w(&self, query: usize, server: usize) -> f64 {
        self.signals_w[query * self.view.servers.len() + server]
    }

    /// Uncertainty x D ln 2 / B: times n / ln(1 + SINR), the weighted uplink time.
    pub fn uplink_weight(&self, query: usize, server: usize) -> f64 {
        self.uplink_weights[query * self.view.servers.len() + server]
    }

    /// What a step changes in the interference at a server, in watts.
    pub fn interference_change_w(&self, step: Step, server: usize) -> f64 {
        self.interference_rise(&self.legs(step), server)
    }

    fn legs(&self, step: Step) -> [Option<Leg>; 2] {
        let leg = |query: usize, to: Choice| Leg {
            query,
            from: self.choices[query],
            to,
        };
        match step {
            Step::Move { query, to } => {
                let moved = leg(query, to);
                [(moved.from != to).then_some(moved), None]
            }
            Step::Swap(a, b) if self.choices[a] == self.choices[b] => [None, None],
            Step::Swap(a, b) => [Some(leg(a, self.choices[b])), Some(leg(b, self.choices[a]))],
        }
    }

    fn local_seconds_of(&self, query: usize, choice: Choice) -> f64 {
        match choice {
            Choice::Local => self.view.queries[query].uncertainty * self.view.local_delay(query).0,
            Choice::Edge(_) => 0.0,
        }
    }

    fn interference_rise(&self, legs: &[Option<Leg>; 2], server: usize) -> f64 {
        let heard = |query: usize, choice: Choice| match (self.view.interference, choice) {
            (Interference::Orthogonal, _) | (_, Choice::Local) => 0.0,
            (_, Choice::Edge(own)) if own == server => 0.0,
            (Interference::CoChannel, Choice::Edge(_)) => self.signal_w(query, server),
            (Interference::AsPrinted, Choice::Edge(own)) => self.signal_w(query, own),
        };
        legs.iter()
            .flatten()
            .map(|leg| heard(leg.query, leg.to) - heard(leg.query, leg.from))
            .sum()
    }

    /// What a server would contribute if one query left and another joined.
    fn cost_with(
        &self,
        server: usize,
        leaves: Option<usize>,
        joins: Option<usize>,
        interference_w: f64,
    ) -> Cost {
        let state = &self.view.servers[server];
        let floor = interference_w + state.noise.0;
        if !self.view.allocations.are_equal() || state.batching.is_some() {
            let stay = self.members[server].iter().copied();
            let stay = stay.filter(|&query| Some(query) != leaves);
            let queries: Vec<usize> = stay.chain(joins).collect();
            let stages = match state.batching {
                Some(_) => self.batching_stages(server, &queries, floor),
                None => edge_stages(self.view, server, &queries, Watts(floor)),
            };
            return self.cost_of_stages(server, &queries, &stages);
        }
        let mut uplink = 0.0;
        let mut work = 0.0;
        let mut weights = 0.0;
        let mut stranded = 0;
        let mut count = 0;
        let stay = self.members[server]
            .iter()
            .copied()
            .filter(|&query| Some(query) != leaves);
        for query in stay.chain(joins) {
            let efficiency = libm::log1p(self.signal_w(query, server) / floor);
            if efficiency > 0.0 {
                uplink += self.uplink_weight(query, server) / efficiency;
            } else {
                stranded += 1;
            }
            let waiting = &self.view.queries[query];
            work += waiting.uncertainty * waiting.llm_work.0;
            weights += waiting.uncertainty;
            count += 1;
        }
        let connected = state.connected + count;
        let compute = share::compute(state.capacity, state.max_per_user, connected).0;
        Cost {
            stranded,
            seconds: connected as f64 * uplink + work / compute + weights * state.latency.0,
        }
    }

    /// The stages of these queries at a server that batches, by what is predicted of it.
    fn batching_stages(
        &self,
        server: usize,
        queries: &[usize],
        floor_w: f64,
    ) -> SmallVec<[EdgeStages; 32]> {
        let state = &self.view.servers[server];
        let needs: SmallVec<[_; 32]> = queries
            .iter()
            .map(|&query| self.view.compute_needs(query))
            .collect();
        let mut load = ComputeLoad::of(state);
        needs.iter().for_each(|needs| load.connect(needs));
        let bandwidth = share::bandwidth(state.bandwidth, load.connected().max(1));
        let stages = queries.iter().zip(&needs).map(|(&query, needs)| {
            let sinr = self.signal_w(query, server) / floor_w;
            EdgeStages {
                uplink: self.view.queries[query].bits / radio::rate(bandwidth, sinr),
                compute: load.delay_of_connected(needs),
            }
        });
        stages.collect()
    }

    /// What these queries contribute at a server where they have these stages.
    fn cost_of_stages(&self, server: usize, queries: &[usize], stages: &[EdgeStages]) -> Cost {
        let latency = self.view.servers[server].latency;
        let mut cost = Cost::default();
        for (&query, stages) in queries.iter().zip(stages) {
            let delay = stages.uplink + stages.compute + latency;
            if delay.0.is_finite() {
                cost.seconds += self.view.queries[query].uncertainty * delay.0;
            } else {
                cost.stranded += 1;
            }
        }
        cost
    }

    fn refresh(&mut self) {
        let servers = self.members.len();
        let received = self.view.received(&self.choices);
        for server in 0..servers {
            self.interference_w[server] = received.interference(server).0;
        }
        for server in 0..servers {
            self.server_costs[server] =
                self.cost_with(server, None, None, self.interference_w[server]);
        }
        self.local_seconds = (0..self.choices.len())
            .map(|query| self.local_seconds_of(query, self.choices[query]))
            .sum();
    }
}

/// A query that changes its place.
#[derive(Debug, Clone, Copy)]
struct Leg {
    query: usize,
    from: Choice,
    to: Choice,
}

fn leg_with(legs: &[Option<Leg>; 2], chosen: impl Fn(&Leg) -> bool) -> Option<usize> {
    legs.iter()
        .flatten()
        .find(|leg| chosen(leg))
        .map(|leg| leg.query)
}

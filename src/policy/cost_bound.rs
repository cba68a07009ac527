//! A lower bound of what a step does to the objective, in a few operations a
//! server, for passing over the many steps that cannot pay.
//!
//! The uplink time of a query as a function of interference plus noise x is
//! proportional to 1/ln(1 + S/x), which rises and is concave in x (ln(1 + S/x) is
//! a Stieltjes function of x, and its reciprocal a complete Bernstein function).
//! So is the sum over the queries of a server. A chord between two points lies
//! below a concave function: with the sums tabulated at fixed points, linear
//! interpolation is a lower bound, and with points half an octave apart it is
//! within half a per cent.

use crate::physics::share;
use crate::snapshot::{Choice, Evaluation, Step};

/// Tables of the queries' uplink terms and of each server's sums.
#[derive(Debug, Clone)]
pub(super) struct CostBound {
    servers: usize,
    /// Tabulated points.
    points: usize,
    /// The first point's number; see [`point`].
    first: u64,
    /// Uplink weight / ln(1 + S/x), queries x servers x points.
    terms: Vec<f64>,
    /// The same summed over each server's queries, servers x points.
    sums: Vec<f64>,
    /// Uncertainty x W_LLM summed over each server's queries.
    work: Vec<f64>,
    /// By server: the sum of its queries' uncertainties.
    weights: Vec<f64>,
    /// Weighted local delay of every query.
    local: Vec<f64>,
}

/// Points are the floats whose mantissa has at most one bit: 1, 1.5, 2, 3, 4, ...
const MANTISSA_BITS_LEFT: u32 = 51;

fn point(number: u64) -> f64 {
    f64::from_bits(number << MANTISSA_BITS_LEFT)
}

fn number_below(x: f64) -> u64 {
    x.to_bits() >> MANTISSA_BITS_LEFT
}

/// What rounding can take from a bound, relative to the terms it is made of.
const ROUNDING: f64 = 1e-11;

impl CostBound {
    /// Tabulates for the view of an evaluation and sums over its assignment.
    pub fn new(evaluation: &Evaluation<'_>) -> Self {
        let view = evaluation.view();
        let servers = view.servers.len();
        let queries = view.queries.len();
        let least = view
            .servers
            .iter()
            .map(|server| server.noise.0)
            .fold(f64::INFINITY, f64::min);
        let load: f64 = view
            .servers
            .iter()
            .map(|server| server.from_others.0 + server.from_own.0 + server.noise.0)
            .sum();
        let greatest: f64 = load
            + (0..queries)
                .map(|query| {
                    (0..servers)
                        .map(|server| evaluation.signal_w(query, server))
                        .fold(0.0, f64::max)
                })
                .sum::<f64>();
        let first = number_below(least);
        let points = (number_below(greatest) - first) as usize + 2;
        let floors: Vec<f64> = (0..points as u64).map(|at| point(first + at)).collect();
        let mut terms = Vec::with_capacity(queries * servers * points);
        for query in 0..queries {
            for server in 0..servers {
                let weight = evaluation.uplink_weight(query, server);
                let signal = evaluation.signal_w(query, server);
                // A stranded query is counted, not summed.
                let usable = libm::log1p(signal / floors[points - 1]) > 0.0;
                terms.extend(floors.iter().map(|floor| {
                    if usable {
                        weight / libm::log1p(signal / floor)
                    } else {
                        0.0
                    }
                }));
            }
        }
        let local = (0..queries)
            .map(|query| view.queries[query].uncertainty * view.local_delay(query).0)
            .collect();
        let mut bound = Self {
            servers,
            points,
            first,
            terms,
            sums: vec![0.0; servers * points],
            work: vec![0.0; servers],
            weights: vec![0.0; servers],
            local,
        };
        bound.refresh(evaluation);
        bound
    }

    /// Sums anew after the evaluation has done a step.
    pub fn refresh(&mut self, evaluation: &Evaluation<'_>) {
        self.sums.fill(0.0);
        self.work.fill(0.0);
        self.weights.fill(0.0);
        for server in 0..self.servers {
            for &query in evaluation.members(server) {
                let waiting = &evaluation.view().queries[query];
                self.work[server] += waiting.uncertainty * waiting.llm_work.0;
                self.weights[server] += waiting.uncertainty;
                let from = (query * self.servers + server) * self.points;
                let terms = &self.terms[from..from + self.points];
                let sums = &mut self.sums[server * self.points..(server + 1) * self.points];
                sums.iter_mut()
                    .zip(terms)
                    .for_each(|(sum, term)| *sum += term);
            }
        }
    }

    /// No more than the seconds by which a step changes the objective. Queries
    /// that the step strands are not counted. Of shares that are not equal, and of servers
    /// that batch, it says nothing.
    pub fn change_at_least(&self, evaluation: &Evaluation<'_>, step: Step) -> f64 {
        let view = evaluation.view();
        let batches = view.servers.iter().any(|server| server.batching.is_some());
        if !view.allocations.are_equal() || batches {
            return f64::NEG_INFINITY;
        }
        let legs = match step {
            Step::Move { query, to } => [Some((query, evaluation.choice(query), to)), None],
            Step::Swap(a, b) => {
                let (of_a, of_b) = (evaluation.choice(a), evaluation.choice(b));
                [Some((a, of_a, of_b)), Some((b, of_b, of_a))]
            }
        };
        let mut change = 0.0;
        let mut size = 0.0;
        for (query, from, to) in legs.into_iter().flatten() {
            if from == Choice::Local {
                change -= self.local[query];
            }
            if to == Choice::Local {
                change += self.local[query];
            }
        }
        for server in 0..self.servers {
            let here = Choice::Edge(server);
            let mut leaves = None;
            let mut joins = None;
            for (query, from, to) in legs.into_iter().flatten() {
                if from == here {
                    leaves = Some(query);
                }
                if to == here {
                    joins = Some(query);
                }
            }
            let rise = evaluation.interference_change_w(step, server);
            if leaves.is_none() && joins.is_none() && rise == 0.0 {
                continue;
            }
            let now = evaluation.server_cost(server).seconds;
            let then = self.server_at_least(evaluation, server, leaves, joins, rise);
            change += then - now;
            size += then + now;
        }
        change - ROUNDING * size
    }

    fn server_at_least(
        &self,
        evaluation: &Evaluation<'_>,
        server: usize,
        leaves: Option<usize>,
        joins: Option<usize>,
        rise_w: f64,
    ) -> f64 {
        let state = &evaluation.view().servers[server];
        let floor = (evaluation.interference_w(server) + rise_w).max(0.0) + state.noise.0;
        let number = number_below(floor).max(self.first);
        let at = ((number - self.first) as usize).min(self.points - 2);
        let low_x = point(self.first + at as u64);
        let high_x = point(self.first + at as u64 + 1);
        let term = |query: usize, at: usize| {
            self.terms[(query * self.servers + server) * self.points + at]
        };
        let weighted_work = |query: usize| {
            let waiting = &evaluation.view().queries[query];
            waiting.uncertainty * waiting.llm_work.0
        };
        let mut low = self.sums[server * self.points + at];
        let mut high = self.sums[server * self.points + at + 1];
        let mut work = self.work[server];
        let mut weight = self.weights[server];
        let mut connected = state.connected + evaluation.members(server).len();
        if let Some(query) = leaves {
            low -= term(query, at);
            high -= term(query, at + 1);
            work -= weighted_work(query);
            weight -= evaluation.view().queries[query].uncertainty;
            connected -= 1;
        }
        if let Some(query) = joins {
            low += term(query, at);
            high += term(query, at + 1);
            work += weighted_work(query);
            weight += evaluation.view().queries[query].uncertainty;
            connected += 1;
        }
        let part = ((floor - low_x) / (high_x - low_x)).clamp(0.0, 1.0);
        let compute = share::compute(state.capacity, state.max_per_user, connected).0;
        connected as f64 * (low + part * (high - low)) + work / compute + weight * state.latency.0
    }
}

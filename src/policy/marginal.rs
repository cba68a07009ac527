//! Greedy on what a placement really adds to the objective.

use super::cost_bound::CostBound;
use super::local_search::above;
use super::{Policy, PolicyError};
use crate::snapshot::{Choice, Cost, Decision, Evaluation, Step, View};

/// `Marginal(tau)`: as [`Goa`](super::Goa), but the gap of a query and a server is
/// the increase of the whole objective (Eq. 10), what those placed before lose
/// included.
///
/// The paper describes its gap in these words and prints Eq. 18, which leaves the
/// others out. Ties go to the lowest query, then the lowest server. Time grows
/// with N^2 M.
#[derive(Debug, Clone, Copy)]
pub struct Marginal {
    /// The uncertainty threshold, in 0..=1.
    pub tau: f64,
}

impl Policy for Marginal {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let must_offload = above(view, self.tau);
        let evaluation = Evaluation::new(view, &Decision::all_local(view.queries.len()));
        let mut placing = Placing {
            bound: CostBound::new(&evaluation),
            evaluation,
        };
        let (forced, free): (Vec<usize>, Vec<usize>) =
            (0..must_offload.len()).partition(|&query| must_offload[query]);
        placing.place(forced, None);
        let no_gain = Cost::default();
        placing.place(free, Some(no_gain));
        Ok(placing.evaluation.decision())
    }

    fn threshold(&self) -> Option<f64> {
        Some(self.tau)
    }
}

struct Placing<'v> {
    evaluation: Evaluation<'v>,
    bound: CostBound,
}

impl Placing<'_> {
    /// Places the candidate of the least increase, again and again; with a limit,
    /// only while the increase is below it.
    fn place(&mut self, mut candidates: Vec<usize>, limit: Option<Cost>) {
        while let Some((at, step)) = self.least(&candidates, limit) {
            candidates.remove(at);
            self.evaluation.apply(step);
            self.bound.refresh(&self.evaluation);
        }
    }

    fn least(&self, candidates: &[usize], limit: Option<Cost>) -> Option<(usize, Step)> {
        let nothing = Cost {
            stranded: i64::MAX,
            seconds: f64::INFINITY,
        };
        let mut best = limit.unwrap_or(nothing);
        let mut found = None;
        for (at, &query) in candidates.iter().enumerate() {
            for server in 0..self.evaluation.view().servers.len() {
                let to = Choice::Edge(server);
                let step = Step::Move { query, to };
                let hopeless = best.stranded <= 0
                    && self.bound.change_at_least(&self.evaluation, step) >= best.seconds;
                if hopeless {
                    continue;
                }
                let change = self.evaluation.change(step);
                if change.order(&best).is_lt() {
                    best = change;
                    found = Some((at, step));
                }
            }
        }
        found
    }
}

//! Local search on the true objective (Eq. 10) under constraint (11).

use super::cost_bound::CostBound;
use crate::snapshot::{Choice, Cost, Decision, Evaluation, Step, View};

/// What a search ended with.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResult {
    /// The assignment.
    pub decision: Decision,
    /// Its objective.
    pub cost: Cost,
    /// Whether no move of one query and no swap of two improves it; false where
    /// the passes ran out first.
    pub local_optimum: bool,
    /// Steps that were done.
    pub steps: usize,
}

/// An improvement below this share of the objective is rounding.
const LEAST_IMPROVEMENT: f64 = 1e-12;

/// Improves a decision step by step until no single step improves it, or until
/// `max_passes` passes over all queries have been made.
///
/// A step moves one query to another server or to its device, or swaps the places
/// of two. Queries with `must_offload` that are at the edge stay there; the others
/// may go home. The result is never worse than the start.
pub fn local_search(
    view: &View<'_>,
    start: &Decision,
    must_offload: &[bool],
    max_passes: usize,
) -> SearchResult {
    let evaluation = Evaluation::new(view, start);
    let mut search = Search {
        bound: CostBound::new(&evaluation),
        evaluation,
        must_offload,
        steps: 0,
    };
    let mut local_optimum = false;
    for _ in 0..max_passes {
        if search.pass_of_moves() {
            continue;
        }
        if !search.pass_of_swaps() {
            local_optimum = true;
            break;
        }
    }
    SearchResult {
        decision: search.evaluation.decision(),
        cost: search.evaluation.cost(),
        local_optimum,
        steps: search.steps,
    }
}

/// Which queries constraint (11) sends to the edge: those above the threshold.
pub fn above(view: &View<'_>, tau: f64) -> Vec<bool> {
    view.queries
        .iter()
        .map(|query| query.uncertainty > tau)
        .collect()
}

struct Search<'v, 'f> {
    evaluation: Evaluation<'v>,
    bound: CostBound,
    must_offload: &'f [bool],
    steps: usize,
}

impl Search<'_, '_> {
    /// The change of a step, if it is an improvement that beats `best`.
    fn improvement(&self, step: Step, best: Cost) -> Option<Cost> {
        let current = self.evaluation.cost();
        if current.stranded == 0
            && self.bound.change_at_least(&self.evaluation, step) >= best.seconds
        {
            return None;
        }
        let change = self.evaluation.change(step);
        change.order(&best).is_lt().then_some(change)
    }

    fn threshold(&self) -> Cost {
        Cost {
            stranded: 0,
            seconds: -LEAST_IMPROVEMENT * self.evaluation.cost().seconds,
        }
    }

    fn apply(&mut self, step: Step) {
        self.evaluation.apply(step);
        self.bound.refresh(&self.evaluation);
        self.steps += 1;
    }

    /// Every query in turn goes to its best place. True if one moved.
    fn pass_of_moves(&mut self) -> bool {
        let mut moved = false;
        let servers = self.evaluation.view().servers.len();
        for query in 0..self.must_offload.len() {
            let mut best = self.threshold();
            let mut best_step = None;
            let home = (!self.must_offload[query]).then_some(Choice::Local);
            for to in home.into_iter().chain((0..servers).map(Choice::Edge)) {
                if to == self.evaluation.choice(query) {
                    continue;
                }
                let step = Step::Move { query, to };
                if let Some(change) = self.improvement(step, best) {
                    best = change;
                    best_step = Some(step);
                }
            }
            if let Some(step) = best_step {
                self.apply(step);
                moved = true;
            }
        }
        moved
    }

    /// Every pair in turn is swapped where that improves. True if one was.
    fn pass_of_swaps(&mut self) -> bool {
        let mut swapped = false;
        for a in 0..self.must_offload.len() {
            for b in a + 1..self.must_offload.len() {
                let (of_a, of_b) = (self.evaluation.choice(a), self.evaluation.choice(b));
                let stranded_at_home = (self.must_offload[a] && of_b == Choice::Local)
                    || (self.must_offload[b] && of_a == Choice::Local);
                if of_a == of_b || stranded_at_home {
                    continue;
                }
                let step = Step::Swap(a, b);
                if self.improvement(step, self.threshold()).is_some() {
                    self.apply(step);
                    swapped = true;
                }
            }
        }
        swapped
    }
}

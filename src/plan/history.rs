//! What a tier remembers of its last answers.

use super::{Escalation, Plan, Tier};
use std::collections::VecDeque;

/// The uncertainties of the last answers of a tier, in two orders.
#[derive(Debug, Clone, Default)]
pub struct History {
    in_time: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl History {
    /// The value that a new answer exceeds with probability `beta` if it is like those
    /// remembered: the order statistic of rank (n + 1)(1 - beta), interpolated. `None` while
    /// nothing is remembered.
    pub fn quantile_above(&self, beta: f64) -> Option<f64> {
        let (&least, &greatest) = (self.sorted.first()?, self.sorted.last()?);
        let rank = (self.sorted.len() as f64 + 1.0) * (1.0 - beta);
        if rank <= 1.0 {
            return Some(least);
        }
        let below = rank.floor() as usize;
        match (self.sorted.get(below - 1), self.sorted.get(below)) {
            (Some(low), Some(high)) => Some(low + (rank - rank.floor()) * (high - low)),
            _ => Some(greatest),
        }
    }

    /// An answer of this uncertainty, beyond `window` of which the oldest is forgotten.
    pub fn remember(&mut self, uncertainty: f64, window: usize) {
        let at = |sorted: &[f64], value: f64| sorted.partition_point(|&other| other < value);
        self.in_time.push_back(uncertainty);
        let place = at(&self.sorted, uncertainty);
        self.sorted.insert(place, uncertainty);
        while self.in_time.len() > window {
            if let Some(oldest) = self.in_time.pop_front() {
                let place = at(&self.sorted, oldest);
                self.sorted.remove(place);
            }
        }
    }
}

/// What the tiers remember of their answers, where plans go by it.
#[derive(Debug, Clone, Default)]
pub struct Histories([History; 3]);

impl Histories {
    /// The threshold of a tier under a plan.
    pub fn threshold(&self, plan: &Plan, tier: Tier) -> Option<f64> {
        match plan {
            Plan::Cascade {
                escalate: Escalation::Quantile { beta, .. },
                ..
            } => self.0[tier as usize].quantile_above(*beta),
            _ => None,
        }
    }

    /// A tier remembers an answer.
    pub fn remember(&mut self, plan: &Plan, tier: Tier, uncertainty: f64) {
        if let Plan::Cascade {
            escalate: Escalation::Quantile { window, .. },
            ..
        } = plan
        {
            self.0[tier as usize].remember(uncertainty, *window as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::streams::StreamKey;

    #[test]
    fn a_share_beta_of_new_answers_lies_above() {
        for (beta, window) in [(0.3, 20), (0.1, 200), (0.5, 1000)] {
            let mut history = History::default();
            let key = StreamKey::root(4).named("history");
            let (mut above, rounds) = (0, 20_000);
            for i in 0..rounds {
                let value = key.index(i).uniform();
                above += usize::from(history.quantile_above(beta).is_some_and(|t| value > t));
                history.remember(value, window);
            }
            let share = above as f64 / rounds as f64;
            // Deviation below 0.0036, and more where values share their window.
            assert!((share - beta).abs() < 0.015, "{beta} {window}: {share}");
            assert_eq!(history.sorted.len(), window);
        }
    }

    #[test]
    fn ranks_beyond_the_ends_are_the_ends() {
        let mut history = History::default();
        assert_eq!(history.quantile_above(0.5), None);
        for value in [0.4, 0.2, 0.8] {
            history.remember(value, 10);
        }
        assert_eq!(history.quantile_above(1.0), Some(0.2));
        assert_eq!(history.quantile_above(0.0), Some(0.8));
        assert_eq!(history.quantile_above(0.5), Some(0.4));
        assert_eq!(history.quantile_above(0.25), Some(0.8));
    }
}

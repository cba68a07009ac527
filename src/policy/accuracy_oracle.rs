//! The ceiling of any rule that routes queries between the two models.

use super::greedy::{Until, Weight, place};
use super::{Policy, PolicyError};
use crate::snapshot::{Decision, Load, View};

/// `AccuracyOracle`: offloads exactly the queries that the small model gets wrong
/// and the large one right, placed by Algorithm 2 without its stopping rule.
///
/// It reads what no deployed policy can know ([`View`]'s `truth`). No policy
/// answers more queries right, and none reaches this accuracy with fewer queries
/// at the edge.
#[derive(Debug, Clone, Copy, Default)]
pub struct AccuracyOracle;

impl Policy for AccuracyOracle {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let mut gained = Vec::new();
        for (at, query) in view.queries.iter().enumerate() {
            let Some(truth) = query.truth else {
                return Err(PolicyError::Failed(
                    "AccuracyOracle needs to know which model answers right, which this \
                     snapshot does not say"
                        .to_owned(),
                ));
            };
            if truth.llm_correct && !truth.slm_correct {
                gained.push(at);
            }
        }
        let mut decision = Decision::all_local(view.queries.len());
        place(
            &mut Load::new(view),
            gained,
            Weight::One,
            Until::AllPlaced,
            &mut decision,
        );
        Ok(decision)
    }
}

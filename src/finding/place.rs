//! A value of the field: its replications, in looks of doubling length, and what they say.

use super::condition::{Condition, Parts};
use super::verdict::Verdict;
use crate::experiment::{Experiment, Interval, RunError};
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// The probability that a verdict is wrong, all looks at a place together.
pub const LEVEL: f64 = 0.05;

/// A value of the field that was simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The field's value.
    pub value: f64,
    /// Replications of it.
    pub replications: u32,
    /// One entry a policy.
    pub policies: Vec<PolicyAt>,
}

/// What is known of one policy at a value.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyAt {
    /// Whether all conditions hold.
    pub verdict: Verdict,
    /// The replications that said so.
    pub replications: u32,
    /// One entry a condition.
    pub conditions: Vec<Judgement>,
}

/// What is known of one condition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// Whether it holds.
    pub verdict: Verdict,
    /// The estimate of what is compared with the limit.
    pub interval: Interval,
    /// The probability that the interval misses the truth.
    pub level: f64,
}

/// A place at work.
pub(super) struct Growing {
    experiment: Experiment,
    /// By policy and condition.
    parts: Vec<Vec<Parts>>,
    looks: i32,
    pub place: Place,
}

impl Growing {
    pub fn new(experiment: Experiment, value: f64, conditions: usize) -> Self {
        let policies = experiment.points().next().map_or(0, |p| p.policies.len());
        Self {
            experiment,
            parts: vec![vec![Parts::new(); conditions]; policies],
            looks: 0,
            place: Place {
                value,
                replications: 0,
                policies: Vec::new(),
            },
        }
    }

    /// Looks once more, after as many replications in all. What was decided stays: each
    /// look has half the level of the one before, so that all together are wrong with a
    /// probability of [`LEVEL`] at most.
    pub fn look(
        &mut self,
        replications: u32,
        conditions: &[Condition],
        threads: Option<usize>,
        stop: &AtomicBool,
    ) -> Result<(), RunError> {
        self.grow(
            self.place.replications..replications,
            conditions,
            threads,
            stop,
        )?;
        self.looks += 1;
        self.place.replications = replications;
        let level = LEVEL / 2f64.powi(self.looks);
        let seen: Vec<PolicyAt> = self
            .parts
            .iter()
            .map(|parts| {
                let judged = conditions.iter().zip(parts).map(|(condition, parts)| {
                    let (interval, verdict) = condition.judge(parts, level);
                    Judgement {
                        verdict,
                        interval,
                        level,
                    }
                });
                let conditions: Vec<Judgement> = judged.collect();
                PolicyAt {
                    verdict: Verdict::of_all(conditions.iter().map(|one| one.verdict)),
                    replications,
                    conditions,
                }
            })
            .collect();
        let known = std::mem::take(&mut self.place.policies);
        let mut known = known.into_iter();
        self.place.policies = seen
            .into_iter()
            .map(|new| match known.next() {
                Some(old) if old.verdict != Verdict::Undecided => old,
                _ => new,
            })
            .collect();
        Ok(())
    }

    fn grow(
        &mut self,
        replications: Range<u32>,
        conditions: &[Condition],
        threads: Option<usize>,
        stop: &AtomicBool,
    ) -> Result<(), RunError> {
        let Some(point) = self.experiment.points().next() else {
            return Ok(());
        };
        let policies = self.parts.len();
        let said = self
            .experiment
            .replicate(0, replications, threads, stop, &|records| {
                let of = |policy: usize| {
                    let of = |one: &Condition| one.part(point.scenario, records, policy);
                    conditions.iter().map(of).collect()
                };
                (0..policies).map(of).collect::<Vec<Parts>>()
            })?;
        for replication in said {
            for (parts, own) in self.parts.iter_mut().zip(replication) {
                for (parts, own) in parts.iter_mut().zip(own) {
                    parts.push(own);
                }
            }
        }
        Ok(())
    }
}

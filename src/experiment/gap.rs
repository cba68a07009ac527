//! How far each policy's objective (Eq. 10) is from the least one that obeys
//! constraint (11): the optimum where it can be computed, else the best known.

use super::estimate::Estimate;
use super::interruptible::Interruptible;
use super::point::Point;
use super::{Experiment, PolicyUnderTest, RunError};
use crate::engine::{CompletedQuery, Recorder};
use crate::policy::{self, DEFAULT_MAX_NODES, Optimal, Policy, PolicyError, best_known};
use crate::scenario::SweptValue;
use crate::snapshot::{Choice, Decision, View, objective};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// What to compare with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GapOptions {
    /// The threshold of constraint (11); `None` takes that of the first policy
    /// that has one, and forces nothing where none has.
    pub tau: Option<f64>,
    /// Random starts of the search for the best known assignment, beside the
    /// greedy ones.
    pub random_starts: usize,
    /// Instants with at most this many waiting queries are compared with the
    /// optimum, as long as branch and bound finds it within its bound on work.
    pub exact_up_to: usize,
}

impl Default for GapOptions {
    fn default() -> Self {
        Self {
            tau: None,
            random_starts: 8,
            exact_up_to: 16,
        }
    }
}

/// Gaps at all points, in the order of the sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The swept fields, none without a sweep.
    pub swept_fields: Vec<String>,
    /// A name for each policy that holds at every point.
    pub series: Vec<String>,
    /// One entry a point.
    pub points: Vec<GapPoint>,
}

/// Gaps of all policies at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct GapPoint {
    /// The values of the swept fields.
    pub values: Vec<SweptValue>,
    /// Replications, all policies on the same draws.
    pub replications: u32,
    /// The threshold of constraint (11).
    pub tau: f64,
    /// Share of scheduling instants at which the reference is the optimum itself.
    pub exact_share: f64,
    /// Objective of the reference per replication, in seconds.
    pub reference_s: Estimate,
    /// One entry a policy, in the scenario's order.
    pub policies: Vec<PolicyGap>,
}

/// One policy beside the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyGap {
    /// The policy as the scenario writes it.
    pub policy: String,
    /// Its objective per replication, in seconds.
    pub objective_s: Estimate,
    /// Its objective over that of the reference in the same replication, minus
    /// one; below zero only for a policy that breaks constraint (11).
    pub gap: Estimate,
    /// Share of the queries above tau that it leaves on their devices against (11).
    pub kept_above_tau: Estimate,
}

/// One replication: sums over its scheduling instants.
#[derive(Debug, Clone, Default)]
struct Sums {
    reference_s: f64,
    objectives_s: Vec<f64>,
    kept_above: Vec<u64>,
    above: u64,
    instants: u64,
    exact: u64,
}

impl Experiment {
    /// Compares the decisions of all policies with the best ones.
    ///
    /// Time goes on with the first policy's decisions, so that all policies are
    /// asked about the same snapshots. `done` is called after each task.
    ///
    /// # Errors
    /// As [`Experiment::run`].
    pub fn gap(
        &self,
        options: &GapOptions,
        threads: Option<usize>,
        stop: &AtomicBool,
        done: &(dyn Fn() + Sync),
    ) -> Result<Gap, RunError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or(0))
            .build()?;
        let records = pool.install(|| {
            (0..self.task_count())
                .into_par_iter()
                .map(|task| {
                    let record = self.gap_task(task, options, stop)?;
                    done();
                    Ok(record)
                })
                .collect::<Result<Vec<Vec<Sums>>, RunError>>()
        })?;
        let mut by_point: Vec<Vec<Sums>> = vec![Vec::new(); self.points.len()];
        for (task, record) in records.into_iter().enumerate() {
            by_point[self.task(task).point].extend(record);
        }
        Ok(Gap {
            swept_fields: self.loaded.scenario.swept_fields(),
            series: super::fold::series(self),
            points: self
                .points
                .iter()
                .zip(by_point)
                .map(|(point, sums)| gap_point(point, options, &sums))
                .collect(),
        })
    }

    fn gap_task(
        &self,
        index: usize,
        options: &GapOptions,
        stop: &AtomicBool,
    ) -> Result<Vec<Sums>, RunError> {
        let task = self.task(index);
        let point = &self.points[task.point];
        let mut compared = Compared {
            policies: point.policies.iter().map(PolicyUnderTest::make).collect(),
            labels: point.policies.iter().map(|p| p.label.clone()).collect(),
            options: *options,
            tau: tau(point, options),
            sums: Sums::default(),
        };
        let mut all = Vec::with_capacity(task.replications.len());
        for replication in task.replications.clone() {
            if stop.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            self.simulate(
                task.point,
                u64::from(replication),
                &mut compared,
                &mut Interruptible {
                    recorder: &mut Unrecorded,
                    stop,
                },
            )
            .map_err(|error| {
                if stop.load(Ordering::Relaxed) {
                    return RunError::Interrupted;
                }
                RunError::Policy {
                    policy: "one of those compared".to_owned(),
                    error,
                    point: task.point,
                    replication,
                }
            })?;
            let sums = std::mem::take(&mut compared.sums);
            let objectives = compared.labels.iter().zip(&sums.objectives_s);
            let reference = ("the best assignment".to_owned(), sums.reference_s);
            let broken = objectives
                .map(|(label, objective)| (label.clone(), *objective))
                .chain([reference])
                .find(|(_, objective_s)| !objective_s.is_finite());
            if let Some((policy, value)) = broken {
                return Err(RunError::NotFinite {
                    policy,
                    field: "objective_s".to_owned(),
                    value,
                    point: task.point,
                    seed: self.loaded.scenario.seed,
                    replication,
                });
            }
            all.push(sums);
        }
        Ok(all)
    }
}

/// Gaps are found at the instants of decision; what becomes of the queries is not
/// asked.
struct Unrecorded;

impl Recorder for Unrecorded {
    fn on_departure(&mut self, _query: &CompletedQuery, _measured: bool) {}
}

fn tau(point: &Point, options: &GapOptions) -> f64 {
    options.tau.or(point.tau).unwrap_or(1.0)
}

/// Asks every policy about every snapshot, and goes on with the first one's answer.
struct Compared {
    policies: Vec<Box<dyn Policy>>,
    labels: Vec<String>,
    options: GapOptions,
    tau: f64,
    sums: Sums,
}

impl Policy for Compared {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let mut first = None;
        let sums = &mut self.sums;
        sums.objectives_s.resize(self.policies.len(), 0.0);
        sums.kept_above.resize(self.policies.len(), 0);
        for (at, policy) in self.policies.iter_mut().enumerate() {
            let named =
                |error: PolicyError| PolicyError::Failed(format!("{}: {error}", self.labels[at]));
            let decision = policy.decide(view).map_err(named)?;
            policy::check(view, &decision).map_err(named)?;
            sums.objectives_s[at] += objective(view, &decision).0;
            sums.kept_above[at] += kept_above(view, self.tau, &decision);
            first.get_or_insert(decision);
        }
        sums.above += policy::above(view, self.tau)
            .iter()
            .map(|&above| u64::from(above))
            .sum::<u64>();
        sums.instants += 1;
        let optimum = (view.queries.len() <= self.options.exact_up_to)
            .then(|| {
                Optimal {
                    tau: self.tau,
                    max_nodes: DEFAULT_MAX_NODES,
                }
                .decide(view)
                .ok()
            })
            .flatten();
        sums.reference_s += match optimum {
            Some(optimum) => {
                sums.exact += 1;
                objective(view, &optimum).0
            }
            None => {
                best_known(view, self.tau, self.options.random_starts)?
                    .cost
                    .total()
                    .0
            }
        };
        Ok(first.unwrap_or_else(|| Decision::all_local(view.queries.len())))
    }

    fn begin_replication(&mut self) {
        for policy in &mut self.policies {
            policy.begin_replication();
        }
    }
}

fn kept_above(view: &View<'_>, tau: f64, decision: &Decision) -> u64 {
    view.queries
        .iter()
        .zip(&decision.choices)
        .filter(|(query, choice)| query.uncertainty > tau && **choice == Choice::Local)
        .count() as u64
}

fn gap_point(point: &Point, options: &GapOptions, replications: &[Sums]) -> GapPoint {
    let over = |value: &dyn Fn(&Sums) -> f64| {
        Estimate::of(&replications.iter().map(value).collect::<Vec<f64>>())
    };
    let (exact, instants) = replications.iter().fold((0, 0), |(exact, all), sums| {
        (exact + sums.exact, all + sums.instants)
    });
    GapPoint {
        values: point.values.clone(),
        replications: replications.len() as u32,
        tau: tau(point, options),
        exact_share: if instants > 0 {
            exact as f64 / instants as f64
        } else {
            0.0
        },
        reference_s: over(&|sums| sums.reference_s),
        policies: point
            .policies
            .iter()
            .enumerate()
            .map(|(at, policy)| PolicyGap {
                policy: policy.label.clone(),
                objective_s: over(&|sums| sums.objectives_s[at]),
                gap: over(&|sums| {
                    if sums.reference_s > 0.0 {
                        sums.objectives_s[at] / sums.reference_s - 1.0
                    } else {
                        0.0
                    }
                }),
                kept_above_tau: over(&|sums| sums.kept_above[at] as f64 / sums.above.max(1) as f64),
            })
            .collect(),
    }
}

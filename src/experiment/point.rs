//! The points of a sweep: the scenario with its fields set, and its policies.

use super::Experiment;
use super::model::{settings, world_model};
use super::warm_up::Cut;
use crate::engine::Settings;
use crate::external::Programs;
use crate::policy::{Build, Policy, PolicySpec};
use crate::scenario::{Diagnostic, Loaded, Override, Scenario, Sweep, SweptValue};
use crate::uncertainty::Metric;
use crate::units::Seconds;
use crate::world::WorldModel;
use std::sync::{Arc, OnceLock};

/// Makes a policy for a worker.
type PolicyFactory = Arc<dyn Fn() -> Box<dyn Policy> + Send + Sync>;

/// A policy that takes part in an experiment.
#[derive(Clone)]
pub(super) struct PolicyUnderTest {
    /// As the scenario writes it.
    pub label: String,
    /// Its parameters, where a scenario names it.
    pub spec: Option<PolicySpec>,
    /// The metric by which it sees uncertainty, if not by the scenario's.
    pub metric: Option<Metric>,
    factory: PolicyFactory,
}

impl PolicyUnderTest {
    /// A policy under a label.
    pub fn new(label: &str, factory: impl Fn() -> Box<dyn Policy> + Send + Sync + 'static) -> Self {
        Self {
            label: label.to_owned(),
            spec: None,
            metric: None,
            factory: Arc::new(factory),
        }
    }

    /// A fresh policy.
    pub fn make(&self) -> Box<dyn Policy> {
        (self.factory)()
    }
}

/// What a study asks at one point of its sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct PointOutline<'a> {
    /// The values of the swept fields.
    pub values: &'a [SweptValue],
    /// The complete scenario at this point.
    pub scenario: &'a Scenario,
    /// The policies' labels, in the order of the results.
    pub policies: Vec<&'a str>,
}

impl Experiment {
    /// The points, in the order of the sweep.
    pub fn points(&self) -> impl ExactSizeIterator<Item = PointOutline<'_>> {
        self.points.iter().map(|point| PointOutline {
            values: &point.values,
            scenario: &point.scenario,
            policies: point.policies.iter().map(|policy| &*policy.label).collect(),
        })
    }
}

/// One point of the sweep.
pub(super) struct Point {
    /// The values of the swept fields.
    pub values: Vec<SweptValue>,
    pub scenario: Scenario,
    pub settings: Settings,
    pub model: WorldModel,
    pub policies: Vec<PolicyUnderTest>,
    /// The threshold of the first policy that has one.
    pub tau: Option<f64>,
    /// Where its measured window begins, once it is known.
    pub cut: OnceLock<Cut>,
}

impl Point {
    /// How its replications go, measured from the end of the warm-up on.
    pub fn settings_from(&self, warm_up: Seconds) -> Settings {
        Settings {
            warm_up,
            ..self.settings.clone()
        }
    }
}

/// All points of a loaded scenario, each checked.
pub(super) fn points(loaded: &Loaded) -> Result<Vec<Point>, Vec<Diagnostic>> {
    let programs = Programs::in_folder(loaded.folder().to_owned());
    let Some(sweep) = &loaded.scenario.sweep else {
        return Ok(vec![point(loaded, Vec::new(), &programs)]);
    };
    // An override writes the scenario out and reads it back: with the sweep in it
    // the work would grow with the square of the number of points.
    let common = loaded.without_sweep();
    let policies = common.scenario.policies.len();
    sweep
        .points()
        .into_iter()
        .map(|values| {
            let set: Vec<Override> = overrides(sweep, &values).collect();
            let at_values = common.with_overrides(&set)?;
            let found = at_values.scenario.policies.len();
            if found != policies {
                let message = format!(
                    "{found} policies at one point of the sweep and {policies} in the scenario"
                );
                let help = "give as many policies at every point";
                return Err(vec![loaded.at_field("sweep", message, help)]);
            }
            Ok(point(&at_values, values, &programs))
        })
        .collect()
}

/// What sets the swept fields to their values at a point.
fn overrides<'s>(
    sweep: &'s Sweep,
    values: &'s [SweptValue],
) -> impl Iterator<Item = Override> + 's {
    let several = sweep.0.len() > 1;
    let fields = sweep.0.iter().zip(values).enumerate();
    fields.map(move |(at, (swept, value))| Override {
        field: swept.field.clone(),
        value: value.to_ron(),
        source: match several {
            true => format!("sweep[{at}].values"),
            false => "sweep.values".to_owned(),
        },
    })
}

fn point(loaded: &Loaded, values: Vec<SweptValue>, programs: &Arc<Programs>) -> Point {
    let scenario = &loaded.scenario;
    let by = |spec: &PolicySpec, metric: Metric| {
        let (own, table) = (spec.clone(), Arc::clone(&loaded.table));
        let probe = scenario.workload.probe;
        let programs = Arc::clone(programs);
        let make = move || {
            own.build(&Build {
                quantiles: probe.quantiles(&table, metric),
                external: &|external| programs.policy(external),
            })
        };
        PolicyUnderTest {
            spec: Some(spec.clone()),
            ..PolicyUnderTest::new(&spec.to_string(), make)
        }
    };
    let uncertainty = &scenario.workload.uncertainty;
    let specs = &scenario.policies;
    let policies = if uncertainty.compare_metrics.is_empty() {
        specs.iter().map(|s| by(s, uncertainty.metric)).collect()
    } else {
        let compared = specs
            .iter()
            .flat_map(|s| uncertainty.compare_metrics.iter().map(move |m| (s, *m)));
        compared
            .map(|(spec, metric)| PolicyUnderTest {
                label: format!("{spec} by {metric}"),
                metric: Some(metric),
                ..by(spec, metric)
            })
            .collect()
    };
    Point {
        values,
        scenario: scenario.clone(),
        settings: settings(scenario, loaded.trace.as_ref()),
        model: WorldModel {
            measured: loaded.gains.clone(),
            ..world_model(scenario, &loaded.table)
        },
        policies,
        tau: scenario.policies.iter().find_map(|policy| {
            policy.threshold(
                scenario
                    .workload
                    .probe
                    .quantiles(&loaded.table, scenario.workload.uncertainty.metric),
            )
        }),
        cut: OnceLock::new(),
    }
}

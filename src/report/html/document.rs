//! What a report is made of: the files of a finished run.

use crate::experiment::Estimate;
use crate::report::number::swept;
use crate::scenario::{Scenario, SweptValue};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// `results.json` as a report needs it.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    /// The version that ran.
    pub edgelm: String,
    pub name: String,
    pub seed: u64,
    pub scenario: Scenario,
    sweep: Value,
    #[serde(default)]
    pub warnings: Vec<String>,
    points: Vec<RawPoint>,
}

#[derive(Debug, Deserialize)]
struct RawPoint {
    value: Value,
    policies: Vec<PolicyNumbers>,
}

/// One point of the sweep.
#[derive(Debug)]
pub(super) struct PointNumbers<'d> {
    pub values: Vec<SweptValue>,
    pub policies: &'d [PolicyNumbers],
}

/// One policy at one point.
#[derive(Debug, Deserialize)]
pub(super) struct PolicyNumbers {
    pub policy: String,
    pub replications: u32,
    pub queries: u64,
    pub delay_mean_ms: Number,
    pub delay_quantiles_ms: Map<String, Value>,
    pub accuracy: Number,
    pub offloaded_share: Number,
    pub objective_s: Number,
    pub difference: Option<Difference>,
    #[serde(default)]
    pub warnings: Vec<String>,
    #[serde(default)]
    pub measures: BTreeMap<String, Number>,
}

/// The difference to the first policy.
#[derive(Debug, Deserialize)]
pub(super) struct Difference {
    pub to: String,
    pub delay_mean_ms: Number,
    pub accuracy: Number,
}

/// An estimate, `null` where there is none.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Number {
    mean: Option<f64>,
    ci95: Option<f64>,
}

impl From<Number> for Estimate {
    fn from(number: Number) -> Self {
        Self {
            mean: number.mean.unwrap_or(f64::NAN),
            ci95: number.ci95,
        }
    }
}

impl Document {
    /// The swept fields; none without a sweep.
    pub fn swept_fields(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match &self.sweep {
            Value::Null => Vec::new(),
            Value::Array(several) => several.iter().map(text).collect(),
            one => vec![text(one)],
        }
    }

    /// All points, in the order of the sweep.
    pub fn points(&self) -> Vec<PointNumbers<'_>> {
        let value = |value: &Value| match value.as_f64() {
            Some(number) => SweptValue::Number(number),
            None => SweptValue::Ron(value.as_str().unwrap_or_default().to_owned()),
        };
        let values = |raw: &Value| match raw {
            Value::Null => Vec::new(),
            Value::Array(several) => several.iter().map(value).collect(),
            one => vec![value(one)],
        };
        let points = self.points.iter().map(|point| PointNumbers {
            values: values(&point.value),
            policies: &point.policies,
        });
        points.collect()
    }
}

impl PolicyNumbers {
    /// A quantile of delay with its interval, as the table of a run has it.
    pub fn quantile(&self, name: &str) -> [Option<f64>; 3] {
        let quantile = self.delay_quantiles_ms.get(name);
        ["value", "low", "high"].map(|part| quantile?.get(part)?.as_f64())
    }
}

/// Means of stages by group of queries: lists of (stage, mean, half-width) in milliseconds.
pub(super) type Stages = BTreeMap<String, Vec<(String, Option<f64>, Option<f64>)>>;

/// The rows of `stages.csv` of a policy at a point.
#[derive(Debug)]
pub(super) struct StagesOf {
    /// The point's values, as [`place`] has them.
    pub place: String,
    pub policy: String,
    pub stages: Stages,
}

/// The rows of `stages.csv` by point and policy, in the order of the results.
pub(super) fn stages(text: &str) -> Result<Vec<StagesOf>, csv::Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers()?.len();
    let Some(fields) = columns.checked_sub(5) else {
        let found = format!("{columns} columns in place of at least 7");
        return Err(csv::Error::from(std::io::Error::other(found)));
    };
    let mut found: Vec<StagesOf> = Vec::new();
    for row in reader.records() {
        let row = row?;
        let place: Vec<&str> = row.iter().take(fields).skip(1).step_by(2).collect();
        let (place, policy) = (place.join(", "), &row[fields]);
        let is_next = |last: &StagesOf| last.place != place || last.policy != *policy;
        if found.last().is_none_or(is_next) {
            found.push(StagesOf {
                place,
                policy: policy.to_owned(),
                stages: Stages::new(),
            });
        }
        if let Some(last) = found.last_mut() {
            let group = last.stages.entry(row[fields + 1].to_owned()).or_default();
            let number = |at: usize| row[fields + at].parse().ok();
            group.push((row[fields + 2].to_owned(), number(3), number(4)));
        }
    }
    Ok(found)
}

/// The values of a point as `stages.csv` writes them, to find its rows.
pub(super) fn place(values: &[SweptValue]) -> String {
    values.iter().map(swept).collect::<Vec<_>>().join(", ")
}

/// The distribution of an `.hgrm` file: pairs of a delay in milliseconds and the share of
/// queries beyond it.
pub(super) fn distribution(hgrm: &str) -> Vec<(f64, f64)> {
    let rows = hgrm.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<f64>);
        Some((numbers.next()?.ok()?, 1.0 - numbers.next()?.ok()?))
    });
    rows.filter(|(_, beyond)| *beyond > 0.0).collect()
}

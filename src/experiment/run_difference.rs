//! Two finished runs beside each other: what one has more than the other, replication by
//! replication on the same draws.

use super::{Estimate, plan_differences};
use crate::fault::Fault;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A finished run, as its folder has it.
#[derive(Debug, Clone)]
pub struct FinishedRun {
    /// Its folder.
    pub folder: PathBuf,
    /// The seed of its draws.
    pub seed: u64,
    /// The scenario, as JSON.
    scenario: String,
    /// What was measured, in the order of the file.
    measures: Vec<String>,
    rows: Vec<Row>,
}

/// One replication of one policy at one point.
#[derive(Debug, Clone)]
struct Row {
    group: Group,
    replication: u32,
    /// One a measure; `None` where nothing was measured.
    values: Vec<Option<f64>>,
}

/// A policy at a point of the sweep.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// The swept fields' values as they are written, with commas between them; empty without a
    /// sweep.
    pub value: String,
    /// The policy.
    pub policy: String,
}

/// Whether a column says which replication it is: its policy, its number, a swept field or
/// the value of one.
fn is_key(column: &str) -> bool {
    matches!(column, "policy" | "replication") || is_swept("sweep", column) || is_value(column)
}

fn is_value(column: &str) -> bool {
    is_swept("value", column)
}

/// Whether a column is this one, or the same of a further field: `value`, `value_2`.
fn is_swept(name: &str, column: &str) -> bool {
    let number = column.strip_prefix(name).map(|rest| rest.strip_prefix('_'));
    match number {
        None => false,
        Some(None) => column == name,
        Some(Some(number)) => number.parse::<u32>().is_ok(),
    }
}

impl FinishedRun {
    /// Reads a folder that `edgelm run` or `edgelm merge` wrote.
    ///
    /// # Errors
    /// [`Fault`]: what is not there, or cannot be understood.
    pub fn read(folder: &Path) -> Result<Self, Fault> {
        let fault = |name: &str, found: &str, allowed: &str| {
            Fault::new(folder.join(name).display().to_string(), found, allowed)
        };
        let file = |name: &str| {
            let allowed = "a file that `edgelm run` wrote";
            let text = fs::read_to_string(folder.join(name));
            text.map_err(|error| fault(name, &error.to_string(), allowed))
        };
        #[derive(Deserialize)]
        struct Head {
            seed: u64,
            scenario: serde_json::Value,
        }
        let head: Head = serde_json::from_str(&file("results.json")?)
            .map_err(|error| fault("results.json", &error.to_string(), "results as JSON"))?;
        let text = file("replications.csv")?;
        let wrong = |error: csv::Error| {
            let allowed = "a row for each replication";
            fault("replications.csv", &error.to_string(), allowed)
        };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(wrong)?.clone();
        let at = |name: &str| {
            let place = header.iter().position(|column| column == name);
            place.ok_or_else(|| fault("replications.csv", "no such column", name))
        };
        let (policy, replication) = (at("policy")?, at("replication")?);
        let values: Vec<usize> = header
            .iter()
            .enumerate()
            .filter(|(_, column)| is_value(column))
            .map(|(place, _)| place)
            .collect();
        let is_measure = |name: &&str| !is_key(name);
        let places: Vec<usize> = header
            .iter()
            .filter(is_measure)
            .map(at)
            .collect::<Result<_, _>>()?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(wrong)?;
            let number = record[replication].parse().map_err(|_| {
                fault(
                    "replications.csv",
                    &record[replication],
                    "a replication's number",
                )
            })?;
            rows.push(Row {
                group: Group {
                    value: values
                        .iter()
                        .map(|at| &record[*at])
                        .collect::<Vec<_>>()
                        .join(", "),
                    policy: record[policy].to_owned(),
                },
                replication: number,
                values: places.iter().map(|at| record[*at].parse().ok()).collect(),
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            seed: head.seed,
            scenario: head.scenario.to_string(),
            measures: header
                .iter()
                .filter(is_measure)
                .map(str::to_owned)
                .collect(),
            rows,
        })
    }

    /// The fields of the scenarios in which another run differs, as `seed: 1 there, 2 here`.
    pub fn differs_from(&self, there: &Self) -> Vec<String> {
        plan_differences(&there.scenario, &self.scenario)
    }
}

/// What two runs have in common, one beside the other.
#[derive(Debug, Clone, PartialEq)]
pub struct RunDifference {
    /// The policies and points that both have, in the order of the first run.
    pub groups: Vec<GroupDifference>,
    /// Those that only one of them has.
    pub unmatched: Vec<Group>,
}

/// One policy at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupDifference {
    /// Which.
    pub group: Group,
    /// Replications that both runs have.
    pub replications: usize,
    /// By measure: means of the first run, of the second, of the second minus the first in
    /// the same replication.
    pub measures: Vec<(String, [Estimate; 3])>,
}

/// Sets two runs of the same seed beside each other.
///
/// # Errors
/// [`Fault`]: of different seeds, so that replications do not belong together.
pub fn run_difference(first: &FinishedRun, second: &FinishedRun) -> Result<RunDifference, Fault> {
    if first.seed != second.seed {
        return Err(Fault::new(
            "seed",
            format!("{} and {}", first.seed, second.seed),
            "the same in both runs: differences are taken on the same draws",
        ));
    }
    let (ours, theirs) = (by_group(first), by_group(second));
    let mut groups = Vec::new();
    for (group, rows) in &ours {
        let Some((_, others)) = theirs.iter().find(|(other, _)| other == group) else {
            continue;
        };
        let pairs: Vec<(&Row, &Row)> = rows
            .iter()
            .filter_map(|(number, row)| Some((*row, *others.get(number)?)))
            .collect();
        let measures = first.measures.iter().enumerate().filter_map(|(at, name)| {
            let there = second.measures.iter().position(|other| other == name)?;
            let both = pairs
                .iter()
                .map(|(a, b)| Some((a.values[at]?, b.values[there]?)));
            let both: Vec<(f64, f64)> = both.collect::<Option<_>>()?;
            let of = |value: fn(&(f64, f64)) -> f64| {
                Estimate::of(&both.iter().map(value).collect::<Vec<f64>>())
            };
            Some((name.clone(), [of(|p| p.0), of(|p| p.1), of(|p| p.1 - p.0)]))
        });
        groups.push(GroupDifference {
            group: group.clone(),
            replications: pairs.len(),
            measures: measures.collect(),
        });
    }
    let only = |own: &[(Group, _)], other: &[(Group, _)]| -> Vec<Group> {
        let names = own.iter().map(|(group, _)| group);
        names
            .filter(|group| other.iter().all(|(there, _)| there != *group))
            .cloned()
            .collect()
    };
    Ok(RunDifference {
        groups,
        unmatched: [only(&ours, &theirs), only(&theirs, &ours)].concat(),
    })
}

type Rows<'r> = BTreeMap<u32, &'r Row>;

/// The rows of each policy at each point by replication, in the order of the file.
fn by_group(run: &FinishedRun) -> Vec<(Group, Rows<'_>)> {
    let mut groups: Vec<(Group, Rows<'_>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for row in &run.rows {
        let place = *places.entry(&row.group).or_insert_with(|| {
            groups.push((row.group.clone(), Rows::new()));
            groups.len() - 1
        });
        groups[place].1.insert(row.replication, row);
    }
    groups
}

//! What `edgelm find` writes: `find.csv` and the figure `find` (the values that were simulated),
//! `find.json` (all of it), and the answers as a table.

use super::number::shortest;
use super::{Format, OutputFile, ReportError};
use crate::finding::{Answer, Finding};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

/// The files of an answer in these formats.
///
/// # Errors
/// [`ReportError`], if a format's library fails.
pub fn files(
    title: &str,
    finding: &Finding,
    formats: &[Format],
) -> Result<Vec<OutputFile>, ReportError> {
    let mut files = Vec::new();
    let mut add = |name: &str, bytes| {
        files.push(OutputFile {
            name: name.to_owned(),
            bytes,
        });
    };
    if formats.contains(&Format::Csv) {
        add("find.csv", csv(finding)?);
    }
    if formats.contains(&Format::Json) {
        add("find.json", json(finding)?.into_bytes());
    }
    #[cfg(feature = "plots")]
    {
        let figure = super::plot::finding::draw(title, finding)?;
        files.extend(super::plot::figure_files("find", &figure, formats)?);
    }
    #[cfg(not(feature = "plots"))]
    let _ = title;
    Ok(files)
}

/// The answers, a line each.
pub fn summary(finding: &Finding) -> String {
    let conditions: Vec<&str> = finding.conditions.iter().map(|c| &*c.text).collect();
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["policy", &finding.field, ""]);
    for (policy, answer) in finding.policies.iter().zip(&finding.answers) {
        let [said, beyond] = words(finding, *answer);
        table.add_row([policy.clone(), said, beyond]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    format!(
        "{} from {} to {} such that {}\n\n{}\n",
        finding.field,
        shortest(finding.low),
        shortest(finding.high),
        conditions.join(" and "),
        table.trim_fmt()
    )
}

fn words(finding: &Finding, answer: Answer) -> [String; 2] {
    let beyond = |fails: Option<f64>, preposition: &str| match fails {
        Some(fails) => format!("fails {preposition} {}", shortest(fails)),
        None => "undecided beyond".to_owned(),
    };
    match answer {
        Answer::Throughout => [
            "holds throughout".to_owned(),
            format!("up to {} at least", shortest(finding.high)),
        ],
        Answer::Nowhere => ["holds nowhere".to_owned(), String::new()],
        Answer::UpTo { holds, fails } => [
            format!("holds up to {}", shortest(holds)),
            beyond(fails, "from"),
        ],
        Answer::From { holds, fails } => [
            format!("holds from {}", shortest(holds)),
            beyond(fails, "up to"),
        ],
        Answer::FailsFrom(value) => [
            "undecided".to_owned(),
            format!("fails from {}", shortest(value)),
        ],
        Answer::FailsUpTo(value) => [
            "undecided".to_owned(),
            format!("fails up to {}", shortest(value)),
        ],
        Answer::Undecided => ["undecided".to_owned(), "at both ends".to_owned()],
    }
}

/// All of it, as JSON.
///
/// # Errors
/// [`ReportError`], if a number cannot be written.
pub fn json(finding: &Finding) -> Result<String, ReportError> {
    let answers = finding.policies.iter().zip(&finding.answers);
    let answers: Vec<Value> = answers
        .map(|(policy, answer)| {
            let (kind, holds, fails) = match *answer {
                Answer::Throughout => ("throughout", None, None),
                Answer::Nowhere => ("nowhere", None, None),
                Answer::UpTo { holds, fails } => ("up to", Some(holds), fails),
                Answer::From { holds, fails } => ("from", Some(holds), fails),
                Answer::FailsFrom(value) => ("fails from", None, Some(value)),
                Answer::FailsUpTo(value) => ("fails up to", None, Some(value)),
                Answer::Undecided => ("undecided", None, None),
            };
            json!({"policy": policy, "answer": kind, "holds": holds, "fails": fails})
        })
        .collect();
    let path: Vec<Value> = finding
        .path
        .iter()
        .map(|place| {
            let policies = finding.policies.iter().zip(&place.policies);
            let policies: Vec<Value> = policies
                .map(|(policy, at)| {
                    let conditions = finding.conditions.iter().zip(&at.conditions);
                    let conditions: Vec<Value> = conditions
                        .map(|(condition, judged)| {
                            json!({
                                "condition": condition.text,
                                "estimated": condition.estimated(),
                                "limit": condition.limit(),
                                "estimate": judged.interval.estimate,
                                "low": judged.interval.low,
                                "high": judged.interval.high,
                                "level": judged.level,
                                "verdict": judged.verdict.name(),
                            })
                        })
                        .collect();
                    json!({
                        "policy": policy,
                        "verdict": at.verdict.name(),
                        "replications": at.replications,
                        "conditions": conditions,
                    })
                })
                .collect();
            json!({
                "value": place.value,
                "replications": place.replications,
                "policies": policies,
            })
        })
        .collect();
    let conditions: Vec<&str> = finding.conditions.iter().map(|c| &*c.text).collect();
    let all = json!({
        "field": finding.field,
        "low": finding.low,
        "high": finding.high,
        "step": finding.step,
        "such_that": conditions,
        "answers": answers,
        "path": path,
        "warnings": finding.warnings,
    });
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

fn csv(finding: &Finding) -> Result<Vec<u8>, ::csv::Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record([
        &*finding.field,
        "policy",
        "verdict",
        "replications",
        "condition",
        "estimated",
        "limit",
        "estimate",
        "low",
        "high",
        "level",
        "condition_verdict",
    ])?;
    for place in &finding.path {
        for (policy, at) in finding.policies.iter().zip(&place.policies) {
            for (condition, judged) in finding.conditions.iter().zip(&at.conditions) {
                writer.write_record([
                    shortest(place.value),
                    policy.clone(),
                    at.verdict.name().to_owned(),
                    at.replications.to_string(),
                    condition.text.clone(),
                    condition.estimated(),
                    shortest(condition.limit()),
                    shortest(judged.interval.estimate),
                    shortest(judged.interval.low),
                    shortest(judged.interval.high),
                    shortest(judged.level),
                    judged.verdict.name().to_owned(),
                ])?;
            }
        }
    }
    writer
        .into_inner()
        .map_err(|error| ::csv::Error::from(std::io::Error::other(error.to_string())))
}

//! `results.json`: everything a later program needs to know of a run.
//!
//! Where `results.csv` has an empty field, there is `null` here.

use super::{Finished, OutputFile, ReportError, swept};
use crate::experiment::{Estimate, PairedDifference, PolicyResult, quantile_name};
use serde_json::{Map, Value, json};

pub(super) fn files(run: Finished<'_>) -> Result<Vec<OutputFile>, ReportError> {
    let mut bytes = serde_json::to_vec_pretty(&document(run)?)?;
    bytes.push(b'\n');
    Ok(vec![OutputFile {
        name: "results.json".to_owned(),
        bytes,
    }])
}

fn document(run: Finished<'_>) -> Result<Value, serde_json::Error> {
    let points: Vec<Value> = run
        .results
        .points
        .iter()
        .map(|point| {
            json!({
                "value": swept::one_or_list(&point.values),
                "policies": point.policies.iter().map(policy).collect::<Vec<Value>>(),
            })
        })
        .collect();
    let mut document = json!({
        "edgelm": env!("CARGO_PKG_VERSION"),
        "name": run.name,
        "seed": run.scenario.seed,
        "scenario": serde_json::to_value(run.scenario)?,
        "sweep": swept::one_or_list(&run.results.swept_fields),
        "points": points,
    });
    let warnings = &run.results.warnings;
    if !warnings.is_empty() {
        document["warnings"] = json!(warnings);
    }
    Ok(document)
}

fn policy(result: &PolicyResult) -> Value {
    let quantiles: Map<String, Value> = result
        .delay_quantiles
        .iter()
        .map(|q| {
            let value = (result.queries > 0).then_some(q.value_ms);
            (
                quantile_name(q.quantile),
                json!({ "value": value, "low": q.low_ms, "high": q.high_ms }),
            )
        })
        .collect();
    let stages: Map<String, Value> = result
        .stages_ms
        .0
        .iter()
        .map(|(stage, mean)| (stage.name().to_owned(), estimate(*mean)))
        .collect();
    let mut json = json!({
        "policy": result.policy,
        "replications": result.replications,
        "queries": result.queries,
        "delay_mean_ms": estimate(result.delay_mean_ms),
        "delay_variance_ms2": estimate(result.delay_variance_ms2),
        "delay_quantiles_ms": quantiles,
        "accuracy": estimate(result.accuracy),
        "offloaded_share": estimate(result.offloaded_share),
        "objective_s": estimate(result.objective_s),
        "stages_mean_ms": stages,
        "difference": result.difference.as_ref().map(difference),
    });
    if let Some(window) = result.window {
        json["window"] = json!({
            "begin_s": window.begin_s,
            "length_s": estimate(window.length_s),
        });
    }
    if !result.warnings.is_empty() {
        json["warnings"] = json!(result.warnings);
    }
    if !result.measures.is_empty() {
        let measures: Map<String, Value> = result
            .measures
            .iter()
            .map(|(name, value)| ((*name).to_owned(), estimate(*value)))
            .collect();
        json["measures"] = Value::Object(measures);
    }
    json
}

fn difference(paired: &PairedDifference) -> Value {
    json!({
        "to": paired.to,
        "delay_mean_ms": estimate(paired.delay_mean_ms),
        "accuracy": estimate(paired.accuracy),
        "offloaded_share": estimate(paired.offloaded_share),
        "objective_s": estimate(paired.objective_s),
    })
}

/// What is not a number becomes `null`.
fn estimate(estimate: Estimate) -> Value {
    json!({ "mean": estimate.mean, "ci95": estimate.ci95 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Results;
    use crate::report::fixture;
    use crate::scenario::Scenario;

    fn read(results: &Results) -> Value {
        let run = Finished {
            scenario: &fixture::scenario(),
            name: "small",
            results,
            #[cfg(feature = "html")]
            experiment: None,
        };
        let files = files(run).unwrap();
        serde_json::from_slice(&files[0].bytes).unwrap()
    }

    #[test]
    fn the_scenario_reads_back() {
        let document = read(&fixture::sweep(2, 2));
        let scenario: Scenario = serde_json::from_value(document["scenario"].clone()).unwrap();
        assert_eq!(scenario, fixture::scenario());
        assert_eq!(document["edgelm"], env!("CARGO_PKG_VERSION"));
        assert_eq!(document["seed"], scenario.seed);
    }

    #[test]
    fn estimates_are_those_of_the_results() {
        let results = fixture::sweep(2, 2);
        let document = read(&results);
        let (written, known) = (
            &document["points"][1]["policies"][1],
            &results.points[1].policies[1],
        );
        assert_eq!(written["delay_mean_ms"]["mean"], known.delay_mean_ms.mean);
        assert_eq!(
            written["delay_quantiles_ms"]["p99"]["value"],
            known.delay_quantiles[3].value_ms
        );
        let difference = known.difference.as_ref().unwrap();
        assert_eq!(written["difference"]["to"], *difference.to);
        assert_eq!(
            written["difference"]["accuracy"]["ci95"],
            difference.accuracy.ci95.unwrap()
        );
        assert!(document["points"][1]["policies"][0]["difference"].is_null());
    }

    #[test]
    fn no_query_is_null() {
        let document = read(&fixture::no_query());
        let written = &document["points"][0]["policies"][0];
        assert!(written["delay_mean_ms"]["mean"].is_null());
        assert!(written["delay_quantiles_ms"]["p50"]["value"].is_null());
        assert!(document["sweep"].is_null());
    }
}

//! `results.csv`: tidy, one row per point and policy.
//!
//! Numbers are the shortest text that reads back as the same number; what does
//! not exist (an interval of one replication, a swept value without a sweep) is
//! an empty field.

use super::number::optional;
use super::{Finished, OutputFile, ReportError, swept};
use crate::experiment::{Estimate, PointResult, PolicyResult, QUANTILES, Results, quantile_name};

pub(super) fn files(run: Finished<'_>) -> Result<Vec<OutputFile>, ReportError> {
    Ok(vec![OutputFile {
        name: "results.csv".to_owned(),
        bytes: write(run.results)?,
    }])
}

/// A field of a row of `results.csv`.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A name.
    Text(String),
    /// How many.
    Count(u64),
    /// A number; `None` is an empty field: there is no such number.
    Number(Option<f64>),
}

/// The rows of `results.csv`, by point and policy, each field with its column.
pub fn result_rows(results: &Results) -> impl Iterator<Item = Vec<(String, Field)>> + '_ {
    let header = header(results);
    results.points.iter().flat_map(move |point| {
        let header = header.clone();
        point.policies.iter().map(move |policy| {
            let mut row = place(results, point);
            row.extend(fields(policy));
            header.iter().cloned().zip(row).collect()
        })
    })
}

/// The swept fields and their values at a point.
fn place(results: &Results, point: &PointResult) -> Vec<Field> {
    if results.swept_fields.is_empty() {
        return vec![Field::Text(String::new()), Field::Number(None)];
    }
    let pairs = results.swept_fields.iter().zip(&point.values);
    pairs
        .flat_map(|(field, value)| {
            let value = match value.number() {
                Some(number) => Field::Number(Some(number)),
                None => Field::Text(value.to_string()),
            };
            [Field::Text(field.clone()), value]
        })
        .collect()
}

fn write(results: &Results) -> Result<Vec<u8>, ::csv::Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(header(results))?;
    for row in result_rows(results) {
        writer.write_record(row.into_iter().map(|(_, field)| match field {
            Field::Text(text) => text,
            Field::Count(count) => count.to_string(),
            Field::Number(number) => optional(number),
        }))?;
    }
    writer
        .into_inner()
        .map_err(|error| ::csv::Error::from(std::io::Error::other(error.to_string())))
}

fn header(results: &Results) -> Vec<String> {
    let mut names = swept::columns(&results.swept_fields);
    names.extend(
        [
            "policy",
            "replications",
            "queries",
            "delay_mean_ms",
            "delay_ci95_ms",
        ]
        .map(str::to_owned),
    );
    names.extend(quantile_names().map(|q| format!("delay_{q}_ms")));
    names.extend(["accuracy", "accuracy_ci95", "offloaded_share", "objective"].map(str::to_owned));
    for q in quantile_names() {
        names.push(format!("delay_{q}_low_ms"));
        names.push(format!("delay_{q}_high_ms"));
    }
    names.extend(["offloaded_share_ci95", "objective_ci95"].map(str::to_owned));
    // Every row has the same stages and measures.
    let first = results
        .points
        .iter()
        .find_map(|point| point.policies.first());
    for (stage, _) in first.iter().flat_map(|policy| &policy.stages_ms.0) {
        let stage = stage.name();
        names.push(format!("{stage}_mean_ms"));
        names.push(format!("{stage}_ci95_ms"));
    }
    for (measure, _) in first.iter().flat_map(|policy| &policy.measures) {
        names.push((*measure).to_owned());
        names.push(format!("{measure}_ci95"));
    }
    names
}

/// `p50`, `p90`, ..., `p999`.
pub(super) fn quantile_names() -> impl Iterator<Item = String> {
    QUANTILES.into_iter().map(quantile_name)
}

fn fields(policy: &PolicyResult) -> Vec<Field> {
    let mut row = vec![
        Field::Text(policy.policy.clone()),
        Field::Count(u64::from(policy.replications)),
        Field::Count(policy.queries),
    ];
    // Of no queries there is no number, whatever an empty histogram says.
    let number = |value: f64| Field::Number(value.is_finite().then_some(value));
    let of_queries = |value: f64| Field::Number((policy.queries > 0).then_some(value));
    let both = |estimate: Estimate| {
        [
            number(estimate.mean),
            number(estimate.ci95.unwrap_or(f64::NAN)),
        ]
    };
    let ends = |end: Option<f64>| number(end.unwrap_or(f64::NAN));
    row.extend(both(policy.delay_mean_ms));
    row.extend(
        policy
            .delay_quantiles
            .iter()
            .map(|q| of_queries(q.value_ms)),
    );
    row.extend(both(policy.accuracy));
    row.push(number(policy.offloaded_share.mean));
    row.push(number(policy.objective_s.mean));
    for q in &policy.delay_quantiles {
        row.extend([ends(q.low_ms), ends(q.high_ms)]);
    }
    row.push(ends(policy.offloaded_share.ci95));
    row.push(ends(policy.objective_s.ci95));
    for (_, stage) in &policy.stages_ms.0 {
        row.extend(both(*stage));
    }
    for (_, measure) in &policy.measures {
        row.extend(both(*measure));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_header_starts_with_the_promised_columns() {
        let header = header(&fixture::one_point(1)).join(",");
        assert!(header.starts_with(
            "sweep,value,policy,replications,queries,delay_mean_ms,delay_ci95_ms,\
             delay_p50_ms,delay_p90_ms,delay_p95_ms,delay_p99_ms,delay_p999_ms,\
             accuracy,accuracy_ci95,offloaded_share,objective,"
        ));
    }

    #[test]
    fn the_table_is_what_the_results_say() {
        let text = String::from_utf8(write(&fixture::sweep(1, 2)).unwrap()).unwrap();
        insta::assert_snapshot!(text, @r#"
        sweep,value,policy,replications,queries,delay_mean_ms,delay_ci95_ms,delay_p50_ms,delay_p90_ms,delay_p95_ms,delay_p99_ms,delay_p999_ms,accuracy,accuracy_ci95,offloaded_share,objective,delay_p50_low_ms,delay_p50_high_ms,delay_p90_low_ms,delay_p90_high_ms,delay_p95_low_ms,delay_p95_high_ms,delay_p99_low_ms,delay_p99_high_ms,delay_p999_low_ms,delay_p999_high_ms,offloaded_share_ci95,objective_ci95,wait_mean_ms,wait_ci95_ms,device_queue_mean_ms,device_queue_ci95_ms,local_compute_mean_ms,local_compute_ci95_ms,uplink_mean_ms,uplink_ci95_ms,edge_compute_mean_ms,edge_compute_ci95_ms
        users.count,60,EdgeAll,20,8000,13.00596757520405,0.21691523806708662,9.936895,26.050559,33.013759,49.184767,74.514431,0.9001108164209057,0.00355609469868737,0.9001108164209057,0.013005967575204053,9.699327,10.166271,25.362430999999997,26.787838999999998,32.063487,34.144255,47.349759,51.642367,66.387967,84.541439,0.00355609469868737,0.00021691523806708656,0,0,0,0,3.2514918938010124,0.054228809516771656,3.2514918938010124,0.054228809516771656,6.502983787602025,0.10845761903354331
        users.count,60,Goa(tau: 0.6),20,8000,18.208354605285674,0.30368133329392094,13.910015,36.470783,46.235647,68.87833499999999,104.267775,0.85046605186151,0.0032431772122089512,0.85046605186151,0.018208354605285672,13.574143,14.229503,35.520511,37.519359,44.892159,47.775743,66.28966299999999,72.28620699999999,92.995583,118.358015,0.0032431772122089512,0.0003036813332939208,0,0,0,0,4.5520886513214185,0.07592033332348024,4.5520886513214185,0.07592033332348024,9.104177302642837,0.15184066664696047
        "#);
    }

    #[test]
    fn absent_values_are_empty() {
        let text = String::from_utf8(write(&fixture::single_query()).unwrap()).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let row = reader.records().next().unwrap().unwrap();
        let field = |name: &str| &row[header.iter().position(|h| h == name).unwrap()];
        assert_eq!(field("sweep"), "");
        assert_eq!(field("value"), "");
        assert_eq!(field("delay_ci95_ms"), "");
        assert_eq!(field("delay_p50_low_ms"), "");
        assert_eq!(field("delay_mean_ms"), "12.5");
    }

    #[test]
    fn no_query_is_no_number() {
        let text = String::from_utf8(write(&fixture::no_query()).unwrap()).unwrap();
        assert!(!text.contains("NaN"));
        assert!(
            text.lines()
                .nth(1)
                .unwrap()
                .starts_with(",,LocalAll,3,0,,,,"),
            "{text}"
        );
    }
}

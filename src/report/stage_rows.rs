//! `stages.csv`: where the time goes, the numbers behind `delay_stages.png`; one row per
//! point, policy, group of queries and stage.

use super::number::{optional, shortest};
use super::{Finished, OutputFile, ReportError, swept};
use crate::experiment::{PolicyResult, StageMeans};

/// A group of queries: its name in the column `queries`, and its means.
type Group = (&'static str, fn(&PolicyResult) -> &StageMeans);

const GROUPS: [Group; 2] = [
    ("all", |policy| &policy.stages_ms),
    ("slowest_1_percent", |policy| &policy.slowest_stages_ms),
];

pub(super) fn files(run: Finished<'_>) -> Result<Vec<OutputFile>, ReportError> {
    Ok(vec![OutputFile {
        name: "stages.csv".to_owned(),
        bytes: write(run)?,
    }])
}

fn write(run: Finished<'_>) -> Result<Vec<u8>, ::csv::Error> {
    let results = run.results;
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let mut header = swept::columns(&results.swept_fields);
    header.extend(["policy", "queries", "stage", "mean_ms", "ci95_ms"].map(str::to_owned));
    writer.write_record(header)?;
    for point in &results.points {
        let place = swept::cells(&results.swept_fields, &point.values);
        for policy in &point.policies {
            for (group, stages) in GROUPS {
                for (stage, mean) in &stages(policy).0 {
                    let own = [
                        policy.policy.clone(),
                        group.to_owned(),
                        stage.name().to_owned(),
                        shortest(mean.mean),
                        optional(mean.ci95),
                    ];
                    writer.write_record(place.iter().chain(&own))?;
                }
            }
        }
    }
    writer
        .into_inner()
        .map_err(|error| ::csv::Error::from(std::io::Error::other(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn stages_of_a_group_sum_to_its_mean_delay() {
        let results = fixture::sweep(2, 2);
        let run = Finished {
            scenario: &fixture::scenario(),
            name: "small",
            results: &results,
            #[cfg(feature = "html")]
            experiment: None,
        };
        let bytes = files(run).unwrap().remove(0).bytes;
        let mut reader = ::csv::Reader::from_reader(&*bytes);
        let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let first = &results.points[1].policies[1];
        let all = rows
            .iter()
            .filter(|row| row[1] == *"70" && row[2] == *first.policy && row[3] == *"all");
        let sum: f64 = all.map(|row| row[5].parse::<f64>().unwrap()).sum();
        assert!((sum / first.delay_mean_ms.mean - 1.0).abs() < 1e-9);
        assert_eq!(rows.len(), 2 * 2 * 2 * first.stages_ms.0.len());
    }
}

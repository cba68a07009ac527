//! What `edgelm gap` writes: `gap.csv`, the figure `gap` and a table for the terminal.

use super::number::{optional, shortest};
use super::table::{mean, nothing};
use super::{Format, OutputFile, ReportError, swept};
use crate::experiment::{Estimate, Gap};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// The files of a study of gaps in these formats.
///
/// # Errors
/// [`ReportError`], if a format's library fails.
pub fn files(title: &str, gap: &Gap, formats: &[Format]) -> Result<Vec<OutputFile>, ReportError> {
    let mut files = Vec::new();
    if formats.contains(&Format::Csv) {
        files.push(OutputFile {
            name: "gap.csv".to_owned(),
            bytes: csv(gap)?,
        });
    }
    #[cfg(feature = "plots")]
    {
        for (name, figure) in super::plot::gap::draw(title, gap)? {
            files.extend(super::plot::figure_files(&name, &figure, formats)?);
        }
    }
    #[cfg(not(feature = "plots"))]
    let _ = title;
    Ok(files)
}

fn csv(gap: &Gap) -> Result<Vec<u8>, ::csv::Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let mut header = swept::columns(&gap.swept_fields);
    header.extend(
        [
            "policy",
            "replications",
            "tau",
            "exact_share",
            "reference",
            "reference_ci95",
            "objective",
            "objective_ci95",
            "gap",
            "gap_ci95",
            "kept_above_tau",
            "kept_above_tau_ci95",
        ]
        .map(str::to_owned),
    );
    writer.write_record(header)?;
    for point in &gap.points {
        for policy in &point.policies {
            let mut row = swept::cells(&gap.swept_fields, &point.values);
            row.extend([
                policy.policy.clone(),
                point.replications.to_string(),
                shortest(point.tau),
                shortest(point.exact_share),
            ]);
            for estimate in [
                point.reference_s,
                policy.objective_s,
                policy.gap,
                policy.kept_above_tau,
            ] {
                row.push(shortest(estimate.mean));
                row.push(optional(estimate.ci95));
            }
            writer.write_record(row)?;
        }
    }
    writer
        .into_inner()
        .map_err(|error| ::csv::Error::from(std::io::Error::other(error.to_string())))
}

/// The gaps as aligned plain text, one block a point.
pub fn summary(gap: &Gap) -> String {
    let mut blocks = Vec::new();
    for point in &gap.points {
        let place = match swept::title(&gap.swept_fields, &point.values) {
            place if place.is_empty() => place,
            place => format!("{place}: "),
        };
        let reference = match point.exact_share {
            1.0 => "the optimum".to_owned(),
            0.0 => "the best known".to_owned(),
            share => format!(
                "the optimum at {} % of instants, else the best known",
                shortest((share * 100.0).round())
            ),
        };
        let title = format!(
            "{place}{reference} under tau = {} has objective {} s ({} replications)",
            shortest(point.tau),
            mean(point.reference_s),
            point.replications
        );
        let mut table = Table::new();
        table
            .load_preset(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(["policy", "objective (s)", "gap (%)", "kept above tau (%)"]);
        for policy in &point.policies {
            let kept = match policy.kept_above_tau {
                Estimate { mean: 0.0, .. } => nothing(),
                some => mean(some.scaled(100.0)),
            };
            table.add_row([
                policy.policy.clone(),
                mean(policy.objective_s),
                mean(policy.gap.scaled(100.0)),
                kept,
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        blocks.push(format!("{title}\n{}\n", table.trim_fmt()));
    }
    blocks.join("\n")
}

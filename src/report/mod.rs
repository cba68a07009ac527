//! Turns finished results into the bytes of output files.
//!
//! Every format is one exporter in the private list `EXPORTERS`: a pure function from a run
//! to files. A new format is one new file here and one line there. Nothing in
//! this module computes an estimate: it only writes down what
//! [`crate::experiment`] found. [`OutputDirectory`] and
//! [`StreamedFile`] alone touch the disk.
//!
//! | file | what it holds |
//! |---|---|
//! | `results.csv` | one row per point and policy, tidy |
//! | `stages.csv` | means of every stage, of all queries and of the slowest 1 % |
//! | `results.json` | the same with the resolved scenario, stages, variances and paired differences |
//! | `replications.csv` | one row per point, replication and policy |
//! | `delay_*.hgrm` | percentile distribution of delay per point and policy |
//! | `accuracy.png`, `delay_mean.png` | against the swept field, or by policy without a sweep |
//! | `deadline_missed.png` | the same, where there is a deadline |
//! | `ttft_p99.png`, `tpot_p99.png`, `slo_met.png`, `energy_per_token.png` | the same, where the scenario tells tokens apart or asks for them |
//! | `accuracy_delay.png` | the accuracy-delay plane, without a sweep or over one of policies' parameters |
//! | `delay_ccdf.png` | complementary CDF of delay at the last point |
//! | `delay_quantiles.png` | p50, p99 and p99.9 against the swept field, or by policy |
//! | `delay_stages.png` | stages of the mean query and of the slowest 1 % at the last point |
//!
//! What does not pass through an exporter, since it may be long, is streamed:
//! `replications.csv` from the records ([`ReplicationRows`]), and what is written while a
//! replication is simulated ([`detail`]).

pub mod calibration;
pub mod catalog;
pub mod coverage;
mod csv;
pub mod detail;
mod directory;
mod directory_error;
mod drawn_policies;
mod file_name;
pub mod finding;
#[cfg(test)]
mod fixture;
pub mod gap;
mod hgrm;
#[cfg(feature = "html")]
pub mod html;
mod json;
pub mod link;
#[cfg(feature = "http")]
pub mod load;
mod number;
pub mod outlook;
mod passing_file;
#[cfg(feature = "plots")]
pub mod plot;
mod replications;
mod rows;
pub mod run_difference;
pub mod series_style;
mod stage_rows;
mod streamed;
pub(crate) mod swept;
mod table;
pub mod uncertainty;
pub mod validation;

pub use csv::{Field, result_rows};
pub use directory::{DirectoryError, OutputDirectory, Replaced};
pub use drawn_policies::DrawnPolicies;
pub use replications::ReplicationRows;
pub use streamed::StreamedFile;
pub use table::summary;

use crate::experiment::{Experiment, Results};
use crate::scenario::Scenario;

/// A file to be written, wholly in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its name, without a folder; safe on every common file system.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why results could not be turned into files. None of these is the user's doing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// `results.csv` could not be formed.
    #[error("cannot write results.csv: {0}")]
    Csv(#[from] ::csv::Error),
    /// `results.json` could not be formed.
    #[error("cannot write results.json: {0}")]
    Json(#[from] serde_json::Error),
    /// A plot could not be drawn.
    #[cfg(feature = "plots")]
    #[error("cannot draw a plot: {0}")]
    Plot(#[from] plot::PlotError),
    /// `report.html` could not be made.
    #[cfg(feature = "html")]
    #[error("cannot write report.html: {0}")]
    Html(#[from] html::PageError),
}

/// What an exporter sees.
#[derive(Clone, Copy)]
struct Finished<'a> {
    /// The complete scenario, as it was run.
    scenario: &'a Scenario,
    /// Its name: the file's stem.
    name: &'a str,
    results: &'a Results,
    /// What was run, where single replications of it can be shown.
    #[cfg(feature = "html")]
    experiment: Option<&'a Experiment>,
}

/// A format of output files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[non_exhaustive]
pub enum Format {
    /// Tables: `results.csv`, `stages.csv`, and `replications.csv`.
    Csv,
    /// `results.json`.
    Json,
    /// Distributions of delay in the text format of HdrHistogram.
    Hgrm,
    /// Figures in dots, 300 to the inch.
    #[cfg(feature = "plots")]
    Png,
    /// The same figures as shapes and text.
    #[cfg(feature = "plots")]
    Svg,
    /// `report.html`: all of it as one page to look at.
    #[cfg(feature = "html")]
    Html,
}

impl Format {
    /// What is written where nothing else is asked for.
    pub const USUAL: &[Self] = &[
        Self::Csv,
        Self::Json,
        Self::Hgrm,
        #[cfg(feature = "plots")]
        Self::Png,
    ];
}

type Exporter = fn(Finished<'_>) -> Result<Vec<OutputFile>, ReportError>;

/// All exporters, in the order in which their files are listed.
const EXPORTERS: &[(Format, Exporter)] = &[
    (Format::Csv, csv::files),
    (Format::Csv, stage_rows::files),
    (Format::Json, json::files),
    (Format::Hgrm, hgrm::files),
    #[cfg(feature = "plots")]
    (Format::Png, plot::png_files),
    #[cfg(feature = "plots")]
    (Format::Svg, plot::svg_files),
    #[cfg(feature = "html")]
    (Format::Html, html::files),
];

/// The output files of a run in these formats. The same scenario and results give the same
/// bytes.
///
/// # Errors
/// [`ReportError`], if a format's library fails.
pub fn files(
    experiment: &Experiment,
    results: &Results,
    formats: &[Format],
) -> Result<Vec<OutputFile>, ReportError> {
    let loaded = experiment.loaded();
    let run = Finished {
        scenario: &loaded.scenario,
        name: &loaded.name,
        results,
        #[cfg(feature = "html")]
        experiment: Some(experiment),
    };
    export(run, formats)
}

fn export(run: Finished<'_>, formats: &[Format]) -> Result<Vec<OutputFile>, ReportError> {
    let mut files = Vec::new();
    for (format, exporter) in EXPORTERS {
        if formats.contains(format) {
            files.extend(exporter(run)?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_results_give_the_same_bytes() {
        let scenario = fixture::scenario();
        let once = |results: &Results| {
            let run = Finished {
                scenario: &scenario,
                name: "small",
                results,
                #[cfg(feature = "html")]
                experiment: None,
            };
            export(run, Format::USUAL).unwrap()
        };
        let results = fixture::sweep(2, 2);
        assert_eq!(once(&results), once(&results.clone()));
        let other = fixture::sweep(3, 2);
        assert_ne!(once(&results), once(&other));
    }

    #[test]
    fn every_kind_of_file_is_there_once() {
        let (scenario, results) = (fixture::scenario(), fixture::sweep(2, 3));
        let run = Finished {
            scenario: &scenario,
            name: "small",
            results: &results,
            #[cfg(feature = "html")]
            experiment: None,
        };
        let files = export(run, Format::USUAL).unwrap();
        for (format, _) in EXPORTERS {
            let (own, usual) = (export(run, &[*format]).unwrap(), Format::USUAL);
            assert!(!own.is_empty(), "{format:?}");
            assert_eq!(
                own.iter().all(|file| files.contains(file)),
                usual.contains(format)
            );
        }
        let names: HashSet<&str> = files.iter().map(|file| &*file.name).collect();
        assert_eq!(names.len(), files.len());
        for name in [
            "results.csv",
            "results.json",
            "accuracy.png",
            "delay_mean.png",
            "delay_ccdf.png",
        ] {
            assert!(names.contains(name), "{name}");
        }
        let histograms = names.iter().filter(|name| name.ends_with(".hgrm")).count();
        assert_eq!(histograms, 2 * 3);
    }
}

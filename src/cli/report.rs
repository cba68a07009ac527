//! `edgelm report`: a finished run as one page.

use super::{Failure, placing};
use crate::experiment::Experiment;
use crate::fault::Fault;
use crate::report::StreamedFile;
use crate::report::html::{RunFiles, Scene, page};
use crate::scenario::{Diagnostic, Loaded, Scenario};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Write a finished run as one page with figures to look into: report.html, which needs
/// nothing else and no network
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of a finished run, such as output/fig3
    run: PathBuf,
    /// Write the page here, not to report.html in the folder
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let results = args.run.join("results.json");
    let text = fs::read_to_string(&results).map_err(|error| {
        let allowed = "a file that `edgelm run` wrote";
        wrong(&results, &error.to_string(), allowed)
    })?;
    let file = |name: &str| fs::read_to_string(args.run.join(name)).ok();
    let stages = file("stages.csv");
    let page = page(&RunFiles {
        results: &text,
        stages: stages.as_deref(),
        histogram: &file,
        scene: scene(&text),
    })
    .map_err(|error| wrong(&args.run, &error.to_string(), "the files of a run"))?;
    let place = args.out.clone();
    let place = place.unwrap_or_else(|| args.run.join("report.html"));
    let mut file = StreamedFile::create(place.clone()).map_err(placing::failed)?;
    file.write_all(page.as_bytes()).map_err(placing::failed)?;
    file.keep().map_err(placing::failed)?;
    tell!("written to {}", placing::shown(&place));
    Ok(())
}

/// What the map plays, if the scenario of the run can be simulated again as it stands in
/// `results.json`: it names no file.
fn scene(results: &str) -> Option<Scene> {
    #[derive(Deserialize)]
    struct Head {
        name: String,
        scenario: Scenario,
    }
    let head: Head = serde_json::from_str(results).ok()?;
    let files = BTreeMap::new();
    let loaded = Loaded::from_parts(head.scenario, &head.name, files, Path::new("")).ok()?;
    Scene::of(&Experiment::new(loaded).ok()?)
}

fn wrong(place: &Path, found: &str, allowed: &str) -> Failure {
    let fault = Fault::new(place.display().to_string(), found, allowed);
    Diagnostic::new(fault.to_string()).into()
}

//! `edgelm catalog`: models and hardware, every number with its source.

use super::{Failure, print};
use crate::fault::{Fault, nearest};
use crate::llm::Catalog;
use crate::llm::catalog::Entries;
use crate::report::catalog as report;
use crate::scenario::{Diagnostic, RonFile};
use std::path::{Path, PathBuf};

/// List the models and the hardware that edgelm knows, or explain one: each number with
/// its source
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model or the hardware to explain; all are listed if not given
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Own entries, a RON file; one with the name of an entry takes its place
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let catalog = with_own_entries(args.catalog.as_deref())?;
    let Some(name) = &args.name else {
        return if args.json {
            print_json(&report::json(&catalog))
        } else {
            print(&report::table(&catalog))
        };
    };
    let model = catalog.models().iter().find(|model| model.name == *name);
    let hardware = catalog.hardware().iter().find(|one| one.name == *name);
    match (model, hardware, args.json) {
        (Some(model), _, false) => print(&report::explain_model(model)),
        (Some(model), _, true) => print_json(&report::model_json(model)),
        (None, Some(hardware), false) => print(&report::explain_hardware(hardware, &catalog)),
        (None, Some(hardware), true) => print_json(&report::hardware_json(hardware)),
        (None, None, _) => Err(unknown(name, &catalog).into()),
    }
}

fn unknown(name: &str, catalog: &Catalog) -> Diagnostic {
    let models = catalog.models().iter().map(|model| model.name.as_str());
    let names: Vec<&str> = models
        .chain(catalog.hardware().iter().map(|one| one.name.as_str()))
        .collect();
    let diagnostic = Diagnostic::new(format!("the catalogue has no `{name}`"));
    let all = names.join(", ");
    diagnostic.help(match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`? It has {all}"),
        None => format!("it has {all}"),
    })
}

/// What edgelm carries, with the entries of a file.
pub(super) fn with_own_entries(file: Option<&Path>) -> Result<Catalog, Vec<Diagnostic>> {
    let Some(file) = file else {
        return Ok(Catalog::default());
    };
    let own = RonFile::<Entries>::read(file).map_err(|diagnostic| vec![diagnostic])?;
    let shown = |faults: Vec<Fault>| faults.iter().map(|fault| own.fault(fault)).collect();
    Catalog::default().with(&own.value).map_err(shown)
}

fn print_json(document: &serde_json::Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Failure::Failed(format!("cannot write JSON: {error}")))?;
    print(&(text + "\n"))
}

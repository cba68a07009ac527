//! `edgelm init`: a scenario of one's own, begun from one that edgelm carries.

use super::{Failure, placing, print};
use crate::fault::nearest;
use crate::report::StreamedFile;
use crate::scenario::{self, Diagnostic, carried};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Write a commented scenario to begin with, and the files that it names
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name: NAME.ron is written, where no such file is
    name: PathBuf,
    /// The scenario to begin from, of those that `edgelm list` shows; fig3 has every field
    #[arg(long, value_name = "SCENARIO", default_value = "fig3")]
    from: String,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let begun = carried::find(Path::new(&args.from)).ok_or_else(|| unknown(&args.from))?;
    let target = match args.name.extension() {
        Some(ending) if ending == "ron" => args.name.clone(),
        _ => PathBuf::from(format!("{}.ron", args.name.display())),
    };
    let folder = target.parent().unwrap_or(Path::new(""));
    let mut files = vec![(target.clone(), begun.text.to_owned())];
    // What cannot be loaded needs what edgelm does not carry; its head says so.
    if let Ok(loaded) = scenario::load(&begun.file, &[]) {
        let named = loaded.files().into_iter();
        files.extend(named.map(|(written, text)| (folder.join(written), text)));
    }
    let mut missing = Vec::new();
    for (path, text) in files {
        match std::fs::read_to_string(&path) {
            Ok(there) if there == text && path != target => {}
            Ok(_) => {
                return Err(Diagnostic::new(format!(
                    "{} is there already: nothing is written",
                    path.display()
                ))
                .help("another name, or another folder")
                .into());
            }
            Err(_) => missing.push((path, text)),
        }
    }
    // The scenario last: once it is there, so is what it names.
    for (path, text) in missing.iter().rev() {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(placing::failed)?;
        }
        let mut file = StreamedFile::create(path).map_err(placing::failed)?;
        file.write_all(text.as_bytes()).map_err(placing::failed)?;
        file.keep().map_err(placing::failed)?;
        print(&format!("{}\n", path.display()))?;
    }
    tell!("`edgelm run {}` runs it", target.display());
    Ok(())
}

fn unknown(name: &str) -> Diagnostic {
    let all = carried::all();
    let names = || all.iter().map(|carried| &*carried.name);
    let listed = names().collect::<Vec<_>>().join(", ");
    let diagnostic = Diagnostic::new(format!("--from: found {name}, allowed is one of {listed}"));
    match nearest(name, names()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

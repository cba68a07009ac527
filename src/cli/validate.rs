//! `edgelm validate`: a log of a real server beside its simulation.

use super::catalog::with_own_entries;
use super::{Failure, print};
use crate::llm::ServerBlock;
#[cfg(feature = "plots")]
use crate::report::Format;
use crate::report::{StreamedFile, validation as report};
use crate::scenario::{self, Diagnostic, Place, RonFile};
use crate::validation::{Comparison, Log, LogError, Range, replay};
#[cfg(feature = "plots")]
use std::io;
use std::path::{Path, PathBuf};

/// Replay the arrivals of a server's log through a simulated server, and show measured
/// beside simulated times: to the first token (TTFT), per output token (TPOT), end to end
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The log, a CSV file:
    /// arrival_s,prompt_tokens,output_tokens,first_token_s,end_s. Where the last two are
    /// empty, requests are simulated only
    #[arg(value_name = "LOG")]
    log: PathBuf,
    /// The server, a RON file
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    /// Own entries of the catalogue, a RON file; one with the name of an entry takes its
    /// place
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Write a row per request, with its simulated times, to this CSV file
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    /// Draw the distribution functions of measured and simulated times into this file, PNG or
    /// SVG by its name
    #[cfg(feature = "plots")]
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// The format that a picture's name ends in.
#[cfg(feature = "plots")]
fn picture_format(file: &Path) -> Result<Format, Diagnostic> {
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    match ending.to_ascii_lowercase().as_str() {
        "png" => Ok(Format::Png),
        "svg" => Ok(Format::Svg),
        _ => Err(Diagnostic::new(format!(
            "--plot: found `{}`, allowed is a name that ends in .png or .svg",
            file.display()
        ))),
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let catalog = with_own_entries(args.catalog.as_deref())?;
    let block = RonFile::<ServerBlock>::read(&args.server)?;
    let server = block.value.resolve(&catalog);
    let server = server.map_err(|fault| block.fault(&fault))?;
    let text = scenario::read(&args.log)?;
    let log = Log::read(&text).map_err(|error| log_error(&error, &args.log, &text))?;
    let mut requests = match &args.requests {
        Some(place) => {
            Some(StreamedFile::create(place).map_err(|error| Diagnostic::new(error.to_string()))?)
        }
        None => None,
    };
    #[cfg(feature = "plots")]
    let picture = match &args.plot {
        None => None,
        Some(file) => {
            let format = picture_format(file)?;
            let file = StreamedFile::create(file);
            Some((
                format,
                file.map_err(|error| Diagnostic::new(error.to_string()))?,
            ))
        }
    };
    let replayed = replay(&log, &server).map_err(|fault| block.fault(&fault))?;
    let comparison = Comparison::new(&log, &replayed);
    if let Some(calibrated) = &block.value.calibrated {
        let beyond = Range::of(&log, &replayed).beyond(calibrated);
        if !beyond.is_empty() {
            tell!(
                "warning: THIS LOG GOES BEYOND WHAT THE SERVER WAS CALIBRATED ON ({}): {}",
                calibrated.log,
                beyond.join("; ")
            );
        }
    }
    if let Some(file) = &mut requests {
        report::write_requests(&log, &replayed, file)
            .map_err(|error| Failure::Failed(format!("cannot write the requests: {error}")))?;
    }
    if let Some(file) = requests {
        file.keep()
            .map_err(|error| Failure::Failed(error.to_string()))?;
    }
    #[cfg(feature = "plots")]
    if let Some((format, mut file)) = picture {
        let failed = |error: String| Failure::Failed(format!("cannot draw the picture: {error}"));
        let title = match block.value.name.as_str() {
            "" => file_name(&args.log),
            server => format!("{}: {server}", file_name(&args.log)),
        };
        let drawn = report::picture(&title, &comparison, format);
        match drawn.map_err(|error| failed(error.to_string()))? {
            None => tell!("nothing to draw: no request was served"),
            Some(bytes) => {
                io::Write::write_all(&mut file, &bytes)
                    .map_err(|error| failed(error.to_string()))?;
                file.keep().map_err(|error| failed(error.to_string()))?;
            }
        }
    }
    if args.json {
        let name = file_name(&args.log);
        let document = report::json(&comparison, &name, &block.value.name);
        let text = serde_json::to_string_pretty(&document)
            .map_err(|error| Failure::Failed(format!("cannot write JSON: {error}")))?;
        print(&(text + "\n"))
    } else {
        print(&report::text(&comparison))
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A fault of a log, shown in its file.
pub(super) fn log_error(error: &LogError, file: &Path, text: &str) -> Diagnostic {
    let before = text.split_inclusive('\n').take(error.line.max(1) - 1);
    let start = before.map(str::len).sum::<usize>();
    let line = text[start..].lines().next().unwrap_or_default();
    let diagnostic = Diagnostic::new(format!("{}: {error}", file.display()));
    diagnostic.at(Place {
        file: file.to_owned(),
        text: text.into(),
        span: start..start + line.len(),
    })
}

//! `edgelm table`: what an uncertainty table is worth.

use super::{Failure, print};
use crate::report::OutputDirectory;
use crate::report::uncertainty::{Look, TableStudy, text};
use crate::scenario::{Diagnostic, Place};
use crate::uncertainty::analysis::Bootstrap;
use crate::uncertainty::{Metric, Synthetic, Table, TableError};
use std::path::{Path, PathBuf};

/// Explain an uncertainty table: accuracy by uncertainty, AUROC, and whether routing
/// by uncertainty pays for this pair of models
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("source").required(true).args(["file", "synthetic"])))]
pub(super) struct Args {
    /// The table, a CSV file of records or of bins
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Instead of a file: a made-up pair of models, given by the accuracy of the
    /// small and of the large model, the AUROC of uncertainty against errors of the
    /// small one, and the correlation of their correctness
    #[arg(long, value_name = "SLM,LLM,AUROC,CORRELATION", value_parser = synthetic)]
    synthetic: Option<Synthetic>,
    /// Look at this metric only; may be given several times
    #[arg(long, value_name = "METRIC", value_parser = metric)]
    metric: Vec<Metric>,
    /// Bins of uncertainty (a table of bins keeps its own)
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    bins: u16,
    /// The share of queries offloaded of which the verdict speaks, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share)]
    share: f64,
    /// Tables drawn for each bootstrap interval
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    resamples: u32,
    /// Seed of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write plots and CSV files into DIR/<table's name>
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,
}

fn metric(text: &str) -> Result<Metric, String> {
    let lower = text.to_lowercase();
    Metric::ALL
        .into_iter()
        .find(|metric| metric.name() == lower)
        .ok_or_else(|| "allowed: margin, entropy, perplexity".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("allowed: a number from 0 to 1".to_owned()),
    }
}

fn synthetic(text: &str) -> Result<Synthetic, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|n| n.trim().parse()).collect();
    let Ok([slm_accuracy, llm_accuracy, auroc, correlation]) = numbers.as_deref() else {
        return Err("allowed: four numbers, for example 0.5,0.9,0.8,0.1".to_owned());
    };
    let pair = Synthetic {
        slm_accuracy: *slm_accuracy,
        llm_accuracy: *llm_accuracy,
        auroc: *auroc,
        correlation: *correlation,
    };
    match pair.validate() {
        Ok(()) => Ok(pair),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (name, table) = source(args)?;
    let metrics = metrics(args, &table)?;
    let directory = OutputDirectory::prepare(args.out.join(&name))
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    let look = Look {
        metrics,
        bins: usize::from(args.bins),
        share: args.share,
        bootstrap: Bootstrap {
            resamples: args.resamples,
            seed: args.seed,
        },
    };
    let title = match args.synthetic {
        Some(_) => "synthetic (made up, not measured; intervals as if of so many questions)",
        None => &name,
    };
    let study = TableStudy::new(title, &table, &look);
    let failed = |error: String| Failure::Failed(error);
    let files = study.files().map_err(|error| failed(error.to_string()))?;
    directory
        .write(&files)
        .map_err(|error| failed(error.to_string()))?;
    print(&text(&study))?;
    eprintln!(
        "{} files written to {}",
        files.len(),
        directory.path().display()
    );
    Ok(())
}

fn source(args: &Args) -> Result<(String, Table), Failure> {
    if let Some(pair) = &args.synthetic {
        let table = pair
            .table()
            .map_err(|error| Diagnostic::new(error.to_string()))?;
        return Ok(("synthetic".to_owned(), table));
    }
    let path = args.file.clone().unwrap_or_default();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Diagnostic::new(format!("{}: cannot be read: {error}", path.display())))?;
    let table = Table::parse(&text).map_err(|error| shown(&error, &path, &text))?;
    let name = path.file_stem().map_or_else(
        || "table".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    Ok((name, table))
}

/// The metrics to look at: those asked for, or all that the table has.
fn metrics(args: &Args, table: &Table) -> Result<Vec<Metric>, Failure> {
    if args.metric.is_empty() {
        return Ok(Metric::ALL
            .into_iter()
            .filter(|metric| table.has_metric(*metric))
            .collect());
    }
    let mut metrics = Vec::new();
    for metric in &args.metric {
        if !table.has_metric(*metric) {
            return Err(Diagnostic::new(format!(
                "--metric {metric}: the table has no column `{metric}`"
            ))
            .into());
        }
        if !metrics.contains(metric) {
            metrics.push(*metric);
        }
    }
    Ok(metrics)
}

/// A fault of a table, shown in its file.
fn shown(error: &TableError, path: &Path, text: &str) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(format!("{}: {error}", path.display()));
    if let Some(number) = error.line {
        let start = text
            .split_inclusive('\n')
            .take(number - 1)
            .map(str::len)
            .sum::<usize>();
        let line = text[start..].lines().next().unwrap_or_default();
        let from = error.column.map_or(0, |column| {
            line.chars().take(column - 1).map(char::len_utf8).sum()
        });
        let to = match error.column {
            Some(_) => line[from..].find(',').map_or(line.len(), |n| from + n),
            None => line.len(),
        };
        diagnostic = diagnostic.at(Place {
            file: path.to_owned(),
            text: text.into(),
            span: start + from..start + to,
        });
        diagnostic.field.clone_from(&error.field);
    }
    diagnostic
}

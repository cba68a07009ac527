//! `edgelm table`: what an uncertainty table is worth.

use super::{Failure, placing, print};
use crate::report::uncertainty::{Look, TableStudy, text};
use crate::scenario::{Diagnostic, study_name, table_error};
use crate::uncertainty::analysis::Bootstrap;
use crate::uncertainty::{Metric, Synthetic, Table};
use std::path::PathBuf;

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
    let look = Look {
        metrics,
        bins: usize::from(args.bins),
        share: args.share,
        bootstrap: Bootstrap {
            resamples: args.resamples,
            seed: args.seed,
        },
    };
    let of = format!("{} {look:?} {table:?}", env!("CARGO_PKG_VERSION"));
    let identity = blake3::hash(of.as_bytes()).to_hex();
    let directory = placing::prepare(args.out.join(&name), &identity, "table")?;
    let title = match args.synthetic {
        Some(_) => "synthetic (made up, not measured; intervals as if of so many questions)",
        None => &name,
    };
    let study = TableStudy::new(title, &table, &look);
    let failed = |error: String| Failure::Failed(error);
    let files = study.files().map_err(|error| failed(error.to_string()))?;
    let replaced = directory.write(&files).map_err(placing::failed)?;
    placing::tell_replaced(&directory, &replaced);
    print(&text(&study))?;
    tell!(
        "{} files written to {}",
        files.len(),
        placing::shown(directory.path())
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
    let text = crate::scenario::read(&path)?;
    let table = Table::parse(&text).map_err(|error| table_error(&error, path.clone(), &text))?;
    let name = study_name(&path)?;
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

//! `edgelm calibrate`: a server's law from its log.

use super::catalog::with_own_entries;
use super::validate::log_error;
use super::{Failure, print};
use crate::fault::Fault;
use crate::llm::{Calibrated, ServerBlock};
use crate::report::{StreamedFile, calibration as report};
use crate::scenario::{self, Diagnostic, RonFile};
use crate::validation::{Family, Log, Setting, Told, calibrate};
use std::io::Write;
use std::path::PathBuf;

/// Fit the law of a server's steps to logs of it, by replaying their arrivals, and write it as
/// a server block that scenarios and `edgelm validate` can name
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Logs: CSV files arrival_s,prompt_tokens,output_tokens,first_token_s,end_s, or what
    /// `vllm bench serve --save-result --save-detailed` writes
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,
    /// What is known of the server, a RON file; its law is fitted anew
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// The model that it serves, of the catalogue
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Its card, of the catalogue: where the search begins, and how much memory there is
    #[arg(long, value_name = "NAME")]
    card: Option<String>,
    /// The form of the law; Roofline where a model is known, otherwise Affine
    #[arg(long, value_name = "LAW")]
    law: Option<Law>,
    /// Greatest number of requests in a batch
    #[arg(long, value_name = "N")]
    max_running: Option<u64>,
    /// Greatest number of tokens that a step computes
    #[arg(long, value_name = "N")]
    token_budget: Option<u64>,
    /// Tokens of keys and values in a block
    #[arg(long, value_name = "N")]
    block_tokens: Option<u64>,
    /// Room for keys and values, in tokens
    #[arg(long, value_name = "N")]
    kv_tokens: Option<u64>,
    /// Score only the first so many requests; all arrivals are replayed, and the others tell
    /// the error on what the fit has not seen
    #[arg(long, value_name = "N")]
    first: Option<usize>,
    /// Resamples of the log that intervals are from; fewer than 20 give none
    #[arg(long, value_name = "N", default_value_t = 60)]
    resamples: usize,
    /// Own entries of the catalogue, a RON file
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Write the server block to this file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// The form of a law, by the name that blocks have for it.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Law {
    #[value(name = "Roofline", alias = "roofline")]
    Roofline,
    #[value(name = "Affine", alias = "affine")]
    Affine,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let catalog = with_own_entries(args.catalog.as_deref())?;
    let (log, names, checksum) = logs(args)?;
    let block = block(args, &log.told)?;
    let family = match (args.law, &block.model) {
        (Some(Law::Affine), _) | (None, None) => Family::Affine,
        (Some(Law::Roofline), None) => {
            let problem = "a roofline rests on a model's size, and none is named";
            return Err(Diagnostic::new(problem.to_owned())
                .help("`--model NAME`; `edgelm catalog` lists them")
                .into());
        }
        (Some(Law::Roofline) | None, Some(_)) => Family::Roofline,
    };
    let file = StreamedFile::create(&args.out);
    let mut file = file.map_err(|error| Diagnostic::new(error.to_string()))?;
    let setting = Setting {
        block,
        family,
        first: args.first,
        resamples: args.resamples,
    };
    let mut fitted = calibrate(&log, &setting, &catalog).map_err(|fault| refused(&fault))?;
    let range = fitted.range;
    fitted.block.calibrated = Some(Calibrated {
        log: names.join(", "),
        blake3: checksum,
        requests: fitted.scored as u64,
        error: fitted.error,
        prompt_tokens: range.prompt_tokens,
        output_tokens: range.output_tokens,
        requests_per_s: range.requests_per_s,
        at_once: range.at_once as u64,
    });
    let failed = |error: String| Failure::Failed(format!("cannot write the block: {error}"));
    let text = report::file(&fitted, &names).map_err(|error| failed(error.to_string()))?;
    file.write_all(text.as_bytes())
        .map_err(|error| failed(error.to_string()))?;
    file.keep().map_err(|error| failed(error.to_string()))?;
    if args.json {
        let text = serde_json::to_string_pretty(&report::json(&fitted, &names))
            .map_err(|error| failed(error.to_string()))?;
        print(&(text + "\n"))?;
    } else {
        print(&report::text(&fitted))?;
    }
    let cached = log
        .requests
        .iter()
        .filter(|one| one.cached_tokens > 0)
        .count();
    if cached > 0 {
        tell!(
            "warning: the server found tokens of {cached} of {} prompts in a cache, which is not \
             modelled: switch its prompt cache off",
            log.requests.len()
        );
    }
    let memory_known = args.kv_tokens.is_some()
        || setting.block.kv_tokens.is_some()
        || setting.block.card.is_some()
        || setting.block.memory_gb.is_some();
    if !memory_known {
        tell!(
            "note: neither `--kv-tokens` nor a card says how much memory there is for keys and \
             values; enough for all of the log was assumed"
        );
    }
    tell!("server block written to {}", args.out.display());
    Ok(())
}

/// What is known of the server: by options, else by its block, else as it told itself.
fn block(args: &Args, told: &Told) -> Result<ServerBlock, Failure> {
    let unknown = ServerBlock::default();
    let given = match &args.server {
        Some(file) => RonFile::<ServerBlock>::read(file)?.value,
        None => ServerBlock {
            max_running: told.max_running.unwrap_or(unknown.max_running),
            block_tokens: told.block_tokens.unwrap_or(unknown.block_tokens),
            kv_tokens: told.kv_tokens,
            ..unknown
        },
    };
    let max_running = args.max_running.unwrap_or(given.max_running);
    let name = [&args.card, &args.model]
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    Ok(ServerBlock {
        name: if given.name.is_empty() {
            name
        } else {
            given.name.clone()
        },
        model: args.model.clone().or(given.model.clone()),
        card: args.card.clone().or(given.card.clone()),
        max_running,
        token_budget: match args.token_budget {
            Some(tokens) => tokens,
            None => given.token_budget.max(max_running),
        },
        block_tokens: args.block_tokens.unwrap_or(given.block_tokens),
        kv_tokens: args.kv_tokens.or(given.kv_tokens),
        law: None,
        request_ms: 0.0,
        ..given
    })
}

/// All logs as one, their names, and the checksum of their texts.
fn logs(args: &Args) -> Result<(Log, Vec<String>, String), Failure> {
    let mut all: Option<Log> = None;
    let mut names = Vec::new();
    let mut hasher = blake3::Hasher::new();
    for file in &args.logs {
        let text = scenario::read(file)?;
        let log = Log::read(&text).map_err(|error| log_error(&error, file, &text))?;
        hasher.update(text.as_bytes());
        let name = file.file_name().unwrap_or_default();
        names.push(name.to_string_lossy().into_owned());
        all = Some(match all {
            None => log,
            Some(before) => before.followed_by(&log),
        });
    }
    let log = all.unwrap_or(Log {
        requests: Vec::new(),
        told: Told::default(),
    });
    Ok((log, names, hasher.finalize().to_hex().to_string()))
}

fn refused(fault: &Fault) -> Diagnostic {
    let option = match fault.field.as_str() {
        "model" | "card" => format!("--{}", fault.field),
        "max_running" | "token_budget" | "block_tokens" | "kv_tokens" => {
            format!("--{}", fault.field.replace('_', "-"))
        }
        field => field.to_owned(),
    };
    Diagnostic::new(format!(
        "{option}: found {}, allowed is {}",
        fault.found, fault.allowed
    ))
}

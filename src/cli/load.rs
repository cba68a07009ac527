//! `edgelm load`: open-loop load on a live server, and the log of it.

use super::asking::{Extra, endpoint, journal_beside, journal_fault, object, percent, seconds};
use super::{Failure, print};
use crate::load::{Journal, LoadError, Outcome, Planned, Progress, Settings, Summary, schedule};
use crate::model_server::Client;
use crate::report::{StreamedFile, load as report};
use crate::scenario::{self, Diagnostic};
use crate::units::Seconds;
use crate::validation::Log;
use crate::world::distribution::Distribution;
use indicatif::{ProgressBar, ProgressStyle};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Send requests to a live model server when they are due, whatever it does, and write when
/// their tokens came: a log for `edgelm calibrate` and `edgelm validate`
///
/// Any OpenAI-compatible server will do that streams its answers (llama.cpp, vLLM, Ollama).
/// What was sent and what came back is kept in FILE.journal beside the log: after an
/// interruption, the same command goes on with what was not sent.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("arrivals").required(true).args(["trace", "rate"])))]
pub(super) struct Args {
    /// The server's URL, and the model's name if it needs one
    #[arg(value_name = "URL[,MODEL]")]
    url: String,
    /// Send the requests of this trace: arrival_s,prompt_tokens,output_tokens, or Azure's,
    /// BurstGPT's or Mooncake's form
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Send requests at random, so many per second in the mean (a Poisson process)
    #[arg(long, value_name = "HZ", value_parser = rate, requires_all = ["prompt_tokens", "answer_tokens"])]
    rate: Option<f64>,
    /// Tokens of prompts: a number, or a distribution such as 'Uniform(low: 8, high: 60)'
    #[arg(long, value_name = "TOKENS", value_parser = distribution, conflicts_with = "trace")]
    prompt_tokens: Option<Distribution>,
    /// Tokens of answers, in the same form
    #[arg(long, value_name = "TOKENS", value_parser = distribution, conflicts_with = "trace")]
    answer_tokens: Option<Distribution>,
    /// Send requests for so many seconds; by default 60, or all of a trace
    #[arg(long = "for", value_name = "S", value_parser = seconds)]
    lasting_s: Option<f64>,
    /// The log to write
    #[arg(long, value_name = "LOG.csv", default_value = "load.csv")]
    out: PathBuf,
    /// What random arrivals, lengths and prompts are made from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Unrecorded requests that warm the server, beside two whose tokens are counted
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(..=1000))]
    warm_up: u16,
    /// The most requests under way at a time; what is due beyond is sent late, and the log
    /// says how late
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..=1024))]
    max_in_flight: u16,
    /// Longest wait for an answer, in seconds
    #[arg(long, value_name = "S", default_value_t = 600.0, value_parser = seconds)]
    timeout_s: f64,
    /// The environment variable that holds the server's API key; the key itself is neither
    /// shown nor stored
    #[arg(long, value_name = "VAR")]
    api_key_env: Option<String>,
    /// Fields to add to every request, as a JSON object; null takes a field out
    #[arg(long, value_name = "JSON", value_parser = object, default_value = "{}")]
    body: Extra,
    /// Share of requests, in percent, that may come without times; more is exit code 1 (the
    /// log is written all the same)
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    max_failures: f64,
    /// Forget what the journal holds, and send all anew
    #[arg(long)]
    restart: bool,
    /// Replace a log that this command did not write
    #[arg(long)]
    force: bool,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(hz) if hz > 0.0 && hz <= 1e4 => Ok(hz),
        _ => Err("allowed: requests per second, above 0 and at most 10000".to_owned()),
    }
}

fn distribution(text: &str) -> Result<Distribution, String> {
    let distribution = match text.parse() {
        Ok(number) => Distribution::Fixed(number),
        Err(_) => ron::from_str(text).map_err(|error| {
            format!(
                "{error}; allowed: a number, or a distribution such as \
                 `Uniform(low: 8, high: 60)` (`edgelm explain Distribution`)"
            )
        })?,
    };
    let usable = distribution.check();
    usable.map_err(|fault| {
        let field = fault.field.trim_start_matches('.');
        format!("{field}: found {}, allowed: {}", fault.found, fault.allowed)
    })?;
    Ok(distribution)
}

/// How often a request that warms the server is repeated after a fault that may pass. What is
/// recorded is sent once.
const WARM_UP_RETRIES: u32 = 3;
const LONGEST_WARM_UP_WAIT: Duration = Duration::from_secs(5);

fn input(message: String) -> Failure {
    Diagnostic::new(message).into()
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let settings = Settings {
        endpoint: endpoint("URL", &args.url, args.api_key_env.as_ref())?,
        planned: planned(args)?,
        extra: args.body.0.clone(),
        warm_up: usize::from(args.warm_up),
        most_in_flight: usize::from(args.max_in_flight),
        seed: args.seed,
    };
    let client = Client::new(
        Duration::from_secs_f64(args.timeout_s),
        WARM_UP_RETRIES,
        LONGEST_WARM_UP_WAIT,
        settings.endpoint.is_secure(),
    )
    .map_err(input)?;
    let plan = plan(&settings);
    let mut journal = journal(args, &plan)?;
    let mut watch = Watch::new(settings.planned.len(), journal.sent());
    let summary = crate::load::run(&settings, &plan, &client, &mut journal, &mut |progress| {
        watch.see(&progress);
    });
    watch.bar.finish_and_clear();
    let summary = summary.map_err(|error| match error {
        LoadError::Unusable(why) => Failure::Failed(format!(
            "{}: {why}; nothing was recorded",
            settings.endpoint
        )),
        LoadError::Journal(_) => Failure::Failed(error.to_string()),
    })?;
    conclude(args, &settings, &summary)
}

fn planned(args: &Args) -> Result<Vec<Planned>, Failure> {
    let lasting = args.lasting_s.map(Seconds);
    let planned = match (&args.trace, args.rate) {
        (Some(file), _) => {
            let trace = scenario::read_trace(file)?;
            Some(schedule::of_trace(&trace, lasting))
        }
        (None, rate) => {
            let (Some(rate_hz), Some(prompts), Some(answers)) =
                (rate, &args.prompt_tokens, &args.answer_tokens)
            else {
                return Err(input("--trace or --rate: one of them is needed".to_owned()));
            };
            let lasting = lasting.unwrap_or(Seconds(60.0));
            schedule::poisson(rate_hz, prompts, answers, lasting, args.seed)
        }
    };
    let most = schedule::MOST_REQUESTS;
    match planned {
        Some(planned) if planned.is_empty() => Err(input(
            "no request is due in this time; give a longer --for".to_owned(),
        )),
        Some(planned) if planned.len() <= most => Ok(planned),
        _ => Err(input(format!(
            "more than {most} requests; allowed: up to {most}"
        ))),
    }
}

/// Names what is sent and where to.
fn plan(settings: &Settings) -> String {
    let mut hasher = blake3::Hasher::new();
    let extra = serde_json::Value::Object(settings.extra.clone());
    hasher.update(format!("{} {extra} {}\n", settings.endpoint, settings.seed).as_bytes());
    for one in &settings.planned {
        let row = format!("{} {} {}\n", one.at.0, one.prompt_tokens, one.output_tokens);
        hasher.update(row.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Opens the journal, which also shows that the log can be written beside it.
fn journal(args: &Args, plan: &str) -> Result<Journal, Failure> {
    let path = journal_beside(&args.out, "load", args.restart, args.force)?;
    let journal = Journal::open(&path, plan).map_err(|error| journal_fault(&path, &error))?;
    if journal.sent() > 0 {
        tell!(
            "{}: {} requests were sent already",
            path.display(),
            journal.sent()
        );
    }
    Ok(journal)
}

/// Writes the log and says how it went.
fn conclude(args: &Args, settings: &Settings, summary: &Summary) -> Result<(), Failure> {
    let records = &summary.records;
    let told = summary.told;
    let failed = |error: String| Failure::Failed(format!("cannot write the log: {error}"));
    let mut bytes = Vec::new();
    report::write_log(records, &provenance(args, settings), &told, &mut bytes)
        .map_err(|error| failed(error.to_string()))?;
    let mut file = StreamedFile::create(&args.out).map_err(|error| failed(error.to_string()))?;
    io::Write::write_all(&mut file, &bytes).map_err(|error| failed(error.to_string()))?;
    file.keep().map_err(|error| failed(error.to_string()))?;
    // A log of no row is none that can be read; it is kept for its comments.
    let log = Log::parse(&String::from_utf8_lossy(&bytes)).unwrap_or(Log {
        requests: Vec::new(),
        told,
    });
    if args.json {
        let document = report::json(records, summary.not_sent, &log);
        let text =
            serde_json::to_string_pretty(&document).map_err(|error| failed(error.to_string()))?;
        print(&(text + "\n"))?;
    } else {
        print(&report::text(records, &log))?;
    }
    tell!("log written to {}", args.out.display());
    let answered = |record: &&crate::load::Record| matches!(record.outcome, Outcome::Answered(_));
    let without = records.len() - records.iter().filter(answered).count();
    if let Some(why) = &summary.stopped {
        return Err(Failure::Failed(format!(
            "stopped, {} requests were not sent ({why}). The same command goes on from here",
            summary.not_sent
        )));
    }
    let share = 100.0 * without as f64 / records.len().max(1) as f64;
    if share > args.max_failures {
        return Err(Failure::Failed(format!(
            "{without} of {} requests came without times: {share:.1} %, more than \
             --max-failures {} %",
            records.len(),
            args.max_failures
        )));
    }
    Ok(())
}

fn provenance(args: &Args, settings: &Settings) -> Vec<String> {
    let arrivals = match (&args.trace, args.rate) {
        (Some(file), _) => {
            let name = file.file_name().unwrap_or_default();
            format!("arrivals and lengths of {}", name.to_string_lossy())
        }
        (None, rate) => format!(
            "Poisson arrivals, {} per second; seed {}",
            rate.unwrap_or_default(),
            args.seed
        ),
    };
    vec![
        format!(
            "Load on {}, measured by edgelm {}.",
            settings.endpoint,
            env!("CARGO_PKG_VERSION")
        ),
        format!("{arrivals}; {} requests planned", settings.planned.len()),
        "Seconds from the beginning of the load, by the clock of the sender.".to_owned(),
    ]
}

/// Progress on stderr.
struct Watch {
    bar: ProgressBar,
    in_flight: u64,
    without_times: u64,
}

impl Watch {
    fn new(planned: usize, sent: usize) -> Self {
        let bar = ProgressBar::new(planned as u64);
        let template = "{bar:30} {pos}/{len} sent, {elapsed}; {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_position(sent as u64);
        Self {
            bar,
            in_flight: 0,
            without_times: 0,
        }
    }

    fn see(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Ready(prepared) => {
                for note in &prepared.notes {
                    self.bar.suspend(|| tell!("note: {note}"));
                }
            }
            Progress::Sent => {
                self.in_flight += 1;
                self.bar.inc(1);
            }
            Progress::Ended(outcome) => {
                self.in_flight -= 1;
                if let Outcome::NotServed { why, .. } | Outcome::WithoutTimes { why, .. } = outcome
                {
                    self.without_times += 1;
                    // The first few say all; the log counts them.
                    if self.without_times <= 5 {
                        self.bar.suspend(|| tell!("{why}"));
                    }
                }
            }
        }
        self.bar.set_message(format!(
            "{} under way, {} without times",
            self.in_flight, self.without_times
        ));
    }
}

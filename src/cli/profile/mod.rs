//! `edgelm profile`: measure the uncertainty and the correctness of two models.

mod ending;
mod hardware;
mod tokens;
mod watch;

use super::Failure;
use super::asking::{Extra, endpoint, journal_beside, journal_fault, object, percent, seconds};
use crate::model_server::Client;
use crate::profile::question::Question;
use crate::profile::questions;
use crate::profile::request::Asking;
use crate::profile::scoring::Scorer;
use crate::profile::{Settings, journal::Journal};
use crate::scenario::Diagnostic;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Ask two models the same questions, and write a table of how unsure the small one
/// was and which were right
///
/// Any OpenAI-compatible server will do. Answers are kept in FILE.journal beside the
/// table as they come in: after an interruption, the same command goes on where it
/// stopped.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files of questions: bAbI's own format, or JSON lines with `id`, `prompt` or
    /// `messages`, and `answers`
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    questions: Vec<PathBuf>,
    /// The small model: a server's URL, and the model's name if it needs one
    #[arg(long, value_name = "URL[,MODEL]")]
    slm: String,
    /// The large model
    #[arg(long, value_name = "URL[,MODEL]")]
    llm: String,
    /// The table to write
    #[arg(long, value_name = "TABLE.csv")]
    out: PathBuf,
    /// Ask at most the first N questions of each file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Files of worked examples, in the same formats; a question is preceded by the
    /// first ones of its own task
    #[arg(long, num_args = 1.., value_name = "FILE")]
    examples: Vec<PathBuf>,
    /// Worked examples before each question
    #[arg(long, value_name = "N", default_value_t = 1)]
    shots: u16,
    /// Candidates of the first answer token from which uncertainty is computed
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u16).range(2..=1000))]
    top_k: u16,
    /// Longest answer, in tokens
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: u32,
    /// Requests under way at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// Longest wait for an answer, in seconds
    #[arg(long, value_name = "S", default_value_t = 120.0, value_parser = seconds)]
    timeout_s: f64,
    /// How often a request is repeated after a fault that may pass (no connection,
    /// time-out, status 408, 425, 429, 5xx)
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(..=100))]
    retries: u32,
    /// Longest wait before a repetition, in seconds, whatever the server asks for
    #[arg(long, value_name = "S", default_value_t = 60.0, value_parser = seconds)]
    longest_wait_s: f64,
    /// The environment variable that holds the API key of both servers; the key
    /// itself is neither shown nor stored
    #[arg(long, value_name = "VAR")]
    api_key_env: Option<String>,
    /// The same for the small model's server only
    #[arg(long, value_name = "VAR")]
    slm_api_key_env: Option<String>,
    /// The same for the large model's server only
    #[arg(long, value_name = "VAR")]
    llm_api_key_env: Option<String>,
    /// Fields to add to every request, as a JSON object; null takes a field out
    #[arg(long, value_name = "JSON", value_parser = object, default_value = "{}")]
    body: Extra,
    /// A shell command that decides what is right, instead of comparing the first
    /// words: it gets {"id", "task", "role", "answers", "reply"} on its standard
    /// input; exit code 0 means right, 1 wrong
    #[arg(long, value_name = "COMMAND")]
    scorer: Option<String>,
    /// Whether an empty answer is a failure or a wrong answer
    #[arg(long, value_enum, default_value_t = EmptyAnswers::Fail)]
    empty_answers: EmptyAnswers,
    /// Append what the servers sent to this file, one JSON line per answer
    #[arg(long, value_name = "FILE")]
    raw: Option<PathBuf>,
    /// Write what the large model makes of each token of the small one's answers to this file,
    /// for `workload.token_process.table`. Both servers must take prompts as text
    /// (`/v1/completions`), and each token is a request of its own
    #[arg(long, value_name = "TOKENS.csv")]
    tokens: Option<PathBuf>,
    /// Write how fast the small model's hardware is, as its server tells, to this file: an entry
    /// of the catalogue that scenarios and `--catalog` read
    #[arg(long, value_name = "FILE", requires = "slm_entry")]
    hardware: Option<PathBuf>,
    /// The small model's name in the catalogue, by whose size times become rates
    #[arg(long, value_name = "NAME", requires = "hardware")]
    slm_entry: Option<String>,
    /// Own entries of the catalogue, a RON file
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Share of questions, in percent, that may fail; more is exit code 1 (the good
    /// records are written all the same)
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    max_failures: f64,
    /// Forget the answers in the journal and ask all anew
    #[arg(long)]
    restart: bool,
    /// Replace a table that this command did not write
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum EmptyAnswers {
    Fail,
    Wrong,
}

fn input(message: String) -> Failure {
    Diagnostic::new(message).into()
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let read = |paths: &[PathBuf], limit: Option<u32>| {
        questions::read_all(paths, limit.map(|n| n as usize)).map_err(|e| input(e.to_string()))
    };
    let questions = read(&args.questions, args.limit)?;
    let examples = read(&args.examples, None)?;
    let settings = settings(args, examples)?;
    let hardware = hardware::Wanted::new(args)?;
    let tokens = tokens::Wanted::new(args, &settings)?;
    let client = Client::new(
        Duration::from_secs_f64(args.timeout_s),
        args.retries,
        Duration::from_secs_f64(args.longest_wait_s),
        settings.slm.is_secure() || settings.llm.is_secure(),
    )
    .map_err(input)?;
    let (mut journal, mut raw) = files(args)?;
    if !args.examples.is_empty() {
        without_examples(&questions, &settings.asking);
    }
    let mut watch = watch::Watch::new(2 * questions.len() as u64);
    let summary = crate::profile::run(
        &questions,
        &settings,
        &client,
        &mut journal,
        raw.as_mut().map(|file| file as &mut dyn Write),
        &mut |event| watch.see(&event),
    );
    watch.finish();
    let summary = summary.map_err(|error| {
        Failure::Failed(format!(
            "the journal cannot be written: {error}; answers so far are kept in it"
        ))
    })?;
    if let Some(hardware) = hardware {
        hardware.write(args, &summary)?;
    }
    ending::conclude(args, &settings, &questions, &summary)?;
    match tokens {
        Some(tokens) => tokens.write(args, &settings, &client, &questions),
        None => Ok(()),
    }
}

fn settings(args: &Args, examples: Vec<Question>) -> Result<Settings, Failure> {
    let endpoint = |option: &str, text: &str, own: &Option<String>| {
        endpoint(option, text, own.as_ref().or(args.api_key_env.as_ref()))
    };
    Ok(Settings {
        slm: endpoint("--slm", &args.slm, &args.slm_api_key_env)?,
        llm: endpoint("--llm", &args.llm, &args.llm_api_key_env)?,
        asking: Asking {
            k: usize::from(args.top_k),
            max_tokens: args.max_tokens as usize,
            extra: args.body.0.clone(),
            examples,
            shots: usize::from(args.shots),
        },
        scorer: match &args.scorer {
            None => Scorer::Words,
            Some(command) => Scorer::Command(command.clone()),
        },
        empty_is_wrong: args.empty_answers == EmptyAnswers::Wrong,
        concurrency: usize::from(args.concurrency),
    })
}

/// Opens the journal, which also shows that the table can be written beside it,
/// and the file of raw answers.
fn files(args: &Args) -> Result<(Journal, Option<File>), Failure> {
    let path = journal_beside(&args.out, "profile", args.restart, args.force)?;
    let journal = Journal::open(&path).map_err(|error| journal_fault(&path, &error))?;
    if !journal.is_empty() {
        tell!(
            "{}: {} answers are there already",
            path.display(),
            journal.len()
        );
    }
    let raw = match &args.raw {
        None => None,
        Some(path) => {
            let file = OpenOptions::new().append(true).create(true).open(path);
            Some(file.map_err(|error| journal_fault(path, &error))?)
        }
    };
    Ok((journal, raw))
}

/// Says for which tasks there is no worked example.
fn without_examples(questions: &[Question], asking: &Asking) {
    let mut tasks: Vec<&str> = questions.iter().map(|q| q.task.as_str()).collect();
    tasks.sort_unstable();
    tasks.dedup();
    for task in tasks {
        if !asking.examples.iter().any(|e| e.task == task) {
            tell!("task {task}: no worked example in the files, asked without");
        }
    }
}

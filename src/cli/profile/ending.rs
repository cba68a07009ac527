//! What is written and said when all has been asked.

use super::Args;
use crate::cli::{Failure, print};
use crate::profile::question::Question;
use crate::profile::{Fault, Settings, Summary, record};
use crate::uncertainty::analysis::wilson;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Writes the table and says how it went.
pub(super) fn conclude(
    args: &Args,
    settings: &Settings,
    questions: &[Question],
    summary: &Summary<'_>,
) -> Result<(), Failure> {
    let missing = questions.len() - summary.records.len();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (_, role, fault) in &summary.failures {
        *kinds.entry(format!("{role} {}", fault.kind())).or_default() += 1;
    }
    let mut kinds: Vec<String> = kinds
        .into_iter()
        .map(|(kind, count)| format!("{count} x {kind}"))
        .collect();
    if summary.not_asked > 0 {
        kinds.push(format!("{} not asked", summary.not_asked));
    }
    let missing_text = format!(
        "{missing} of {} questions have no record: {}",
        questions.len(),
        kinds.join(", ")
    );
    if !summary.records.is_empty() {
        let provenance = provenance(args, settings, questions.len(), missing, &missing_text);
        record::table(&provenance, &summary.records)
            .and_then(|text| record::write(&args.out, &text))
            .map_err(|error| {
                let path = args.out.display();
                Failure::Failed(format!("{path} cannot be written: {error}"))
            })?;
        let right = |of: &dyn Fn(&record::Record<'_>) -> bool| {
            let right = summary.records.iter().filter(|r| of(r)).count();
            wilson(right, summary.records.len()).map_or_else(String::new, |i| {
                let [value, low, high] = [i.value, i.low, i.high].map(|v| 100.0 * v);
                format!("{value:.1} % [{low:.1}, {high:.1}]")
            })
        };
        print(&format!(
            "{}: {} records; right: SLM {}, LLM {}\n",
            args.out.display(),
            summary.records.len(),
            right(&|r| r.slm_correct),
            right(&|r| r.llm_correct)
        ))?;
    }
    if missing == 0 {
        return Ok(());
    }
    let stopped = summary.stopped.as_ref().map_or_else(String::new, |fault| {
        let why = stop_reason(fault);
        format!("; stopped: {why}. The same command goes on from here")
    });
    let share = 100.0 * missing as f64 / questions.len() as f64;
    if share > args.max_failures {
        let allowed = args.max_failures;
        return Err(Failure::Failed(format!(
            "{missing_text}: {share:.1} %, more than --max-failures {allowed} %{stopped}"
        )));
    }
    tell!("{missing_text}{stopped}");
    Ok(())
}

fn stop_reason(fault: &Fault) -> String {
    if fault.concerns_all() {
        format!("every question would fail alike ({fault})")
    } else {
        format!("too many faults in a row ({fault})")
    }
}

/// Who was asked what.
pub(super) fn asked(args: &Args, settings: &Settings, questions: usize) -> [String; 3] {
    [
        format!("SLM: {}", settings.slm),
        format!("LLM: {}", settings.llm),
        format!("Questions: {questions} from {}", names(&args.questions)),
    ]
}

/// What preceded each question, if anything did.
pub(super) fn worked_examples(args: &Args) -> Option<String> {
    (!args.examples.is_empty()).then(|| {
        format!(
            "Worked examples before each question: {} from {}",
            args.shots,
            names(&args.examples)
        )
    })
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths
        .iter()
        .map(|p| p.file_name().unwrap_or_default().to_string_lossy())
        .collect();
    match &names[..] {
        [first, .., last] if names.len() > 3 => {
            format!("{} files ({first} to {last})", names.len())
        }
        few => few.join(", "),
    }
}

fn provenance(
    args: &Args,
    settings: &Settings,
    questions: usize,
    missing: usize,
    missing_text: &str,
) -> Vec<String> {
    let mut lines = vec![format!(
        "Uncertainty and correctness of a pair of models, measured by edgelm {}.",
        env!("CARGO_PKG_VERSION")
    )];
    lines.extend(asked(args, settings, questions));
    lines.push(format!(
        "Uncertainty of the first answer token over its {} likeliest candidates, renormalised;",
        args.top_k
    ));
    lines.push(
        "top_k_mass: their probability before that. Times in milliseconds, as told by the server."
            .to_owned(),
    );
    lines.extend(worked_examples(args));
    lines.push(match &args.scorer {
        None => "Right: the answer begins with the expected words (lists: names exactly them)."
            .to_owned(),
        Some(command) => format!("Right: decided by `{command}`"),
    });
    if missing > 0 {
        lines.push(missing_text.to_owned());
    }
    lines
}

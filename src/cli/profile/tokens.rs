//! What the large model makes of the small one's tokens, as a table that scenarios read.

use super::{Args, ending, input};
use crate::cli::asking::{journal_beside, journal_fault};
use crate::cli::run::stop_on_ctrl_c;
use crate::cli::{Failure, print};
use crate::model_server::{Api, Client};
use crate::profile::question::Question;
use crate::profile::tokens::{
    RejectionLine, TokenFault, TokenJournal, TokenRecord, measure, table,
};
use crate::profile::{Settings, record};
use std::path::Path;
use std::sync::atomic::Ordering;

/// A table that is to be written.
pub(super) struct Wanted<'a> {
    file: &'a Path,
    journal: TokenJournal,
}

impl<'a> Wanted<'a> {
    /// What is wanted, before anything is asked.
    pub fn new(args: &'a Args, settings: &Settings) -> Result<Option<Self>, Failure> {
        let Some(file) = &args.tokens else {
            return Ok(None);
        };
        for (option, endpoint) in [("--slm", &settings.slm), ("--llm", &settings.llm)] {
            if endpoint.api == Api::Chat {
                return Err(input(format!(
                    "{option}: found a chat, in which no answer can be begun; for --tokens \
                     allowed is a URL that ends in /v1/completions"
                )));
            }
        }
        let path = journal_beside(file, "profile", args.restart, args.force)?;
        let journal = TokenJournal::open(&path).map_err(|error| journal_fault(&path, &error))?;
        Ok(Some(Self { file, journal }))
    }

    /// Asks, and writes it.
    pub fn write(
        mut self,
        args: &Args,
        settings: &Settings,
        client: &Client,
        questions: &[Question],
    ) -> Result<(), Failure> {
        let stop = stop_on_ctrl_c()?;
        let (mut records, mut failed): (Vec<TokenRecord>, Vec<String>) = (Vec::new(), Vec::new());
        let mut cut_otherwise = 0;
        for question in questions {
            if stop.load(Ordering::Relaxed) {
                return Err(Failure::Interrupted);
            }
            match measure(question, settings, client, &mut self.journal) {
                Ok(measured) => {
                    records.extend(measured.tokens);
                    cut_otherwise += measured.cut_otherwise;
                }
                Err(TokenFault::Asking(fault)) => {
                    failed.push(format!("{}: {fault}", question.id));
                    if fault.concerns_all() {
                        break;
                    }
                }
                Err(TokenFault::Journal(error)) => return Err(self.cannot_be_written(&error)),
            }
        }
        let answers = answers(&records);
        if records.is_empty() {
            let why = failed
                .first()
                .map_or("no answer has a token", String::as_str);
            return Err(Failure::Failed(format!("no token is measured: {why}")));
        }
        let missing = questions.len() - answers;
        let mut provenance = vec![format!(
            "Tokens of a small model as a large one sees them, measured by edgelm {}.",
            env!("CARGO_PKG_VERSION")
        )];
        provenance.extend(ending::asked(args, settings, questions.len()));
        provenance.extend(ending::worked_examples(args));
        provenance.push(format!(
            "Uncertainty of each token over its {} likeliest candidates, renormalised; top_k_mass, \
             llm_top_k_mass: the candidates' probability before that.",
            args.top_k
        ));
        provenance.push(
            "acceptance: the sum of min(p, q) over the candidates that both models list of the \
             next token after the same prefix."
                .to_owned(),
        );
        if missing > 0 {
            provenance.push(format!("{missing} questions have no tokens"));
        }
        table(&provenance, &records)
            .and_then(|text| record::write(self.file, &text))
            .map_err(|error| self.cannot_be_written(&error))?;
        print(&self.summary(&records, answers))?;
        if cut_otherwise > 0 {
            insist!(
                "warning: {cut_otherwise} tokens are left out: the large model's server cuts the \
                 text before them into other tokens"
            );
        }
        for fault in failed.iter().take(5) {
            insist!("warning: {fault}");
        }
        let share = 100.0 * missing as f64 / questions.len() as f64;
        if share > args.max_failures {
            return Err(Failure::Failed(format!(
                "{missing} of {} questions have no tokens: {share:.1} %, more than \
                 --max-failures {} %; the same command goes on from here",
                questions.len(),
                args.max_failures
            )));
        }
        Ok(())
    }

    fn summary(&self, records: &[TokenRecord], answers: usize) -> String {
        let accepted = records.iter().map(|record| record.acceptance).sum::<f64>();
        let mut text = format!(
            "{}: {} tokens of {answers} answers, {:.1} % accepted on average\n",
            self.file.display(),
            records.len(),
            100.0 * accepted / records.len() as f64
        );
        if let Some(line) = line(records) {
            text.push_str(&format!(
                "rejected with probability a u + b of the margin u: a = {:.3} \u{b1} {:.3}, b = \
                 {:.3} \u{b1} {:.3}\n",
                line.slope.value,
                line.slope.half_width,
                line.intercept.value,
                line.intercept.half_width
            ));
        }
        text
    }

    fn cannot_be_written(&self, error: &std::io::Error) -> Failure {
        Failure::Failed(format!(
            "{} or its journal cannot be written: {error}",
            self.file.display()
        ))
    }
}

/// How many answers have tokens.
fn answers(records: &[TokenRecord]) -> usize {
    records.iter().filter(|record| record.position == 0).count()
}

fn line(records: &[TokenRecord]) -> Option<RejectionLine> {
    let mut answer = 0;
    let tokens = records.iter().map(|record| {
        answer += usize::from(record.position == 0);
        (answer, record.uncertainty.margin, record.acceptance)
    });
    RejectionLine::fit(&tokens.collect::<Vec<_>>())
}

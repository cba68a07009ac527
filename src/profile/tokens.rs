//! What the large model makes of each token of the small one: asked for the same prefix, how
//! likely are both to go on in the same way?
//!
//! The small model answers a question; then the large one is asked for the next token after
//! the question and each beginning of that answer. A token drawn from the small model's
//! distribution p is accepted by speculative sampling of the large model's q with probability
//! sum of min(p, q) (Leviathan et al., ICML 2023), here over the candidates that both list.

use super::question::Question;
use super::response::{self, SeenAnswer};
use super::{Fault, Role, Settings};
use crate::model_server::{Client, Endpoint, JournalFile};
use crate::plan::ACCEPTANCE;
use crate::uncertainty::Metric;
use crate::uncertainty::metrics::{Uncertainties, uncertainties};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

/// A token of the small model, seen by both.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenRecord {
    /// The question's id.
    pub question: String,
    /// Which token of the answer, from 0.
    pub position: usize,
    /// The token.
    pub token: String,
    /// How uncertain the small model was of it, over its candidates.
    pub uncertainty: Uncertainties,
    /// With which probability the large model accepts it.
    pub acceptance: f64,
    /// Probability of the large model's candidates together.
    pub large_mass: f64,
}

/// Of a response, what is needed again when the same command goes on.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    asked: String,
    answer: SeenAnswer,
}

/// The responses that are there already, and the file to which more are added.
#[derive(Debug)]
pub struct TokenJournal {
    file: JournalFile,
    seen: HashMap<String, SeenAnswer>,
}

impl TokenJournal {
    /// Opens or creates the journal and locks it.
    ///
    /// # Errors
    /// As [`JournalFile::open`].
    pub fn open(path: &Path) -> io::Result<Self> {
        let (file, entries) = JournalFile::open(path)?;
        let entries = entries.into_iter();
        let seen = entries.map(|entry: Entry| (entry.asked, entry.answer));
        Ok(Self {
            seen: seen.collect(),
            file,
        })
    }
}

/// Why tokens of a question are not known.
#[derive(Debug)]
pub enum TokenFault {
    /// A server.
    Asking(Fault),
    /// The journal.
    Journal(io::Error),
}

/// What is known of the tokens of an answer.
#[derive(Debug, Default)]
pub struct Measured {
    /// The tokens, in their order.
    pub tokens: Vec<TokenRecord>,
    /// How many were left out since the large model's server cuts the text before them into
    /// other tokens than those that the small model wrote.
    pub cut_otherwise: usize,
}

/// The tokens of a question's answer, with what the large model makes of each. Responses that
/// are in the journal are not asked for again.
///
/// # Errors
/// The first request that got no usable answer, or a journal that cannot be written.
pub fn measure(
    question: &Question,
    settings: &Settings,
    client: &Client,
    journal: &mut TokenJournal,
) -> Result<Measured, TokenFault> {
    let (small, large) = (&settings.slm, &settings.llm);
    let body = settings.asking.body(question, Role::Slm, small);
    let answer = asked(small, &body, client, journal)?;
    let mut prefix = settings.asking.body(question, Role::Llm, large);
    let mut text = prefix["prompt"].as_str().unwrap_or_default().to_owned();
    prefix["max_tokens"] = json!(1);
    prefix["logprobs"] = json!(settings.asking.k);
    let mut measured = Measured::default();
    let mut prompt_tokens = None;
    let without = || TokenFault::Asking(Fault::NoLogProbabilities);
    for (position, token) in answer.tokens.iter().enumerate() {
        prefix["prompt"] = json!(text);
        let next = asked(large, &prefix, client, journal)?;
        text.push_str(&token.token);
        if position == 0 {
            prompt_tokens = next.prompt_tokens;
        }
        // A space at the end joins with what is before it, for example.
        let expected = prompt_tokens.map(|tokens| tokens + position as u64);
        if next.prompt_tokens != expected {
            measured.cut_otherwise += 1;
            continue;
        }
        let theirs = next.tokens.first().ok_or_else(without)?;
        let own = token.candidates.iter().map(|(_, logprob)| *logprob);
        let own: Vec<f64> = own.collect();
        measured.tokens.push(TokenRecord {
            question: question.id.clone(),
            position,
            token: token.token.clone(),
            uncertainty: uncertainties(&own).ok_or_else(without)?,
            acceptance: acceptance(&token.candidates, &theirs.candidates),
            large_mass: mass(&theirs.candidates),
        });
    }
    Ok(measured)
}

/// The sum of min(p, q) over the candidates that both list.
fn acceptance(small: &[(String, f64)], large: &[(String, f64)]) -> f64 {
    let probability = |of: &[(String, f64)], token: &str| -> f64 {
        let same = of.iter().filter(|(name, _)| name == token);
        same.map(|(_, logprob)| libm::exp(*logprob)).sum()
    };
    let mut names: Vec<&str> = small.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let both = names.into_iter();
    let sum: f64 = both
        .map(|token| probability(small, token).min(probability(large, token)))
        .sum();
    sum.clamp(0.0, 1.0)
}

fn mass(candidates: &[(String, f64)]) -> f64 {
    candidates
        .iter()
        .map(|(_, logprob)| libm::exp(*logprob))
        .sum()
}

fn asked(
    endpoint: &Endpoint,
    body: &Value,
    client: &Client,
    journal: &mut TokenJournal,
) -> Result<SeenAnswer, TokenFault> {
    let asked = super::journal::digest(endpoint, body);
    if let Some(answer) = journal.seen.get(&asked) {
        return Ok(answer.clone());
    }
    let text = client.patiently(|| client.send(endpoint, body));
    let text = text.map_err(|fault| TokenFault::Asking(Fault::Server(fault)))?;
    let answer = response::tokens(&text).map_err(TokenFault::Asking)?;
    let entry = Entry { asked, answer };
    journal.file.add(&entry).map_err(TokenFault::Journal)?;
    journal.seen.insert(entry.asked, entry.answer.clone());
    Ok(entry.answer)
}

/// The table of tokens that scenarios read, below comment lines that say where it comes from.
///
/// # Errors
/// None in practice: the text is built in memory.
pub fn table(provenance: &[String], records: &[TokenRecord]) -> io::Result<String> {
    let mut writer = csv::WriterBuilder::new()
        .comment(Some(b'#'))
        .from_writer(Vec::new());
    let metrics = Metric::ALL.map(Metric::name);
    let beside = ["top_k_mass", "llm_top_k_mass"];
    writer.write_record(
        ["id", "position", "token"]
            .iter()
            .chain(&metrics)
            .chain(&[ACCEPTANCE])
            .chain(&beside),
    )?;
    for record in records {
        let of = |metric| record.uncertainty.get(metric).to_string();
        let mut row = vec![
            super::record::line(&record.question),
            record.position.to_string(),
            super::record::line(&record.token),
        ];
        row.extend(Metric::ALL.map(of));
        row.extend(
            [
                record.acceptance,
                record.uncertainty.mass,
                record.large_mass,
            ]
            .map(|x| x.to_string()),
        );
        writer.write_record(row)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    let rows = String::from_utf8(bytes).map_err(io::Error::other)?;
    let comments = provenance
        .iter()
        .map(|line| format!("# {}\n", super::record::line(line)));
    Ok(comments.collect::<String>() + &rows)
}

/// A number with the half-width of its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// The estimate.
    pub value: f64,
    /// Half the width of its interval.
    pub half_width: f64,
}

/// The line of U-HLM (arXiv 2412.12687): a token of uncertainty u is rejected with probability
/// slope u + intercept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RejectionLine {
    /// a.
    pub slope: Fitted,
    /// b.
    pub intercept: Fitted,
}

impl RejectionLine {
    /// Least squares over tokens of (answer, uncertainty, acceptance). The tokens of an answer
    /// are not independent: the intervals take answers as the observations (clustered
    /// standard errors, Liang and Zeger, Biometrika 73, 1986). `None` for fewer than three
    /// answers, or where all are of one uncertainty.
    pub fn fit(tokens: &[(usize, f64, f64)]) -> Option<Self> {
        let count = tokens.len() as f64;
        let mean_u = tokens.iter().map(|token| token.1).sum::<f64>() / count;
        let mean_r = tokens.iter().map(|token| 1.0 - token.2).sum::<f64>() / count;
        let spread: f64 = tokens.iter().map(|token| (token.1 - mean_u).powi(2)).sum();
        let both = |token: &(usize, f64, f64)| (token.1 - mean_u) * (1.0 - token.2 - mean_r);
        let slope = tokens.iter().map(both).sum::<f64>() / spread;
        let intercept = mean_r - slope * mean_u;
        // Per answer, what its residuals push both estimates by.
        let mut pushes: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for (answer, u, acceptance) in tokens {
            let residual = 1.0 - acceptance - slope * u - intercept;
            let of_slope = (u - mean_u) / spread * residual;
            let (slope, intercept) = pushes.entry(*answer).or_default();
            *slope += of_slope;
            *intercept += residual / count - mean_u * of_slope;
        }
        let answers = pushes.len() as f64;
        if answers < 3.0 || spread <= 0.0 {
            return None;
        }
        let half_width = |squares: f64| 1.96 * (squares * answers / (answers - 1.0)).sqrt();
        let squares = |of: fn(&(f64, f64)) -> f64| -> f64 {
            pushes.values().map(|push| of(push).powi(2)).sum()
        };
        Some(Self {
            slope: Fitted {
                value: slope,
                half_width: half_width(squares(|push| push.0)),
            },
            intercept: Fitted {
                value: intercept,
                half_width: half_width(squares(|push| push.1)),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::streams::StreamKey;

    #[test]
    fn acceptance_is_what_both_distributions_share() {
        let of = |list: &[(&str, f64)]| -> Vec<(String, f64)> {
            let named = list.iter().map(|(name, p)| ((*name).to_owned(), p.ln()));
            named.collect()
        };
        let small = of(&[("a", 0.5), ("b", 0.3), ("", 0.1), ("", 0.05)]);
        let large = of(&[("a", 0.2), ("c", 0.5), ("", 0.25)]);
        assert!((acceptance(&small, &large) - (0.2 + 0.15)).abs() < 1e-12);
        assert!((acceptance(&small, &small) - 0.95).abs() < 1e-12);
        assert_eq!(acceptance(&small, &of(&[("x", 1.0)])), 0.0);
    }

    #[test]
    fn the_line_is_found_and_its_intervals_hold_it() {
        let key = StreamKey::root(8);
        let (mut held, runs) = ([0, 0], 1000);
        for run in 0..runs {
            let run = key.index(run);
            let mut tokens = Vec::new();
            for answer in 0..60 {
                let run = run.index(answer);
                // What an answer's tokens have in common.
                let shift = 0.2 * (run.named("answer").uniform() - 0.5);
                for token in 0..12 {
                    let run = run.index(token);
                    let u = run.named("u").uniform();
                    let noise = 0.1 * (run.named("noise").uniform() - 0.5);
                    let rejected = 0.6 * u + 0.2 + shift + noise;
                    tokens.push((answer as usize, u, 1.0 - rejected));
                }
            }
            let line = RejectionLine::fit(&tokens).unwrap();
            for (at, (fitted, truth)) in [(line.slope, 0.6), (line.intercept, 0.2)]
                .into_iter()
                .enumerate()
            {
                held[at] += usize::from((fitted.value - truth).abs() <= fitted.half_width);
            }
        }
        // 950 expected, of standard deviation 6.9; a little fewer at 60 answers.
        for held in held {
            assert!((915..=975).contains(&held), "{held}");
        }
        assert!(RejectionLine::fit(&[(0, 0.5, 0.5), (1, 0.5, 0.4), (2, 0.5, 0.3)]).is_none());
        assert!(RejectionLine::fit(&[]).is_none());
    }
}

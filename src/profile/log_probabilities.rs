//! Tokens and the log-probabilities of their candidates, in the shapes seen of real servers.

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The chat shape holds `content`; the older shape of `/v1/completions` parallel
/// lists. Servers mix them up with the interfaces, so either is taken from either.
#[derive(Deserialize)]
pub(super) struct LogProbs {
    content: Option<Vec<Token>>,
    tokens: Option<Vec<String>>,
    top_logprobs: Option<Vec<Option<Candidates>>>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
    #[serde(default)]
    top_logprobs: Vec<Candidate>,
}

#[derive(Deserialize)]
struct Candidate {
    #[serde(default)]
    token: String,
    logprob: Option<f64>,
}

/// A JSON object from token to log-probability, as the list of its pairs: two
/// end tokens are both written as the empty string, and a map would lose one.
struct Candidates(Vec<(String, Option<f64>)>);

/// A token of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeenToken {
    /// As the server writes it.
    pub token: String,
    /// Its likeliest candidates with the natural logarithms of their probabilities; those
    /// of probability zero are left out.
    pub candidates: Vec<(String, f64)>,
}

impl<'de> Deserialize<'de> for Candidates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Candidates;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from token to log-probability")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Candidates, A::Error> {
                let mut values = Vec::new();
                while let Some(pair) = map.next_entry::<String, Option<f64>>()? {
                    values.push(pair);
                }
                Ok(Candidates(values))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A token and its candidates.
pub(super) type Listed = (String, Vec<(String, Option<f64>)>);

/// The tokens of an answer with their candidates, as the server lists them.
pub(super) fn seen(logprobs: LogProbs) -> Option<Vec<Listed>> {
    if let Some(content) = logprobs.content {
        let tokens = content.into_iter().map(|token| {
            let candidates = token.top_logprobs.into_iter();
            let pairs = candidates.map(|candidate| (candidate.token, candidate.logprob));
            (token.token, pairs.collect())
        });
        return Some(tokens.collect());
    }
    let candidates = logprobs.top_logprobs?.into_iter();
    let tokens = logprobs.tokens?.into_iter().zip(candidates);
    tokens
        .map(|(token, candidates)| Some((token, candidates?.0)))
        .collect()
}

/// The first token and the log-probabilities of its candidates; a missing value
/// stands for probability zero.
pub(super) fn first(logprobs: LogProbs) -> Option<(String, Vec<f64>)> {
    let (token, candidates) = match logprobs.content {
        Some(content) => {
            let token = content.into_iter().next()?;
            let candidates = token.top_logprobs.into_iter();
            (
                token.token,
                candidates.map(|c| c.logprob).collect::<Vec<_>>(),
            )
        }
        None => {
            let token = logprobs.tokens?.into_iter().next()?;
            let candidates = logprobs.top_logprobs?.into_iter().next()??.0.into_iter();
            (token, candidates.map(|(_, logprob)| logprob).collect())
        }
    };
    let value = |v: Option<f64>| v.unwrap_or(f64::NEG_INFINITY);
    Some((token, candidates.into_iter().map(value).collect()))
}

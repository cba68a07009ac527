//! What an OpenAI-compatible server answers, in the shapes seen of real servers.

use super::log_probabilities::{LogProbs, SeenToken, first, seen};
use super::{Fault, Role};
use crate::uncertainty::metrics::{Uncertainties, uncertainties};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The text.
    pub text: String,
    /// The first token as the server writes it (it may be a piece of a word).
    pub first_token: Option<String>,
    /// Uncertainty of the first token; of the small model only.
    pub uncertainties: Option<Measured>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub answer_tokens: Option<u64>,
    /// Tokens of the prompt that were computed for this request (others came from
    /// the server's cache).
    pub prefill_tokens: Option<u64>,
    /// Time which that took, in milliseconds.
    pub prefill_ms: Option<f64>,
    /// Time per token of the answer, in milliseconds.
    pub decode_ms_per_token: Option<f64>,
}

/// [`Uncertainties`] as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// See [`Uncertainties::margin`].
    pub margin: f64,
    /// See [`Uncertainties::entropy`].
    pub entropy: f64,
    /// See [`Uncertainties::perplexity`].
    pub perplexity: f64,
    /// See [`Uncertainties::mass`].
    pub mass: f64,
}

impl From<Uncertainties> for Measured {
    fn from(u: Uncertainties) -> Self {
        Self {
            margin: u.margin,
            entropy: u.entropy,
            perplexity: u.perplexity,
            mass: u.mass,
        }
    }
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
    timings: Option<Timings>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<ReplyMessage>,
    text: Option<String>,
    logprobs: Option<LogProbs>,
}

#[derive(Deserialize)]
struct ReplyMessage {
    content: Option<String>,
}

#[derive(Deserialize, Default)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Timings {
    prompt_n: Option<u64>,
    prompt_ms: Option<f64>,
    predicted_n: Option<u64>,
    predicted_per_token_ms: Option<f64>,
}

/// Reads an answer; of the small model's, the uncertainty of the first token from
/// its `k` likeliest candidates.
///
/// The candidates are taken as the server lists them: the chosen token need not
/// be among them, and different tokens may be written alike.
///
/// # Errors
/// An answer of another shape, without log-probabilities or with fewer than `k`
/// candidates where they are needed.
pub fn read(text: &str, role: Role, k: usize) -> Result<Reply, Fault> {
    let body: Body = serde_json::from_str(text).map_err(|e| Fault::Shape(e.to_string()))?;
    let Some(choice) = body.choices.into_iter().next() else {
        return Err(Fault::Shape(without_choices(text)));
    };
    let reply = match (choice.message, choice.text) {
        (Some(message), _) => message.content.unwrap_or_default(),
        (None, Some(text)) => text,
        (None, None) => {
            return Err(Fault::Shape(
                "neither `message` nor `text` in `choices[0]`".to_owned(),
            ));
        }
    };
    let (first_token, measured) = match (role, choice.logprobs) {
        (Role::Llm, _) => (None, None),
        (Role::Slm, None) => return Err(Fault::NoLogProbabilities),
        (Role::Slm, Some(logprobs)) => {
            let (token, values) = first(logprobs).ok_or(Fault::NoLogProbabilities)?;
            (Some(token), Some(measure(values, k)?))
        }
    };
    let usage = body.usage.unwrap_or_default();
    let timings = body.timings.unwrap_or_default();
    let time = |ms: Option<f64>| ms.filter(|ms| ms.is_finite() && *ms > 0.0);
    Ok(Reply {
        text: reply,
        first_token,
        uncertainties: measured,
        prompt_tokens: usage.prompt_tokens,
        answer_tokens: usage.completion_tokens,
        prefill_tokens: timings.prompt_n,
        prefill_ms: time(timings.prompt_ms),
        // Of an answer of one token no decoding step was timed.
        decode_ms_per_token: time(timings.predicted_per_token_ms)
            .filter(|_| timings.predicted_n.is_none_or(|n| n > 1)),
    })
}

/// An answer's tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeenAnswer {
    /// Each with its candidates.
    pub tokens: Vec<SeenToken>,
    /// Tokens of the prompt, where the server tells.
    pub prompt_tokens: Option<u64>,
}

/// Reads the tokens of an answer with their candidates.
///
/// # Errors
/// An answer of another shape, or without log-probabilities.
pub fn tokens(text: &str) -> Result<SeenAnswer, Fault> {
    let body: Body = serde_json::from_str(text).map_err(|e| Fault::Shape(e.to_string()))?;
    let Some(choice) = body.choices.into_iter().next() else {
        return Err(Fault::Shape(without_choices(text)));
    };
    let all = choice
        .logprobs
        .and_then(seen)
        .ok_or(Fault::NoLogProbabilities)?;
    let tokens = all.into_iter().map(|(token, candidates)| {
        let positive = |(token, logprob): (String, Option<f64>)| {
            let logprob = logprob.filter(|value| value.is_finite() && *value > -1e30)?;
            Some((token, logprob))
        };
        let candidates: Vec<_> = candidates.into_iter().filter_map(positive).collect();
        match candidates.is_empty() {
            true => Err(Fault::NoLogProbabilities),
            false => Ok(SeenToken { token, candidates }),
        }
    });
    Ok(SeenAnswer {
        tokens: tokens.collect::<Result<_, _>>()?,
        prompt_tokens: body.usage.unwrap_or_default().prompt_tokens,
    })
}

fn measure(mut values: Vec<f64>, k: usize) -> Result<Measured, Fault> {
    if values.is_empty() {
        return Err(Fault::NoLogProbabilities);
    }
    if values.len() < k {
        return Err(Fault::TooFewCandidates {
            wanted: k,
            got: values.len(),
        });
    }
    // Some servers add the chosen token to the k likeliest.
    values.sort_by(|a, b| b.total_cmp(a));
    values.truncate(k);
    if values[0] > 1e-3 {
        return Err(Fault::Shape(format!(
            "found {} as a log-probability, which cannot be above 0",
            values[0]
        )));
    }
    match uncertainties(&values) {
        Some(u) => Ok(u.into()),
        None => Err(Fault::Shape(
            "no candidate of the first token has a positive probability".to_owned(),
        )),
    }
}

fn without_choices(text: &str) -> String {
    let said = serde_json::from_str::<Value>(text).ok().and_then(|json| {
        let error = json.get("error")?;
        let message = error.get("message").unwrap_or(error);
        Some(match message.as_str() {
            Some(text) => text.to_owned(),
            None => message.to_string(),
        })
    });
    match said {
        Some(said) => said.chars().take(300).collect(),
        None => "no `choices`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chat(logprobs: Value) -> String {
        json!({
            "choices": [{"index": 0, "finish_reason": "length",
                "message": {"role": "assistant", "content": "hall way"}, "logprobs": logprobs}],
            "usage": {"prompt_tokens": 45, "completion_tokens": 3},
            "timings": {"cache_n": 5, "prompt_n": 40, "prompt_ms": 80.5, "predicted_n": 3,
                "predicted_per_token_ms": 12.5}
        })
        .to_string()
    }

    fn candidates(values: &[f64]) -> Value {
        let list: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(id, v)| json!({"id": id, "token": "", "bytes": [], "logprob": v}))
            .collect();
        json!({"content": [{"id": 1, "token": "hall", "logprob": -1.0, "top_logprobs": list}]})
    }

    #[test]
    fn the_chat_shape() {
        // Different tokens that are all written as the empty string stay different.
        let reply = read(
            &chat(candidates(&[0.5f64.ln(), 0.25f64.ln(), 0.25f64.ln()])),
            Role::Slm,
            3,
        )
        .unwrap();
        assert_eq!(reply.text, "hall way");
        assert_eq!(reply.first_token.as_deref(), Some("hall"));
        assert!((reply.uncertainties.unwrap().margin - 0.75).abs() < 1e-12);
        assert_eq!(
            (reply.prompt_tokens, reply.answer_tokens),
            (Some(45), Some(3))
        );
        assert_eq!(reply.prefill_tokens, Some(40));
        assert_eq!(reply.prefill_ms, Some(80.5));
        assert_eq!(reply.decode_ms_per_token, Some(12.5));
    }

    #[test]
    fn the_older_shape_with_two_end_tokens() {
        let text = r#"{"choices": [{"text": " hall", "logprobs": {"tokens": [" hall", "."],
            "token_logprobs": [-0.69, -0.1], "text_offset": [0, 5],
            "top_logprobs": [{" hall": -0.6931471805599453, "": -1.3862943611198906,
                "": -1.3862943611198906}, {".": -0.1}]}}]}"#;
        let reply = read(text, Role::Slm, 3).unwrap();
        assert_eq!(reply.text, " hall");
        assert!((reply.uncertainties.unwrap().margin - 0.75).abs() < 1e-12);
        assert_eq!(reply.prompt_tokens, None);
        assert_eq!(reply.prefill_ms, None);
    }

    #[test]
    fn zero_probability_and_a_chosen_token_beyond_the_list() {
        let zero = f64::from(f32::MIN);
        let reply = read(&chat(candidates(&[-0.1, zero, zero])), Role::Slm, 3).unwrap();
        assert_eq!(reply.uncertainties.unwrap().margin, 0.0);
        // One more than asked for: the least likely is left out.
        let more = read(&chat(candidates(&[-9.0, -0.1, zero, zero])), Role::Slm, 3).unwrap();
        assert!(more.uncertainties.unwrap().margin > 0.0);
        let less = read(&chat(candidates(&[-9.0, -0.1, zero, zero])), Role::Slm, 1).unwrap();
        assert_eq!(less.uncertainties.unwrap().margin, 0.0);
    }

    #[test]
    fn missing_log_probabilities_are_never_a_silent_zero() {
        for logprobs in [
            json!(null),
            json!({"content": null}),
            json!({"content": []}),
            json!({"content": [{"token": "a", "logprob": -1.0, "top_logprobs": []}]}),
            json!({"content": [{"token": "a", "logprob": -1.0}]}),
            json!({"tokens": ["a"], "top_logprobs": null}),
            json!({"tokens": ["a"], "top_logprobs": [null]}),
        ] {
            let read = read(&chat(logprobs.clone()), Role::Slm, 3);
            assert_eq!(read, Err(Fault::NoLogProbabilities), "{logprobs}");
        }
        // The large model's answer needs none.
        assert!(read(&chat(json!(null)), Role::Llm, 3).is_ok());
    }

    #[test]
    fn too_few_candidates_and_values_that_are_no_log_probabilities() {
        assert_eq!(
            read(&chat(candidates(&[-0.1, -3.0])), Role::Slm, 10),
            Err(Fault::TooFewCandidates { wanted: 10, got: 2 })
        );
        let probabilities = read(&chat(candidates(&[0.7, 0.3])), Role::Slm, 2);
        assert!(matches!(probabilities, Err(Fault::Shape(_))));
        let nothing = read(&chat(candidates(&[-1e38, -1e38])), Role::Slm, 2);
        assert!(matches!(nothing, Err(Fault::Shape(_))));
    }

    #[test]
    fn other_shapes_say_what_they_are() {
        let fault = |text: &str| read(text, Role::Llm, 3).unwrap_err().to_string();
        assert!(fault(r#"{"error": {"message": "overloaded"}}"#).contains("overloaded"));
        assert!(fault(r#"{"choices": []}"#).contains("choices"));
        assert!(fault(r#"{"choices": [{}]}"#).contains("message"));
        assert!(fault("[1, 2]").contains("not understood"));
        // A model that spent all its tokens on something else says nothing.
        let text = r#"{"choices": [{"message": {"content": null}}]}"#;
        assert_eq!(read(text, Role::Llm, 3).unwrap().text, "");
    }
}

//! What comes back, part by part.

use crate::model_server::{EventStream, Fault};
use crate::units::Seconds;
use crate::validation::ServerTimes;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// An answer that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// From the sending of the request to the first token.
    pub first_token: Seconds,
    /// From the sending of the request to the last token.
    pub end: Seconds,
    /// Tokens of the prompt, where the server tells.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer: as the server tells, else parts with text.
    pub output_tokens: u64,
    /// Tokens of the prompt that were found in a cache, where the server tells.
    pub cached_tokens: Option<u64>,
    /// What the server says how long it took.
    pub server: Option<ServerTimes>,
}

/// An answer without times.
#[derive(Debug, Clone, PartialEq)]
pub enum Incomplete {
    /// The connection broke or ended before the answer did, or what came was an error.
    Broken(String),
    /// All of it came at once: there are no times of tokens.
    AtOnce,
    /// It came to its end without a token.
    WithoutTokens,
    /// The server's parts are not understood.
    NotUnderstood(String),
}

impl Incomplete {
    /// The kind in a few words, by which such answers are counted.
    pub fn kind(&self) -> &str {
        match self {
            Self::Broken(_) => "answer broken off",
            Self::AtOnce => "answered without streaming",
            Self::WithoutTokens => "no token in the answer",
            Self::NotUnderstood(_) => "answer not understood",
        }
    }
}

impl std::fmt::Display for Incomplete {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Self::Broken(why) | Self::NotUnderstood(why) => write!(f, ": {why}"),
            Self::AtOnce | Self::WithoutTokens => Ok(()),
        }
    }
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
    timings: Option<Timings>,
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    text: Option<String>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    // Of models that think before they answer: vLLM's names, old and new.
    reasoning_content: Option<String>,
    reasoning: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptTokensDetails>,
}

#[derive(Deserialize)]
struct PromptTokensDetails {
    cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Timings {
    prompt_ms: Option<f64>,
    predicted_ms: Option<f64>,
    cache_n: Option<u64>,
}

impl Choice {
    fn has_text(&self) -> bool {
        let delta = self.delta.as_ref();
        let of_delta = delta.map(|d| [&d.content, &d.reasoning_content, &d.reasoning]);
        let texts = of_delta.into_iter().flatten().chain([&self.text]);
        texts.flatten().any(|text| !text.is_empty())
    }
}

/// What has come of an answer so far.
#[derive(Default)]
struct Reading {
    first_token: Option<Seconds>,
    last_token: Option<Seconds>,
    finished: bool,
    parts_with_text: u64,
    usage: Option<Usage>,
    timings: Option<Timings>,
}

/// Reads an answer to its end.
///
/// # Errors
/// It has no times of tokens.
pub fn read(mut stream: EventStream, sent: Instant) -> Result<Answer, Incomplete> {
    let mut reading = Reading::default();
    loop {
        let part = stream.next_part().map_err(|fault| match fault {
            Fault::Broken(why) => Incomplete::Broken(why),
            fault => Incomplete::NotUnderstood(fault.to_string()),
        })?;
        let now = Seconds(sent.elapsed().as_secs_f64());
        match part {
            Some(_) if !stream.comes_in_parts() => return Err(Incomplete::AtOnce),
            Some(part) if part != "[DONE]" => reading.take(&part, now)?,
            // A connection that is read to its end serves another request.
            Some(_) => while let Ok(Some(_)) = stream.next_part() {},
            None => return reading.end(),
        }
    }
}

impl Reading {
    fn take(&mut self, part: &str, now: Seconds) -> Result<(), Incomplete> {
        let part: Part = serde_json::from_str(part)
            .map_err(|error| Incomplete::NotUnderstood(error.to_string()))?;
        if let Some(error) = part.error {
            let said = error["message"].as_str().map(str::to_owned);
            let said = said.unwrap_or_else(|| error.to_string());
            return Err(Incomplete::Broken(said.chars().take(300).collect()));
        }
        for choice in &part.choices {
            let finishes = choice.finish_reason.is_some();
            if choice.has_text() {
                self.first_token.get_or_insert(now);
                self.parts_with_text += 1;
            }
            // The last token may have no text of its own: a character's last byte, an end.
            if choice.has_text() || (finishes && !self.finished) {
                self.last_token = Some(now);
            }
            self.finished |= finishes;
        }
        self.usage = part.usage.or(self.usage.take());
        self.timings = part.timings.or(self.timings.take());
        Ok(())
    }

    fn end(self) -> Result<Answer, Incomplete> {
        if !self.finished {
            let why = "the connection ended before the answer did".to_owned();
            return Err(Incomplete::Broken(why));
        }
        let (Some(first_token), Some(end)) = (self.first_token, self.last_token) else {
            return Err(Incomplete::WithoutTokens);
        };
        let usage = self.usage.as_ref();
        let details = usage.and_then(|usage| usage.prompt_tokens_details.as_ref());
        let timings = self.timings.as_ref();
        let times = timings.and_then(|t| t.prompt_ms.zip(t.predicted_ms));
        let counted = usage.and_then(|usage| usage.completion_tokens);
        Ok(Answer {
            first_token,
            end,
            prompt_tokens: usage.and_then(|usage| usage.prompt_tokens),
            output_tokens: counted.unwrap_or(self.parts_with_text).max(1),
            cached_tokens: timings
                .and_then(|t| t.cache_n)
                .or(details.and_then(|details| details.cached_tokens)),
            server: times.map(|(prompt_ms, answer_ms)| ServerTimes {
                prompt_ms,
                answer_ms,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_parts(parts: &[&str]) -> Result<Answer, Incomplete> {
        let mut reading = Reading::default();
        for (at, part) in parts.iter().enumerate() {
            reading.take(part, Seconds(at as f64))?;
        }
        reading.end()
    }

    #[test]
    fn llama_cpp_tells_tokens_and_times() {
        let answer = read_parts(&[
            r#"{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}]}"#,
            r#"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Hello"}}]}"#,
            r#"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":" there"}}]}"#,
            r#"{"choices":[{"finish_reason":"length","index":0,"delta":{}}]}"#,
            r#"{"choices":[],"usage":{"completion_tokens":3,"prompt_tokens":33,"prompt_tokens_details":{"cached_tokens":1}},"timings":{"cache_n":2,"prompt_ms":242.1,"predicted_ms":50.4}}"#,
        ])
        .unwrap();
        let expected = Answer {
            first_token: Seconds(1.0),
            end: Seconds(3.0),
            prompt_tokens: Some(33),
            output_tokens: 3,
            cached_tokens: Some(2),
            server: Some(ServerTimes {
                prompt_ms: 242.1,
                answer_ms: 50.4,
            }),
        };
        assert_eq!(answer, expected);
    }

    #[test]
    fn without_usage_parts_are_counted() {
        let answer = read_parts(&[
            r#"{"choices":[{"text":"a","finish_reason":null}]}"#,
            r#"{"choices":[{"text":"b","finish_reason":"stop"}]}"#,
        ])
        .unwrap();
        assert_eq!((answer.output_tokens, answer.prompt_tokens), (2, None));
        assert_eq!(
            (answer.first_token, answer.end),
            (Seconds(0.0), Seconds(1.0))
        );
        let thinking = r#"{"choices":[{"delta":{"reasoning_content":"so"},"finish_reason":null}]}"#;
        let last = r#"{"choices":[{"delta":{"content":"1"},"finish_reason":"stop"}]}"#;
        assert_eq!(read_parts(&[thinking, last]).unwrap().output_tokens, 2);
    }

    #[test]
    fn what_is_no_answer_is_said() {
        let kind = |parts: &[&str]| read_parts(parts).unwrap_err().kind().to_owned();
        let text = r#"{"choices":[{"text":"a","finish_reason":null}]}"#;
        assert_eq!(kind(&[text]), "answer broken off");
        let error = r#"{"error":{"message":"out of memory"}}"#;
        let broken = read_parts(&[text, error]).unwrap_err();
        assert_eq!(broken, Incomplete::Broken("out of memory".to_owned()));
        let empty = r#"{"choices":[{"text":"","finish_reason":"stop"}]}"#;
        assert_eq!(kind(&[empty]), "no token in the answer");
        assert_eq!(kind(&["<html>"]), "answer not understood");
    }
}

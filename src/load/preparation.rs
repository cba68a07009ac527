//! Before the load: the server is warmed, and it is found out what it understands and what it
//! tells of itself. None of this is recorded.

use super::answer::{self, Incomplete};
use super::prompt::{TokensOfWords, text};
use super::request::{Form, Understood};
use super::{Answer, Settings};
use crate::model_server::{Client, Fault};
use crate::validation::Told;
use crate::world::streams::StreamKey;
use serde_json::Value;
use std::time::Instant;

/// A server that is ready.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// How it is asked.
    pub form: Form,
    /// What it makes of words.
    pub words: TokensOfWords,
    /// What it tells of itself.
    pub told: Told,
    /// What a user had better know of it.
    pub notes: Vec<String>,
}

/// Why a server cannot be loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unusable {
    /// It does not answer.
    #[error("{0}")]
    Fault(Fault),
    /// It answers, but without times of tokens.
    #[error("{0}")]
    Incomplete(Incomplete),
}

/// Words of the two prompts whose tokens are compared.
const COUNTED_WORDS: [u64; 2] = [8, 40];
/// Tokens of their answers.
const WARMING_TOKENS: u64 = 4;

/// Sends the requests that warm the server, one after the other.
///
/// # Errors
/// None of the forms that are tried gives an answer with times.
pub fn prepare(client: &Client, settings: &Settings) -> Result<Prepared, Unusable> {
    let key = StreamKey::root(settings.seed).named("warm-up");
    let mut form = Form {
        endpoint: settings.endpoint.clone(),
        understood: Understood::LESS_AND_LESS[0],
        extra: settings.extra.clone(),
    };
    let ask = |form: &Form, request: u64, words: u64, tokens: u64| {
        let body = form.body(&text(words, key.index(request)), tokens);
        let stream = client.patiently(|| client.stream(&form.endpoint, &body));
        let stream = stream.map_err(Unusable::Fault)?;
        answer::read(stream, Instant::now()).map_err(Unusable::Incomplete)
    };
    let first = first_answer(&mut form, |form| {
        ask(form, 0, COUNTED_WORDS[0], WARMING_TOKENS)
    })?;
    let second = ask(&form, 1, COUNTED_WORDS[1], WARMING_TOKENS)?;
    let counted = first.prompt_tokens.zip(second.prompt_tokens);
    let words = counted.and_then(|(few, many)| {
        TokensOfWords::counted((COUNTED_WORDS[0], few), (COUNTED_WORDS[1], many))
    });
    let mut notes = Vec::new();
    if words.is_none() {
        notes.push(
            "the server does not tell the lengths of prompts: their words are counted as tokens"
                .to_owned(),
        );
    }
    if first.output_tokens.max(second.output_tokens) < WARMING_TOKENS
        || !form.understood.whole_answers
    {
        notes.push(
            "the server does not take `ignore_eos`: answers may be shorter than asked for"
                .to_owned(),
        );
    }
    if let Some(longest) = settings.planned.iter().map(|one| one.prompt_tokens).min()
        && let Some(words) = words
        && (longest as f64) < words.around + words.per_word
    {
        notes.push(format!(
            "no prompt is shorter than {:.0} tokens: those of the chat's template are among them",
            words.around + words.per_word
        ));
    }
    let words = words.unwrap_or_default();
    for (request, planned) in settings.planned.iter().take(settings.warm_up).enumerate() {
        let request = request as u64 + COUNTED_WORDS.len() as u64;
        let length = words.words(planned.prompt_tokens);
        ask(&form, request, length, planned.output_tokens)?;
    }
    let told = |path| client.told(&form.endpoint, path);
    Ok(Prepared {
        told: of_props(told("/props").as_deref().unwrap_or_default())
            .or_else(|| of_metrics(told("/metrics").as_deref().unwrap_or_default()))
            .unwrap_or_default(),
        form,
        words,
        notes,
    })
}

/// The first answer, to the richest form that the server takes.
fn first_answer(
    form: &mut Form,
    ask: impl Fn(&Form) -> Result<Answer, Unusable>,
) -> Result<Answer, Unusable> {
    let mut refused = None;
    for understood in Understood::LESS_AND_LESS {
        form.understood = understood;
        match ask(form) {
            Err(Unusable::Fault(Fault::Status {
                code: code @ (400 | 422),
                message,
                retry_after,
            })) => {
                // The first refusal names what the user asked for, later ones what was left.
                refused.get_or_insert(Unusable::Fault(Fault::Status {
                    code,
                    message,
                    retry_after,
                }));
            }
            other => return other,
        }
    }
    match refused {
        Some(refused) => Err(refused),
        None => ask(form),
    }
}

/// From llama.cpp's `/props`. What it tells of its context is that of a seat, whether each seat
/// has its own or all have one together: how much there is in all, it does not tell.
fn of_props(text: &str) -> Option<Told> {
    let props: Value = serde_json::from_str(text).ok()?;
    Some(Told {
        max_running: Some(props["total_slots"].as_u64()?),
        ..Told::default()
    })
}

/// From vLLM's `/metrics`.
fn of_metrics(text: &str) -> Option<Told> {
    let line = text
        .lines()
        .find(|line| line.starts_with("vllm:cache_config_info{"))?;
    let label = |name: &str| {
        let (_, behind) = line.split_once(&format!("{name}=\""))?;
        behind.split('"').next()?.parse::<u64>().ok()
    };
    let (block, blocks) = (label("block_size"), label("num_gpu_blocks"));
    Some(Told {
        max_running: None,
        kv_tokens: block.zip(blocks).map(|(block, blocks)| block * blocks),
        block_tokens: block,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_tell_of_their_seats_and_memory() {
        let props = r#"{"total_slots": 8, "default_generation_settings": {"n_ctx": 512}}"#;
        let told = of_props(props).unwrap();
        assert_eq!((told.max_running, told.kv_tokens), (Some(8), None));
        let metrics = "# HELP x\nvllm:cache_config_info{block_size=\"16\",cache_dtype=\"auto\",\
                       num_gpu_blocks=\"2588\"} 1.0\n";
        let told = of_metrics(metrics).unwrap();
        assert_eq!((told.block_tokens, told.kv_tokens), (Some(16), Some(41408)));
        assert_eq!(of_props("not found"), None);
        assert_eq!(of_metrics("other 1.0"), None);
    }
}

//! A server that batches, as a person describes it: inline in a scenario or in a file of
//! its own.

use super::{Catalog, LanguageModel, Order, ServerSpec, StepLaw};
use crate::fault::Fault;
use crate::units::Seconds;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Share of a card's memory that weights, keys and values may fill together, as vLLM has it.
const MEMORY_SHARE: f64 = 0.9;

/// A server that batches.
///
/// ```
/// use edgelm::llm::{Catalog, ServerBlock};
/// let text = r#"(model: "llama-3.1-8b", card: "rtx-4090")"#;
/// let block: ServerBlock = ron::Options::default()
///     .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
///     .from_str(text)
///     .unwrap();
/// let server = block.resolve(&Catalog::default()).unwrap();
/// assert_eq!((server.max_running, server.token_budget), (256, 2048));
/// // (0.9 x 24 GB - 16.06 GB) / 131,072 bytes, in blocks of 16 tokens.
/// assert_eq!(server.kv_blocks, 2641);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Batching")]
pub struct ServerBlock {
    /// How it is called in results.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// In a scenario: a file that holds the block, such as a calibration has written, its path
    /// relative to the scenario's folder. Nothing else is then given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The model, of the catalogue. Under `law: Affine` with `kv_tokens` nothing depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How long a step takes; this or `card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<LawSpec>,
    /// The hardware, of the catalogue; this or `law`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// Memory in decimal gigabytes, beside `law`; that of a `card` is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_gb: Option<f64>,
    /// Fixed time of a request before it waits for a seat, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub request_ms: f64,
    /// Greatest number of queries in a batch.
    #[serde(default = "max_running")]
    pub max_running: u64,
    /// Greatest number of tokens that a step computes.
    #[serde(default = "token_budget")]
    pub token_budget: u64,
    /// Tokens of keys and values in a block.
    #[serde(default = "block_tokens")]
    pub block_tokens: u64,
    /// Room for keys and values, in tokens, of which whole blocks are used. If not given,
    /// what weights leave of 0.9 of the memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv_tokens: Option<u64>,
    /// Greatest number of tokens of prompt and answer: requests of more are refused. If not
    /// given, those that the memory can never hold are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_model_len: Option<u64>,
    /// Who of those that wait is admitted first.
    #[serde(default)]
    pub order: Order,
    /// What its law was fitted on, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibrated: Option<Calibrated>,
}

/// Where a law is from: the log that it was fitted on, and what was in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibrated {
    /// The log's name.
    pub log: String,
    /// Its BLAKE3 checksum, in hexadecimal digits.
    pub blake3: String,
    /// Requests that were scored.
    pub requests: u64,
    /// Mean absolute relative error of their end-to-end times.
    pub error: f64,
    /// The longest prompt, in tokens.
    pub prompt_tokens: u64,
    /// The longest answer, in tokens.
    pub output_tokens: u64,
    /// Requests a second.
    pub requests_per_s: f64,
    /// The most requests at the server at a time.
    pub at_once: u64,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

fn max_running() -> u64 {
    256
}

fn token_budget() -> u64 {
    2048
}

fn block_tokens() -> u64 {
    16
}

/// How long a step takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LawSpec {
    /// By what the hardware achieves and the model needs.
    Roofline {
        /// Achieved compute (F), in TFLOP/s.
        tflops: f64,
        /// Achieved memory bandwidth (B), in decimal gigabytes per second.
        gb_per_s: f64,
        /// Fixed time of a step (t0), in milliseconds.
        step_ms: f64,
        /// Per query in the batch, in milliseconds: choosing its next token.
        #[serde(default, skip_serializing_if = "is_zero")]
        per_member_ms: f64,
    },
    /// By measurement only.
    Affine {
        /// Of every step, in milliseconds.
        step_ms: f64,
        /// Per token computed, in milliseconds.
        per_token_ms: f64,
        /// Per token of context of a query that computes one token, in microseconds.
        per_context_token_us: f64,
        /// Per query in the batch, in milliseconds: choosing its next token.
        #[serde(default, skip_serializing_if = "is_zero")]
        per_member_ms: f64,
    },
}

impl Default for ServerBlock {
    /// Neither law nor card, everything else as by default.
    fn default() -> Self {
        Self {
            name: String::new(),
            file: None,
            model: None,
            law: None,
            card: None,
            memory_gb: None,
            request_ms: 0.0,
            max_running: max_running(),
            token_budget: token_budget(),
            block_tokens: block_tokens(),
            kv_tokens: None,
            max_model_len: None,
            order: Order::Fcfs,
            calibrated: None,
        }
    }
}

impl ServerBlock {
    /// A model on a card, everything else as by default.
    pub fn of(model: &str, card: &str) -> Self {
        Self {
            model: Some(model.to_owned()),
            card: Some(card.to_owned()),
            ..Self::default()
        }
    }

    /// What the server works with.
    ///
    /// # Errors
    /// A name that the catalogue does not have, a value out of range, a law that is
    /// missing or given twice, no way to know the memory, a model that does not fit.
    pub fn resolve(&self, catalog: &Catalog) -> Result<ServerSpec, Fault> {
        if let Some(file) = &self.file {
            let allowed = "no `file` here: this is the file, or it was read already";
            return Err(Fault::new("file", file.display(), allowed));
        }
        for (field, value) in [
            ("max_running", Some(self.max_running)),
            ("token_budget", Some(self.token_budget)),
            ("block_tokens", Some(self.block_tokens)),
            ("kv_tokens", self.kv_tokens),
            ("max_model_len", self.max_model_len),
        ] {
            if value == Some(0) {
                return Err(Fault::new(field, 0, "a whole number of at least 1"));
            }
        }
        // As vLLM requires: every query that runs computes a token in every step.
        if self.token_budget < self.max_running {
            let allowed = format!("at least `max_running`, {}", self.max_running);
            return Err(Fault::new("token_budget", self.token_budget, allowed));
        }
        let model = match &self.model {
            Some(name) => Some(catalog.find_model("model", name)?.model()),
            None => None,
        };
        let (law, memory_gb) = self.law_and_memory(catalog, model.as_ref())?;
        let kv_tokens = self.room(model.as_ref(), memory_gb)?;
        let kv_blocks = kv_tokens / self.block_tokens;
        if kv_blocks == 0 {
            let allowed = format!("at least one block of {} tokens", self.block_tokens);
            return Err(Fault::new("kv_tokens", kv_tokens, allowed));
        }
        not_negative("request_ms", self.request_ms)?;
        Ok(ServerSpec {
            law,
            request: Seconds(1e-3 * self.request_ms),
            max_running: usize::try_from(self.max_running).unwrap_or(usize::MAX),
            token_budget: self.token_budget,
            block_tokens: self.block_tokens,
            kv_blocks,
            max_model_len: self.max_model_len.unwrap_or(u64::MAX),
            order: self.order,
        })
    }

    fn law_and_memory(
        &self,
        catalog: &Catalog,
        model: Option<&LanguageModel>,
    ) -> Result<(StepLaw, Option<f64>), Fault> {
        match (&self.law, &self.card) {
            (Some(_), Some(card)) => {
                let allowed = "either `law` or `card`: a card has its law";
                Err(Fault::new(
                    "card",
                    format!("`{card}` beside `law`"),
                    allowed,
                ))
            }
            (None, None) => Err(Fault::new(
                "law",
                "neither `law` nor `card`",
                "`card` with hardware of the catalogue, or `law` with `Roofline` or `Affine`",
            )),
            (None, Some(card)) => {
                if let Some(memory_gb) = self.memory_gb {
                    let found = format!("{memory_gb} beside `card`");
                    let allowed = "no `memory_gb`: the card's memory is known";
                    return Err(Fault::new("memory_gb", found, allowed));
                }
                let hardware = catalog.find_hardware("card", card)?.hardware();
                let law = StepLaw::roofline(
                    needed(model)?,
                    hardware.tflops * 1e12,
                    hardware.gb_per_s * 1e9,
                    hardware.step_ms * 1e-3,
                );
                Ok((law, hardware.memory_gb))
            }
            (Some(law), None) => {
                if let Some(memory_gb) = self.memory_gb {
                    positive("memory_gb", memory_gb)?;
                }
                Ok((law.of(model)?, self.memory_gb))
            }
        }
    }

    /// Tokens that there is room for.
    fn room(&self, model: Option<&LanguageModel>, memory_gb: Option<f64>) -> Result<u64, Fault> {
        match (self.kv_tokens, memory_gb, model) {
            (Some(tokens), None, _) | (Some(tokens), _, None) => Ok(tokens),
            (Some(tokens), Some(memory_gb), Some(model)) => {
                let kv_gb = tokens as f64 * model.kv_bytes_per_token * 1e-9;
                if model.weights_gb + kv_gb <= memory_gb {
                    return Ok(tokens);
                }
                let left = (memory_gb - model.weights_gb) * 1e9 / model.kv_bytes_per_token;
                Err(if left < self.block_tokens as f64 {
                    too_large(model, memory_gb, 1.0)
                } else {
                    let allowed = format!(
                        "at most the {:.0} for which {} leaves room in {memory_gb} GB",
                        left.floor(),
                        model.name
                    );
                    Fault::new("kv_tokens", tokens, allowed)
                })
            }
            (None, Some(memory_gb), Some(model)) => {
                let left = MEMORY_SHARE * memory_gb - model.weights_gb;
                let tokens = left * 1e9 / model.kv_bytes_per_token;
                if tokens < self.block_tokens as f64 {
                    return Err(too_large(model, memory_gb, MEMORY_SHARE));
                }
                Ok(tokens as u64)
            }
            (None, Some(_), None) => Err(Fault::new(
                "model",
                "none",
                "a model of the catalogue, or `kv_tokens`: how much room it leaves depends on it",
            )),
            (None, None, _) => Err(Fault::new(
                "kv_tokens",
                "none, and no memory is known",
                "a number of tokens, or `model` and `memory_gb`",
            )),
        }
    }
}

fn too_large(model: &LanguageModel, memory_gb: f64, share: f64) -> Fault {
    let found = format!("`{}` with {} GB of weights", model.name, model.weights_gb);
    let of = if share < 1.0 {
        format!("{share} x {memory_gb} GB")
    } else {
        format!("{memory_gb} GB")
    };
    let allowed = format!("a model that leaves room for keys and values in {of} of memory");
    Fault::new("model", found, allowed)
}

fn needed(model: Option<&LanguageModel>) -> Result<&LanguageModel, Fault> {
    model.ok_or_else(|| Fault::new("model", "none", "a model of the catalogue"))
}

impl LawSpec {
    /// The law of a model; `Affine` needs none.
    fn of(self, model: Option<&LanguageModel>) -> Result<StepLaw, Fault> {
        match self {
            Self::Roofline {
                tflops,
                gb_per_s,
                step_ms,
                per_member_ms,
            } => {
                let model = needed(model)?;
                positive("law.tflops", tflops)?;
                positive("law.gb_per_s", gb_per_s)?;
                not_negative("law.step_ms", step_ms)?;
                not_negative("law.per_member_ms", per_member_ms)?;
                let (flop_per_s, bytes_per_s) = (tflops * 1e12, gb_per_s * 1e9);
                let law = StepLaw::roofline(model, flop_per_s, bytes_per_s, step_ms * 1e-3);
                Ok(law.with_per_member(per_member_ms * 1e-3))
            }
            Self::Affine {
                step_ms,
                per_token_ms,
                per_context_token_us,
                per_member_ms,
            } => {
                not_negative("law.per_member_ms", per_member_ms)?;
                not_negative("law.step_ms", step_ms)?;
                not_negative("law.per_token_ms", per_token_ms)?;
                not_negative("law.per_context_token_us", per_context_token_us)?;
                if step_ms + per_token_ms == 0.0 {
                    let found = "0, and a `step_ms` of 0";
                    let allowed = "a positive number for one of them: steps take time";
                    return Err(Fault::new("law.per_token_ms", found, allowed));
                }
                let (step_s, per_token_s) = (step_ms * 1e-3, per_token_ms * 1e-3);
                let law = StepLaw::affine(step_s, per_token_s, per_context_token_us * 1e-6);
                Ok(law.with_per_member(per_member_ms * 1e-3))
            }
        }
    }
}

fn positive(field: &str, value: f64) -> Result<(), Fault> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Fault::new(field, value, "a positive, finite number"))
}

fn not_negative(field: &str, value: f64) -> Result<(), Fault> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Fault::new(field, value, "a finite number not below 0"))
}

#[cfg(test)]
mod tests;

//! Language models and what they run on: sizes, hardware, and the time of a step.
//!
//! | item | what it is |
//! |---|---|
//! | [`LanguageModel`] | parameters, bytes of weights and of keys and values |
//! | [`Hardware`] | achieved compute and bandwidth, time per step, memory |
//! | [`StepLaw`] | how long a step of a batch takes |
//! | [`Catalog`] | models and hardware by name, every number with its source |
//! | [`ServerBlock`] | a server that batches, as a person describes it |
//! | [`ServerSpec`] | the same resolved: its law, seats, budget and blocks |

pub mod catalog;
mod law;
mod server_block;
mod server_spec;

pub use catalog::Catalog;
pub use law::{Batch, StepLaw};
pub use server_block::{Calibrated, LawSpec, ServerBlock};
pub use server_spec::{Order, ServerSpec};

use serde::{Deserialize, Serialize};

/// A language model, as far as the time and the memory of serving it depend on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageModel {
    /// How it is called.
    pub name: String,
    /// Parameters (P), in billions.
    pub parameters_billion: f64,
    /// Bytes of its weights as stored (W), in decimal gigabytes.
    pub weights_gb: f64,
    /// Bytes of keys and values per token (k): 2 x layers x KV heads x head size x bytes.
    pub kv_bytes_per_token: f64,
    /// Width of attention (a): layers x heads x head size.
    pub attention_width: f64,
}

/// What a language model runs on, as achieved: data sheet times efficiency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    /// How it is called.
    pub name: String,
    /// Achieved compute (F), in TFLOP/s.
    pub tflops: f64,
    /// Achieved memory bandwidth (B), in decimal gigabytes per second.
    pub gb_per_s: f64,
    /// Fixed time of a step (t0), in milliseconds.
    pub step_ms: f64,
    /// Memory, in decimal gigabytes, where it is known: servers need it for keys and values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_gb: Option<f64>,
}

//! What the catalogue says of a model and of a piece of hardware.

use crate::fault::Fault;
use crate::llm::{Hardware, LanguageModel};
use serde::{Deserialize, Serialize};

/// What the source of an assumption begins with that was measured on nothing of the kind.
const CLASS_VALUE: &str = "class value";

/// A number and where it is from: `(165.2, "the data sheet")`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sourced(pub f64, pub String);

impl Sourced {
    /// The number.
    pub fn value(&self) -> f64 {
        self.0
    }

    /// Where it is from.
    pub fn source(&self) -> &str {
        &self.1
    }

    /// Whether it is an assumption about the whole class, measured on nothing of the kind.
    pub fn is_class_value(&self) -> bool {
        self.1.starts_with(CLASS_VALUE)
    }
}

/// A language model as the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// How it is called.
    pub name: String,
    /// Parameters (P), in billions.
    pub parameters_billion: Sourced,
    /// Bytes of its weights as stored (W), in decimal gigabytes.
    pub weights_gb: Sourced,
    /// Layers, heads and their size.
    pub shape: Shape,
    /// Bytes of one number among keys and values.
    pub kv_value_bytes: Sourced,
}

/// What of a transformer's shape keys, values and attention depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Layers.
    pub layers: u32,
    /// Heads of a layer.
    pub heads: u32,
    /// Heads of a layer that have keys and values of their own.
    pub kv_heads: u32,
    /// Numbers of a head.
    pub head_size: u32,
    /// Where they are from.
    pub source: String,
}

impl ModelEntry {
    /// Bytes of keys and values per token (k): 2 x layers x KV heads x head size x bytes.
    pub fn kv_bytes_per_token(&self) -> f64 {
        let shape = &self.shape;
        let numbers = f64::from(shape.layers) * f64::from(shape.kv_heads);
        2.0 * numbers * f64::from(shape.head_size) * self.kv_value_bytes.value()
    }

    /// Width of attention (a): layers x heads x head size.
    pub fn attention_width(&self) -> f64 {
        let shape = &self.shape;
        f64::from(shape.layers) * f64::from(shape.heads) * f64::from(shape.head_size)
    }

    /// The model as servers and phones compute with it.
    pub fn model(&self) -> LanguageModel {
        LanguageModel {
            name: self.name.clone(),
            parameters_billion: self.parameters_billion.value(),
            weights_gb: self.weights_gb.value(),
            kv_bytes_per_token: self.kv_bytes_per_token(),
            attention_width: self.attention_width(),
        }
    }

    pub(super) fn check(&self, field: &str, faults: &mut Vec<Fault>) {
        for (name, number) in [
            ("parameters_billion", &self.parameters_billion),
            ("weights_gb", &self.weights_gb),
            ("kv_value_bytes", &self.kv_value_bytes),
        ] {
            positive(&format!("{field}.{name}"), number, faults);
        }
        let shape = &self.shape;
        for (name, count) in [
            ("layers", shape.layers),
            ("heads", shape.heads),
            ("kv_heads", shape.kv_heads),
            ("head_size", shape.head_size),
        ] {
            if count == 0 {
                let field = format!("{field}.shape.{name}");
                faults.push(Fault::new(field, 0, "a whole number of at least 1"));
            }
        }
        sourced(&format!("{field}.shape.source"), &shape.source, faults);
    }
}

/// What a language model runs on, as the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HardwareEntry {
    /// How it is called.
    pub name: String,
    /// A server's card, or a phone.
    pub kind: Kind,
    /// Compute and memory bandwidth.
    pub rates: Rates,
    /// Fixed time of a step (t0), in milliseconds.
    pub step_ms: Sourced,
    /// Memory, in decimal gigabytes, where it is known: servers need it for keys and values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_gb: Option<Sourced>,
    /// Measurements that the rates reproduce.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<Measured>,
    /// What is left of the rates under load of minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sustained_share: Option<Sustained>,
}

/// What kind of hardware it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A card of a server.
    Server,
    /// A phone.
    Phone,
}

impl Kind {
    /// In lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Phone => "phone",
        }
    }
}

/// Compute in TFLOP/s and memory bandwidth in decimal gigabytes per second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Rates {
    /// Those of the data sheet, and the shares of them that are achieved.
    DataSheet {
        /// Compute by the data sheet.
        tflops: Sourced,
        /// Bandwidth by the data sheet.
        gb_per_s: Sourced,
        /// Share of the compute that is achieved.
        compute_efficiency: Sourced,
        /// Share of the bandwidth that is achieved.
        bandwidth_efficiency: Sourced,
    },
    /// Those that are achieved.
    Achieved {
        /// Compute (F).
        tflops: Sourced,
        /// Bandwidth (B).
        gb_per_s: Sourced,
    },
}

impl Rates {
    /// Achieved compute (F), in TFLOP/s.
    pub fn achieved_tflops(&self) -> f64 {
        match self {
            Self::DataSheet {
                tflops,
                compute_efficiency,
                ..
            } => tflops.value() * compute_efficiency.value(),
            Self::Achieved { tflops, .. } => tflops.value(),
        }
    }

    /// Achieved bandwidth (B), in decimal gigabytes per second.
    pub fn achieved_gb_per_s(&self) -> f64 {
        match self {
            Self::DataSheet {
                gb_per_s,
                bandwidth_efficiency,
                ..
            } => gb_per_s.value() * bandwidth_efficiency.value(),
            Self::Achieved { gb_per_s, .. } => gb_per_s.value(),
        }
    }

    /// Every number with its name.
    pub fn numbers(&self) -> Vec<(&'static str, &Sourced)> {
        match self {
            Self::DataSheet {
                tflops,
                gb_per_s,
                compute_efficiency,
                bandwidth_efficiency,
            } => vec![
                ("tflops", tflops),
                ("gb_per_s", gb_per_s),
                ("compute_efficiency", compute_efficiency),
                ("bandwidth_efficiency", bandwidth_efficiency),
            ],
            Self::Achieved { tflops, gb_per_s } => {
                vec![("tflops", tflops), ("gb_per_s", gb_per_s)]
            }
        }
    }
}

/// A measurement of one query that has the hardware to itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The model, of the catalogue.
    pub model: String,
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Time of the prompt, in milliseconds.
    pub prompt_ms: f64,
    /// Answer tokens per second behind it.
    pub tokens_per_s: f64,
    /// Where they are from.
    pub source: String,
}

/// What is left of the rates under load of minutes, from the least to the most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sustained {
    /// The least.
    pub low: Sourced,
    /// The most.
    pub high: Sourced,
}

impl HardwareEntry {
    /// The hardware as it is achieved.
    pub fn hardware(&self) -> Hardware {
        Hardware {
            name: self.name.clone(),
            tflops: self.rates.achieved_tflops(),
            gb_per_s: self.rates.achieved_gb_per_s(),
            step_ms: self.step_ms.value(),
            memory_gb: self.memory_gb.as_ref().map(Sourced::value),
        }
    }

    /// What its data sheet promises.
    pub fn data_sheet(&self) -> Option<Hardware> {
        let Rates::DataSheet {
            tflops, gb_per_s, ..
        } = &self.rates
        else {
            return None;
        };
        Some(Hardware {
            tflops: tflops.value(),
            gb_per_s: gb_per_s.value(),
            ..self.hardware()
        })
    }

    /// What its data sheet makes one expect before anything has been measured: 0.6 of its
    /// compute, 0.8 of its bandwidth and a millisecond a step, the values of its class.
    pub fn class_guess(&self) -> Option<Hardware> {
        let sheet = self.data_sheet()?;
        Some(Hardware {
            tflops: 0.6 * sheet.tflops,
            gb_per_s: 0.8 * sheet.gb_per_s,
            step_ms: 1.0,
            ..sheet
        })
    }

    pub(super) fn check(&self, field: &str, faults: &mut Vec<Fault>) {
        for (name, number) in self.rates.numbers() {
            let field = format!("{field}.rates.{name}");
            if name.ends_with("_efficiency") {
                share(&field, number, faults);
            } else {
                positive(&field, number, faults);
            }
        }
        let step = &self.step_ms;
        let field_of_step = format!("{field}.step_ms");
        if !(step.value().is_finite() && step.value() >= 0.0) {
            let allowed = "a finite number not below 0";
            faults.push(Fault::new(&field_of_step, step.value(), allowed));
        }
        sourced(&field_of_step, step.source(), faults);
        if let Some(memory) = &self.memory_gb {
            positive(&format!("{field}.memory_gb"), memory, faults);
        }
        for (at, measured) in self.measured.iter().enumerate() {
            let field = format!("{field}.measured[{at}]");
            for (name, value) in [
                ("prompt_tokens", measured.prompt_tokens as f64),
                ("prompt_ms", measured.prompt_ms),
                ("tokens_per_s", measured.tokens_per_s),
            ] {
                is_positive(&format!("{field}.{name}"), value, faults);
            }
            sourced(&format!("{field}.source"), &measured.source, faults);
        }
        if let Some(sustained) = &self.sustained_share {
            share(
                &format!("{field}.sustained_share.low"),
                &sustained.low,
                faults,
            );
            share(
                &format!("{field}.sustained_share.high"),
                &sustained.high,
                faults,
            );
        }
    }
}

fn is_positive(field: &str, value: f64, faults: &mut Vec<Fault>) {
    if !(value.is_finite() && value > 0.0) {
        faults.push(Fault::new(field, value, "a positive, finite number"));
    }
}

fn positive(field: &str, number: &Sourced, faults: &mut Vec<Fault>) {
    is_positive(field, number.value(), faults);
    sourced(field, number.source(), faults);
}

fn share(field: &str, number: &Sourced, faults: &mut Vec<Fault>) {
    if !(number.value() > 0.0 && number.value() <= 1.0) {
        let allowed = "a number above 0, at most 1";
        faults.push(Fault::new(field, number.value(), allowed));
    }
    sourced(field, number.source(), faults);
}

fn sourced(field: &str, source: &str, faults: &mut Vec<Fault>) {
    if source.trim().is_empty() {
        let allowed = "a word on where the number is from, such as \"measured by us\"";
        faults.push(Fault::new(field, "no source", allowed));
    }
}

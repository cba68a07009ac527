//! How fast the small model's hardware is, from what its server tells of its answers.

use super::record::Record;
use crate::llm::LanguageModel;
use crate::llm::catalog::{HardwareEntry, Kind, Rates, Sourced};

/// A time per token with its 95 % interval, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimePerToken {
    /// The estimate.
    pub ms: f64,
    /// Half the width of its interval.
    pub half_width_ms: f64,
}

/// What a server told of its answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    /// Of prompts.
    pub prompt: TimePerToken,
    /// Of answers.
    pub answer: TimePerToken,
    /// How many answers they are from.
    pub answers: usize,
}

/// Fewer answers than this say nothing.
const LEAST_ANSWERS: usize = 8;

impl Speed {
    /// Of the small model; `None` where its server told of fewer than eight answers.
    pub fn of_slm(records: &[Record<'_>]) -> Option<Self> {
        let of_prompts = records.iter().filter_map(|record| {
            let tokens = record.slm.prefill_tokens.filter(|tokens| *tokens > 0)?;
            Some((tokens as f64, record.slm.prefill_ms?))
        });
        let of_answers = records
            .iter()
            .filter_map(|record| Some((1.0, record.slm.decode_ms_per_token?)))
            .filter(|(_, ms)| *ms > 0.0);
        let (prompts, answers): (Vec<_>, Vec<_>) = (of_prompts.collect(), of_answers.collect());
        let count = prompts.len().min(answers.len());
        (count >= LEAST_ANSWERS).then(|| Self {
            prompt: time_per_token(&prompts),
            answer: time_per_token(&answers),
            answers: count,
        })
    }

    /// The hardware on which a model is that fast: compute from its prompts, bandwidth from its
    /// answers, each of whose tokens streams the weights once.
    pub fn hardware(&self, model: &LanguageModel, name: &str) -> HardwareEntry {
        let source = |what: &str, time: TimePerToken| {
            format!(
                "{:.4} ms (+- {:.4}, 95 %) per token of {what} of {}, told by its server for {} \
                 answers",
                time.ms, time.half_width_ms, model.name, self.answers
            )
        };
        let tflops = 2.0 * model.parameters_billion / self.prompt.ms;
        let gb_per_s = 1e3 * model.weights_gb / self.answer.ms;
        HardwareEntry {
            name: name.to_owned(),
            kind: Kind::Phone,
            rates: Rates::Achieved {
                tflops: Sourced(tflops, source("prompts", self.prompt)),
                gb_per_s: Sourced(gb_per_s, source("answers", self.answer)),
            },
            step_ms: Sourced(0.0, "within the times per token".to_owned()),
            memory_gb: None,
            measured: Vec::new(),
            sustained_share: None,
        }
    }
}

/// The ratio of all milliseconds to all tokens, with the interval of a ratio of means.
fn time_per_token(answers: &[(f64, f64)]) -> TimePerToken {
    let count = answers.len() as f64;
    let tokens: f64 = answers.iter().map(|(tokens, _)| tokens).sum();
    let ms = answers.iter().map(|(_, ms)| ms).sum::<f64>() / tokens;
    let residuals = answers.iter().map(|(tokens, took)| took - ms * tokens);
    let squares: f64 = residuals.map(|residual| residual * residual).sum();
    let variance = squares / (count - 1.0) * count / (tokens * tokens);
    TimePerToken {
        ms,
        half_width_ms: 1.96 * variance.sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::StepLaw;
    use crate::world::streams::StreamKey;

    fn model() -> LanguageModel {
        LanguageModel {
            name: "tiny".to_owned(),
            parameters_billion: 0.5,
            weights_gb: 0.25,
            kv_bytes_per_token: 0.0,
            attention_width: 0.0,
        }
    }

    #[test]
    fn a_phone_of_the_measured_hardware_is_as_fast_as_measured() {
        let time = |ms| TimePerToken {
            ms,
            half_width_ms: 0.0,
        };
        let speed = Speed {
            prompt: time(0.4),
            answer: time(12.5),
            answers: 10,
        };
        let hardware = speed.hardware(&model(), "mine").hardware();
        let (flop_per_s, bytes_per_s) = (hardware.tflops * 1e12, hardware.gb_per_s * 1e9);
        let law = StepLaw::roofline(&model(), flop_per_s, bytes_per_s, 0.0);
        assert!((law.per_token_s - 0.4e-3).abs() < 1e-12, "{law:?}");
        assert!((law.weights_s - 12.5e-3).abs() < 1e-12, "{law:?}");
    }

    #[test]
    fn the_interval_holds_the_true_time() {
        let key = StreamKey::root(3);
        let held = (0..2000).filter(|run| {
            let run = key.index(*run);
            let answers: Vec<(f64, f64)> = (0..60)
                .map(|at| {
                    let tokens = 20.0 + 30.0 * run.index(at).named("tokens").uniform();
                    let noise = run.index(at).named("noise").uniform() - 0.5;
                    (tokens, 2.0 * tokens + 20.0 * noise)
                })
                .collect();
            let time = time_per_token(&answers);
            (time.ms - 2.0).abs() <= time.half_width_ms
        });
        // 1,900 expected, of standard deviation 9.7; a little fewer at 60 answers.
        let held = held.count();
        assert!((1850..=1940).contains(&held), "{held}");
    }
}

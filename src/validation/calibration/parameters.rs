//! The parameters of a law, and the coordinates in which they are searched.

use crate::llm::{Hardware, LanguageModel, LawSpec, ServerBlock, StepLaw};
use serde::{Deserialize, Serialize};

/// The form of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// From what a model needs and the hardware achieves: compute, bandwidth, a fixed time of
    /// a step and of a request.
    Roofline,
    /// By measurement only: a fixed time of a step, times per token, per token of context and
    /// per query in the batch, and a fixed time of a request.
    Affine,
}

/// A parameter of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// Achieved compute, in TFLOP/s.
    Tflops,
    /// Achieved memory bandwidth, in GB/s.
    GbPerS,
    /// Fixed time of a step, in milliseconds.
    StepMs,
    /// Time per token computed, in milliseconds.
    PerTokenMs,
    /// Time per token of context, in microseconds.
    PerContextTokenUs,
    /// Time per query in the batch, in milliseconds.
    PerMemberMs,
    /// Fixed time of a request, in milliseconds.
    RequestMs,
}

impl Parameter {
    /// Its name in a server block.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tflops => "tflops",
            Self::GbPerS => "gb_per_s",
            Self::StepMs => "step_ms",
            Self::PerTokenMs => "per_token_ms",
            Self::PerContextTokenUs => "per_context_token_us",
            Self::PerMemberMs => "per_member_ms",
            Self::RequestMs => "request_ms",
        }
    }

    /// Whether it is a time, which may be zero; the others are rates.
    pub fn is_time(self) -> bool {
        !matches!(self, Self::Tflops | Self::GbPerS)
    }

    /// Below this a time makes no difference, in its own unit: searched on a scale that is
    /// linear below and logarithmic above.
    pub(super) fn negligible(self) -> f64 {
        match self {
            Self::Tflops | Self::GbPerS => 0.0,
            Self::StepMs | Self::RequestMs => 0.5,
            Self::PerTokenMs | Self::PerMemberMs => 0.01,
            Self::PerContextTokenUs => 0.02,
        }
    }

    /// Its value at a coordinate.
    pub fn value(self, at: f64) -> f64 {
        // Far beyond anything that is: the search may look there.
        let value = at.clamp(-60.0, 60.0).exp() - self.negligible();
        value.max(if self.is_time() { 0.0 } else { 1e-9 })
    }

    pub(super) fn coordinate(self, value: f64) -> f64 {
        (value + self.negligible()).max(1e-12).ln()
    }
}

impl Family {
    /// Its parameters.
    pub fn parameters(self) -> &'static [Parameter] {
        match self {
            Self::Roofline => &[
                Parameter::Tflops,
                Parameter::GbPerS,
                Parameter::StepMs,
                Parameter::RequestMs,
            ],
            Self::Affine => &[
                Parameter::StepMs,
                Parameter::PerTokenMs,
                Parameter::PerContextTokenUs,
                Parameter::PerMemberMs,
                Parameter::RequestMs,
            ],
        }
    }

    fn at(self, values: &[f64]) -> Vec<f64> {
        let parameters = self.parameters().iter().zip(values);
        parameters
            .map(|(parameter, value)| parameter.coordinate(*value))
            .collect()
    }

    /// Some law.
    pub(super) fn origin(self) -> Vec<f64> {
        match self {
            Self::Roofline => self.at(&[100.0, 1000.0, 1.0, 0.0]),
            Self::Affine => self.at(&[10.0, 0.1, 0.1, 0.0, 0.0]),
        }
    }

    /// Where hardware of the catalogue begins.
    pub(super) fn of_hardware(
        self,
        hardware: &Hardware,
        model: Option<&LanguageModel>,
    ) -> Option<Vec<f64>> {
        match (self, model) {
            (Self::Roofline, _) => {
                Some(self.at(&[hardware.tflops, hardware.gb_per_s, hardware.step_ms, 0.0]))
            }
            (Self::Affine, Some(model)) => {
                let (flop_per_s, bytes_per_s) = (hardware.tflops * 1e12, hardware.gb_per_s * 1e9);
                let law =
                    StepLaw::roofline(model, flop_per_s, bytes_per_s, hardware.step_ms * 1e-3);
                Some(self.at(&[
                    1e3 * (law.step_s + law.weights_s),
                    1e3 * law.per_token_s,
                    1e6 * law.per_context_token_s,
                    0.0,
                    0.0,
                ]))
            }
            (Self::Affine, None) => None,
        }
    }

    /// Where a server begins whose steps take so long when little is in them, and whose
    /// prompts take so long per token; in seconds.
    pub(super) fn of_times(
        self,
        step_s: f64,
        prompt_token_s: f64,
        model: Option<&LanguageModel>,
    ) -> Option<Vec<f64>> {
        match self {
            Self::Affine => Some(self.at(&[1e3 * step_s, 1e3 * prompt_token_s, 0.1, 0.0, 0.0])),
            Self::Roofline => {
                let model = model?;
                let flop_per_s = 2.0 * model.parameters_billion * 1e9 / prompt_token_s;
                let bytes_per_s = model.weights_gb * 1e9 / step_s;
                Some(self.at(&[flop_per_s * 1e-12, bytes_per_s * 1e-9, 0.5, 0.0]))
            }
        }
    }

    /// A block with this law in place of what it had.
    pub fn block(self, block: &ServerBlock, parameters: &Parameters) -> ServerBlock {
        ServerBlock {
            law: Some(parameters.spec()),
            request_ms: parameters.get(Parameter::RequestMs),
            card: None,
            ..block.clone()
        }
    }
}

/// Values of a family's parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    family: Family,
    values: Vec<f64>,
}

impl Parameters {
    pub(super) fn new(family: &Family, at: &[f64]) -> Self {
        let parameters = family.parameters().iter().zip(at);
        Self {
            family: *family,
            values: parameters
                .map(|(parameter, at)| parameter.value(*at))
                .collect(),
        }
    }

    fn get(&self, parameter: Parameter) -> f64 {
        let at = self
            .family
            .parameters()
            .iter()
            .position(|p| *p == parameter);
        at.map_or(0.0, |at| self.values[at])
    }

    /// As a block writes it.
    fn spec(&self) -> LawSpec {
        match self.family {
            Family::Roofline => LawSpec::Roofline {
                tflops: self.get(Parameter::Tflops),
                gb_per_s: self.get(Parameter::GbPerS),
                step_ms: self.get(Parameter::StepMs),
                per_member_ms: 0.0,
            },
            Family::Affine => LawSpec::Affine {
                step_ms: self.get(Parameter::StepMs),
                per_token_ms: self.get(Parameter::PerTokenMs),
                per_context_token_us: self.get(Parameter::PerContextTokenUs),
                per_member_ms: self.get(Parameter::PerMemberMs),
            },
        }
    }

    /// The law, and the fixed time of a request in seconds.
    pub(super) fn law(&self, model: Option<&LanguageModel>) -> (StepLaw, f64) {
        let step_s = 1e-3 * self.get(Parameter::StepMs);
        let law = match (self.family, model) {
            (Family::Roofline, Some(model)) => StepLaw::roofline(
                model,
                1e12 * self.get(Parameter::Tflops),
                1e9 * self.get(Parameter::GbPerS),
                step_s,
            ),
            _ => StepLaw::affine(
                step_s,
                1e-3 * self.get(Parameter::PerTokenMs),
                1e-6 * self.get(Parameter::PerContextTokenUs),
            ),
        };
        let per_member_s = 1e-3 * self.get(Parameter::PerMemberMs);
        (
            law.with_per_member(per_member_s),
            1e-3 * self.get(Parameter::RequestMs),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_go_there_and_back() {
        for family in [Family::Roofline, Family::Affine] {
            for parameter in family.parameters() {
                for value in [0.003, 0.7, 150.0] {
                    let back = parameter.value(parameter.coordinate(value));
                    assert!((back / value - 1.0).abs() < 1e-9, "{parameter:?} {value}");
                }
                if parameter.is_time() {
                    let zero = parameter.value(parameter.coordinate(0.0));
                    assert!(zero.abs() < 1e-15, "{parameter:?} {zero}");
                }
            }
        }
    }
}

//! The time of one step: a step computes new tokens for the members of a batch.
//!
//! Weights are streamed once for all members, or compute binds; every member that
//! decodes reads its context; prompts attend to what precedes them (a roofline, Williams
//! et al., Communications of the ACM 52, 2009).

use super::LanguageModel;
use crate::units::Seconds;

/// How long a step takes, as coefficients, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepLaw {
    /// Of every step (t0).
    pub step_s: f64,
    /// Per token computed (2 P / F).
    pub per_token_s: f64,
    /// The least for all tokens of a step together: streaming the weights (W / B).
    pub weights_s: f64,
    /// Per member, whatever it computes: choosing its next token.
    pub per_member_s: f64,
    /// Per token of context of a member that computes one token (k / B).
    pub per_context_token_s: f64,
    /// Per pair of tokens of a member that computes several (4 a / F).
    pub per_attended_pair_s: f64,
}

/// What the members of a batch compute in a step, summed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Batch {
    /// Members that compute anything.
    pub members: f64,
    /// Tokens computed: the sum of n_i.
    pub tokens: f64,
    /// Context read by members that compute one token: the sum of c_i + 1.
    pub context_tokens: f64,
    /// Pairs of tokens in the prompts of the others: the sum of n_i (c_i + n_i / 2).
    pub attended_pairs: f64,
}

impl Batch {
    /// A member computes `new` tokens behind `computed` that are there already.
    pub fn add(&mut self, new: u64, computed: u64) {
        let (new, computed) = (new as f64, computed as f64);
        self.members += 1.0;
        self.tokens += new;
        if new == 1.0 {
            self.context_tokens += computed + 1.0;
        } else {
            self.attended_pairs += new * (computed + 0.5 * new);
        }
    }
}

impl StepLaw {
    /// The roofline of a model on hardware that achieves so many FLOP/s and bytes/s.
    pub fn roofline(model: &LanguageModel, flop_per_s: f64, bytes_per_s: f64, step_s: f64) -> Self {
        Self {
            step_s,
            per_token_s: 2.0 * model.parameters_billion * 1e9 / flop_per_s,
            weights_s: model.weights_gb * 1e9 / bytes_per_s,
            per_member_s: 0.0,
            per_context_token_s: model.kv_bytes_per_token / bytes_per_s,
            per_attended_pair_s: 4.0 * model.attention_width / flop_per_s,
        }
    }

    /// A law that is known by measurement only.
    pub fn affine(step_s: f64, per_token_s: f64, per_context_token_s: f64) -> Self {
        Self {
            step_s,
            per_token_s,
            weights_s: 0.0,
            per_member_s: 0.0,
            per_context_token_s,
            per_attended_pair_s: 0.0,
        }
    }

    /// The same with a time per member.
    pub fn with_per_member(self, per_member_s: f64) -> Self {
        Self {
            per_member_s,
            ..self
        }
    }

    /// The time of a step in which so many members compute so many tokens, without attention
    /// and contexts.
    #[inline]
    pub fn base_s(&self, members: f64, tokens: f64) -> f64 {
        let computing = (self.per_token_s * tokens).max(self.weights_s);
        self.step_s + self.per_member_s * members + computing
    }

    /// The time of a step.
    #[inline]
    pub fn time(&self, batch: &Batch) -> Seconds {
        Seconds(
            self.base_s(batch.members, batch.tokens)
                + self.per_context_token_s * batch.context_tokens
                + self.per_attended_pair_s * batch.attended_pairs,
        )
    }

    /// The time of a prompt, computed alone and at once: until its answer's first token.
    pub fn prompt_time(&self, prompt: u64) -> Seconds {
        let mut batch = Batch::default();
        batch.add(prompt, 0);
        self.time(&batch)
    }

    /// The time of an answer's later tokens, decoded alone behind their prompt.
    pub fn answer_time(&self, prompt: u64, answer: u64) -> Seconds {
        self.decode_time(answer.saturating_sub(1), 1, (prompt + 1) as f64)
    }

    /// The time of `steps` steps in which `members` decode a token each, behind contexts
    /// that sum up to `context_tokens` in the first of them, the new tokens counted.
    #[inline]
    pub fn decode_time(&self, steps: u64, members: u64, context_tokens: f64) -> Seconds {
        let (steps, members) = (steps as f64, members as f64);
        let contexts = steps * context_tokens + 0.5 * members * steps * (steps - 1.0);
        Seconds(steps * self.base_s(members, members) + self.per_context_token_s * contexts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn llama_8b() -> LanguageModel {
        LanguageModel {
            name: "llama-3.1-8b".to_owned(),
            parameters_billion: 8.03,
            weights_gb: 16.06,
            kv_bytes_per_token: 131_072.0,
            attention_width: 131_072.0,
        }
    }

    #[test]
    fn a_prompt_of_512_takes_60_and_a_half_milliseconds_on_an_rtx_4090() {
        let law = StepLaw::roofline(&llama_8b(), 165.2e12 * 0.8365, 1008e9 * 0.9651, 5e-4);
        let mut batch = Batch::default();
        batch.add(512, 0);
        assert!(
            (law.time(&batch).as_ms() - 60.500).abs() < 5e-4,
            "{:?}",
            law.time(&batch)
        );
        // One answer token each behind 512: as measured by n in service.
        for (members, expected_ms) in [(1, 17.1), (16, 18.1), (64, 21.4), (128, 25.8)] {
            let found = law.decode_time(1, members, members as f64 * 512.0).as_ms();
            assert!((found - expected_ms).abs() < 0.06, "{members}: {found}");
        }
    }

    #[test]
    fn steps_of_decoding_sum_in_closed_form() {
        let law = StepLaw::affine(0.005, 1e-4, 1e-7);
        let mut sum = 0.0;
        for step in 0..7 {
            let mut batch = Batch::default();
            for context in [10, 200, 31] {
                batch.add(1, context + step);
            }
            sum += law.time(&batch).0;
        }
        let found = law.decode_time(7, 3, 11.0 + 201.0 + 32.0).0;
        assert!((found / sum - 1.0).abs() < 1e-14);
    }
}

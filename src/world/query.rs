//! The queries: what each asks for, and how sure the small model is of it.

use super::World;
use super::distribution::Scaled;
use crate::uncertainty::{Metric, Router, Table};
use crate::units::{Bits, Flop};

/// The law of the queries.
#[derive(Debug, Clone)]
pub struct Workload {
    /// How large they are.
    pub size: QuerySize,
    /// What uncertainty says of correctness.
    pub uncertainty: Table,
    /// The uncertainty metric that policies see.
    pub metric: Metric,
    /// Whose score policies see in its place.
    pub router: Option<Router>,
}

/// What a query costs to send and to answer.
#[derive(Debug, Clone)]
pub enum QuerySize {
    /// Each quantity drawn by itself.
    Drawn {
        /// Size on the uplink (D), in bits.
        query_bits: Scaled,
        /// Work of the small model (W_SLM), in FLOP.
        slm_flop: Scaled,
        /// Work of the large model (W_LLM), in FLOP.
        llm_flop: Scaled,
    },
    /// All three from the query's tokens.
    Tokens(TokenCosts),
}

/// From token counts to bits and FLOP: the prompt's tokens are sent; every token,
/// the prompt's and the answer's, costs both models a fixed number of operations
/// per parameter.
#[derive(Debug, Clone)]
pub struct TokenCosts {
    /// Tokens of the prompt, where no trace gives them.
    pub prompt_tokens: Scaled,
    /// Tokens of the answer, where no trace gives them.
    pub output_tokens: Scaled,
    /// Bits on the uplink per token of the prompt.
    pub bits_per_token: f64,
    /// Operations per parameter and token: 2 for a product and a sum.
    pub flop_per_parameter: f64,
    /// Parameters of the small model.
    pub slm_parameters: f64,
    /// Parameters of the large model.
    pub llm_parameters: f64,
}

/// One query as drawn, before anybody decided where to answer it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Query {
    /// Whose it is.
    pub user: usize,
    /// Token-level uncertainty of the small model (alpha, Eq. 9), in 0..=1.
    pub uncertainty: f64,
    /// That of the small model's answer, known once it is there: the same, unless policies
    /// see a router's score in its place.
    pub answer_uncertainty: f64,
    /// Size on the uplink (D).
    pub bits: Bits,
    /// Work of the small model (W_SLM).
    pub slm_work: Flop,
    /// Work of the large model (W_LLM).
    pub llm_work: Flop,
    /// Its tokens, where its sizes come from them.
    pub tokens: Option<Tokens>,
    /// Whether the small model's answer would be right.
    pub slm_correct: bool,
    /// Whether the large model's answer would be right.
    pub llm_correct: bool,
}

/// The tokens of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// Of the prompt, at least 1.
    pub prompt: u64,
    /// Of the answer, at least 1.
    pub answer: u64,
}

impl World<'_> {
    /// Draws the `number`-th query of a user; `tokens` are its prompt's and its
    /// answer's where a trace gives them.
    pub fn query(&self, user: usize, number: u64, tokens: Option<(f64, f64)>) -> Query {
        let key = self.key().named("query").index(user as u64).index(number);
        let workload = &self.model().workload;
        let sample = workload
            .uncertainty
            .draw(self.metric, &mut key.named("uncertainty").stream());
        let draw = |law: &Scaled, name: &str| law.draw_at(key.named(name));
        let (bits, slm_flop, llm_flop, tokens) = match &workload.size {
            QuerySize::Drawn {
                query_bits,
                slm_flop,
                llm_flop,
            } => (
                draw(query_bits, "bits"),
                draw(slm_flop, "slm"),
                draw(llm_flop, "llm"),
                None,
            ),
            QuerySize::Tokens(costs) => {
                let (prompt, output) = tokens.unwrap_or_else(|| {
                    (
                        draw(&costs.prompt_tokens, "prompt-tokens").round().max(1.0),
                        draw(&costs.output_tokens, "output-tokens").round().max(1.0),
                    )
                });
                let flop = |parameters| costs.flop_per_parameter * parameters * (prompt + output);
                (
                    costs.bits_per_token * prompt,
                    flop(costs.slm_parameters),
                    flop(costs.llm_parameters),
                    Some(Tokens {
                        prompt: prompt.round().max(1.0) as u64,
                        answer: output.round().max(1.0) as u64,
                    }),
                )
            }
        };
        Query {
            user,
            uncertainty: match &workload.router {
                Some(router) => router.score(sample.slm_correct, &mut key.named("router").stream()),
                None => sample.uncertainty,
            },
            answer_uncertainty: sample.uncertainty,
            bits: Bits(bits),
            slm_work: Flop(slm_flop),
            llm_work: Flop(llm_flop),
            tokens,
            slm_correct: sample.slm_correct,
            llm_correct: sample.llm_correct,
        }
    }

    /// The uncertainty of a larger model's answer to the `number`-th query of the run: of the
    /// same law as the small model's, and independent of that.
    pub fn larger_answer_uncertainty(&self, number: u64, model: u64) -> f64 {
        let key = self.key().named("larger-answer").index(number);
        let table = &self.model().workload.uncertainty;
        let sample = table.draw(self.metric, &mut key.index(model).stream());
        sample.uncertainty
    }

    /// A uniform number of the `number`-th query of the run, for what becomes of its answer.
    pub fn answer_draw(&self, number: u64, name: &str) -> f64 {
        self.key().named(name).index(number).uniform()
    }
}

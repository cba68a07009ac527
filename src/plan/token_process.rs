//! What becomes of the small model's tokens: how uncertain it is of each, and whether the
//! large model would accept it.

use super::{MeasuredToken, TokenTable};
use crate::world::streams::StreamKey;
use serde::{Deserialize, Serialize};

/// The law of the tokens of answers. Every token of every query has its draws of its own, the
/// same under every policy and plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenProcess {
    /// How uncertain the small model is of a token.
    pub uncertainty: TokenUncertainty,
    /// Whether the large model accepts it.
    pub acceptance: Acceptance,
    /// How many tokens there are (V).
    pub vocabulary: u32,
    /// Tokens as they were measured of a pair of models, in place of both laws: every token
    /// has the uncertainty and the probability of acceptance of one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TokenTable>,
}

impl Default for TokenProcess {
    fn default() -> Self {
        Self {
            uncertainty: TokenUncertainty::default(),
            acceptance: Acceptance::default(),
            vocabulary: 32_000,
            table: None,
        }
    }
}

/// The law of a token's uncertainty, in 0..=1, independently from token to token.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum TokenUncertainty {
    /// The u-th power of a uniform number: 1 is uniform, more makes most tokens certain.
    Power(f64),
    /// Always the same.
    Fixed(f64),
}

impl Default for TokenUncertainty {
    /// Uniform.
    fn default() -> Self {
        Self::Power(1.0)
    }
}

/// Whether the large model accepts a token.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Acceptance {
    /// With this probability, whatever its uncertainty.
    Independent(f64),
    /// It is rejected with probability a u + b of its uncertainty u, cut to 0..=1.
    Line {
        /// The slope a.
        slope: f64,
        /// The intercept b.
        intercept: f64,
    },
}

impl Default for Acceptance {
    /// U-HLM's line, .82 u - .06 (arXiv 2412.12687).
    fn default() -> Self {
        Self::Line {
            slope: 0.82,
            intercept: -0.06,
        }
    }
}

impl TokenProcess {
    /// The uncertainty of a token; `key` is its own.
    pub fn uncertainty(&self, key: StreamKey) -> f64 {
        if let Some(token) = self.measured(key) {
            return token.uncertainty;
        }
        match self.uncertainty {
            TokenUncertainty::Power(power) => key.named("uncertainty").uniform().powf(power),
            TokenUncertainty::Fixed(value) => value,
        }
    }

    /// Whether the large model accepts a token.
    pub fn accepts(&self, key: StreamKey) -> bool {
        let rejected = match (self.measured(key), self.acceptance) {
            (Some(token), _) => 1.0 - token.acceptance,
            (None, Acceptance::Independent(accepted)) => 1.0 - accepted,
            (None, Acceptance::Line { slope, intercept }) => {
                (slope * self.uncertainty(key) + intercept).clamp(0.0, 1.0)
            }
        };
        key.named("acceptance").uniform() >= rejected
    }

    /// The measured token that a token is, where there is a table of them.
    fn measured(&self, key: StreamKey) -> Option<MeasuredToken> {
        let rows = self.table.as_ref()?.rows();
        let at = key.named("uncertainty").uniform() * rows.len() as f64;
        rows.get(at as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_rejected_along_the_line() {
        let process = TokenProcess::default();
        let key = StreamKey::root(2).named("token");
        let mut seen = [(0.0, 0.0); 10];
        for i in 0..100_000 {
            let key = key.index(i);
            let bin = (process.uncertainty(key) * 10.0) as usize;
            seen[bin].0 += 1.0;
            seen[bin].1 += f64::from(u8::from(!process.accepts(key)));
        }
        // Above the kink at .073 the line's mean over a bin is its value in the middle.
        for (bin, (tokens, rejected)) in seen.into_iter().enumerate().skip(1) {
            let middle = 0.1 * bin as f64 + 0.05;
            let expected = 0.82 * middle - 0.06;
            let found: f64 = rejected / tokens;
            assert!((found - expected).abs() < 0.02, "{middle}: {found}");
        }
        assert!(seen[0].1 / seen[0].0 < 0.01);
    }

    #[test]
    fn measured_tokens_are_drawn_alike_with_their_own_acceptance() {
        let rows = [(0.1, 1.0), (0.4, 0.5), (0.9, 0.25)];
        let rows = rows.map(|(uncertainty, acceptance)| MeasuredToken {
            uncertainty,
            acceptance,
        });
        let process = TokenProcess {
            table: Some(TokenTable::Rows(rows.to_vec())),
            ..TokenProcess::default()
        };
        let key = StreamKey::root(3).named("token");
        let mut seen = [(0.0, 0.0); 3];
        for i in 0..60_000 {
            let key = key.index(i);
            let uncertainty = process.uncertainty(key);
            let at = rows.iter().position(|row| row.uncertainty == uncertainty);
            let (tokens, accepted) = &mut seen[at.unwrap()];
            *tokens += 1.0;
            *accepted += f64::from(u8::from(process.accepts(key)));
        }
        for (row, (tokens, accepted)) in rows.iter().zip(seen) {
            let tokens: f64 = tokens;
            assert!((tokens / 60_000.0 - 1.0 / 3.0).abs() < 0.01, "{tokens}");
            assert!(
                (accepted / tokens - row.acceptance).abs() < 0.015,
                "{row:?}"
            );
        }
    }
}

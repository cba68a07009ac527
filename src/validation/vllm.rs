//! The detailed result of vLLM's serving benchmark (`vllm bench serve --save-result
//! --save-detailed`), as a log.

use super::{Log, LogError, LoggedRequest, Times, Told};
use crate::fault::Fault;
use crate::units::Seconds;
use serde::Deserialize;

/// The lists of the document that a log needs; one entry a request.
#[derive(Debug, Deserialize)]
struct Detailed {
    input_lens: Vec<u64>,
    output_lens: Vec<u64>,
    /// Time to the first token, in seconds.
    ttfts: Vec<f64>,
    /// Times between the tokens that follow, in seconds.
    itls: Vec<Vec<f64>>,
    /// When each was sent, by the client's clock in seconds.
    #[serde(default)]
    start_times: Vec<f64>,
    #[serde(default)]
    errors: Vec<String>,
}

impl Log {
    /// Reads the benchmark's document. Requests that failed are left out; times are shifted so
    /// that the first request arrives at zero.
    ///
    /// # Errors
    /// It is not such a document, or has no request that succeeded.
    pub fn parse_vllm(text: &str) -> Result<Self, LogError> {
        let error = |line: usize, found: String, allowed: &str| LogError {
            line,
            fault: Fault::new("document", found, allowed),
        };
        let detailed: Detailed = serde_json::from_str(text).map_err(|fault| {
            error(
                fault.line(),
                fault.to_string(),
                "what `vllm bench serve --save-result --save-detailed` writes",
            )
        })?;
        let count = detailed.input_lens.len();
        let lengths = [
            ("output_lens", detailed.output_lens.len()),
            ("ttfts", detailed.ttfts.len()),
            ("itls", detailed.itls.len()),
            ("start_times", detailed.start_times.len()),
        ];
        for (name, length) in lengths {
            if length != count {
                let found = format!("{length} `{name}` beside {count} `input_lens`");
                return Err(error(1, found, "lists with one entry a request"));
            }
        }
        let first = detailed.start_times.iter().copied();
        let first = first.fold(f64::INFINITY, f64::min);
        let mut requests = Vec::new();
        for at in 0..count {
            let failed = detailed.errors.get(at).is_some_and(|text| !text.is_empty());
            let (prompt_tokens, output_tokens) =
                (detailed.input_lens[at], detailed.output_lens[at]);
            if failed || prompt_tokens == 0 || output_tokens == 0 {
                continue;
            }
            let arrival = Seconds(detailed.start_times[at] - first);
            let first_token = arrival + Seconds(detailed.ttfts[at]);
            let end = first_token + Seconds(detailed.itls[at].iter().sum());
            if !(end.0.is_finite() && first_token >= arrival && end >= first_token) {
                let found = format!("times of request {at} that are no times");
                return Err(error(1, found, "numbers not below 0"));
            }
            requests.push(LoggedRequest {
                arrival,
                prompt_tokens,
                output_tokens,
                measured: Some(Times { first_token, end }),
                server: None,
                cached_tokens: 0,
            });
        }
        if requests.is_empty() {
            return Err(error(
                1,
                "no request that succeeded".to_owned(),
                "at least one",
            ));
        }
        Ok(Self {
            requests,
            told: Told::default(),
        })
    }

    /// Reads a log of either form: CSV, or vLLM's document.
    ///
    /// # Errors
    /// As [`Log::parse`] and [`Log::parse_vllm`].
    pub fn read(text: &str) -> Result<Self, LogError> {
        if text.trim_start().starts_with('{') {
            Self::parse_vllm(text)
        } else {
            Self::parse(text)
        }
    }

    /// This log, and another that begins when all of it is over.
    pub fn followed_by(mut self, other: &Self) -> Self {
        let ends = self.requests.iter().map(|request| {
            let end = request.measured.map_or(request.arrival, |times| times.end);
            end.0
        });
        // An hour beyond: no server is still busy then.
        let later = Seconds(ends.fold(0.0, f64::max) + 3600.0);
        self.requests.extend(other.requests.iter().map(|request| {
            let measured = request.measured.map(|times| Times {
                first_token: times.first_token + later,
                end: times.end + later,
            });
            LoggedRequest {
                arrival: request.arrival + later,
                measured,
                ..*request
            }
        }));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_is_read_without_what_failed() {
        let text = r#"{"backend": "vllm", "input_lens": [10, 20, 5], "output_lens": [3, 1, 0],
            "ttfts": [0.5, 0.25, 0.0], "itls": [[0.1, 0.2], [], []],
            "start_times": [100.5, 100.0, 101.0], "errors": ["", "", "timeout"]}"#;
        let log = Log::read(text).unwrap();
        assert_eq!(log.requests.len(), 2);
        let first = log.requests[0];
        let times = first.measured.unwrap();
        assert!((first.arrival.0 - 0.5).abs() < 1e-12);
        assert!((times.first_token.0 - 1.0).abs() < 1e-12);
        assert!((times.end.0 - 1.3).abs() < 1e-12);
        let both = log.clone().followed_by(&log);
        assert_eq!(both.requests.len(), 4);
        assert!(both.requests[3].arrival.0 > 3600.0);
    }

    #[test]
    fn other_documents_are_refused() {
        for text in [
            "{}",
            r#"{"input_lens": [1], "output_lens": [1], "ttfts": [], "itls": [[]]}"#,
            r#"{"input_lens": [1], "output_lens": [0], "ttfts": [1], "itls": [[]], "start_times": [0]}"#,
        ] {
            assert!(Log::read(text).is_err(), "{text}");
        }
    }
}

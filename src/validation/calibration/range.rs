//! What was seen while fitting, and in what a log goes beyond it.

use super::super::{Log, LoggedRequest, Replayed};
use crate::llm::Calibrated;

/// The prompts, answers and loads of a log.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    /// The longest prompt, in tokens.
    pub prompt_tokens: u64,
    /// The longest answer, in tokens.
    pub output_tokens: u64,
    /// Requests a second, over all of it.
    pub requests_per_s: f64,
    /// The most requests at the server at a time.
    pub at_once: usize,
}

impl Range {
    /// That of a log. How many are at the server at a time is as measured, or simulated.
    pub fn of(log: &Log, replayed: &Replayed) -> Self {
        let arrivals = log.requests.iter().map(|request| request.arrival.0);
        let (first, last) = arrivals.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), t| {
            (l.min(t), h.max(t))
        });
        let mut changes: Vec<(f64, i64)> = Vec::new();
        for (request, simulated) in log.requests.iter().zip(&replayed.requests) {
            let end = request.measured.map(|times| times.end);
            if let Some(end) = end.or(simulated.map(|simulated| simulated.end)) {
                changes.push((request.arrival.0, 1));
                changes.push((end.0, -1));
            }
        }
        changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (mut now, mut most) = (0, 0);
        for (_, change) in changes {
            now += change;
            most = most.max(now);
        }
        let tokens = |of: fn(&LoggedRequest) -> u64| log.requests.iter().map(of).max().unwrap_or(0);
        Self {
            prompt_tokens: tokens(|request| request.prompt_tokens),
            output_tokens: tokens(|request| request.output_tokens),
            // Requests that all come at once have no rate: how many they are says it.
            requests_per_s: if last > first {
                log.requests.len() as f64 / (last - first)
            } else {
                0.0
            },
            at_once: usize::try_from(most).unwrap_or(0),
        }
    }

    /// In what a log goes beyond a calibration: a sentence for each.
    pub fn beyond(&self, calibrated: &Calibrated) -> Vec<String> {
        let mut beyond = Vec::new();
        let mut compare = |what: &str, here: f64, there: f64| {
            if here > 1.1 * there {
                let short = |value: f64| (value * 1e4).round() / 1e4;
                let (here, there) = (short(here), short(there));
                beyond.push(format!("{what}: {here} here, up to {there} calibrated"));
            }
        };
        compare(
            "prompt tokens",
            self.prompt_tokens as f64,
            calibrated.prompt_tokens as f64,
        );
        compare(
            "answer tokens",
            self.output_tokens as f64,
            calibrated.output_tokens as f64,
        );
        compare(
            "requests a second",
            self.requests_per_s,
            calibrated.requests_per_s,
        );
        compare(
            "requests at the server at a time",
            self.at_once as f64,
            calibrated.at_once as f64,
        );
        beyond
    }
}

//! Measured times beside simulated ones.

use super::{Log, LoggedRequest, Replayed, Simulated, Times};
use crate::units::Seconds;

/// A log and its replay, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Requests of the log.
    pub requests: usize,
    /// Those of them that were measured.
    pub measured: usize,
    /// Those that the simulated server refused.
    pub refused: usize,
    /// How often the simulated server put one back.
    pub preemptions: u64,
    /// Time to first token, time per output token, end to end.
    pub measures: [Measure; 3],
}

/// A duration of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duration {
    /// From the arrival to the first token (TTFT).
    FirstToken,
    /// From one token of the answer to the next, on average (TPOT): of answers of more
    /// than one token.
    PerToken,
    /// From the arrival to the last token.
    EndToEnd,
}

/// A duration, measured and simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Which.
    pub duration: Duration,
    /// Requests that count: those that have the duration, were not refused and, where any
    /// was measured, were measured.
    pub requests: usize,
    /// As measured, where anything was.
    pub measured: Option<Summary>,
    /// As simulated, of the same requests.
    pub simulated: Option<Summary>,
    /// Every measured time, in milliseconds, in the order of the log.
    pub measured_ms: Vec<f64>,
    /// The simulated times of the same requests.
    pub simulated_ms: Vec<f64>,
    /// Mean over the requests of |simulated - measured| / measured.
    pub mean_absolute_relative_error: Option<f64>,
}

/// A mean and quantiles, in milliseconds. Quantiles are interpolated between the two
/// nearest values, as benchmarks of serving systems do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The mean.
    pub mean_ms: f64,
    /// The median.
    pub p50_ms: f64,
    /// The 90th percentile.
    pub p90_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
}

impl Duration {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FirstToken, Self::PerToken, Self::EndToEnd];

    pub(super) fn of(self, request: &LoggedRequest, times: Times) -> Option<Seconds> {
        match self {
            Self::FirstToken => Some(times.first_token - request.arrival),
            Self::PerToken => {
                let gaps = request.output_tokens - 1;
                (gaps > 0).then(|| (times.end - times.first_token) / gaps as f64)
            }
            Self::EndToEnd => Some(times.end - request.arrival),
        }
    }
}

impl Comparison {
    /// Compares a log with its replay.
    pub fn new(log: &Log, replayed: &Replayed) -> Self {
        let measured = log.requests.iter().filter(|one| one.measured.is_some());
        let measured = measured.count();
        Self {
            requests: log.requests.len(),
            measured,
            refused: replayed.refused(),
            preemptions: replayed.preemptions(),
            measures: Duration::ALL
                .map(|duration| Measure::new(duration, log, replayed, measured > 0)),
        }
    }

    /// Mean absolute relative error of end-to-end times, where anything was measured.
    pub fn per_request_error(&self) -> Option<f64> {
        let [_, _, end_to_end] = &self.measures;
        end_to_end.mean_absolute_relative_error
    }

    /// What it says, in words: how far end-to-end times and first tokens are off. `None` where
    /// nothing was measured.
    pub fn verdict(&self) -> Option<String> {
        let error = self.per_request_error()?;
        let [first, _, end] = &self.measures;
        let above = |measure: &Measure| {
            let (measured, simulated) = (measure.measured?, measure.simulated?);
            Some(100.0 * (simulated.mean_ms / measured.mean_ms - 1.0))
        };
        let (first, end) = (above(first)?, above(end)?);
        let word = match error.max(0.01 * end.abs()) {
            error if error <= 0.05 => "close: fit for comparing policies and for planning",
            error if error <= 0.15 => "fair: fit for comparing policies, with care for planning",
            _ => "poor: calibrate on a log of this server before relying on it",
        };
        Some(format!(
            "{word} (end to end {:.1} % off per request, {end:+.1} % in the mean; first token \
             {first:+.1} % in the mean)",
            100.0 * error
        ))
    }
}

impl Measure {
    fn new(duration: Duration, log: &Log, replayed: &Replayed, compared: bool) -> Self {
        let mut measured_ms = Vec::new();
        let mut simulated_ms = Vec::new();
        let served = log.requests.iter().zip(&replayed.requests);
        for (request, simulated) in served {
            let Some(Simulated {
                first_token, end, ..
            }) = *simulated
            else {
                continue;
            };
            let times = Times { first_token, end };
            let Some(simulated) = duration.of(request, times) else {
                continue;
            };
            match request
                .measured
                .and_then(|times| duration.of(request, times))
            {
                Some(measured) => measured_ms.push(measured.as_ms()),
                None if compared => continue,
                None => {}
            }
            simulated_ms.push(simulated.as_ms());
        }
        let errors: Vec<f64> = measured_ms
            .iter()
            .zip(&simulated_ms)
            // Tokens that came all at once have no time between them to compare with.
            .filter(|(measured, _)| **measured > 0.0)
            .map(|(measured, simulated)| (simulated - measured).abs() / measured)
            .collect();
        Self {
            duration,
            requests: simulated_ms.len(),
            mean_absolute_relative_error: mean(&errors),
            measured: Summary::of(measured_ms.clone()),
            simulated: Summary::of(simulated_ms.clone()),
            measured_ms,
            simulated_ms,
        }
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

impl Log {
    /// A duration of every request that has it and was measured, in milliseconds.
    pub fn measured_ms(&self, duration: Duration) -> Vec<f64> {
        let measured = self.requests.iter().filter_map(|request| {
            let time = duration.of(request, request.measured?)?;
            Some(time.as_ms())
        });
        measured.collect()
    }
}

impl Summary {
    /// Of values in milliseconds; of none there is none.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let quantile = |share: f64| {
            let at = share * (values.len() - 1) as f64;
            let below = values[at.floor() as usize];
            below + at.fract() * (values[at.ceil() as usize] - below)
        };
        Some(Self {
            mean_ms: mean(&values)?,
            p50_ms: quantile(0.5),
            p90_ms: quantile(0.9),
            p99_ms: quantile(0.99),
        })
    }

    /// Mean, p50, p90 and p99, in milliseconds.
    pub fn values_ms(&self) -> [f64; 4] {
        [self.mean_ms, self.p50_ms, self.p90_ms, self.p99_ms]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(rows: &str, simulated: &[Option<(f64, f64)>]) -> Comparison {
        let header = "arrival_s,prompt_tokens,output_tokens,first_token_s,end_s\n";
        let log = Log::parse(&format!("{header}{rows}")).unwrap();
        let of = |(first_s, end_s)| Simulated {
            first_token: Seconds(first_s),
            end: Seconds(end_s),
            preemptions: 1,
        };
        let requests = simulated.iter().map(|times| times.map(of)).collect();
        Comparison::new(&log, &Replayed { requests })
    }

    #[test]
    fn errors_are_of_the_same_requests() {
        let found = compared(
            "0,1,3,1,3\n1,1,1,2,2\n2,1,2,3,4\n3,1,1,,\n",
            &[Some((1.1, 3.3)), Some((1.5, 1.5)), None, Some((9.0, 9.0))],
        );
        assert_eq!((found.requests, found.measured), (4, 3));
        assert_eq!((found.refused, found.preemptions), (1, 3));
        let [first, per_token, end] = &found.measures;
        assert_eq!(
            (first.requests, per_token.requests, end.requests),
            (2, 1, 2)
        );
        let mean_ms = |summary: Option<Summary>| summary.unwrap().mean_ms;
        assert!((mean_ms(first.measured) - 1000.0).abs() < 1e-9);
        assert!((mean_ms(first.simulated) - 800.0).abs() < 1e-9);
        let error = first.mean_absolute_relative_error.unwrap();
        assert!((error - 0.3).abs() < 1e-12, "of 0.1 and 0.5: {error}");
        assert!((mean_ms(per_token.simulated) - 1100.0).abs() < 1e-9);
        let error = end.mean_absolute_relative_error.unwrap();
        assert!((error - 0.3).abs() < 1e-12, "of 0.1 and 0.5: {error}");
    }

    #[test]
    fn without_measurements_all_that_were_served_count() {
        let found = compared("0,1,1,,\n0,1,1,,\n", &[Some((1.0, 1.0)), None]);
        let [first, per_token, _] = &found.measures;
        assert_eq!((first.requests, per_token.requests), (1, 0));
        assert_eq!(
            (first.measured, first.mean_absolute_relative_error),
            (None, None)
        );
        assert_eq!(first.simulated.unwrap().values_ms(), [1000.0; 4]);
        assert_eq!(per_token.simulated, None);
    }

    #[test]
    fn quantiles_are_interpolated() {
        let summary = Summary::of((0..=10).rev().map(f64::from).collect()).unwrap();
        assert_eq!(summary.p50_ms, 5.0);
        assert_eq!(summary.p90_ms, 9.0);
        assert!((summary.p99_ms - 9.9).abs() < 1e-12);
    }
}

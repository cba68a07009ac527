//! One fit: how far a law is from a log, where the search begins, and what resamples of the
//! log lead to.

use super::super::{Duration, Log, Replayed, Times, replay};
use super::simplex;
use super::{Family, Parameter, Parameters, Setting};
use crate::fault::Fault;
use crate::llm::{Catalog, Hardware, LanguageModel, ServerBlock, ServerSpec};
use crate::units::Seconds;
use crate::world::streams::StreamKey;
use rand::RngExt;
use rayon::prelude::*;

/// Evaluations of the search of a resample, which begins at the best.
const RESAMPLED_EVALUATIONS: usize = 120;
/// Fewer measured requests than this say nothing.
const LEAST_REQUESTS: usize = 8;

/// A log and what is known of its server.
pub(super) struct Fit<'a> {
    log: &'a Log,
    block: &'a ServerBlock,
    pub family: Family,
    model: Option<LanguageModel>,
    /// What the card's data sheet promises, where a card is named.
    sheet: Option<Hardware>,
    /// The server with any law.
    pub spec: ServerSpec,
    /// Requests that are scored, in their order of arrival.
    pub scored: Vec<usize>,
    /// Measured requests that are not.
    held_out: Vec<usize>,
}

impl<'a> Fit<'a> {
    pub fn new(
        log: &'a Log,
        setting: &'a Setting,
        catalog: &Catalog,
        model: Option<LanguageModel>,
    ) -> Result<Self, Fault> {
        let family = setting.family;
        let first_law = Parameters::new(&family, &family.origin());
        let spec = family.block(&setting.block, &first_law).resolve(catalog)?;
        let mut by_arrival: Vec<usize> = (0..log.requests.len()).collect();
        by_arrival.sort_by(|&a, &b| {
            let arrival = |at: usize| log.requests[at].arrival.0;
            arrival(a).total_cmp(&arrival(b))
        });
        let first = setting.first.unwrap_or(usize::MAX);
        let is_measured = |at: &usize| log.requests[*at].measured.is_some();
        let in_order = by_arrival.iter().copied();
        let scored: Vec<usize> = in_order.clone().take(first).filter(is_measured).collect();
        let held_out = in_order.skip(first).filter(is_measured).collect();
        if scored.len() < LEAST_REQUESTS {
            return Err(Fault::new(
                "log",
                format!("{} measured requests to score", scored.len()),
                format!("at least {LEAST_REQUESTS}"),
            ));
        }
        Ok(Self {
            log,
            block: &setting.block,
            family,
            model,
            sheet: match &setting.block.card {
                Some(card) => catalog.find_hardware("card", card)?.data_sheet(),
                None => None,
            },
            spec,
            scored,
            held_out,
        })
    }

    /// The server with the law at a point.
    pub fn spec_at(&self, at: &[f64]) -> ServerSpec {
        let parameters = Parameters::new(&self.family, at);
        let (law, request_s) = parameters.law(self.model.as_ref());
        ServerSpec {
            law,
            request: Seconds(request_s),
            ..self.spec
        }
    }

    /// No server achieves more than its data sheet says, where one is known.
    fn is_beyond_data_sheet(&self, at: &[f64]) -> bool {
        let Some(sheet) = &self.sheet else {
            return false;
        };
        let parameters = self.family.parameters().iter().zip(at);
        parameters
            .into_iter()
            .any(|(parameter, at)| match parameter {
                Parameter::Tflops => parameter.value(*at) > sheet.tflops,
                Parameter::GbPerS => parameter.value(*at) > sheet.gb_per_s,
                _ => false,
            })
    }

    pub fn replayed(&self, at: &[f64]) -> Result<Replayed, Fault> {
        replay(self.log, &self.spec_at(at))
    }

    pub fn scored_weights(&self) -> Vec<f64> {
        vec![1.0; self.scored.len()]
    }

    /// The weighted mean absolute relative error of end-to-end times of scored requests.
    pub fn error_at(&self, at: &[f64], weights: &[f64]) -> f64 {
        if self.is_beyond_data_sheet(at) {
            return f64::INFINITY;
        }
        match self.replayed(at) {
            Ok(replayed) => self.error(&replayed, &self.scored, weights),
            Err(_) => f64::INFINITY,
        }
    }

    pub fn error(&self, replayed: &Replayed, requests: &[usize], weights: &[f64]) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for (&at, weight) in requests.iter().zip(weights) {
            let request = &self.log.requests[at];
            let Some(measured) = request.measured else {
                continue;
            };
            let of = |times: Times| Duration::EndToEnd.of(request, times);
            let Some(measured) = of(measured).filter(|time| time.0 > 0.0) else {
                continue;
            };
            // A request that the real server served and this one refuses is all wrong.
            let error = replayed.requests[at].map_or(1.0, |simulated| {
                let times = Times {
                    first_token: simulated.first_token,
                    end: simulated.end,
                };
                of(times).map_or(1.0, |time| (time.0 - measured.0).abs() / measured.0)
            });
            sum += weight * error;
            total += weight;
        }
        if total > 0.0 {
            sum / total
        } else {
            f64::INFINITY
        }
    }

    pub fn held_out_error(&self, replayed: &Replayed) -> Option<f64> {
        let weights = vec![1.0; self.held_out.len()];
        let error = self.error(replayed, &self.held_out, &weights);
        error.is_finite().then_some(error)
    }

    /// Where searches begin: what the log says of a lightly loaded step, and the card if one
    /// is named.
    pub fn starts(&self, catalog: &Catalog) -> Result<Vec<Vec<f64>>, Fault> {
        let mut starts = Vec::new();
        if let Some(card) = &self.block.card {
            let hardware = catalog.find_hardware("card", card)?.hardware();
            starts.extend(self.family.of_hardware(&hardware, self.model.as_ref()));
        }
        let requests = self.log.requests.iter();
        let times = requests.filter_map(|request| Some((request, request.measured?)));
        let mut per_token: Vec<f64> = Vec::new();
        let mut per_prompt_token: Vec<f64> = Vec::new();
        let mut first_token: Vec<f64> = Vec::new();
        for (request, times) in times {
            if let Some(time) = Duration::PerToken.of(request, times) {
                per_token.push(time.0);
            }
            let first = (times.first_token - request.arrival).0;
            first_token.push(first);
            per_prompt_token.push(first / request.prompt_tokens as f64);
        }
        let step_s = low(&mut per_token).unwrap_or(0.01);
        let prompt_s = low(&mut per_prompt_token).unwrap_or(0.001);
        for (step, prompt) in [(1.0, 1.0), (1.0, 0.3), (0.5, 0.5), (0.3, 1.0)] {
            let start = self
                .family
                .of_times(step * step_s, prompt * prompt_s, self.model.as_ref());
            starts.extend(start);
        }
        starts.extend(self.told_start());
        // The same with a fixed time of requests, as first tokens at low load allow it.
        let first_s = low(&mut first_token).unwrap_or(0.0);
        let with_request = starts.iter().map(|start| {
            let mut start = start.clone();
            if let Some(request) = start.last_mut() {
                *request = Parameter::RequestMs.coordinate(500.0 * first_s);
            }
            start
        });
        let with_request: Vec<_> = with_request.collect();
        starts.extend(with_request);
        Ok(starts)
    }

    /// What the server says of its own times, in which there is no queue and no network; `None`
    /// where the log does not have them.
    fn told_start(&self) -> Option<Vec<f64>> {
        let told = self.log.requests.iter();
        let told = told.filter_map(|request| Some((request, request.server?)));
        let (mut per_token, mut per_prompt_token) = (Vec::new(), Vec::new());
        for (request, times) in told {
            if request.output_tokens > 1 {
                per_token.push(1e-3 * times.answer_ms / (request.output_tokens - 1) as f64);
            }
            per_prompt_token.push(1e-3 * times.prompt_ms / request.prompt_tokens as f64);
        }
        let (step_s, prompt_s) = (low(&mut per_token)?, low(&mut per_prompt_token)?);
        self.family.of_times(step_s, prompt_s, self.model.as_ref())
    }

    /// The same fit on moving blocks of the scored requests.
    pub fn resampled(&self, best: &[f64], resamples: usize) -> Vec<Vec<f64>> {
        let count = self.scored.len();
        // Long enough for the queue to forget, short enough for many blocks.
        let block = ((count as f64).powf(1.0 / 3.0).ceil() as usize * 2).clamp(1, count);
        let key = StreamKey::root(1).named("calibration");
        (0..resamples as u64)
            .into_par_iter()
            .map(|resample| {
                let mut draws = key.index(resample).stream();
                let mut weights = vec![0.0; count];
                let mut drawn = 0;
                while drawn < count {
                    let start = draws.random_range(0..=count - block);
                    for weight in &mut weights[start..start + block] {
                        *weight += 1.0;
                    }
                    drawn += block;
                }
                simplex::minimise(best, RESAMPLED_EVALUATIONS, |at| {
                    self.error_at(at, &weights)
                })
                .at
            })
            .collect()
    }

    /// What a card's data sheet and the values of its class make of the log.
    pub fn guess(&self, catalog: &Catalog) -> Result<Option<(f64, Option<f64>)>, Fault> {
        let (Some(card), Some(model)) = (&self.block.card, &self.model) else {
            return Ok(None);
        };
        let Some(guess) = catalog.find_hardware("card", card)?.class_guess() else {
            return Ok(None);
        };
        let spec = ServerSpec {
            law: crate::llm::StepLaw::roofline(
                model,
                guess.tflops * 1e12,
                guess.gb_per_s * 1e9,
                guess.step_ms * 1e-3,
            ),
            request: Seconds(0.0),
            ..self.spec
        };
        let replayed = replay(self.log, &spec)?;
        let error = self.error(&replayed, &self.scored, &self.scored_weights());
        Ok(Some((error, self.held_out_error(&replayed))))
    }
}

/// The value that one in twenty is below, if it is above 0.
fn low(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let value = values.get(values.len() / 20).copied();
    value.filter(|value| *value > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_begins_at_what_the_server_told() {
        let header = "arrival_s,prompt_tokens,output_tokens,first_token_s,end_s";
        let rows = |further: &str| -> String {
            let row = |at: u32| format!("{at},10,5,{at}.5,{at}.7{further}\n");
            (0..10).map(row).collect()
        };
        let starts = |text: &str| {
            let log = Log::parse(text).unwrap();
            let setting = Setting {
                block: ServerBlock {
                    kv_tokens: Some(1000),
                    ..ServerBlock::default()
                },
                family: Family::Affine,
                first: None,
                resamples: 0,
            };
            let catalog = Catalog::default();
            let fit = Fit::new(&log, &setting, &catalog, None).unwrap();
            fit.starts(&catalog).unwrap()
        };
        let without = starts(&format!("{header}\n{}", rows("")));
        let header = format!("{header},server_prompt_ms,server_answer_ms");
        let with = starts(&format!("{header}\n{}", rows(",80,160")));
        assert_eq!(with.len(), without.len() + 2);
        // 8 ms a token of a prompt, 40 ms a step.
        let expected = Family::Affine.of_times(0.04, 0.008, None).unwrap();
        assert!(with.contains(&expected), "{with:?}");
    }
}

//! From a log of a real server to a server block: the law of its steps is fitted by replaying
//! the log's arrivals.
//!
//! What is minimised is the mean absolute relative error of the end-to-end time of the first
//! requests of the log; all arrivals are replayed, since those behind them stand in the same
//! queue. Intervals come from the same fit on moving blocks of these requests in their order of
//! arrival (Kunsch, The Annals of Statistics 17, 1989): neighbours share a queue, so that
//! drawing them one by one would make intervals too narrow.

mod parameters;
mod simplex;

pub use parameters::{Family, Parameter, Parameters};

use super::{Duration, Log, LoggedRequest, Replayed, Times, replay};
use crate::fault::Fault;
use crate::llm::{Calibrated, Catalog, Hardware, LanguageModel, ServerBlock, ServerSpec};
use crate::units::Seconds;
use crate::world::streams::StreamKey;
use rand::RngExt;
use rayon::prelude::*;

/// What is known before the fit.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Everything but the law; a `card` is where the search begins, beside what the log says.
    pub block: ServerBlock,
    /// The form of the law.
    pub family: Family,
    /// How many requests are scored, the first of the log in their order of arrival; all
    /// without.
    pub first: Option<usize>,
    /// How many resamples the intervals are from.
    pub resamples: usize,
}

/// A fit.
#[derive(Debug, Clone)]
pub struct Calibration {
    /// The server with its law.
    pub block: ServerBlock,
    /// The law's parameters with their intervals.
    pub parameters: Vec<Fitted>,
    /// How many requests were scored.
    pub scored: usize,
    /// Mean absolute relative error of their end-to-end times.
    pub error: f64,
    /// The same of all others, where there are such.
    pub held_out_error: Option<f64>,
    /// Both of the card as its data sheet and the values of its class have it.
    pub guess: Option<(f64, Option<f64>)>,
    /// What was seen while fitting: beyond it nothing is known.
    pub range: Range,
}

/// A parameter and how well it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Its name in the block.
    pub parameter: Parameter,
    /// The best value.
    pub value: f64,
    /// The middle 95 % of the values over resamples; none where there are too few.
    pub interval: Option<(f64, f64)>,
}

/// How well a parameter is determined by a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Determined {
    /// To within a fifth either way, or to within half a millisecond.
    Well,
    /// To within a factor of two.
    Roughly,
    /// Hardly: the log would look the same under others.
    Hardly,
    /// There is no interval to tell.
    Unknown,
}

impl Fitted {
    /// How well it is determined.
    pub fn determined(&self) -> Determined {
        let Some((low, high)) = self.interval else {
            return Determined::Unknown;
        };
        let half = 0.5 * (high - low);
        let middle = 0.5 * (high + low);
        if half <= 0.2 * middle || (self.parameter.is_time() && half < self.parameter.negligible())
        {
            Determined::Well
        } else if high <= 2.0 * self.value && low >= 0.5 * self.value {
            Determined::Roughly
        } else {
            Determined::Hardly
        }
    }
}

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

/// Evaluations of one search.
const EVALUATIONS: usize = 400;
/// Resamples whose searches lead to the best, whether there are to be intervals or not.
const SEARCHING_RESAMPLES: usize = 16;
/// Evaluations of the search of a resample, which begins at the best.
const RESAMPLED_EVALUATIONS: usize = 120;
/// Fewer measured requests than this say nothing.
const LEAST_REQUESTS: usize = 8;

/// Fits a server's law to a log.
///
/// # Errors
/// A block that cannot be used, a log with too few measured requests.
pub fn calibrate(log: &Log, setting: &Setting, catalog: &Catalog) -> Result<Calibration, Fault> {
    let setting = &with_memory(log, setting, catalog)?;
    let block = &setting.block;
    let model = match &block.model {
        Some(name) => Some(catalog.find_model("model", name)?.model()),
        None => None,
    };
    let fit = Fit::new(log, setting, catalog, model)?;
    let weights = fit.scored_weights();
    let starts = fit.starts(catalog)?;
    let minima: Vec<simplex::Minimum> = starts
        .par_iter()
        .map(|start| simplex::minimise(start, EVALUATIONS, |at| fit.error_at(at, &weights)))
        .collect();
    let least = |minima: Vec<simplex::Minimum>| {
        let usable = minima
            .into_iter()
            .filter(|minimum| minimum.value.is_finite());
        usable.min_by(|a, b| a.value.total_cmp(&b.value))
    };
    let first = least(minima).ok_or_else(|| {
        let allowed = "a block under which the log's requests can be served";
        Fault::new("block", "no law under which times can be compared", allowed)
    })?;
    let searched = fit.resampled(&first.at, SEARCHING_RESAMPLES.max(setting.resamples));
    // Searches of resamples get out of valleys that are none of all of the log.
    let minima: Vec<simplex::Minimum> = searched
        .par_iter()
        .map(|at| simplex::Minimum {
            value: fit.error_at(at, &weights),
            at: at.clone(),
        })
        .collect();
    let best = least(minima).filter(|other| other.value < first.value);
    let best = simplex::minimise(&best.unwrap_or(first).at, EVALUATIONS, |at| {
        fit.error_at(at, &weights)
    });
    let resampled = match setting.resamples {
        0 => Vec::new(),
        resamples => fit.resampled(&best.at, resamples),
    };
    let parameters = fit.family.parameters();
    let fitted = parameters.iter().enumerate().map(|(at, parameter)| {
        let mut values: Vec<f64> = resampled
            .iter()
            .map(|point| parameter.value(point[at]))
            .collect();
        values.sort_by(f64::total_cmp);
        Fitted {
            parameter: *parameter,
            value: parameter.value(best.at[at]),
            interval: middle_95(&values),
        }
    });
    let parameters: Vec<Fitted> = fitted.collect();
    let block = fit
        .family
        .block(block, &Parameters::new(&fit.family, &best.at));
    let replayed = fit.replayed(&best.at)?;
    Ok(Calibration {
        block,
        parameters,
        scored: fit.scored.len(),
        error: fit.error(&replayed, &fit.scored, &weights),
        held_out_error: fit.held_out_error(&replayed),
        guess: fit.guess(catalog)?,
        range: Range::of(log, &replayed),
    })
}

/// The setting with a room for keys and values: as given, that of its card, or, where nothing
/// is known of it, enough for all of the log.
fn with_memory(log: &Log, setting: &Setting, catalog: &Catalog) -> Result<Setting, Fault> {
    let mut setting = setting.clone();
    let block = &mut setting.block;
    if let Some(card) = &block.card {
        let hardware = catalog.find_hardware("card", card)?.hardware();
        block.memory_gb = block.memory_gb.or(hardware.memory_gb);
    }
    let is_known =
        block.kv_tokens.is_some() || (block.memory_gb.is_some() && block.model.is_some());
    if !is_known {
        let requests = log.requests.iter();
        let tokens = requests.map(|one| one.prompt_tokens + one.output_tokens + block.block_tokens);
        block.kv_tokens = Some(tokens.sum());
    }
    Ok(setting)
}

fn middle_95(sorted: &[f64]) -> Option<(f64, f64)> {
    if sorted.len() < 20 {
        return None;
    }
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64).round() as usize];
    Some((at(0.025), at(0.975)))
}

/// A log and what is known of its server.
struct Fit<'a> {
    log: &'a Log,
    block: &'a ServerBlock,
    family: Family,
    model: Option<LanguageModel>,
    /// What the card's data sheet promises, where a card is named.
    sheet: Option<Hardware>,
    /// The server with any law.
    spec: ServerSpec,
    /// Requests that are scored, in their order of arrival.
    scored: Vec<usize>,
    /// Measured requests that are not.
    held_out: Vec<usize>,
}

impl<'a> Fit<'a> {
    fn new(
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
    fn spec_at(&self, at: &[f64]) -> ServerSpec {
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

    fn replayed(&self, at: &[f64]) -> Result<Replayed, Fault> {
        replay(self.log, &self.spec_at(at))
    }

    fn scored_weights(&self) -> Vec<f64> {
        vec![1.0; self.scored.len()]
    }

    /// The weighted mean absolute relative error of end-to-end times of scored requests.
    fn error_at(&self, at: &[f64], weights: &[f64]) -> f64 {
        if self.is_beyond_data_sheet(at) {
            return f64::INFINITY;
        }
        match self.replayed(at) {
            Ok(replayed) => self.error(&replayed, &self.scored, weights),
            Err(_) => f64::INFINITY,
        }
    }

    fn error(&self, replayed: &Replayed, requests: &[usize], weights: &[f64]) -> f64 {
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

    fn held_out_error(&self, replayed: &Replayed) -> Option<f64> {
        let weights = vec![1.0; self.held_out.len()];
        let error = self.error(replayed, &self.held_out, &weights);
        error.is_finite().then_some(error)
    }

    /// Where searches begin: what the log says of a lightly loaded step, and the card if one
    /// is named.
    fn starts(&self, catalog: &Catalog) -> Result<Vec<Vec<f64>>, Fault> {
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
        let low = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            let at = values.len() / 20;
            values.get(at).copied().filter(|value| *value > 0.0)
        };
        let step_s = low(&mut per_token).unwrap_or(0.01);
        let prompt_s = low(&mut per_prompt_token).unwrap_or(0.001);
        for (step, prompt) in [(1.0, 1.0), (1.0, 0.3), (0.5, 0.5), (0.3, 1.0)] {
            let start = self
                .family
                .of_times(step * step_s, prompt * prompt_s, self.model.as_ref());
            starts.extend(start);
        }
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

    /// The same fit on moving blocks of the scored requests.
    fn resampled(&self, best: &[f64], resamples: usize) -> Vec<Vec<f64>> {
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
    fn guess(&self, catalog: &Catalog) -> Result<Option<(f64, Option<f64>)>, Fault> {
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

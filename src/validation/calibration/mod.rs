//! From a log of a real server to a server block: the law of its steps is fitted by replaying
//! the log's arrivals.
//!
//! What is minimised is the mean absolute relative error of the end-to-end time of the first
//! requests of the log; all arrivals are replayed, since those behind them stand in the same
//! queue. Intervals come from the same fit on moving blocks of these requests in their order of
//! arrival (Kunsch, The Annals of Statistics 17, 1989): neighbours share a queue, so that
//! drawing them one by one would make intervals too narrow.

mod fit;
mod parameters;
mod range;
mod simplex;

pub use parameters::{Family, Parameter, Parameters};
pub use range::Range;

use fit::Fit;

use super::Log;
use crate::fault::Fault;
use crate::llm::{Catalog, ServerBlock};
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

/// Evaluations of one search.
const EVALUATIONS: usize = 400;
/// Resamples whose searches lead to the best, whether there are to be intervals or not.
const SEARCHING_RESAMPLES: usize = 16;

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

//! What the records of a point say of one policy.

use super::delay_band::band_quantiles;
use super::delay_variance::VarianceFold;
use super::estimate::MeanFold;
use super::measures::measures;
use super::pass::Pass;
use super::quantile::QuantileFold;
use super::record_means::{accuracy, mean_delay_ms, offloaded_share, per_query};
use super::results::{
    MeasuredWindow, PairedDifference, PolicyResult, QUANTILES, StageMeans, TokenTimes,
};
use super::stage_profile::SlowestFold;
use super::warnings::WarningFold;
use super::{DelayCounts, PolicyUnderTest, ReplicationRecord, histogram};
use crate::scenario::Scenario;
use crate::station::stage::Stage;
use crate::world::arrivals::Arrivals;
use hdrhistogram::Histogram;

/// Sums over the replications of one policy at one point, which it sees in three passes.
pub(super) struct PolicyFold<'p> {
    scenario: &'p Scenario,
    policy: &'p PolicyUnderTest,
    replications: u32,
    queries: u64,
    delay_mean_ms: MeanFold,
    delay_variance: VarianceFold,
    accuracy: MeanFold,
    offloaded_share: MeanFold,
    objective_s: MeanFold,
    stages_ms: [MeanFold; Stage::COUNT],
    /// Whether any query spent time in a stage.
    is_used: [bool; Stage::COUNT],
    slowest: SlowestFold,
    measures: Vec<(&'static str, MeanFold)>,
    window_s: MeanFold,
    window_begins_s: Option<f64>,
    /// To the first policy, whose label is given.
    difference: Option<(&'p str, [MeanFold; 4])>,
    warnings: WarningFold<'p>,
    pooled: Histogram<u64>,
    /// Times to the first token and per later token, where tokens are told apart.
    token_times: Option<[Histogram<u64>; 2]>,
    /// Those reported, then those of the band; none in the first pass.
    quantiles: Vec<QuantileFold>,
}

/// What is also compared with the first policy, replication by replication.
const COMPARED: [fn(&ReplicationRecord) -> f64; 4] =
    [mean_delay_ms, accuracy, offloaded_share, |record| {
        record.objective_s
    }];

impl<'p> PolicyFold<'p> {
    /// Of a policy that is not the first, `first` is the first one's label.
    pub fn new(
        scenario: &'p Scenario,
        policy: &'p PolicyUnderTest,
        first: Option<&'p str>,
    ) -> Self {
        Self {
            scenario,
            policy,
            replications: 0,
            queries: 0,
            delay_mean_ms: MeanFold::default(),
            delay_variance: VarianceFold::default(),
            accuracy: MeanFold::default(),
            offloaded_share: MeanFold::default(),
            objective_s: MeanFold::default(),
            stages_ms: Default::default(),
            is_used: [false; Stage::COUNT],
            slowest: SlowestFold::new(0.01),
            measures: measures(scenario, &ReplicationRecord::default())
                .into_iter()
                .map(|(name, _)| (name, MeanFold::default()))
                .collect(),
            window_s: MeanFold::default(),
            window_begins_s: None,
            difference: first.map(|label| (label, Default::default())),
            warnings: WarningFold::new(scenario, policy),
            pooled: histogram::empty(),
            token_times: scenario
                .tells_tokens_apart()
                .then(|| [histogram::empty(), histogram::empty()]),
            quantiles: Vec::new(),
        }
    }

    /// A replication, beside that of the first policy.
    pub fn see(&mut self, pass: Pass, own: &ReplicationRecord, first: &ReplicationRecord) {
        if pass == Pass::First {
            self.replications += 1;
            self.queries += own.queries;
            own.delays.add_to(&mut self.pooled);
            if let Some([first, later]) = &mut self.token_times {
                own.tokens.first.add_to(first);
                own.tokens.later.add_to(later);
            }
            self.window_begins_s.get_or_insert(own.load.warm_up_s);
            for (used, stage) in self.is_used.iter_mut().zip(Stage::ALL) {
                *used |= own.stages[stage] > 0.0;
            }
        }
        self.delay_mean_ms.see(pass, mean_delay_ms(own));
        self.delay_variance.see(pass, own);
        self.accuracy.see(pass, accuracy(own));
        self.offloaded_share.see(pass, offloaded_share(own));
        self.objective_s.see(pass, own.objective_s);
        for (fold, stage) in self.stages_ms.iter_mut().zip(Stage::ALL) {
            fold.see(pass, per_query(own, own.stages[stage]) * 1e3);
        }
        self.slowest.see(pass, &own.profile);
        if pass != Pass::Third {
            let values = measures(self.scenario, own);
            for ((_, fold), (_, value)) in self.measures.iter_mut().zip(values) {
                fold.see(pass, value);
            }
        }
        self.window_s.see(pass, own.load.window_s);
        if let Some((_, folds)) = &mut self.difference {
            for (fold, value) in folds.iter_mut().zip(COMPARED) {
                fold.see(pass, value(own) - value(first));
            }
        }
        self.warnings.see(pass, own);
        for quantile in &mut self.quantiles {
            quantile.see(pass, &own.delays);
        }
    }

    /// Call it between the first and the second pass.
    pub fn end_first_pass(&mut self) {
        self.slowest.end_first_pass();
        self.warnings.end_first_pass();
        let band = match self.scenario.workload.arrivals {
            // The replications of a batch are single instants.
            Arrivals::Batch => Vec::new(),
            _ => band_quantiles(self.pooled.len()),
        };
        self.quantiles = QUANTILES
            .into_iter()
            .chain(band)
            .map(|quantile| QuantileFold::new(quantile, &self.pooled))
            .collect();
    }

    /// The stages in which any query spent time.
    pub fn stages_used(&self) -> impl Iterator<Item = Stage> + '_ {
        let used = |stage: &Stage| self.is_used[*stage as usize];
        Stage::ALL.into_iter().filter(used)
    }

    /// The result, with all stages.
    pub fn result(self) -> PolicyResult {
        let mut quantiles = self.quantiles.iter().map(|q| q.estimate(&self.pooled));
        let delay_quantiles = quantiles.by_ref().take(QUANTILES.len()).collect();
        let delay_band = quantiles.collect();
        let stages = Stage::ALL.into_iter().zip(&self.stages_ms);
        let is_batch = self.scenario.workload.arrivals == Arrivals::Batch;
        let mut result = PolicyResult {
            policy: self.policy.label.clone(),
            replications: self.replications,
            queries: self.queries,
            delay_mean_ms: self.delay_mean_ms.estimate(),
            delay_variance_ms2: self.delay_variance.estimate_ms2(),
            delay_quantiles,
            delay_band,
            accuracy: self.accuracy.estimate(),
            offloaded_share: self.offloaded_share.estimate(),
            objective_s: self.objective_s.estimate(),
            stages_ms: StageMeans(
                stages
                    .map(|(stage, fold)| (stage, fold.estimate()))
                    .collect(),
            ),
            slowest_stages_ms: StageMeans(
                Stage::ALL
                    .map(|stage| (stage, self.slowest.mean_ms(stage)))
                    .into(),
            ),
            measures: self
                .measures
                .iter()
                .map(|(name, fold)| (*name, fold.estimate()))
                .collect(),
            warnings: Vec::new(),
            window: (!is_batch).then(|| MeasuredWindow {
                begin_s: self.window_begins_s.unwrap_or(f64::NAN),
                length_s: self.window_s.estimate(),
            }),
            difference: self.difference.as_ref().map(|(to, folds)| {
                let [delay_mean_ms, accuracy, offloaded_share, objective_s] =
                    folds.each_ref().map(MeanFold::estimate);
                PairedDifference {
                    to: (*to).to_owned(),
                    delay_mean_ms,
                    accuracy,
                    offloaded_share,
                    objective_s,
                }
            }),
            histogram: DelayCounts::of_histogram(&self.pooled),
            token_times: self.token_times.as_ref().map(|[first, later]| TokenTimes {
                first: DelayCounts::of_histogram(first),
                later: DelayCounts::of_histogram(later),
            }),
        };
        result.warnings = self.warnings.warnings(&result);
        result
    }
}

//! Hand-made results for the tests of the exporters.

use crate::experiment::{
    DelayCounts, Estimate, PairedDifference, PointResult, PolicyResult, QUANTILES, Results,
    StageMeans, band_quantiles, quantiles,
};
use crate::scenario::Scenario;
use crate::scenario::SweptValue;
use crate::station::stage::Stage;
use crate::units::Seconds;
use hdrhistogram::Histogram;

const NAMES: [&str; 12] = [
    "EdgeAll",
    "Goa(tau: 0.6)",
    "Random(like: Goa(tau: 0.6))",
    "MinDelay",
    "LocalAll",
    "Goa(tau: 0.8)",
    "Random(like: Goa(tau: 0.8))",
    "Goa(tau_quantile: 0.4)",
    "Random(like: Goa(tau_quantile: 0.4))",
    "Goa(tau_quantile: 0.95)",
    "Random(like: Goa(tau_quantile: 0.95))",
    "A policy of the library's user with a name that nobody can print",
];

pub(crate) fn scenario() -> Scenario {
    Scenario::from_ron(
        "(users: (count: 60), policies: [EdgeAll, Goa(tau: 0.6)], \
         sweep: Some((field: \"users.count\", values: [60, 70])))",
    )
    .unwrap()
}

/// A sweep over the number of users: at most 12 policies, 20 replications each.
pub(crate) fn sweep(points: usize, policies: usize) -> Results {
    Results {
        swept_fields: vec!["users.count".to_owned()],
        series: NAMES[..policies].iter().map(|&n| n.to_owned()).collect(),
        warnings: Vec::new(),
        points: (0..points)
            .map(|at| point(Some(60.0 + 10.0 * at as f64), policies, 20, 400))
            .collect(),
    }
}

/// One point without a sweep.
pub(crate) fn one_point(policies: usize) -> Results {
    Results {
        swept_fields: Vec::new(),
        series: NAMES[..policies].iter().map(|&n| n.to_owned()).collect(),
        warnings: Vec::new(),
        points: vec![point(None, policies, 20, 400)],
    }
}

/// One query of 12.5 ms.
pub(crate) fn single_query() -> Results {
    let mut results = one_point(1);
    results.points[0].policies = vec![policy(0, vec![vec![12.5]])];
    results
}

/// Three replications in which nothing completed.
pub(crate) fn no_query() -> Results {
    let mut results = one_point(1);
    let mut nothing = policy(0, vec![Vec::new(); 3]);
    nothing.policy = "LocalAll".to_owned();
    let nan = Estimate {
        mean: f64::NAN,
        ci95: Some(f64::NAN),
    };
    (nothing.accuracy, nothing.offloaded_share) = (nan, nan);
    results.points[0].policies = vec![nothing];
    results
}

fn point(value: Option<f64>, policies: usize, replications: usize, queries: usize) -> PointResult {
    let load = value.unwrap_or(60.0) / 60.0;
    let delays = |which: usize| -> Vec<Vec<f64>> {
        (0..replications)
            .map(|r| {
                let scale = (10.0 + 4.0 * which as f64) * load * (1.0 + 0.05 * (r as f64).sin());
                (0..queries)
                    .map(|q| {
                        // An exponential tail above a floor, at regular quantiles.
                        let u = (q as f64 + 0.5 + 0.4 * (r as f64).cos()) / queries as f64;
                        scale * (0.3 - (1.0 - u).ln())
                    })
                    .collect()
            })
            .collect()
    };
    PointResult {
        values: value.into_iter().map(SweptValue::Number).collect(),
        policies: (0..policies)
            .map(|which| policy(which, delays(which)))
            .collect(),
    }
}

/// A result from delays in ms: replications x queries.
fn policy(which: usize, delays_ms: Vec<Vec<f64>>) -> PolicyResult {
    let counts: Vec<DelayCounts> = delays_ms
        .iter()
        .map(|delays| {
            let mut counts = DelayCounts::default();
            delays
                .iter()
                .for_each(|ms| counts.record(Seconds(ms * 1e-3)));
            counts.finish();
            counts
        })
        .collect();
    let mut pooled = Histogram::new_with_bounds(1, 1_000_000_000_000_000_000, 3).unwrap();
    counts.iter().for_each(|c| c.add_to(&mut pooled));
    let means: Vec<f64> = delays_ms
        .iter()
        .map(|d| d.iter().sum::<f64>() / d.len() as f64)
        .collect();
    let share = 0.9 - 0.05 * which as f64;
    let shares: Vec<f64> = (0..means.len())
        .map(|r| share + 0.01 * (3.0 * r as f64 + which as f64).sin())
        .collect();
    let of = |scale: f64| Estimate::of(&means.iter().map(|m| m * scale).collect::<Vec<f64>>());
    PolicyResult {
        policy: NAMES[which].to_owned(),
        replications: means.len() as u32,
        queries: delays_ms.iter().map(|d| d.len() as u64).sum(),
        delay_mean_ms: Estimate::of(&means),
        delay_variance_ms2: of(12.5),
        delay_quantiles: quantiles(&QUANTILES, &pooled, &counts),
        delay_band: quantiles(&band_quantiles(pooled.len()), &pooled, &counts),
        accuracy: Estimate::of(&shares),
        offloaded_share: Estimate::of(&shares),
        objective_s: of(1e-3),
        stages_ms: StageMeans(
            Stage::ALL
                .into_iter()
                .take(5)
                .zip([0.0, 0.0, 0.25, 0.25, 0.5])
                .map(|(stage, part)| (stage, of(part)))
                .collect(),
        ),
        slowest_stages_ms: StageMeans(
            Stage::ALL
                .into_iter()
                .take(5)
                .zip([0.0, 0.0, 0.25, 0.25, 0.5])
                .map(|(stage, part)| (stage, of(part)))
                .collect(),
        ),
        measures: Vec::new(),
        window: None,
        warnings: Vec::new(),
        difference: (which > 0).then(|| PairedDifference {
            to: NAMES[0].to_owned(),
            delay_mean_ms: of(0.5),
            accuracy: Estimate::of(&shares).scaled(-0.1),
            offloaded_share: Estimate::of(&shares),
            objective_s: of(0.5e-3),
        }),
        histogram: DelayCounts::of_histogram(&pooled),
        token_times: None,
    }
}

//! Intervals keep their promise: over independent experiments on M/M/1 the 95 %
//! intervals of the mean and of p99 hold the truth as often as they say.

use edgelm::experiment::{Experiment, PolicyResult};
use edgelm::scenario::Loaded;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// One device: Poisson arrivals at `load` a second, exponential work of mean 1 s. The
/// sojourn time is exponential of rate 1 - load.
fn m_m_1(seed: u32, load: f64, replications: u32, run: &str) -> PolicyResult {
    let text = format!(
        "(seed: {seed}, replications: {replications},
          users: (count: 1, capacity_gflops: Fixed(1)),
          sharing: Live,
          workload: (arrivals: Poisson(rate_per_user_hz: {load}), slm_gflop: Exponential(mean: 1)),
          run: ({run}), policies: [LocalAll])"
    );
    let experiment = Loaded::from_text(&text, Path::new("m_m_1.ron"), &[])
        .and_then(Experiment::new)
        .expect("the scenario is valid");
    let mut results = experiment
        .run(None, &AtomicBool::new(false), &|| ())
        .expect("it runs");
    results.points.remove(0).policies.remove(0)
}

/// The cut is chosen on pilots, so that what is measured behind it is not chosen to look
/// short: at load 0.9 intervals of the mean hold the truth.
#[test]
fn intervals_behind_a_cut_by_mser_5_cover_the_truth() {
    let experiments = 150;
    let held = (1..=experiments)
        .filter(|&seed| {
            let result = m_m_1(seed, 0.9, 12, "duration_s: 5000, warm_up: Mser5");
            result.delay_mean_ms.covers(10_000.0)
        })
        .count();
    let share = held as f64 / f64::from(experiments);
    println!("behind MSER-5: {share}");
    // Three standard deviations of a binomial around 0.95 at 150 trials: 0.053.
    assert!((0.897..=1.0).contains(&share), "{share}");
}

#[test]
fn intervals_of_mean_and_p99_cover_the_truth() {
    let experiments = 200;
    let (mean_ms, p99_ms) = (2_000.0, 4.605_170 / 0.5 * 1e3);
    let (mut mean_held, mut p99_held) = (0, 0);
    for seed in 1..=experiments {
        let result = m_m_1(seed, 0.5, 20, "duration_s: 2100, warm_up: Seconds(100)");
        mean_held += usize::from(result.delay_mean_ms.covers(mean_ms));
        let p99 = result
            .delay_quantiles
            .iter()
            .find(|q| q.quantile == 0.99)
            .expect("p99 is reported");
        // 20,000 delays bound p99 from above.
        let (low, high) = (p99.low_ms.expect("20"), p99.high_ms.expect("bounded"));
        p99_held += usize::from(low <= p99_ms && p99_ms <= high);
    }
    for (what, held) in [("mean", mean_held), ("p99", p99_held)] {
        let share = held as f64 / experiments as f64;
        assert!((0.90..=0.99).contains(&share), "{what}: {share}");
    }
}

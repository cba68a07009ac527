//! Intervals keep their promise: over 200 independent experiments on M/M/1 the 95 %
//! intervals of the mean and of p99 hold the truth 90 to 99 % of the time.

use edgelm::experiment::Experiment;
use edgelm::scenario::Loaded;
use std::path::Path;
use std::sync::atomic::AtomicBool;

#[test]
fn intervals_of_mean_and_p99_cover_the_truth() {
    let experiments = 200;
    // One device: Poisson arrivals at 0.5 a second, exponential work of mean 1 s.
    // The sojourn time is exponential of rate 0.5.
    let (mean_ms, p99_ms) = (2_000.0, 4.605_170 / 0.5 * 1e3);
    let (mut mean_held, mut p99_held) = (0, 0);
    for seed in 1..=experiments {
        let text = format!(
            "(seed: {seed}, replications: 20,
              users: (count: 1, capacity_gflops: Fixed(1)),
              sharing: Live,
              workload: (arrivals: Poisson(rate_per_user_hz: 0.5), slm_gflop: Exponential(mean: 1)),
              run: (duration_s: 2100, warm_up: Seconds(100)),
              policies: [LocalAll])"
        );
        let experiment = Loaded::from_text(&text, Path::new("m_m_1.ron"), &[])
            .and_then(Experiment::new)
            .expect("the scenario is valid");
        let results = experiment
            .run(None, &AtomicBool::new(false), &|| ())
            .expect("it runs");
        let result = &results.points[0].policies[0];
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

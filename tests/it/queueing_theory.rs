//! The engine against queueing theory: every theory value must lie in the
//! simulation's own interval. Seeds are fixed; the intervals are wide enough
//! (99.9 %) that a right simulator passes and a wrong one does not.

use edgelm::engine::{CompletedQuery, Counts, Recorder, Scheduling, Settings, simulate};
use edgelm::experiment::world_model;
use edgelm::policy::{EdgeAll, LocalAll, Policy};
use edgelm::route::{ComputeLaw, Serving};
use edgelm::scenario::Scenario;
use edgelm::station::Sharing;
use edgelm::station::compute::Discipline;
use edgelm::uncertainty::Table;
use edgelm::units::Seconds;
use edgelm::world::World;
use edgelm::world::arrivals::{ArrivalLaw, Arrivals};
use edgelm::world::streams::StreamKey;

/// A server of capacity 1 TFLOP/s with a cap, queries of a mean work, and an
/// uplink so fast that it takes no time worth mentioning.
fn scenario(users: usize, cap: f64, work: &str, device: &str) -> Scenario {
    Scenario::from_ron(&format!(
        "(users: (count: {users}, capacity_gflops: Fixed(1000)), area: (width_m: 2, height_m: 2),
          servers: (placement: Listed([(1, 1)]), bandwidth_mhz: 1e9, capacity_tflops: Fixed(1),
                    max_per_user_tflops: {cap}),
          channel: (fading: None),
          workload: (query_bits: Fixed(1e-6), llm_gflop: {work}, slm_gflop: {device}),
          policies: [EdgeAll])"
    ))
    .expect("the scenario is valid")
}

/// Measured delays, and the work done for them.
#[derive(Default)]
struct Observed {
    delays: Vec<f64>,
    edge_work: Vec<f64>,
    counts: Counts,
}

impl Recorder for Observed {
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        if measured {
            self.delays.push(query.stages.total().0);
            self.edge_work.push(query.edge_work.0);
        }
    }

    fn counted(&mut self, _now: Seconds, counts: &Counts) {
        assert_eq!(
            counts.arrived,
            counts.completed + counts.dropped + counts.in_flight,
            "conservation at every event"
        );
    }
}

struct System<'s> {
    scenario: &'s Scenario,
    rate_hz: f64,
    discipline: Discipline,
    policy: fn() -> Box<dyn Policy>,
    queries: u64,
    warm_up_s: f64,
}

impl System<'_> {
    fn replicate(&self, replication: u64) -> Observed {
        let model = world_model(self.scenario, &Table::default());
        let world = World::draw(&model, StreamKey::root(77).index(replication));
        let settings = Settings {
            arrivals: ArrivalLaw {
                arrivals: Arrivals::Poisson {
                    rate_per_user_hz: self.rate_hz / self.scenario.users.count as f64,
                },
                trace: None,
            },
            scheduling: Scheduling::PerArrival,
            serving: Serving {
                sharing: Sharing::Live,
                compute: ComputeLaw::Shared(self.discipline),
                ..Serving::default()
            },
            queries: Some(self.queries),
            warm_up: Seconds(self.warm_up_s),
            ..Settings::default()
        };
        let mut observed = Observed::default();
        let counts = simulate(&world, &settings, (self.policy)().as_mut(), &mut observed)
            .expect("the policy decides");
        assert!(
            counts.arrived >= self.queries,
            "arrivals go on after the window"
        );
        observed.counts = counts;
        observed
    }

    /// Mean delay and the half-width of its 99.9 % interval over 20 replications.
    fn mean_delay(&self) -> (f64, f64) {
        let means: Vec<f64> = (0..20)
            .map(|replication| {
                let delays = self.replicate(replication).delays;
                delays.iter().sum::<f64>() / delays.len() as f64
            })
            .collect();
        interval(&means)
    }
}

/// Student's t, 19 degrees of freedom, 99.9 %.
fn interval(values: &[f64]) -> (f64, f64) {
    assert_eq!(values.len(), 20);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, 3.883 * (variance / n).sqrt())
}

#[track_caller]
fn assert_covers(found: (f64, f64), theory: f64, tightness: f64) {
    let (mean, half_width) = found;
    assert!(
        (mean - theory).abs() <= half_width,
        "{mean} +- {half_width} does not hold {theory}"
    );
    assert!(
        half_width < tightness * theory,
        "the interval is too wide to test anything"
    );
}

fn erlang_c(servers: u32, offered: f64) -> f64 {
    let mut blocking = 1.0;
    for k in 1..=servers {
        blocking = offered * blocking / (f64::from(k) + offered * blocking);
    }
    let rho = offered / f64::from(servers);
    blocking / (1.0 - rho + rho * blocking)
}

/// Capped processor sharing is M/M/R: R = C / C_max.
#[test]
fn capped_processor_sharing_is_m_m_r() {
    for (r, rho, theory) in [
        (4u32, 0.5, 1.086957),
        (4, 0.8, 1.745541),
        (4, 0.9, 2.969383),
        (8, 0.8, 1.286028),
        (1, 0.7, 1.0 / 0.3),
    ] {
        let cap = 1.0 / f64::from(r);
        // x / C_max = 1: work of 1000 / R GFLOP on average.
        let scenario = scenario(
            20,
            cap,
            &format!("Exponential(mean: {})", 1000.0 * cap),
            "Fixed(1)",
        );
        let closed = 1.0 + erlang_c(r, f64::from(r) * rho) / (f64::from(r) * (1.0 - rho));
        assert!((closed - theory).abs() < 1e-5, "{closed} {theory}");
        let system = System {
            scenario: &scenario,
            rate_hz: rho * f64::from(r),
            discipline: Discipline::ProcessorSharing,
            policy: || Box::new(EdgeAll),
            queries: 25_000,
            warm_up_s: 300.0,
        };
        assert_covers(system.mean_delay(), theory, 0.12);
        // First come first served with R servers of rate C_max has the same mean.
        let fifo = System {
            discipline: Discipline::Fifo,
            ..system
        };
        assert_covers(fifo.mean_delay(), theory, 0.12);
    }
}

/// The mean under processor sharing does not depend on the distribution of work.
#[test]
fn the_mean_is_insensitive_to_the_work_distribution() {
    for work in [
        "Exponential(mean: 250)",
        "Fixed(250)",
        "Hyperexponential(mean: 250, cv: 2)",
    ] {
        let scenario = scenario(20, 0.25, work, "Fixed(1)");
        let system = System {
            scenario: &scenario,
            rate_hz: 0.8 * 4.0,
            discipline: Discipline::ProcessorSharing,
            policy: || Box::new(EdgeAll),
            queries: 25_000,
            warm_up_s: 300.0,
        };
        assert_covers(system.mean_delay(), 1.745541, 0.12);
    }
}

/// M/G/1-PS: a job of size x takes x / (C (1 - rho)) on average, whatever its size;
/// the variance under exponential work is (2 + rho) / ((2 - rho) mu^2 (1 - rho)^2).
#[test]
fn processor_sharing_slows_every_size_alike() {
    let rho = 0.6;
    let scenario = scenario(20, 1.0, "Exponential(mean: 1000)", "Fixed(1)");
    let system = System {
        scenario: &scenario,
        rate_hz: rho,
        discipline: Discipline::ProcessorSharing,
        policy: || Box::new(EdgeAll),
        queries: 25_000,
        warm_up_s: 500.0,
    };
    let (mut small, mut large, mut variances) = (Vec::new(), Vec::new(), Vec::new());
    for replication in 0..20 {
        let observed = system.replicate(replication);
        let slowdown = |range: std::ops::Range<f64>| {
            let (mut time, mut size) = (0.0, 0.0);
            for (delay, work) in observed.delays.iter().zip(&observed.edge_work) {
                if range.contains(&(work * 1e-12)) {
                    time += delay;
                    size += work * 1e-12;
                }
            }
            time / size
        };
        small.push(slowdown(0.0..0.5));
        large.push(slowdown(2.0..1e9));
        let n = observed.delays.len() as f64;
        let mean = observed.delays.iter().sum::<f64>() / n;
        variances.push(
            observed
                .delays
                .iter()
                .map(|d| (d - mean).powi(2))
                .sum::<f64>()
                / n,
        );
    }
    assert_covers(interval(&small), 1.0 / (1.0 - rho), 0.08);
    assert_covers(interval(&large), 1.0 / (1.0 - rho), 0.08);
    let theory = (2.0 + rho) / ((2.0 - rho) * (1.0 - rho) * (1.0 - rho));
    assert_covers(interval(&variances), theory, 0.25);
}

/// Devices are M/G/1 first come first served: Pollaczek-Khinchine.
#[test]
fn devices_follow_pollaczek_khinchine() {
    for (work, second_moment) in [
        ("Exponential(mean: 1000)", 2.0),
        ("Fixed(1000)", 1.0),
        ("Hyperexponential(mean: 1000, cv: 2)", 5.0),
    ] {
        let rho = 0.7;
        let scenario = scenario(1, 1.0, "Fixed(1)", work);
        let system = System {
            scenario: &scenario,
            rate_hz: rho,
            discipline: Discipline::ProcessorSharing,
            policy: || Box::new(LocalAll),
            queries: 40_000,
            warm_up_s: 500.0,
        };
        let theory = 1.0 + rho * second_moment / (2.0 * (1.0 - rho));
        assert_covers(system.mean_delay(), theory, 0.15);
    }
}

/// M/M/1 first come first served: the sojourn time is exponential of rate mu - lambda.
#[test]
fn quantiles_of_m_m_1_are_the_exponentials() {
    let rho = 0.5;
    let scenario = scenario(1, 1.0, "Fixed(1)", "Exponential(mean: 1000)");
    let system = System {
        scenario: &scenario,
        rate_hz: rho,
        discipline: Discipline::ProcessorSharing,
        policy: || Box::new(LocalAll),
        queries: 40_000,
        warm_up_s: 200.0,
    };
    let mut found = vec![Vec::new(); 3];
    for replication in 0..20 {
        let mut delays = system.replicate(replication).delays;
        delays.sort_by(f64::total_cmp);
        for (values, p) in found.iter_mut().zip([0.5, 0.95, 0.99]) {
            values.push(delays[(p * delays.len() as f64) as usize]);
        }
    }
    for (values, unit) in found
        .iter()
        .zip([std::f64::consts::LN_2, 2.995732, 4.605170])
    {
        assert_covers(interval(values), unit / (1.0 - rho), 0.08);
    }
}

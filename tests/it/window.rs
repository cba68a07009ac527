//! The measured window: what is measured of a run in time, and that it is the truth.

use edgelm::engine::{
    AfterWindow, Areas, CompletedQuery, Recorder, Scheduling, Settings, simulate,
};
use edgelm::experiment::{Estimate, Experiment, PolicyResult, world_model};
use edgelm::policy::{EdgeAll, LocalAll, Policy};
use edgelm::route::{ComputeLaw, Serving};
use edgelm::scenario::{Loaded, Scenario};
use edgelm::station::compute::Discipline;
use edgelm::station::stage::Stage;
use edgelm::station::{Sharing, StationId};
use edgelm::uncertainty::Table;
use edgelm::units::Seconds;
use edgelm::world::World;
use edgelm::world::arrivals::{ArrivalLaw, Arrivals};
use edgelm::world::streams::StreamKey;
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn run(text: &str) -> PolicyResult {
    crate::timeline::run(text).remove(0)
}

fn measure(result: &PolicyResult, name: &str) -> Estimate {
    result
        .measure(name)
        .unwrap_or_else(|| panic!("no measure {name}"))
}

/// Events that are left in the calendar when the last query leaves, such as deadlines
/// that will never strike and arrivals past the end, are not measured.
#[test]
fn the_window_ends_with_the_run_and_not_with_what_is_left_in_the_calendar() {
    let cell = |workload: &str, length: &str| {
        run(&format!(
            "(users: (count: 60), replications: 10, sharing: Live,
              workload: (arrivals: Poisson(rate_per_user_hz: 10), {workload}),
              run: ({length}), policies: [EdgeAll])"
        ))
    };
    let plain = cell("", "duration_s: 5");
    let deadline = cell("deadline: (after_ms: 60000, drop: true)", "duration_s: 5");
    let throughput = measure(&plain, "throughput_per_s");
    for name in ["throughput_per_s", "edge_utilisation", "transmitting_mean"] {
        assert_eq!(measure(&plain, name), measure(&deadline, name), "{name}");
    }
    // 600 arrive a second; 5 s x 10 replications of Poisson: deviation 3.5.
    assert!((throughput.mean - 600.0).abs() < 14.0, "{throughput:?}");
    assert_eq!(plain.window.expect("in time").length_s.mean, 5.0);

    // The last of 300 queries arrives after half a second on average.
    let counted = cell("", "queries: 300");
    let length = counted.window.expect("in time").length_s.mean;
    assert!((length - 0.5).abs() < 0.04, "{length}");
    let throughput = measure(&counted, "throughput_per_s");
    assert!((throughput.mean - 600.0).abs() < 45.0, "{throughput:?}");
    assert_eq!(counted.queries, 3_000);
}

/// A server that works for one query at a time rates of a second each, shared.
fn shared_server(load: f64, run: &str) -> String {
    format!(
        "(users: (count: 20), area: (width_m: 2, height_m: 2), replications: 20,
          servers: (placement: Listed([(1, 1)]), bandwidth_mhz: 1e9,
                    capacity_tflops: Fixed(1), max_per_user_tflops: 1),
          channel: (fading: None), sharing: Live, scheduling: PerArrival,
          workload: (arrivals: Poisson(rate_per_user_hz: {}), query_bits: Fixed(1e-6),
                     llm_gflop: Exponential(mean: 1000)),
          run: ({run}), policies: [EdgeAll])",
        load / 20.0
    )
}

/// Keeps the measured queries of the last third of the window, and of all of it.
struct Thirds {
    from: f64,
    last: (f64, f64),
    all: (f64, f64),
}

impl Recorder for Thirds {
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        let delay = query.stages.total().0;
        let add = |sum: &mut (f64, f64)| *sum = (sum.0 + delay, sum.1 + 1.0);
        if measured {
            add(&mut self.all);
            if query.arrived.0 >= self.from {
                add(&mut self.last);
            }
        }
    }
}

/// Those that arrive last find the same load as those before; with `Drain` they find a
/// system that empties.
#[test]
fn late_queries_do_not_meet_an_emptying_system() {
    let last_third = |after: &str| {
        let text = shared_server(0.9, &format!("duration_s: 300, after: {after}"));
        let experiment = Loaded::from_text(&text, Path::new("late.ron"), &[])
            .and_then(Experiment::new)
            .unwrap_or_else(|wrong| panic!("{}", wrong[0]));
        let (mut sum, mut count) = (0.0, 0.0);
        for replication in 0..400 {
            let mut thirds = Thirds {
                from: 200.0,
                last: (0.0, 0.0),
                all: (0.0, 0.0),
            };
            experiment
                .simulate(0, replication, &mut EdgeAll, &mut thirds)
                .expect("it runs");
            assert!(thirds.all.1 >= thirds.last.1);
            sum += thirds.last.0;
            count += thirds.last.1;
        }
        sum / count
    };
    // The same draws: what differs is what comes after the window.
    let (on, drained) = (last_third("ArrivalsGoOn"), last_third("Drain"));
    assert!(drained < on - 0.4, "{drained} {on}");
}

/// The mean time in a shared server, x / (1 - rho), lies in the interval whatever is
/// left out at the beginning.
#[test]
fn every_warm_up_holds_the_mean_of_theory() {
    for load in [0.5f64, 0.7, 0.9] {
        // Long against the time in which the queue forgets, 1 / (1 - sqrt(load))^2.
        let seconds = 250.0 / (1.0 - load.sqrt()).powi(2);
        for warm_up in [
            "None".to_owned(),
            format!("Seconds({})", 0.05 * seconds),
            "Mser5".to_owned(),
        ] {
            let result = run(&shared_server(
                load,
                &format!("duration_s: {seconds}, warm_up: {warm_up}"),
            ));
            let (mean, theory) = (result.delay_mean_ms, 1e3 / (1.0 - load));
            let half_width = mean.ci95.expect("20 replications");
            // 99.9 % of Student's t over 95 %, 19 degrees of freedom.
            let allowed = half_width * 3.883 / 2.093;
            assert!(
                (mean.mean - theory).abs() < allowed,
                "{load} {warm_up}: {mean:?}, {theory}"
            );
            assert!(half_width < 0.06 * theory, "{load} {warm_up}: {mean:?}");
            let throughput = measure(&result, "throughput_per_s");
            assert!(
                (throughput.mean / load - 1.0).abs() < 0.02,
                "{throughput:?}"
            );
        }
    }
}

/// One cut a point, the same for every policy and replication.
#[test]
fn mser_5_finds_one_window_for_all_policies() {
    let text = "(users: (count: 12), replications: 3, sharing: Live,
          workload: (arrivals: Poisson(rate_per_user_hz: 20)),
          run: (duration_s: 4, warm_up: Mser5), policies: [LocalAll, EdgeAll, Goa(tau: 0.6)])";
    let experiment = Loaded::from_text(text, Path::new("one.ron"), &[])
        .and_then(Experiment::new)
        .unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let never = AtomicBool::new(false);
    let results = experiment.run(Some(2), &never, &|| ()).expect("it runs");
    let begins: Vec<f64> = results.points[0]
        .policies
        .iter()
        .map(|policy| policy.window.expect("in time").begin_s)
        .collect();
    assert!(begins[0] > 0.0 && begins[0] <= 2.0, "{begins:?}");
    assert!(begins.iter().all(|begin| *begin == begins[0]), "{begins:?}");
    // Another process, which is asked for the last task alone, finds it too.
    let again = Loaded::from_text(text, Path::new("one.ron"), &[])
        .and_then(Experiment::new)
        .unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let record = again.run_task(2, &never).expect("it runs");
    assert_eq!(record.policies[2][0].load.warm_up_s, begins[0]);
}

/// Queries that never leave do not keep a run alive for ever.
#[test]
fn an_overloaded_system_stops_arrivals_and_says_so() {
    let result = run(&shared_server(2.0, "duration_s: 50"));
    let said = |what: &str| result.warnings.iter().any(|w| w.starts_with(what));
    assert!(
        said("overload") && said("unstable"),
        "{:?}",
        result.warnings
    );
    // What arrived in the window is measured to its end, all of it.
    assert!((result.queries as f64 / 20.0 - 100.0).abs() < 10.0);
    let drained = run(&shared_server(2.0, "duration_s: 50, after: Drain"));
    assert!(!drained.warnings.iter().any(|w| w.starts_with("overload")));
    assert_eq!(drained.queries, result.queries, "the same queries");
}

/// Sums of the time that queries spend at each station, whole and within the window.
struct Little {
    window: (f64, f64),
    /// Of queries that arrived in the window: all of it.
    own: [f64; 3],
    /// Of these, after the window.
    after: [f64; 3],
    /// Of queries that arrived before the window: in it.
    before: [f64; 3],
    areas: Areas,
}

impl Recorder for Little {
    fn on_departure(&mut self, query: &CompletedQuery, measured: bool) {
        let s = &query.stages;
        let mut at = query.arrived.0 + s[Stage::Wait].0;
        let (begin, end) = self.window;
        for (station, took) in [
            (0, (s[Stage::DeviceQueue] + s[Stage::LocalCompute]).0),
            (1, s[Stage::Uplink].0),
            (2, (s[Stage::EdgeQueue] + s[Stage::EdgeCompute]).0),
        ] {
            let (from, to) = (at, at + took);
            at = to;
            let within = (to.min(end) - from.max(begin)).max(0.0);
            if measured {
                self.own[station] += took;
                self.after[station] += took - within;
            } else {
                self.before[station] += within;
            }
        }
    }

    fn finished(&mut self, _now: Seconds, areas: &Areas) {
        self.areas = areas.clone();
    }
}

/// Little's law on the window of every run, as an identity: the area under the number at
/// a station is what the window's own queries spend there, less what they spend after
/// it, and what those spend in it that arrived before.
#[test]
fn littles_law_is_an_identity_with_two_boundary_terms() {
    let scenario = Scenario::from_ron(
        "(users: (count: 5, capacity_gflops: Fixed(1000)), area: (width_m: 2, height_m: 2),
          servers: (placement: Listed([(1, 1)]), bandwidth_mhz: 1e-9, capacity_tflops: Fixed(1),
                    max_per_user_tflops: 0.25),
          channel: (fading: None),
          workload: (query_bits: Fixed(1e-6), llm_gflop: Exponential(mean: 250),
                     slm_gflop: Exponential(mean: 900)),
          policies: [EdgeAll])",
    )
    .expect("the scenario is valid");
    for (discipline, policy) in [
        (
            Discipline::ProcessorSharing,
            (|| Box::new(EdgeAll)) as fn() -> Box<dyn Policy>,
        ),
        (Discipline::Fifo, || Box::new(EdgeAll)),
        (Discipline::Fifo, || Box::new(LocalAll)),
    ] {
        for after in [AfterWindow::ArrivalsGoOn, AfterWindow::Drain] {
            let model = world_model(&scenario, &Table::default());
            let world = World::draw(&model, StreamKey::root(77).index(3));
            let settings = Settings {
                arrivals: ArrivalLaw {
                    arrivals: Arrivals::Poisson {
                        rate_per_user_hz: 0.6,
                    },
                    trace: None,
                },
                scheduling: Scheduling::PerArrival,
                serving: Serving {
                    sharing: Sharing::Live,
                    compute: ComputeLaw::Shared(discipline),
                    ..Serving::default()
                },
                duration: Some(Seconds(300.0)),
                warm_up: Seconds(100.0),
                after,
                ..Settings::default()
            };
            let mut little = Little {
                window: (100.0, 300.0),
                own: [0.0; 3],
                after: [0.0; 3],
                before: [0.0; 3],
                areas: Areas::default(),
            };
            simulate(&world, &settings, policy().as_mut(), &mut little).expect("it decides");
            let areas = [StationId::Device, StationId::Uplink, StationId::Compute]
                .map(|station| little.areas.jobs(station).sum::<f64>());
            assert_eq!(little.areas.elapsed, Seconds(200.0));
            let mut boundary = 0.0;
            for (station, area) in areas.into_iter().enumerate() {
                let expected = little.own[station] - little.after[station] + little.before[station];
                assert!(
                    (area - expected).abs() <= 1e-9 * expected.max(1.0),
                    "{discipline:?} {after:?} station {station}: {area} {expected}"
                );
                boundary += little.after[station] + little.before[station];
            }
            assert!(areas.iter().sum::<f64>() > 100.0 && boundary > 0.0);
        }
    }
}

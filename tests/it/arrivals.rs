//! Every law of arrivals is stationary from time zero on, and disperses as its theory
//! says.

use edgelm::experiment::{Experiment, PolicyResult};
use edgelm::scenario::{Override, load};
use edgelm::units::Seconds;
use edgelm::world::arrivals::{ArrivalProcess, Arrivals, UserArrivals};
use edgelm::world::streams::StreamKey;
use std::path::Path;
use std::sync::atomic::AtomicBool;

const RATE: f64 = 2.0;

fn poisson() -> Arrivals {
    Arrivals::Poisson {
        rate_per_user_hz: RATE,
    }
}

fn gamma(cv: f64) -> Arrivals {
    Arrivals::Gamma {
        rate_per_user_hz: RATE,
        cv,
    }
}

fn periodic(jitter_s: f64) -> Arrivals {
    Arrivals::Periodic {
        period_s: 1.0 / RATE,
        jitter_s,
    }
}

const BURST_RATIO: f64 = 10.0;
const BURST_MEAN_S: f64 = 1.0;
const QUIET_MEAN_S: f64 = 4.0;

fn bursty(shared: bool) -> Arrivals {
    Arrivals::Bursty {
        rate_per_user_hz: RATE,
        burst_ratio: BURST_RATIO,
        burst_mean_s: BURST_MEAN_S,
        quiet_mean_s: QUIET_MEAN_S,
        shared,
    }
}

/// The arrivals of the first users of a replication before the horizon, in order for
/// each user.
fn arrivals(law: &Arrivals, replication: u64, users: usize, horizon: f64) -> Vec<f64> {
    let key = StreamKey::root(8).index(replication);
    let mut process = ArrivalProcess::new(law, key);
    let mut times = Vec::new();
    for user in 0..users {
        let mut own = UserArrivals::new(&process, key, user);
        let mut last = 0.0;
        while let Some(Seconds(time)) = own.next_time(&mut process) {
            assert!(time >= last, "times never decrease: {time} after {last}");
            last = time;
            if time >= horizon {
                break;
            }
            times.push(time);
        }
    }
    times
}

/// The mean of independent values, and its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (mean, (squares.sum::<f64>() / (n - 1.0) / n).sqrt())
}

/// Beyond so many standard errors a mean of the right law lies once in 16,000 times.
const ERRORS: f64 = 4.0;

#[test]
fn every_law_sends_its_mean_rate_from_the_first_moment_on() {
    let windows = [
        (0.0, 0.02),
        (0.02, 0.1),
        (0.0, 0.2),
        (0.3, 0.9),
        (0.0, 1.3),
        (2.1, 3.4),
        (4.9, 5.0),
        (0.0, 5.0),
    ];
    for law in [
        poisson(),
        gamma(4.0),
        gamma(2.0),
        gamma(1.0),
        gamma(0.3),
        bursty(false),
        bursty(true),
        periodic(0.0),
        periodic(0.1),
        periodic(0.25),
    ] {
        // One user of each replication: shared bursts make users of the same depend.
        let users: Vec<Vec<f64>> = (0..40_000)
            .map(|replication| arrivals(&law, replication, 1, 5.0))
            .collect();
        for (from, to) in windows {
            let counts: Vec<f64> = users
                .iter()
                .map(|times| times.iter().filter(|t| (from..to).contains(*t)).count() as f64)
                .collect();
            let (mean, error) = mean_and_error(&counts);
            let expected = RATE * (to - from);
            assert!(
                (mean - expected).abs() <= ERRORS * error + 1e-12,
                "{law:?} in {from} to {to} s: {mean} +- {error}, expected {expected}"
            );
            // Narrow enough to see a law that starts anew at time zero.
            assert!(
                to - from < 1.0 || error < 0.01 * expected,
                "{law:?}: {error}"
            );
        }
    }
}

/// The equilibrium renewal process waits (1 + cv^2) / (2 rate) for its first arrival.
#[test]
fn the_first_of_gamma_arrivals_is_that_of_equilibrium() {
    for cv in [0.5, 1.0, 2.0] {
        let key = StreamKey::root(9);
        let mut process = ArrivalProcess::new(&gamma(cv), key);
        let firsts: Vec<f64> = (0..40_000)
            .map(|user| {
                let mut own = UserArrivals::new(&process, key, user);
                own.next_time(&mut process).expect("it goes on").0
            })
            .collect();
        let (mean, error) = mean_and_error(&firsts);
        let expected = (1.0 + cv * cv) / (2.0 * RATE);
        assert!(
            (mean - expected).abs() < ERRORS * error && error < 0.02 * expected,
            "cv {cv}: {mean} +- {error}, expected {expected}"
        );
    }
}

/// The index of dispersion of all users' count in a window from time zero on, the
/// variance over the mean, with its standard error; replications are independent.
fn dispersion(law: &Arrivals, users: usize, window: f64, replications: u64) -> (f64, f64) {
    let mean = RATE * window * users as f64;
    let squares: Vec<f64> = (0..replications)
        .map(|replication| {
            let count = arrivals(law, replication, users, window).len() as f64;
            (count - mean).powi(2) / mean
        })
        .collect();
    mean_and_error(&squares)
}

/// MMPP-2 of quiet (1) and bursts (2): in a window t its index of dispersion is
/// 1 + 2 (l1 - l2)^2 p1 p2 / (l s) (1 - (1 - e^{-st}) / (st)), with rates l1 and l2, shares
/// of time p1 and p2, mean rate l and s the sum of the rates of switching (Fischer and
/// Meier-Hellstern, Perform. Eval. 18, 1993).
fn mmpp_2(users: f64, window: f64) -> f64 {
    let in_burst = BURST_MEAN_S / (BURST_MEAN_S + QUIET_MEAN_S);
    let quiet = users * RATE / (1.0 + in_burst * (BURST_RATIO - 1.0));
    let difference = (BURST_RATIO - 1.0) * quiet;
    let switching = 1.0 / BURST_MEAN_S + 1.0 / QUIET_MEAN_S;
    let lasting = switching * window;
    1.0 + 2.0 * difference.powi(2) * in_burst * (1.0 - in_burst) / (users * RATE * switching)
        * (1.0 - (1.0 - (-lasting).exp()) / lasting)
}

#[test]
fn shared_bursts_disperse_all_users_together_and_own_bursts_do_not() {
    for users in [1, 5, 20] {
        for (shared, expected) in [
            (true, mmpp_2(users as f64, 10.0)),
            (false, mmpp_2(1.0, 10.0)),
        ] {
            let (found, error) = dispersion(&bursty(shared), users, 10.0, 8_000);
            assert!(
                (found - expected).abs() < ERRORS * error && error < 0.05 * expected,
                "{users} users, shared: {shared}: {found} +- {error}, expected {expected}"
            );
        }
    }
    // As the manual has it (docs/timeline.md).
    let rounded = |users| format!("{:.2}", mmpp_2(users, 10.0));
    assert_eq!([1.0, 20.0].map(rounded), ["5.87", "98.33"]);
}

/// In the long run counts of a renewal process disperse as the squared variation of
/// its gaps; those of Poisson arrivals by 1, of periodic ones by nothing.
#[test]
fn counts_disperse_as_gaps_vary() {
    let (found, error) = dispersion(&poisson(), 1, 10.0, 8_000);
    assert!((found - 1.0).abs() < ERRORS * error, "{found} +- {error}");
    for cv in [0.5, 2.0] {
        // In equilibrium what is left of the start falls as one over the window.
        let (found, error) = dispersion(&gamma(cv), 1, 500.0, 4_000);
        let expected = cv * cv;
        assert!(
            (found - expected).abs() < ERRORS * error + 0.01 * expected,
            "cv {cv}: {found} +- {error}"
        );
    }
    let (found, _) = dispersion(&periodic(0.1), 1, 10.0, 8_000);
    assert!(found < 0.1, "{found}");
}

#[test]
fn a_users_arrivals_are_its_own_whoever_else_asks() {
    let key = StreamKey::root(3).index(5);
    for law in [
        poisson(),
        gamma(2.0),
        bursty(false),
        bursty(true),
        periodic(0.2),
    ] {
        let of = |user: usize, process: &mut ArrivalProcess| -> Vec<Seconds> {
            let mut own = UserArrivals::new(process, key, user);
            let mut next = || own.next_time(process).expect("it goes on");
            (0..50).map(|_| next()).collect()
        };
        let mut alone = ArrivalProcess::new(&law, key);
        let mut among_others = ArrivalProcess::new(&law, key);
        for other in [9, 0, 4] {
            of(other, &mut among_others);
        }
        assert_eq!(of(7, &mut alone), of(7, &mut among_others), "{law:?}");
        assert_ne!(of(7, &mut alone), of(8, &mut alone), "{law:?}");
    }
}

/// What the header of the shipped scenario says, from fewer draws of it.
#[test]
fn shared_bursts_overload_servers_that_own_bursts_do_not() {
    let at_ratio_8 = |shared: &str| -> Vec<PolicyResult> {
        let overrides = [
            Override::set("workload.arrivals.shared", shared),
            Override::set("sweep.values", "[8]"),
            Override::set("replications", "12"),
        ];
        let experiment = load(Path::new("scenarios/bursty.ron"), &overrides)
            .and_then(Experiment::new)
            .unwrap_or_else(|wrong| panic!("{}", wrong[0]));
        let mut results = experiment
            .run(None, &AtomicBool::new(false), &|| ())
            .expect("it runs");
        results.points.remove(0).policies
    };
    let own = at_ratio_8("false");
    let [goa, edge_all, min_delay, _, local_all] = &own[..] else {
        panic!("five policies");
    };
    for policy in [goa, edge_all, min_delay] {
        assert!(policy.offloaded_share.mean > 0.999, "{}", policy.policy);
        assert!(policy.delay_mean_ms.mean < 15.0, "{}", policy.policy);
    }
    assert!(local_all.delay_mean_ms.mean > 200.0);
    let shared = at_ratio_8("true");
    let [goa, edge_all, min_delay, _, _] = &shared[..] else {
        panic!("five policies");
    };
    // Paired on the same draws, these differences are beyond their intervals.
    let from_goa = |policy: &PolicyResult| policy.difference.clone().expect("GOA is first");
    let slower = from_goa(edge_all).delay_mean_ms;
    assert!(slower.mean > slower.ci95.expect("12 draws"), "{slower:?}");
    let faster = from_goa(min_delay).delay_mean_ms;
    assert!(-faster.mean > faster.ci95.expect("12 draws"), "{faster:?}");
    let less_accurate = from_goa(min_delay).accuracy;
    assert!(-less_accurate.mean > less_accurate.ci95.expect("12 draws"));
    assert!(goa.offloaded_share.mean < 0.9);
    assert!(edge_all.delay_mean_ms.mean > 5.0 * 15.0);
}

//! Fading in time has the law it is named after, whatever the coherence block, and that
//! of users that move follows their motion.

use edgelm::experiment::{Experiment, world_model};
use edgelm::scenario::{Override, Scenario, check, load};
use edgelm::uncertainty::Table;
use edgelm::units::Seconds;
use edgelm::world::World;
use edgelm::world::links::Links;
use edgelm::world::streams::StreamKey;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The fading power |h|^2 of every link of a scenario, relative to path loss, at each of
/// the times.
fn powers(text: &str, times_ms: &[f64]) -> Vec<Vec<f64>> {
    let scenario = Scenario::from_ron(text).unwrap_or_else(|wrong| panic!("{wrong}: {text}"));
    assert_eq!(check(&scenario), [], "{text}");
    let model = world_model(&scenario, &Table::default());
    let world = World::draw(&model, StreamKey::root(7));
    let mut links = Links::new(&world);
    let mut at = |time_ms: f64| {
        let mut powers = Vec::new();
        for user in 0..world.users().len() {
            links.bring_to(user, Seconds(time_ms * 1e-3));
            let here = (user, links.position(user));
            for (server, there) in world.sites().iter().enumerate() {
                let there = (server, there.position);
                let mean = model.channel.mean_gain(world.key(), here, there);
                powers.push(links.gain(user, server) / mean);
            }
        }
        powers
    };
    times_ms.iter().map(|&time_ms| at(time_ms)).collect()
}

/// 20,000 links whose users rest.
fn at_rest(channel: &str) -> String {
    format!(
        "(users: (count: 5000), channel: ({channel}), policies: [EdgeAll],
          workload: (arrivals: Poisson(rate_per_user_hz: 1)), run: (duration_s: 1))"
    )
}

/// 40 links whose users all follow one way.
fn along(way: &str, channel: &str) -> String {
    format!(
        "(users: (count: 10, mobility: Listed([[{way}]])), channel: ({channel}),
          policies: [EdgeAll], workload: (arrivals: Poisson(rate_per_user_hz: 1)),
          run: (duration_s: 1))"
    )
}

/// The correlation of two samples, and its standard deviation where there is none to
/// speak of.
fn correlation(a: &[f64], b: &[f64]) -> (f64, f64) {
    let n = a.len() as f64;
    let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let covariance = |x: &[f64], mean_x: f64, y: &[f64], mean_y: f64| {
        let products = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y));
        products.sum::<f64>() / n
    };
    let (of_a, of_b) = (
        covariance(a, mean_a, a, mean_a),
        covariance(b, mean_b, b, mean_b),
    );
    let found = covariance(a, mean_a, b, mean_b) / (of_a * of_b).sqrt();
    (found, 1.0 / n.sqrt())
}

/// Of Rayleigh fading's power from time 0 to 25 ms.
fn correlation_after_25_ms(variation: &str, block_ms: f64) -> (f64, f64) {
    let channel = format!("variation: {variation}, block_ms: {block_ms}");
    let powers = powers(&at_rest(&channel), &[0.0, 25.0]);
    correlation(&powers[0], &powers[1])
}

#[test]
fn jakes_fading_correlates_as_clarke_says_at_any_block_length() {
    // J0(2 pi 20 Hz 25 ms)^2. A sum of 64 waves is off by up to 1 / 64.
    let clarke = libm::j0(std::f64::consts::PI).powi(2);
    assert!((clarke - 0.0926).abs() < 1e-4);
    for block_ms in [0.5, 5.0, 25.0] {
        let (found, deviation) = correlation_after_25_ms("Jakes(doppler_hz: 20)", block_ms);
        let off = (found - clarke).abs();
        assert!(
            off < 1.0 / 64.0 + 4.0 * deviation,
            "{found} at {block_ms} ms"
        );
    }
}

#[test]
fn jakes_fading_is_the_same_path_at_any_block_length() {
    let at = |block_ms: f64| {
        let channel = format!("variation: Jakes(doppler_hz: 20), block_ms: {block_ms}");
        powers(&along("(0, 0, 0)", &channel), &[25.0, 50.0, 5000.0])
    };
    for (fine, coarse) in at(0.5).iter().flatten().zip(at(25.0).iter().flatten()) {
        assert!((fine - coarse).abs() < 1e-9, "{fine} {coarse}");
    }
}

#[test]
fn gauss_markov_fading_correlates_by_its_coherence_time_at_any_block_length() {
    // The power of Rayleigh fading: exp(-2 t / T).
    for (coherence_ms, expected) in [(25.0, (-2.0f64).exp()), (250.0, (-0.2f64).exp())] {
        for block_ms in [0.5, 5.0, 25.0] {
            let variation = format!("GaussMarkov(coherence_ms: {coherence_ms})");
            let (found, deviation) = correlation_after_25_ms(&variation, block_ms);
            // Powers are far from normal: allow twice the spread of normal ones.
            let off = (found - expected).abs();
            assert!(
                off < 8.0 * deviation,
                "{found} not {expected} at {block_ms} ms"
            );
        }
    }
}

const CARRIER: &str = "carrier_ghz: 3, block_ms: 1";
/// The Doppler frequency of 10 m/s at 3 GHz.
const OF_TEN_M_PER_S: &str =
    "variation: Jakes(doppler_hz: 100.069228559446), carrier_ghz: 3, block_ms: 1";

#[track_caller]
fn assert_same(a: &[Vec<f64>], b: &[Vec<f64>]) {
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}

#[test]
fn a_user_in_motion_has_the_doppler_frequency_of_its_speed() {
    let way = "(0, 0, 0), (10, 100, 0)";
    let times_ms = [0.0, 1.0, 7.0, 100.0, 5000.0];
    let of_motion = powers(&along(way, CARRIER), &times_ms);
    assert_same(&of_motion, &powers(&along(way, OF_TEN_M_PER_S), &times_ms));
    // It has changed a lot within 7 ms, 0.7 of a wavelength.
    let off = of_motion[0].iter().zip(&of_motion[2]);
    assert!(off.map(|(a, b)| (a - b).abs()).sum::<f64>() > 10.0);
    // Saying so is the same as saying nothing.
    let said = format!("variation: Jakes(), {CARRIER}");
    assert_eq!(powers(&along(way, &said), &times_ms), of_motion);
    // A path loss with a carrier needs no other, and has the same fading.
    let umi = "path_loss: UmiLos(carrier_ghz: 3), block_ms: 1";
    assert_same(&of_motion, &powers(&along(way, umi), &times_ms));
    // Told otherwise, fading stays as it is.
    let frozen = powers(&along(way, "variation: Static"), &times_ms);
    assert_same(&frozen[..1], &frozen[4..]);
}

#[test]
fn phases_follow_the_distance_travelled_through_changes_of_speed_and_rests() {
    let times_ms = [1000.0, 1100.0, 1200.0, 2000.0, 3000.0];
    let steady = powers(&along("(0, 0, 0), (10, 100, 0)", CARRIER), &times_ms);
    // 10 m/s, at rest, then around a bend at 20 m/s: at the places of the steady walk.
    let way = "(0, 0, 0), (1, 10, 0), (2, 10, 0), (2.5, 20, 0), (3, 20, 10)";
    let times_ms = [1000.0, 2050.0, 2100.0, 2500.0, 3000.0];
    let varied = powers(&along(way, CARRIER), &times_ms);
    assert_same(&steady, &varied);
    // At rest, in the middle of the way and at its end, nothing moves.
    let resting = powers(
        &along(way, CARRIER),
        &[1000.0, 1333.0, 2000.0, 3000.0, 9000.0],
    );
    assert_same(&resting[0..1], &resting[1..2]);
    assert_same(&resting[0..1], &resting[2..3]);
    assert_same(&resting[3..4], &resting[4..5]);
}

/// The share of deadlines that each policy of `scenarios/mobility.ron` misses at 0.1 and
/// at 30 m/s, in percent.
fn missed_in_motion(overrides: &[(&str, &str)]) -> [[f64; 2]; 2] {
    let overrides: Vec<Override> = [
        ("policies", "[StrongestSignal, NearestServer]"),
        ("sweep.values", "[0.1, 30]"),
        ("replications", "20"),
    ]
    .iter()
    .chain(overrides)
    .map(|(field, value)| Override::set(field, value))
    .collect();
    let experiment = load(Path::new("scenarios/mobility.ron"), &overrides)
        .and_then(Experiment::new)
        .unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let results = experiment
        .run(None, &AtomicBool::new(false), &|| ())
        .expect("it runs");
    let missed = |point: usize, policy: usize| {
        let result = &results.points[point].policies[policy];
        let measures = &result.measures;
        let share = measures
            .iter()
            .find(|(name, _)| *name == "deadline_missed_share");
        100.0 * share.expect("there is a deadline").1.mean
    };
    [0, 1].map(|policy| [0, 1].map(|point| missed(point, policy)))
}

/// What the header of the scenario says one sees.
#[test]
fn who_looks_at_the_channel_loses_by_speed_and_who_does_not_gains() {
    let [strongest, nearest] = missed_in_motion(&[]);
    assert!(strongest[0] < nearest[0] - 2.0, "{strongest:?} {nearest:?}");
    assert!(strongest[1] > nearest[1] + 4.0, "{strongest:?} {nearest:?}");
    // All of it is fading.
    let still = missed_in_motion(&[("channel.variation", "Static")]);
    for [slow, fast] in still {
        assert!((slow - fast).abs() < 1.5, "{slow} {fast}");
    }
}

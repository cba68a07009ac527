//! Cities under an interference tolerance: what cells receive against the exact sums,
//! decisions over the servers within reach, and delays against the exact run.

use crate::manual_numbers;
use edgelm::city::CityLedger;
use edgelm::experiment::{Experiment, PolicyResult, world_model};
use edgelm::physics::allocation::Allocations;
use edgelm::physics::gains::{GainTable, LinkGains, NearRow};
use edgelm::physics::interference::Transmitter;
use edgelm::policy::{Goa, Policy, literal};
use edgelm::scenario::{Diagnostic, Loaded, Scenario};
use edgelm::snapshot::{ServerState, View, WaitingQuery};
use edgelm::station::uplink::{Radio, Uplinks};
use edgelm::uncertainty::Table;
use edgelm::units::{Bits, Seconds, Watts};
use edgelm::world::streams::StreamKey;
use edgelm::world::{World, WorldModel};
use rand::RngExt;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// 7 x 7 cells of an urban macro network.
fn city(users: usize, tolerance: f64, more: &str) -> String {
    format!(
        "(area: (width_m: 3800, height_m: 3200), users: (count: {users}),
          servers: (placement: Hexagonal(columns: 7, rows: 7, spacing_m: 500)),
          channel: (path_loss: UmaNlos(carrier_ghz: 3.5), noise_figure_db: 5,
                    interference_tolerance: {tolerance}),
          sharing: Live, {more})"
    )
}

fn model(users: usize, tolerance: f64) -> WorldModel {
    let more = "workload: (arrivals: Poisson(rate_per_user_hz: 1)), run: (duration_s: 1),
        policies: [LocalAll]";
    let scenario = Scenario::from_ron(&city(users, tolerance, more)).expect("a valid scenario");
    world_model(&scenario, &Table::default())
}

fn radio(model: &WorldModel) -> Radio {
    Radio {
        bandwidth: model.cells.bandwidth,
        noise: model.cells.noise,
        tx_power: model.users.tx_power,
        interference: model.interference,
    }
}

/// Users come and go at random; at every instant each busy cell's rates stand
/// for what its near transmitters and the mean of its far ones amount to, within the
/// tolerance, and r.m.s. within it for the exact sum over all gains.
#[test]
fn cells_receive_what_they_should_within_the_tolerance() {
    for tolerance in [0.03, 0.1] {
        let (near_model, exact_model) = (model(400, tolerance), model(400, 0.0));
        let (mut squares, mut count, mut far_links) = (0.0, 0.0, 0);
        for replication in 0..6 {
            let key = StreamKey::root(8).index(replication);
            let world = World::draw(&near_model, key);
            let exact = World::draw(&exact_model, key);
            let neighbourhoods = world.neighbourhoods().expect("a tolerance");
            let radio = radio(&near_model);
            let (reading, power) = (radio.interference, radio.tx_power);
            let ledger = CityLedger::new(reading, power, radio.noise, neighbourhoods);
            let mut uplinks = Uplinks::with_ledger(radio, 49, Box::new(ledger));
            let mut rng = key.named("test").stream();
            let mut active: Vec<Option<usize>> = vec![None; 400];
            for event in 0..1_500 {
                let now = Seconds(1e-7 * f64::from(event));
                let user = rng.random_range(0..400);
                if active[user].take().is_some() {
                    uplinks.end(now, user);
                } else {
                    let links = world.links(user);
                    let best = links.iter().max_by(|a, b| a.1.total_cmp(&b.1));
                    let (cell, gain) = best.expect("some server is near");
                    let transmitter = Transmitter {
                        cell,
                        gain,
                        nearest: world.nearest_server(user),
                        links,
                    };
                    uplinks.start(now, user, Bits(1e9), transmitter);
                    active[user] = Some(cell);
                }
                uplinks.update_rates(now, |_, _| {});
                if event % 50 != 0 {
                    continue;
                }
                for cell in 0..49 {
                    let others = || (0..400).filter(|&u| active[u].is_some_and(|to| to != cell));
                    let gain_or_mean = |user: usize| {
                        let far = || {
                            let gains = neighbourhoods.far_gains(world.nearest_server(user));
                            f64::from(gains[cell])
                        };
                        world.links(user).to(cell).unwrap_or_else(far)
                    };
                    let power = |gain: f64| radio.tx_power.0 * gain;
                    let split: f64 = others().map(|user| power(gain_or_mean(user))).sum();
                    let noise = radio.noise.0;
                    let received = uplinks.power().from_others(cell).0;
                    assert!(
                        ((received + noise) / (split + noise) - 1.0).abs() <= tolerance,
                        "{received} {split}"
                    );
                    let all: f64 = others()
                        .map(|user| power(exact.links(user).gain(cell)))
                        .sum();
                    squares += ((split + noise) / (all + noise) - 1.0).powi(2);
                    count += 1.0;
                    far_links += others()
                        .filter(|&user| world.links(user).to(cell).is_none())
                        .count();
                }
            }
            assert_eq!(
                uplinks.active(),
                active.iter().flatten().count(),
                "nobody is lost"
            );
        }
        let rms: f64 = f64::sqrt(squares / count);
        assert!(rms <= tolerance, "{rms} at {tolerance}");
        // The case is one with a far field.
        assert!(far_links > 10_000 && rms > 0.0, "{far_links} {rms}");
    }
}

/// A drawn city as a snapshot: over the servers within reach GOA decides what the
/// literal algorithm decides when all other gains are zero.
#[test]
fn decisions_within_reach_are_those_of_the_literal_algorithm() {
    let users = 90;
    let model = model(users, 0.03);
    for replication in 0..12 {
        let world = World::draw(&model, StreamKey::root(9).index(replication));
        let queries: Vec<WaitingQuery> = (0..users)
            .map(|user| {
                let query = world.query(user, 0, None);
                WaitingQuery {
                    user,
                    uncertainty: query.uncertainty,
                    bits: query.bits,
                    slm_work: query.slm_work,
                    llm_work: query.llm_work,
                    tokens: None,
                    local_time: None,
                    local_capacity: world.users()[user].capacity,
                    local_backlog: Seconds(0.0),
                    position: None,
                    truth: None,
                }
            })
            .collect();
        let servers: Vec<ServerState> = world
            .servers()
            .iter()
            .enumerate()
            .map(|(j, server)| ServerState {
                capacity: server.capacity,
                max_per_user: model.servers.max_per_user,
                bandwidth: model.cells.bandwidth,
                noise: model.cells.noise,
                // Loads that make weak links to idle servers worth it.
                connected: (j * 7 + replication as usize) % 30,
                from_others: Watts(1e-14 * (j % 5) as f64),
                from_own: Watts(0.0),
                batching: None,
                latency: Seconds(2e-3 * (j % 3) as f64),
                position: None,
            })
            .collect();
        let near: Vec<LinkGains<'_>> = (0..users).map(|user| world.links(user)).collect();
        // More than are looked at one by one.
        assert!(near.iter().all(|links| (5..49).contains(&links.len())));
        let full: Vec<f64> = near
            .iter()
            .flat_map(|links| (0..49).map(|server| links.to(server).unwrap_or(0.0)))
            .collect();
        let view = |gains| View {
            now: Seconds(0.0),
            queries: &queries,
            servers: &servers,
            gains,
            tx_power: model.users.tx_power,
            interference: model.interference,
            allocations: Allocations::default(),
            key: StreamKey::root(1),
        };
        let expected = literal::algorithm_1(&view(GainTable::full(&full)), 0.6);
        let (mut kept, mut rows) = (Vec::new(), Vec::new());
        for (user, links) in near.iter().enumerate() {
            rows.push(NearRow {
                nearest: world.nearest_server(user) as u32,
                start: kept.len() as u32,
            });
            kept.extend_from_slice(links.gains());
        }
        let neighbourhoods = world.neighbourhoods().expect("a tolerance");
        let within_reach = GainTable::new(&kept, Some((neighbourhoods.reach(), &rows)));
        for gains in [within_reach, GainTable::full(&full)] {
            let found = Goa { tau: 0.6 }.decide(&view(gains)).expect("GOA decides");
            assert_eq!(found, expected);
        }
        assert!(expected.offloaded() > 30);
    }
}

fn loaded(text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    Loaded::from_text(text, Path::new("city.ron"), &[])
}

fn run(text: &str) -> PolicyResult {
    let experiment = loaded(text)
        .and_then(Experiment::new)
        .unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let mut results = experiment
        .run(None, &AtomicBool::new(false), &|| ())
        .expect("it runs");
    results.points.remove(0).policies.remove(0)
}

#[test]
fn a_tolerance_moves_the_mean_delay_by_less_than_a_thousandth() {
    let delay = |tolerance| {
        let more = "replications: 2, scheduling: Every(period_ms: 10),
            workload: (arrivals: Poisson(rate_per_user_hz: 6.28), query_bits: Fixed(13000)),
            run: (duration_s: 1), policies: [Goa(tau: 0.6)]";
        let result = run(&city(1_500, tolerance, more));
        let found = result.delay_mean_ms.mean;
        (found, result.queries)
    };
    let (exact, queries) = delay(0.0);
    assert!(queries > 15_000);
    let moved = [1e-3, 1e-2, 5e-2].map(|tolerance| {
        let (found, same_queries) = delay(tolerance);
        assert_eq!(same_queries, queries);
        let moved = found / exact - 1.0;
        assert!(moved.abs() < 1e-3, "{moved:e} at {tolerance}");
        100.0 * moved
    });
    let [at_1e3, at_1e2, at_5e2] = moved;
    let sentence = format!(
        "mean delay {exact:.4} ms exactly, {at_1e3:+.4} % at 1e-3, {at_1e2:+.3} % at 1e-2, \
         {at_5e2:+.3} % at 5e-2."
    );
    manual_numbers::says("docs/city.md", &[sentence]);
}

#[test]
fn what_a_tolerance_cannot_do_is_said() {
    for (field, value, said) in [
        ("sharing: Live", "sharing: Held", "Held"),
        (
            "noise_figure_db: 5,",
            "interference: AsPrinted,",
            "AsPrinted",
        ),
        (
            "(count: 10)",
            "(count: 10, mobility: RandomWaypoint(speed_min_m_per_s: 1, speed_max_m_per_s: 2))",
            "move",
        ),
        (
            "interference_tolerance: 0.1",
            "interference_tolerance: -0.1",
            "0, which is exact, or",
        ),
        (
            "interference_tolerance: 0.1",
            "interference_tolerance: 1e-9",
            "from 1e-6",
        ),
        ("spacing_m: 500", "spacing_m: 600", "fits"),
    ] {
        let more = "workload: (arrivals: Poisson(rate_per_user_hz: 1)), run: (duration_s: 1),
            policies: [LocalAll]";
        let text = city(10, 0.1, more);
        assert!(text.contains(field), "{field}");
        let wrong = loaded(&text.replace(field, value))
            .map(|_| ())
            .expect_err("it is wrong");
        assert!(
            wrong.iter().any(|one| one.to_string().contains(said)),
            "{said}: {}",
            wrong[0]
        );
    }
}

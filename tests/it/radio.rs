//! Links of TR 38.901 as worlds have them: line of sight, shadowing and buildings against
//! what the standard's tables say of many links.

use crate::command::{example, run as edgelm};
use crate::manual_numbers::says;
use edgelm::scenario::{Loaded, Override};
use edgelm::units::Metres;
use edgelm::world::channel::tr38901::{Environment, Sight};
use edgelm::world::channel::{
    Buildings, Channel, Fading, FadingProcess, LineOfSight, PathLoss, Shadowing, StandardShadowing,
    Walls,
};
use edgelm::world::geometry::Point;
use edgelm::world::streams::StreamKey;
use std::path::Path;

const CARRIER_GHZ: f64 = 3.5;

fn street(line_of_sight: LineOfSight) -> Channel {
    Channel {
        path_loss: PathLoss::UMi {
            carrier_ghz: CARRIER_GHZ,
            terminal_height_m: 1.5,
            line_of_sight,
        },
        fading: Fading::None,
        shadowing: Shadowing::Deviation(0.0),
        buildings: None,
        antennas_db: 0.0,
        process: FadingProcess::Static,
    }
}

/// Losses in dB of the links of many users, all of them `distance_m` away.
fn losses(channel: &Channel, distance_m: f64) -> Vec<f64> {
    let server = (0, Point(0.0, 0.0));
    (0..20_000)
        .map(|user| {
            let place = (user, Point(distance_m, 0.0));
            -10.0 * channel.mean_gain(StreamKey::root(5), place, server).log10()
        })
        .collect()
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

#[test]
fn links_have_line_of_sight_as_often_as_their_distance_says() {
    for distance_m in [15.0, 40.0, 120.0, 400.0] {
        let [line, obstructed] = [LineOfSight::Always, LineOfSight::Never]
            .map(|sight| losses(&street(sight), distance_m)[0]);
        let drawn = losses(&street(LineOfSight::Drawn), distance_m);
        assert!(
            drawn
                .iter()
                .all(|loss| *loss == line || *loss == obstructed)
        );
        let share = drawn.iter().filter(|loss| **loss == line).count() as f64 / 20_000.0;
        let expected = Environment::UMi.sight_probability(Metres(distance_m));
        // Four standard deviations.
        assert!(
            (share - expected).abs() < 0.0142,
            "{distance_m} m: {share} {expected}"
        );
    }
}

/// Who walks away loses line of sight once, and has it again at the same place.
#[test]
fn a_link_keeps_its_luck() {
    let channel = street(LineOfSight::Drawn);
    let sights = |user: usize| -> Vec<bool> {
        let at = |distance_m: f64, channel: &Channel| {
            let place = (user, Point(distance_m, 0.0));
            channel.mean_gain(StreamKey::root(5), place, (0, Point(0.0, 0.0)))
        };
        let line = street(LineOfSight::Always);
        let steps = (1..60).map(|step| 10.0 * f64::from(step));
        steps.map(|d| at(d, &channel) == at(d, &line)).collect()
    };
    for user in 0..200 {
        let seen = sights(user);
        let changes = seen.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(changes <= 1 && seen[0], "user {user}: {seen:?}");
    }
}

#[test]
fn shadowing_has_the_deviation_of_the_links_state() {
    for (line_of_sight, deviation_db) in [(LineOfSight::Always, 4.0), (LineOfSight::Never, 7.82)] {
        let plain = losses(&street(line_of_sight), 100.0)[0];
        let shadowed = Channel {
            shadowing: Shadowing::Standard(StandardShadowing::ByState),
            ..street(line_of_sight)
        };
        let (mean, deviation) = moments(&losses(&shadowed, 100.0));
        assert!((mean - plain).abs() < 0.25, "{mean} {plain}");
        assert!((deviation / deviation_db - 1.0).abs() < 0.03, "{deviation}");
    }
}

/// Correlated shadowing is one for all who stand at a place, falls to 1/e over the standard's
/// distance, and has the deviation of the state.
#[test]
fn shadowing_is_correlated_over_distance() {
    let channel = Channel {
        shadowing: Shadowing::Standard(StandardShadowing::Correlated),
        ..street(LineOfSight::Never)
    };
    let plain = street(LineOfSight::Never);
    let reach_m = Environment::UMi.correlation_distance(Sight::Obstructed).0;
    let shadow = |seed: u64, user: usize, y: f64| {
        let place = (user, Point(100.0, y));
        let server = (0, Point(0.0, 0.0));
        let key = StreamKey::root(seed);
        let db = |channel: &Channel| 10.0 * channel.mean_gain(key, place, server).log10();
        db(&channel) - db(&plain)
    };
    let (mut together, mut apart, mut square) = (0.0, 0.0, 0.0);
    let worlds = 20_000;
    for seed in 0..worlds {
        let here = shadow(seed, 0, 0.0);
        assert!((here - shadow(seed, 7, 0.0)).abs() < 1e-9);
        square += here * here;
        together += here * shadow(seed, 1, 1.0);
        apart += here * shadow(seed, 1, reach_m);
    }
    assert!((square / worlds as f64).sqrt() / 7.82 - 1.0 < 0.03);
    let correlation = |products: f64| products / square;
    assert!((correlation(together) - (-1.0 / reach_m).exp()).abs() < 0.03);
    assert!(
        (correlation(apart) - (-1.0f64).exp()).abs() < 0.04,
        "{}",
        correlation(apart)
    );
}

/// Outside as before, inside more by walls and rooms: 12.7 dB of low walls at 3.5 GHz and half
/// a decibel for each of 25 / 3 m on average.
#[test]
fn users_in_buildings_lose_what_walls_and_rooms_take() {
    let channel = Channel {
        buildings: Some(Buildings {
            indoor_share: 0.8,
            walls: Walls::LowLoss,
        }),
        ..street(LineOfSight::Never)
    };
    let outside = losses(&street(LineOfSight::Never), 150.0)[0];
    let all = losses(&channel, 150.0);
    let inside: Vec<f64> = all
        .iter()
        .map(|loss| loss - outside)
        .filter(|l| *l != 0.0)
        .collect();
    let share = inside.len() as f64 / all.len() as f64;
    assert!((share - 0.8).abs() < 0.012, "{share}");
    let (mean, deviation) = moments(&inside);
    let walls = Walls::LowLoss.loss_db(CARRIER_GHZ);
    assert!((mean - walls - 0.5 * 25.0 / 3.0).abs() < 0.2, "{mean}");
    let high = Walls::HighLoss.loss_db(CARRIER_GHZ);
    says(
        "docs/radio.md",
        &[
            format!("{walls:.1} dB on average"),
            format!("{high:.1} dB for `HighLoss`"),
        ],
    );
    // The least of two uniform depths varies by 25 / sqrt(18) m.
    let expected = 4.4f64.hypot(0.5 * 25.0 / 18f64.sqrt());
    assert!(
        (deviation / expected - 1.0).abs() < 0.03,
        "{deviation} {expected}"
    );
}

#[test]
fn what_does_not_go_together_is_told() {
    let text = "(users: (count: 3), policies: [EdgeAll])";
    let said = |sets: &[(&str, &str)]| {
        let sets: Vec<Override> = sets.iter().map(|(f, v)| Override::set(f, v)).collect();
        let wrong = Loaded::from_text(text, Path::new("s.ron"), &sets).err();
        wrong
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect::<String>()
    };
    let street = ("channel.path_loss", "UMi(carrier_ghz: 3.5)");
    for (sets, parts) in [
        (
            &[("channel.path_loss", "UMi(carrier_ghz: 0.3)")][..],
            ["carrier_ghz", "0.5 to 100"],
        ),
        (
            &[(
                "channel.path_loss",
                "UMa(carrier_ghz: 2, terminal_height_m: 20)",
            )],
            ["terminal_height_m", "1.5 to 13"],
        ),
        (
            &[("channel.shadowing", "ByState")],
            ["channel.shadowing", "`shadowing_db`"],
        ),
        (
            &[
                street,
                ("channel.shadowing", "ByState"),
                ("channel.shadowing_db", "8"),
            ],
            ["channel.shadowing", "one of them"],
        ),
        (
            &[("channel.buildings", "(indoor_share: 0.5)")],
            ["channel.buildings", "no outside"],
        ),
        (
            &[street, ("channel.buildings", "(indoor_share: 1.5)")],
            ["channel.buildings.indoor_share", "0 to 1"],
        ),
        (
            &[
                ("channel.path_loss", "RMa(carrier_ghz: 2)"),
                ("channel.buildings", "(indoor_share: 0.5, walls: HighLoss)"),
            ],
            ["channel.buildings.walls", "LowLoss"],
        ),
        (
            &[
                street,
                ("sharing", "Live"),
                ("channel.interference_tolerance", "0.1"),
            ],
            ["channel.interference_tolerance", "line_of_sight: Always"],
        ),
    ] {
        let said = said(sets);
        for part in parts {
            assert!(said.contains(part), "{sets:?}: no {part} in {said}");
        }
    }
    assert_eq!(
        said(&[
            street,
            ("channel.shadowing", "Correlated"),
            ("channel.buildings", "(indoor_share: 0.8)")
        ]),
        ""
    );
}

/// The budget of a link adds up, and is what a run in which everybody sends to the server
/// reached best meets: the same gain, SINR and time on the uplink.
#[test]
fn a_link_budget_is_what_a_run_meets() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    let street = [
        "--set",
        "channel.path_loss=UMi(carrier_ghz: 3.5)",
        "--set",
        "channel.shadowing=Correlated",
        "--set",
        "channel.buildings=(indoor_share: 0.5)",
        "--set",
        "sweep.values=[30]",
    ];
    let mut run = vec![
        "run",
        "scenarios/fig3.ron",
        "--queries",
        "--replications",
        "1",
    ];
    run.extend(["--out", out, "--set", "policies=[StrongestSignal]"]);
    run.extend(street);
    let (code, _, stderr) = edgelm(&run);
    assert_eq!(code, 0, "{stderr}");
    let file = std::fs::read_to_string(folder.path().join("fig3/queries.csv")).expect("rows");
    let mut lines = file.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let rows: Vec<Vec<&str>> = lines.collect();
    assert_eq!(rows.len(), 30);
    let (mut inside, mut near) = (0, 0);
    for row in rows {
        let cell = |name: &str| -> f64 {
            let at = header.iter().position(|column| *column == name);
            row[at.expect(name)].parse().expect(name)
        };
        let user = (cell("user") as usize).to_string();
        let mut link = vec!["link", "scenarios/fig3.ron", "--json", "--user", &user];
        link.extend(street);
        let (code, said, stderr) = edgelm(&link);
        assert_eq!(code, 0, "{stderr}");
        let budget: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let number = |name: &str| budget[name].as_f64().unwrap_or_else(|| panic!("{name}"));
        let walls = budget["wall_loss_db"].as_f64();
        inside += i32::from(walls.is_some());
        near += i32::from(budget["line_of_sight"] == true);
        let gain = number("shadowing_db") + number("fading_db")
            - number("path_loss_db")
            - walls.unwrap_or(0.0);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{user}: {a} {b}\n{budget}");
        close(number("tx_power_dbm") + gain, number("received_dbm"));
        close(
            number("received_dbm") - number("noise_dbm"),
            number("snr_db"),
        );
        assert_eq!(cell("server"), number("server"));
        close(cell("gain_db"), gain);
        close(cell("sinr_db"), number("sinr_db"));
        close(
            cell("uplink_ms"),
            cell("query_bits") / number("rate_shared_mbps") * 1e-3,
        );
    }
    assert!(
        (5..=25).contains(&inside) && (1..=29).contains(&near),
        "{inside} {near}"
    );
}

#[test]
fn a_link_that_is_not_there_is_told() {
    let (code, said, stderr) = edgelm(&["link", "scenarios/fig3.ron", "--user", "60"]);
    assert_eq!((code, &*said), (2, ""));
    assert!(
        stderr.contains("--user: found 60, allowed is 0 to 59"),
        "{stderr}"
    );
}

/// The command of the manual's page prints the budget that stands there.
#[test]
fn the_page_has_the_budget() {
    let (words, text) = example("docs/radio.md");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (code, said, stderr) = edgelm(&words);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(said.trim_end(), text);
}

/// Without shadowing and interference a map is the closed form: the nearest server, and
/// P / (sigma^2 loss(d)) with the log-distance loss.
#[test]
fn a_map_is_what_a_phone_more_would_have() {
    let folder = tempfile::tempdir().expect("a folder");
    let map = |out: &str| {
        let out = folder.path().join(out);
        let mut arguments = vec!["map", "scenarios/fig3.ron", "--columns", "12"];
        arguments.extend(["--set", "channel.interference=Orthogonal", "--out"]);
        arguments.push(out.to_str().expect("UTF-8"));
        let (code, said, stderr) = edgelm(&arguments);
        assert_eq!(code, 0, "{stderr}");
        assert!(said.starts_with("12 x 12 squares of 41.6"), "{said}");
        let file = |name: &str| std::fs::read(out.join("fig3-map").join(name)).expect(name);
        ["map.csv", "map_sinr.png", "map_rate.png", "map_server.png"].map(file)
    };
    let files = map("one");
    assert!(files == map("other"), "the same bytes");
    let rows = String::from_utf8(files[0].clone()).expect("UTF-8");
    let rows: Vec<Vec<f64>> = rows
        .lines()
        .skip(1)
        .map(|row| {
            row.split(',')
                .map(|cell| cell.parse().expect("a number"))
                .collect()
        })
        .collect();
    assert_eq!(rows.len(), 144);
    // The paper's servers stand in the middles of the quarters of 500 m x 500 m.
    let servers = [
        (125.0, 125.0),
        (125.0, 375.0),
        (375.0, 125.0),
        (375.0, 375.0),
    ];
    for row in rows {
        let distances = servers.map(|(x, y): (f64, f64)| (row[0] - x).hypot(row[1] - y));
        let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
        assert_eq!(distances[row[2] as usize], nearest, "{row:?}");
        let tx_dbm = 10.0 * 200f64.log10();
        let received_dbm = tx_dbm - 38.5 - 22.0 * nearest.max(1.0).log10();
        let snr_db = received_dbm + 174.0 - 80.0;
        let rate_mbps = 100.0 * (1.0 + 10f64.powf(snr_db / 10.0)).log2();
        for (found, expected) in row[3..].iter().zip([received_dbm, snr_db, rate_mbps]) {
            assert!((found / expected - 1.0).abs() < 1e-9, "{row:?} {expected}");
        }
    }
}

/// Open loop: each phone sends P0 + 10 log10(M) + alpha PL, at most its full power, by the
/// loss to the server that it reaches best; with alpha = 1 all who are not at full power are
/// received alike there. Antennas count in the loss.
#[test]
fn phones_make_up_for_their_loss() {
    let link = |user: usize, server: usize, alpha: &str| -> serde_json::Value {
        let control = format!("users.power_control=Fractional(p0_dbm: -95, alpha: {alpha})");
        let (user, server) = (user.to_string(), server.to_string());
        let mut arguments = vec!["link", "scenarios/fig3.ron", "--json", "--user", &user];
        arguments.extend(["--server", &server, "--set", &control]);
        arguments.extend(["--set", "channel.path_loss=UMi(carrier_ghz: 3.5)"]);
        arguments.extend(["--set", "servers.antenna_gain_dbi=8"]);
        let (code, said, stderr) = edgelm(&arguments);
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&said).expect("JSON")
    };
    let number = |of: &serde_json::Value, name: &str| of[name].as_f64().expect(name);
    let (full_dbm, blocks_db) = (10.0 * 200f64.log10(), 10.0 * (100e6f64 / 180e3).log10());
    let mut at_full = 0;
    for user in 0..12 {
        for (alpha, text) in [(1.0, "1"), (0.6, "0.6")] {
            let links: Vec<_> = (0..4).map(|server| link(user, server, text)).collect();
            let loss = |link: &serde_json::Value| number(link, "path_loss_db") - 8.0;
            let least = links.iter().map(loss).fold(f64::INFINITY, f64::min);
            let wanted = -95.0 + blocks_db + alpha * least;
            for link in &links {
                assert_eq!(number(link, "antennas_db"), 8.0);
                let sent = number(link, "tx_power_dbm");
                assert!(
                    (sent - wanted.min(full_dbm)).abs() < 1e-9,
                    "{user}: {sent} {wanted}"
                );
                let received = number(link, "received_dbm") - number(link, "fading_db");
                assert!((received - (sent - loss(link))).abs() < 1e-9);
            }
            at_full += i32::from(wanted >= full_dbm);
        }
    }
    assert!((1..24).contains(&at_full), "{at_full}");
}

/// What is sent with less power takes less energy: at a tenth of the power everywhere, a tenth
/// a second of sending.
#[test]
fn energy_is_that_of_the_power_that_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let energy = |control: &str, out: &str| -> f64 {
        let out = folder.path().join(out);
        let control = format!("users.power_control={control}");
        let mut arguments = vec!["run", "scenarios/fig3.ron", "--replications", "2", "--out"];
        arguments.push(out.to_str().expect("UTF-8"));
        arguments.extend(["--set", &control, "--set", "policies=[StrongestSignal]"]);
        arguments.extend([
            "--set",
            "energy=(device_j_per_gflop: 1, server_j_per_gflop: 1)",
        ]);
        arguments.extend([
            "--set",
            "sweep.values=[20]",
            "--set",
            "channel.noise_figure_db=60",
        ]);
        let (code, _, stderr) = edgelm(&arguments);
        assert_eq!(code, 0, "{stderr}");
        let text = std::fs::read_to_string(out.join("fig3/results.csv")).expect("results");
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let (header, row) = (
            lines.next().expect("a header"),
            lines.next().expect("a row"),
        );
        let cell = |name: &str| -> f64 {
            let at = header
                .iter()
                .position(|column| *column == name)
                .expect(name);
            row[at].parse().expect(name)
        };
        cell("transmit_energy_j") / (cell("uplink_mean_ms") * 1e-3)
    };
    let full = energy("Full", "full");
    assert!((full / 0.2 - 1.0).abs() < 1e-9, "{full} W");
    // With alpha = 0 all send P0 over 100 MHz: 13.0 dBm.
    let tenth = energy("Fractional(p0_dbm: -14.436974992327126, alpha: 0)", "tenth");
    assert!((tenth / 0.02 - 1.0).abs() < 1e-6, "{tenth} W");
}

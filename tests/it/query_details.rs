//! What `queries.csv` tells of a query beyond its stages: when it was decided, what was
//! asked and done, from where and over which link.

use super::detail::{EVERYTHING, Row, edgelm, folder_with, number, rows};
use std::collections::HashMap;
use std::fs;
use tempfile::TempDir;

const BANDWIDTH_HZ: f64 = 1e8;
const TX_POWER_W: f64 = 0.2;

fn noise_w() -> f64 {
    1e-3 * 10f64.powf(-17.4) * BANDWIDTH_HZ
}

/// Mean gain at a distance: 38.5 dB at a metre, exponent 2.2.
fn mean_gain(distance_m: f64) -> f64 {
    10f64.powf(-3.85) * distance_m.powf(-2.2)
}

fn linear(row: &Row, column: &str) -> f64 {
    10f64.powf(number(row, column) / 10.0)
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!(
        (found / expected - 1.0).abs() < 1e-9,
        "{found} is not {expected}"
    );
}

fn queries(folder: &TempDir, more: &[&str]) -> Vec<Row> {
    edgelm(folder, &["run", "small.ron", "--queries"])
        .args(more)
        .assert()
        .success();
    rows(&folder.path().join("output/small/queries.csv"))
}

#[test]
fn a_transmission_alone_has_signal_over_noise_and_its_rate() {
    for (sharing, variation) in [
        ("Live", ""),
        ("Held", ""),
        ("Live", "variation: IndependentBlocks"),
    ] {
        let folder = folder_with(&format!(
            "(users: (count: 1), replications: 6, sharing: {sharing}, channel: ({variation}),
              workload: (arrivals: Periodic(period_s: 0.6)), run: (duration_s: 3),
              policies: [EdgeAll])"
        ));
        let queries = queries(&folder, &["--detail-replications", "6"]);
        assert_eq!(queries.len(), 30);
        for row in &queries {
            let sinr = linear(row, "sinr_db");
            assert_close(sinr, TX_POWER_W * linear(row, "gain_db") / noise_w());
            let rate = BANDWIDTH_HZ * (1.0 + sinr).log2();
            assert_close(number(row, "uplink_ms"), 1300.0 / rate * 1e3);
            assert_eq!(number(row, "decided_s"), number(row, "arrival_s"));
        }
        // Each replication has its world, each block its fading.
        let mut gains: Vec<&String> = queries.iter().map(|row| &row["gain_db"]).collect();
        gains.sort();
        gains.dedup();
        assert_eq!(gains.len(), if variation.is_empty() { 6 } else { 30 });
    }
}

/// Two users, each 50 m and 40 m from its server, 250 m and 240 m from the other's.
const TWO_CELLS: &str = "users: (count: 2, placement: Listed([(100, 100), (390, 100)])),
    servers: (placement: Listed([(150, 100), (350, 100)])),
    replications: 1, policies: [NearestServer],";

#[test]
fn two_cells_disturb_each_other_as_eq_3_says() {
    let own = [mean_gain(50.0), mean_gain(40.0)].map(|gain| TX_POWER_W * gain);
    let other = [mean_gain(240.0), mean_gain(250.0)].map(|gain| TX_POWER_W * gain);
    for sharing in ["Live", "Held"] {
        for (reading, interference_w) in [
            ("CoChannel", other),
            ("AsPrinted", [own[1], own[0]]),
            ("Orthogonal", [0.0, 0.0]),
        ] {
            let folder = folder_with(&format!(
                "({TWO_CELLS} sharing: {sharing},
                  channel: (fading: None, interference: {reading}))"
            ));
            let queries = queries(&folder, &[]);
            assert_eq!(queries.len(), 2);
            for row in &queries {
                let user = number(row, "user") as usize;
                assert_eq!(number(row, "server") as usize, user);
                assert_close(linear(row, "gain_db"), own[user] / TX_POWER_W);
                let sinr = own[user] / (interference_w[user] + noise_w());
                assert_close(linear(row, "sinr_db"), sinr);
                assert_eq!(number(row, "user_x_m"), [100.0, 390.0][user]);
                assert_eq!(number(row, "user_y_m"), 100.0);
            }
        }
    }
}

#[test]
fn the_sinr_is_that_of_the_start() {
    // The second begins while the first sends, the third shares the first's cell while
    // both do; the fourth finds nobody.
    let folder = folder_with(&format!(
        "({TWO_CELLS} sharing: Live, channel: (fading: None), run: (duration_s: 20),
          workload: (query_bits: Fixed(1e8), arrivals: Trace(file: \"arrivals.csv\")))"
    ));
    let trace = "arrival_s,prompt_tokens,output_tokens,user\n\
                 0,1,1,0\n0.001,1,1,1\n0.002,1,1,0\n9,1,1,1\n";
    fs::write(folder.path().join("arrivals.csv"), trace).expect("writable");
    let mut queries = queries(&folder, &[]);
    queries.sort_by_key(|row| number(row, "query") as usize);
    assert!(
        queries[..3]
            .iter()
            .all(|row| number(row, "uplink_ms") > 2.0)
    );
    let [near_first, near_second] = [50.0, 40.0].map(|d| TX_POWER_W * mean_gain(d));
    let [far_second, far_first] = [240.0, 250.0].map(|d| TX_POWER_W * mean_gain(d));
    let expected = [
        near_first / noise_w(),
        near_second / (far_first + noise_w()),
        near_first / (far_second + noise_w()),
        near_second / noise_w(),
    ];
    assert_eq!(queries.len(), expected.len());
    for (row, expected) in queries.iter().zip(expected) {
        assert_close(linear(row, "sinr_db"), expected);
    }
    // Of the second query two users of the other cell are heard after a millisecond.
    let sinr = linear(&queries[1], "sinr_db");
    let undisturbed_ms = 1e8 / (BANDWIDTH_HZ * (1.0 + sinr).log2()) * 1e3;
    assert!(number(&queries[1], "uplink_ms") > 1.001 * undisturbed_ms);
}

#[test]
fn users_that_move_are_where_their_gain_is_from() {
    let folder = folder_with(
        "(users: (count: 3, mobility: RandomWaypoint(speed_min_m_per_s: 10, speed_max_m_per_s: 30)),
          servers: (placement: Listed([(250, 250)])), channel: (fading: None),
          replications: 1, sharing: Live, run: (duration_s: 20),
          workload: (arrivals: Poisson(rate_per_user_hz: 2)), policies: [Threshold(tau: 0.5)])",
    );
    let queries = queries(&folder, &[]);
    let mut places = HashMap::new();
    let mut sent = 0;
    for row in &queries {
        let (x, y) = (number(row, "user_x_m"), number(row, "user_y_m"));
        places.insert((x.to_bits(), y.to_bits()), ());
        if row["server"].is_empty() {
            assert_eq!((&*row["gain_db"], &*row["sinr_db"]), ("", ""));
        } else {
            let distance = (x - 250.0).hypot(y - 250.0);
            assert_close(linear(row, "gain_db"), mean_gain(distance));
            sent += 1;
        }
    }
    assert!(sent > 20 && sent < queries.len() && places.len() > queries.len() / 2);
}

#[test]
fn work_is_what_was_asked_or_the_part_that_was_done() {
    // So early a deadline that some queries reach it before they are decided.
    let folder = folder_with(&EVERYTHING.replace("after_ms: 120", "after_ms: 40"));
    let all = queries(&folder, &["--detail-replications", "2"]);
    let gflop = |row: &Row, column: &str| number(row, column);
    let ms = |row: &Row, column: &str| number(row, &format!("{column}_ms"));
    // Devices of one replication and user, by what they do in a millisecond.
    let mut speeds: HashMap<[&str; 4], f64> = HashMap::new();
    let (mut partly_device, mut partly_server, mut undecided) = (0, 0, 0);
    for row in &all {
        assert_eq!(row["query_bits"], "1300");
        assert_eq!(
            (&*row["slm_gflop"], &*row["llm_gflop"]),
            ("2.596", "16.863")
        );
        let (slm, llm) = (gflop(row, "slm_gflop"), gflop(row, "llm_gflop"));
        let (device, server) = (
            gflop(row, "device_done_gflop"),
            gflop(row, "server_done_gflop"),
        );
        let asked = match (&*row["server"], &*row["decided_s"]) {
            ("", "") => (0.3 * slm, 0.0),
            ("", _) => (slm, 0.0),
            _ => (0.3 * slm, llm),
        };
        if row["dropped"] == "true" {
            assert!(device <= asked.0 * (1.0 + 1e-9) && server <= asked.1);
            partly_device += usize::from(device > 0.0 && device < 0.999 * asked.0);
            partly_server += usize::from(server > 0.0 && server < 0.999 * asked.1);
        } else {
            assert_close(device, asked.0);
            assert_eq!(server, asked.1);
        }
        // Whatever was done took its time: servers at C_max, devices at their capacity.
        if server > 0.0 {
            assert_close(server / ms(row, "edge_compute"), 1.513);
        }
        if device > 0.0 {
            let user = ["value", "replication", "user", "sweep"].map(|column| &*row[column]);
            let speed = device / (ms(row, "probe") + ms(row, "local_compute"));
            assert_close(*speeds.entry(user).or_insert(speed), speed);
        }
        // The decision comes after the first token and the wait for the instant.
        if row["decided_s"].is_empty() {
            assert_eq!((&*row["dropped"], &*row["user_x_m"]), ("true", ""));
            undecided += 1;
        } else {
            let until = (number(row, "decided_s") - number(row, "arrival_s")) * 1e3;
            let before = ms(row, "probe") + ms(row, "wait");
            let most = before + ms(row, "device_queue");
            assert!((before - 1e-6..=most + 1e-6).contains(&until));
            if !row["server"].is_empty() {
                assert!((until - most).abs() < 1e-6);
            }
        }
        assert_eq!(row["sinr_db"].is_empty(), row["server"].is_empty());
    }
    assert!(speeds.len() > 12 && undecided > 0);
    assert!(
        partly_device > 10 && partly_server > 10,
        "{partly_device} {partly_server}"
    );
}

#[test]
fn columns_are_added_at_the_end_only() {
    let folder = folder_with(EVERYTHING);
    queries(&folder, &["--time-series", "50"]);
    let header = |name: &str| {
        let text = fs::read_to_string(folder.path().join("output/small").join(name));
        let text = text.expect("written");
        text.lines().next().expect("a header").to_owned()
    };
    assert_eq!(
        header("queries.csv"),
        "sweep,value,policy,replication,query,user,server,arrival_s,uncertainty,delay_ms,\
         wait_ms,device_queue_ms,local_compute_ms,uplink_ms,edge_compute_ms,probe_ms,\
         edge_queue_ms,correct,dropped,missed_deadline,measured,decided_s,query_bits,slm_gflop,\
         llm_gflop,device_done_gflop,server_done_gflop,user_x_m,user_y_m,gain_db,sinr_db,\
         downlink_ms,prefill_ms,decode_ms,preempted_ms,access_ms,backhaul_ms"
    );
    assert_eq!(
        header("time_series.csv"),
        "sweep,value,policy,replication,time_s,station,server,transmitting,in_service,queued,\
         utilisation,power_heard_w,tau,memory_in_use"
    );
}

/// One query at a time at a server of 100 blocks of 16 tokens: its prompt fills ten of them, its
/// answer ten more.
#[test]
fn batches_and_their_memory_are_seen_over_time() {
    let folder = folder_with(
        "(users: (count: 1), servers: (placement: Listed([(250, 250)]), serving: Batching(model: \
         \"llama-3.1-8b\", card: \"rtx-4090\", block_tokens: 16, kv_tokens: 1600)), sharing: Live,
          workload: (arrivals: Periodic(period_s: 6), tokens: (prompt_tokens: 160, output_tokens: \
         160)), run: (duration_s: 24), replications: 1, policies: [EdgeAll])",
    );
    let more = ["--time-series", "50", "--export", "csv,png,svg"];
    queries(&folder, &more);
    let out = folder.path().join("output/small");
    let series = rows(&out.join("time_series.csv"));
    let servers = series.iter().filter(|row| row["station"] == "server");
    let (mut seen, mut greatest) = ([0, 0], 0.0f64);
    for row in servers {
        let (running, memory) = (number(row, "in_service"), number(row, "memory_in_use"));
        seen[running as usize] += 1;
        greatest = greatest.max(memory);
        match running {
            0.0 => assert_eq!(memory, 0.0),
            _ => assert!((0.1 - 1e-9..=0.2 + 1e-9).contains(&memory), "{row:?}"),
        }
    }
    assert!(seen[0] > 100 && seen[1] > 100, "{seen:?}");
    assert!(greatest > 0.19, "{greatest}");
    assert!(
        fs::read(out.join("batches.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    let figure = fs::read_to_string(out.join("batches.svg")).unwrap();
    for label in ["Running a server", "Waiting a server", "Memory in use (%)"] {
        assert!(figure.contains(label), "{label}");
    }
    edgelm(&folder, &["trace", "small.ron", "--out", "trace.json"])
        .assert()
        .success();
    let trace = fs::read_to_string(folder.path().join("trace.json")).unwrap();
    assert!(trace.contains("\"name\":\"memory\"") && trace.contains("\"in_use\""));
}

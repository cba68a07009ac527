//! Channels that were measured: a file of gains in place of a law.

use crate::command::run_in;
use std::fs;
use std::path::Path;

fn edgelm(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let (code, _, stderr) = run_in(folder, arguments);
    (code, stderr)
}

/// Columns of a table by the row's first three values.
fn column(file: &Path, name: &str) -> Vec<f64> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let at = reader
        .headers()
        .unwrap()
        .iter()
        .position(|other| other == name)
        .unwrap();
    reader
        .records()
        .map(|row| row.unwrap()[at].parse().unwrap())
        .collect()
}

#[test]
fn the_gains_that_a_map_writes_give_what_was_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = |channel: &str| {
        format!(
            "(users: (count: 20), replications: 1, channel: ({channel}),
              policies: [Goa(tau: 0.6), EdgeAll, MinDelay])"
        )
    };
    fs::write(folder.path().join("drawn.ron"), scenario("shadowing_db: 6")).unwrap();
    let (code, stderr) = edgelm(
        folder.path(),
        &["map", "drawn.ron", "--gains", "--columns", "4"],
    );
    assert_eq!(code, 0, "{stderr}");
    let gains = folder.path().join("output/drawn-map/gains.csv");
    assert_eq!(column(&gains, "gain_db").len(), 20 * 4);
    let read = scenario("gains: \"output/drawn-map/gains.csv\", fading: None");
    fs::write(folder.path().join("read.ron"), read).unwrap();
    for name in ["drawn.ron", "read.ron"] {
        let (code, stderr) = edgelm(folder.path(), &["run", name, "--export", "csv"]);
        assert_eq!(code, 0, "{stderr}");
    }
    let mean = |name: &str| {
        column(
            &folder.path().join("output").join(name).join("results.csv"),
            "delay_mean_ms",
        )
    };
    for (drawn, read) in mean("drawn").iter().zip(mean("read")) {
        assert!((drawn / read - 1.0).abs() < 1e-9, "{drawn} against {read}");
    }
}

/// The SINR is 1 in the first second and 3 from then on: a rate of B and of 2 B.
#[test]
fn a_transmission_goes_on_at_the_rate_of_the_gain_by_then() {
    let folder = tempfile::tempdir().unwrap();
    let noise_w = 10f64.powf(-17.4) * 1e-3 * 1e6;
    let gain_db = |sinr: f64| 10.0 * (sinr * noise_w / 0.2).log10();
    let rows = format!(
        "time_s,user,server,gain_db\n0,0,0,{}\n1,0,0,{}\n",
        gain_db(1.0),
        gain_db(3.0)
    );
    fs::write(folder.path().join("gains.csv"), rows).unwrap();
    let trace = "arrival_s,prompt_tokens,output_tokens\n0,1,1\n";
    fs::write(folder.path().join("trace.csv"), trace).unwrap();
    let scenario = "(
        users: (count: 1),
        replications: 1,
        servers: (placement: Listed([(0, 0)]), bandwidth_mhz: 1),
        channel: (gains: \"gains.csv\"),
        workload: (arrivals: Trace(file: \"trace.csv\"), query_bits: 3e6),
        sharing: Live,
        policies: [EdgeAll],
    )";
    fs::write(folder.path().join("walk.ron"), scenario).unwrap();
    let (code, stderr) = edgelm(folder.path(), &["run", "walk.ron", "--queries"]);
    assert_eq!(code, 0, "{stderr}");
    let uplink_ms = column(&folder.path().join("output/walk/queries.csv"), "uplink_ms");
    // A million bits in the first second, the other two million in one more.
    assert_eq!(uplink_ms.len(), 1);
    assert!((uplink_ms[0] - 2000.0).abs() < 1e-6, "{uplink_ms:?}");
}

#[test]
fn what_is_missing_or_stands_beside_measured_gains_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("gains.csv"),
        "time_s,user,server,gain_db\n0,0,0,-90\n",
    )
    .unwrap();
    let check = |fields: &str| {
        let scenario = format!(
            "(users: (count: 1 {fields}), servers: (placement: Listed([(0, 0)])),
              channel: (gains: \"gains.csv\"), policies: [EdgeAll])"
        );
        fs::write(folder.path().join("a.ron"), scenario).unwrap();
        edgelm(folder.path(), &["check", "a.ron"])
    };
    assert_eq!(check("").0, 0);
    let (code, stderr) =
        check(", mobility: RandomWaypoint(speed_min_m_per_s: 1, speed_max_m_per_s: 2)");
    assert_eq!(code, 2);
    assert!(
        stderr.contains("measured gains beside `users.mobility`"),
        "{stderr}"
    );
    let two = ["check", "a.ron", "--set", "users.count=2"];
    check("");
    let (code, stderr) = edgelm(folder.path(), &two);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("found none of user 1 and server 0"),
        "{stderr}"
    );
    let missing = ["check", "a.ron", "--set", "channel.gains=\"absent.csv\""];
    let (code, stderr) = edgelm(folder.path(), &missing);
    assert_eq!(code, 2);
    assert!(stderr.contains("absent.csv"), "{stderr}");
    for command in ["link", "map"] {
        let (code, stderr) = edgelm(folder.path(), &[command, "a.ron"]);
        assert_eq!(code, 2);
        assert!(stderr.contains("no path loss"), "{stderr}");
    }
}

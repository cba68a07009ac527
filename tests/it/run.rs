//! What a user gets from `edgelm run` and `edgelm check`.

use assert_cmd::Command;
use std::fs;
use tempfile::TempDir;

fn edgelm() -> Command {
    Command::cargo_bin("edgelm").expect("the binary is built")
}

fn run_small(scenario: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("small.ron"), scenario).expect("writable");
    let output = edgelm()
        .current_dir(folder.path())
        .args(["run", "small.ron"])
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    (folder, String::from_utf8(output).expect("UTF-8"))
}

fn csv(folder: &TempDir) -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder.path().join("output/small/results.csv")).expect("written");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    reader
        .records()
        .map(|record| record.expect("tidy").iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn results_csv_has_the_documented_columns_and_a_row_per_point_and_policy() {
    let (folder, stdout) = run_small(
        "(users: (count: 5), replications: 30, policies: [EdgeAll, Goa(tau: 0.6)],
          sweep: (field: \"users.count\", values: [3, 6]))",
    );
    let rows = csv(&folder);
    assert_eq!(
        rows[0][..16].join(","),
        "sweep,value,policy,replications,queries,delay_mean_ms,delay_ci95_ms,delay_p50_ms,\
         delay_p90_ms,delay_p95_ms,delay_p99_ms,delay_p999_ms,accuracy,accuracy_ci95,\
         offloaded_share,objective"
    );
    let keys: Vec<String> = rows[1..].iter().map(|row| row[..5].join(",")).collect();
    assert_eq!(
        keys,
        [
            "users.count,3,EdgeAll,30,90",
            "users.count,3,Goa(tau: 0.6),30,90",
            "users.count,6,EdgeAll,30,180",
            "users.count,6,Goa(tau: 0.6),30,180",
        ]
    );
    for row in &rows[1..] {
        let quantiles: Vec<f64> = row[7..12]
            .iter()
            .map(|q| q.parse().expect("a number"))
            .collect();
        assert!(quantiles.is_sorted(), "{quantiles:?}");
        let mean: f64 = row[5].parse().expect("a number");
        assert!(mean > 0.0 && mean < *quantiles.last().expect("five") * 1.001);
    }
    assert!(stdout.contains("Goa(tau: 0.6)") && stdout.contains("users.count = 6"));
}

#[test]
fn results_json_holds_scenario_stages_and_paired_differences() {
    let (folder, _) =
        run_small("(seed: 9, users: (count: 8), replications: 40, policies: [EdgeAll, LocalAll])");
    let text =
        fs::read_to_string(folder.path().join("output/small/results.json")).expect("written");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["edgelm"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["seed"], 9);
    assert_eq!(json["scenario"]["servers"]["bandwidth_mhz"], 100.0);
    let policies = json["points"][0]["policies"].as_array().expect("policies");
    for policy in policies {
        let mean = policy["delay_mean_ms"]["mean"].as_f64().expect("a number");
        let stages = policy["stages_mean_ms"].as_object().expect("stages");
        let sum: f64 = stages
            .values()
            .map(|s| s["mean"].as_f64().expect("a mean"))
            .sum();
        assert!((sum / mean - 1.0).abs() < 1e-9, "stages sum to the delay");
    }
    let difference = &policies[1]["difference"];
    assert_eq!(difference["to"], "EdgeAll");
    let expected = policies[1]["delay_mean_ms"]["mean"]
        .as_f64()
        .expect("a number")
        - policies[0]["delay_mean_ms"]["mean"]
            .as_f64()
            .expect("a number");
    let found = difference["delay_mean_ms"]["mean"]
        .as_f64()
        .expect("a number");
    assert!((found - expected).abs() < 1e-9 * expected.abs());
    assert!(
        difference["delay_mean_ms"]["ci95"]
            .as_f64()
            .expect("a number")
            > 0.0
    );
}

#[test]
fn the_smallest_systems_run() {
    for scenario in [
        // One user, one server, one replication: no interval, no crash.
        "(users: (count: 1), servers: (placement: Listed([(250, 250)])), replications: 1,
          policies: [EdgeAll, LocalAll, MinDelay, Goa(tau: 0), Goa(tau: 1)])",
        // Nobody offloads, everybody offloads.
        "(users: (count: 3), replications: 2, policies: [LocalAll])",
        "(users: (count: 3), replications: 2, policies: [EdgeAll])",
    ] {
        let (folder, _) = run_small(scenario);
        for row in &csv(&folder)[1..] {
            let share: f64 = row[14].parse().expect("a number");
            match row[2].as_str() {
                "EdgeAll" => assert_eq!(share, 1.0),
                "LocalAll" => assert_eq!(share, 0.0),
                _ => assert!((0.0..=1.0).contains(&share)),
            }
        }
    }
}

#[test]
fn check_says_what_would_run() {
    let output = edgelm()
        .args([
            "check",
            "scenarios/fig3.ron",
            "--set",
            "users.tx_power_mw=100",
        ])
        .assert()
        .success();
    let stdout = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    let (first, rest) = stdout.split_once('\n').expect("lines");
    assert_eq!(
        first,
        "scenarios/fig3.ron: ok, 7 points x 5 policies x 500 replications = 17500 simulations"
    );
    assert!(rest.contains("phones send 20 dBm\n"), "{rest}");
}

#[test]
fn every_shipped_scenario_is_valid() {
    let mut found = 0;
    for entry in fs::read_dir("scenarios").expect("the folder") {
        let path = entry.expect("an entry").path();
        // One names a trace file that the user brings.
        let brought = path.ends_with("azure-code.ron");
        if path.extension().is_some_and(|ending| ending == "ron") && !brought {
            edgelm().arg("check").arg(&path).assert().success();
            found += 1;
        }
    }
    assert!(found > 0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_without_leaving_results() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_edgelm"))
        .args([
            "run",
            "scenarios/fig3.ron",
            "--replications",
            "20000",
            "--out",
        ])
        .arg(folder.path())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    std::thread::sleep(std::time::Duration::from_millis(700));
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    assert!(!folder.path().join("fig3/results.csv").exists());
}

#[test]
fn several_fields_can_be_swept_and_set() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(
        folder.path().join("small.ron"),
        "(users: (count: 6), replications: 3, policies: [Goa(tau: 0.5), Random(like: Goa(tau: 0.5))],
          sweep: (field: \"policies.tau\", values: [0.2, 0.8]))",
    )
    .expect("writable");
    edgelm()
        .current_dir(folder.path())
        .args(["run", "small.ron", "--set", "workload.query_bits=2600"])
        .args(["--set", "users.capacity_gflops=Fixed(90)", "--seed", "5"])
        .assert()
        .success();
    let rows = csv(&folder);
    let labels: Vec<&str> = rows[1..].iter().map(|row| row[2].as_str()).collect();
    assert_eq!(
        labels,
        [
            "Goa(tau: 0.2)",
            "Random(like: Goa(tau: 0.2))",
            "Goa(tau: 0.8)",
            "Random(like: Goa(tau: 0.8))"
        ]
    );
}

#[test]
fn only_the_formats_asked_for_are_written_and_svg_holds_what_png_shows() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(
        folder.path().join("small.ron"),
        "(users: (count: 5), replications: 4, title: \"a < b\", policies: [EdgeAll, Goa(tau: 0.6)])",
    )
    .expect("writable");
    let written = |formats: &[&str]| {
        edgelm()
            .current_dir(folder.path())
            .args(["run", "small.ron"])
            .args(formats)
            .assert()
            .success();
        let names = fs::read_dir(folder.path().join("output/small")).expect("written");
        let names = names.map(|entry| entry.expect("an entry").file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    };
    assert_eq!(written(&["--export", "json"]), ["results.json"]);
    let figures = written(&["--export", "svg"]);
    assert!(
        figures.len() == 6 && figures.iter().all(|name| name.ends_with(".svg")),
        "{figures:?}"
    );
    assert_eq!(
        written(&["--export", "csv"]),
        ["replications.csv", "results.csv", "stages.csv"]
    );
    let usual = written(&[]);
    for figure in &figures {
        assert!(usual.contains(&figure.replace(".svg", ".png")), "{figure}");
    }
    written(&["--export", "svg,json"]);
    for figure in figures {
        let svg = fs::read_to_string(folder.path().join("output/small").join(&figure)).unwrap();
        assert!(
            svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"),
            "{figure}"
        );
        // An element a line, each closed.
        for line in svg.lines().skip(1).filter(|line| *line != "</svg>") {
            assert!(line.starts_with('<') && (line.ends_with("/>") || line.ends_with("</text>")));
        }
        for text in [">GOA, τ = 0.6<", ">Edge all<", ">a &lt; b<"] {
            assert!(svg.contains(text), "{figure}: {text}");
        }
    }
    edgelm()
        .current_dir(folder.path())
        .args(["run", "small.ron", "--export", "pdf"])
        .assert()
        .code(2);
}

//! Golden results: a small run of every shipped scenario gives the numbers it gave
//! before, every event verified. Each has its tables and the digest of all its results in
//! `tests/it/golden/`.
//!
//! A change that is meant to move numbers renews them, and the difference is there to
//! read:
//!
//! ```text
//! INSTA_UPDATE=always cargo test --test it golden
//! ```

use assert_cmd::Command;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What makes a scenario's run small.
pub fn small(scenario: &str) -> &'static [&'static str] {
    match scenario {
        "gap" => &["--replications", "3", "--set", "sweep.values=[4, 8, 30]"],
        "tradeoff" => &["--replications", "4"],
        "policies" => &["--replications", "5"],
        "fig3" | "fig4" | "fig5" | "measured" => &["--replications", "10"],
        "poisson" => &[
            "--replications",
            "2",
            "--set",
            "run.duration_s=1.2",
            "--set",
            "sweep.values=[5, 15, 25]",
        ],
        "tail" => &[
            "--replications",
            "2",
            "--set",
            "run.duration_s=1.5",
            "--set",
            "sweep.values=[2, 10, 20]",
        ],
        "bursty" | "mobility" => &["--replications", "2", "--set", "run.duration_s=1.5"],
        "fig3-tokens" => &["--replications", "4", "--set", "sweep.values=[30, 120]"],
        "serving" | "phone-cpu" | "price-of-knowing" => &[
            "--replications",
            "2",
            "--set",
            "run.duration_s=6",
            "--set",
            "run.warm_up=Seconds(2)",
            "--set",
            "sweep.values=[0.1, 0.4]",
        ],
        "thousand-phones" => &[
            "--replications",
            "2",
            "--set",
            "run.duration_s=40",
            "--set",
            "run.warm_up=Seconds(5)",
            "--set",
            "sweep.values=[0.001, 0.004]",
        ],
        // The service's trace is not part of edgelm.
        "azure-code" => &[
            "--replications",
            "2",
            "--set",
            "run.duration_s=60",
            "--set",
            "run.warm_up=Seconds(6)",
            "--set",
            "workload.arrivals.file=\"tests/it/golden/trace.csv\"",
        ],
        "metropolis" => &[
            "--replications",
            "2",
            "--set",
            "users.count=2000",
            "--set",
            "servers.placement=Hexagonal(columns: 5, rows: 4, spacing_m: 500)",
            "--set",
            "area=(width_m: 2750, height_m: 1800)",
            "--set",
            "run.duration_s=0.4",
            "--set",
            "run.warm_up=Seconds(0.1)",
        ],
        _ => panic!("scenarios/{scenario}.ron has no golden results: add what makes it small"),
    }
}

/// The table of a small run, below the digest of its table and histograms.
fn results(scenario: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = Command::cargo_bin("edgelm")
        .expect("the binary is built")
        .args([
            "run",
            &format!("scenarios/{scenario}.ron"),
            "--verify",
            "--out",
        ])
        .arg(folder.path())
        .args(small(scenario).iter().map(|argument| {
            argument.replace("tests/", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/"))
        }))
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario}: {said}");
    assert!(said.contains("verified: "), "{scenario}: {said}");
    let folder = folder.path().join(scenario);
    let names: BTreeSet<String> = fs::read_dir(&folder)
        .expect("the results' folder")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("a plain name"))
        .filter(|name| name == "results.csv" || name.ends_with(".hgrm"))
        .collect();
    let mut hasher = blake3::Hasher::new();
    for name in &names {
        hasher.update(name.as_bytes());
        hasher.update(&fs::read(folder.join(name)).expect("a result"));
    }
    let digest = hasher.finalize().to_hex();
    let table = fs::read_to_string(folder.join("results.csv")).expect("the table");
    let arguments = small(scenario).join(" ");
    format!(
        "{arguments}\n{} files, blake3 {digest}\n\n{table}",
        names.len()
    )
}

#[test]
fn every_shipped_scenario_gives_what_it_gave() {
    let scenarios: BTreeSet<String> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"))
            .expect("the scenarios' folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "ron"))
            .map(|path| {
                path.file_stem()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
    assert!(scenarios.len() >= 13, "{scenarios:?}");
    insta::with_settings!({ snapshot_path => "golden", prepend_module_to_snapshot => false, omit_expression => true }, {
        for scenario in &scenarios {
            insta::assert_snapshot!(scenario.as_str(), results(scenario));
        }
    });
}

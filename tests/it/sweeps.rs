//! Sweeps over several fields and over values that are no numbers: every point is the run that
//! the same values make by themselves.

use crate::command::edgelm;
use std::fs;
use std::path::Path;

const GRID: &str = "(users: (count: 30), replications: 6, policies: [EdgeAll, Goa(tau: 0.6)],
    sweep: [
        (field: \"users.count\", values: Linear(from: 10, to: 20, points: 2)),
        (field: \"channel.fading\", values: [None, Rician(k_db: 10)]),
    ])";

/// Runs a scenario with options into a folder.
fn run(folder: &Path, name: &str, text: &str, options: &[&str]) -> String {
    let file = folder.join(format!("{name}.ron"));
    fs::write(&file, text).unwrap();
    let mut arguments = vec![file.to_str().unwrap(), "--out", folder.to_str().unwrap()];
    arguments.extend(options);
    let (code, stdout, stderr) = edgelm("run", &arguments);
    assert_eq!(code, 0, "{stderr}");
    stdout
}

/// A file of a run, its lines without their first fields.
fn rows(folder: &Path, name: &str, file: &str, keys: usize) -> Vec<String> {
    let text = fs::read_to_string(folder.join(name).join(file)).unwrap();
    let behind = |line: &str| line.splitn(keys + 1, ',').last().unwrap().to_owned();
    text.lines().skip(1).map(behind).collect()
}

#[test]
fn every_point_of_a_grid_is_the_run_of_its_values() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let details = ["--queries", "--export", "csv"];
    let table = run(folder, "grid", GRID, &details);
    assert!(table.contains("users.count = 20, channel.fading = Rician(k_db: 10) (6 repl"));
    let single = "(users: (count: 30), replications: 6, policies: [EdgeAll, Goa(tau: 0.6)])";
    for file in ["results.csv", "replications.csv", "queries.csv"] {
        let mut expected = Vec::new();
        for fading in ["None", "Rician(k_db: 10)"] {
            for users in [10, 20] {
                let set = [
                    format!("users.count={users}"),
                    format!("channel.fading={fading}"),
                ];
                let mut options = vec!["--set", &set[0], "--set", &set[1]];
                options.extend(details);
                run(folder, "single", single, &options);
                expected.extend(rows(folder, "single", file, 2));
            }
        }
        assert_eq!(rows(folder, "grid", file, 4), expected, "{file}");
    }
    let text = fs::read_to_string(folder.join("grid/results.csv")).unwrap();
    assert!(text.starts_with("sweep,value,sweep_2,value_2,policy,replications,"));
    let third = text.lines().nth(5).unwrap();
    assert!(third.starts_with("users.count,10,channel.fading,Rician(k_db: 10),EdgeAll,6,"));
}

#[test]
fn a_grid_is_compared_point_by_point() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, "a", GRID, &["--export", "csv,json"]);
    let more = ["--set", "users.tx_power_mw=400", "--export", "csv,json"];
    run(folder, "b", GRID, &more);
    let runs = ["a", "b"].map(|name| folder.join(name).display().to_string());
    let (code, stdout, stderr) = edgelm("compare", &[&runs[0], &runs[1]]);
    assert_eq!(code, 0, "{stderr}");
    let rician = "20, Rician(k_db: 10)";
    let lines = stdout.lines().filter(|line| line.starts_with(rician));
    assert_eq!(lines.count(), 2, "{stdout}");
}

#[test]
fn a_grid_has_figures_for_each_value_of_its_later_fields() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, "grid", GRID, &["--export", "svg"]);
    for fading in ["None", "Rician(k_db=10)"] {
        let file = format!("delay_mean_channel.fading={fading}.svg");
        let svg = fs::read_to_string(folder.join("grid").join(&file)).unwrap();
        assert!(svg.contains("Number of users N"), "{file}");
    }
    let fading = "(users: (count: 10), replications: 3, policies: [EdgeAll, LocalAll],
        sweep: (field: \"channel.fading\", values: [None, Rayleigh, Rician(k_db: 10)]))";
    run(folder, "kinds", fading, &["--export", "svg"]);
    let svg = fs::read_to_string(folder.join("kinds/delay_mean.svg")).unwrap();
    for name in ["None", "Rayleigh", "Rician(k_db: 10)"] {
        assert!(svg.contains(&format!(">{name}<")), "{name}");
    }
}

#[test]
fn whole_sections_are_swept_and_the_number_of_policies_stays() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let of = |policies: &str| {
        format!(
            "(users: (count: 10), replications: 2, policies: [EdgeAll], \
             sweep: (field: \"policies\", values: [{policies}]))"
        )
    };
    let table = run(folder, "policies", &of("[EdgeAll], [Goa(tau: 0.6)]"), &[]);
    assert!(
        table.contains("policies = [Goa(tau: 0.6)] (2 replications)"),
        "{table}"
    );
    let file = folder.join("more.ron");
    fs::write(&file, of("[EdgeAll], [EdgeAll, LocalAll]")).unwrap();
    let (code, _, stderr) = edgelm("check", &[file.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("error: 2 policies at one point of the sweep and 1 in the scenario"),
        "{stderr}"
    );
}

#[test]
fn values_that_cannot_be_are_refused_where_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.ron");
    for (sweep, message) in [
        (
            "(field: \"users.count\", values: Linear(form: 1))",
            "unknown field `form`",
        ),
        (
            "(field: \"users.count\", values: Linera(from: 1))",
            "unknown name `Linera`",
        ),
        (
            "(field: \"users.count\", values: 3)",
            "found 3, allowed is a list, `Linear(..)` or `Logarithmic(..)`",
        ),
        (
            "(field: \"users.count\", values: [])",
            "sweep.values: found no value",
        ),
        (
            "(field: \"users.count\", values: Logarithmic(from: 0, to: 9, points: 1))",
            "sweep.values.from: found 0, allowed is more than 0",
        ),
        (
            "[(field: \"users.count\", values: [1]), (field: \"users.count\", values: [2])]",
            "sweep[1].field: found `users.count` again",
        ),
        (
            "(field: \"channel.fading\", values: [None, None])",
            "sweep.values[1]: found None again",
        ),
        (
            "(field: \"channel.fading\", values: [Rai])",
            "did you mean `Rayleigh`?",
        ),
        (
            "(field: \"users.tx_power_mw\", values: Linear(from: 1, to: 2, points: 2000000))",
            "sweep.values.points: found 2000000",
        ),
        (
            "[(field: \"users.tx_power_mw\", values: Linear(from: 1, to: 2, points: 2000)), \
             (field: \"users.count\", values: Linear(from: 1, to: 2000, points: 2000))]",
            "sweep: found 4000000 points, allowed is at most 1000000",
        ),
    ] {
        let text = format!("(users: (count: 3), policies: [EdgeAll], sweep: {sweep})");
        fs::write(&file, text).unwrap();
        let (code, _, stderr) = edgelm("check", &[file.to_str().unwrap()]);
        assert_eq!(code, 2, "{sweep}");
        assert!(stderr.contains(message), "{sweep}: {stderr}");
        assert!(stderr.contains("s.ron:1:"), "{stderr}");
    }
}

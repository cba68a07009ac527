//! Every wrong input ends with exit code 2 before any work, and a message that
//! names the place, the field, what was found, what is allowed and the nearest
//! valid name.

use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A scenario that is valid but for what a test changes in it.
const GOOD: &str = r#"(
    replications: 2,
    users: (count: 4),
    servers: (bandwidth_mhz: 100),
    policies: [EdgeAll, Goa(tau: 0.6)],
)"#;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).expect("the folder is writable");
        path
    }

    /// Runs edgelm here; returns its exit code and stderr.
    fn edgelm(&self, args: &[&str]) -> (i32, String) {
        let output = Command::cargo_bin("edgelm")
            .expect("the binary is built")
            .current_dir(self.0.path())
            .args(args)
            .output()
            .expect("it starts");
        (
            output.status.code().expect("not killed"),
            String::from_utf8(output.stderr).expect("UTF-8"),
        )
    }
}

/// Runs a scenario that must be refused, and returns what is said.
fn refused(scenario: &str, more: &[&str]) -> String {
    let folder = Folder::new();
    folder.file("s.ron", scenario);
    let mut args = vec!["run", "s.ron"];
    args.extend(more);
    let (code, stderr) = folder.edgelm(&args);
    assert_eq!(code, 2, "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(
        !folder.0.path().join("output").exists(),
        "nothing may be written before the input is known to be good"
    );
    stderr
}

#[track_caller]
fn assert_says(stderr: &str, parts: &[&str]) {
    for part in parts {
        assert!(stderr.contains(part), "no {part:?} in:\n{stderr}");
    }
}

fn replaced(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replace(from, to)
}

#[test]
fn the_good_scenario_is_good() {
    let folder = Folder::new();
    folder.file("s.ron", GOOD);
    let (code, stderr) = folder.edgelm(&["check", "s.ron"]);
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn unknown_field() {
    let stderr = refused(&replaced("bandwidth_mhz", "bandwith_mhz"), &[]);
    assert_says(
        &stderr,
        &[
            "s.ron:4:15",
            "unknown field `bandwith_mhz`",
            "servers",
            "did you mean `bandwidth_mhz`?",
        ],
    );
}

#[test]
fn unknown_policy() {
    let stderr = refused(&replaced("EdgeAll", "EgdeAll"), &[]);
    assert_says(
        &stderr,
        &[
            "s.ron:5:16",
            "policies[0]",
            "EgdeAll",
            "did you mean `EdgeAll`?",
        ],
    );
}

#[test]
fn wrong_type() {
    let stderr = refused(&replaced("count: 4", "count: \"four\""), &[]);
    assert_says(&stderr, &["s.ron:3:20", "users.count"]);
    let stderr = refused(&replaced("count: 4", "count: -4"), &[]);
    assert_says(&stderr, &["s.ron:3:", "users.count"]);
    let stderr = refused(&replaced("count: 4", "count: 4.5"), &[]);
    assert_says(&stderr, &["s.ron:3:", "users.count"]);
}

#[test]
fn missing_field() {
    let stderr = refused(&replaced("count: 4", ""), &[]);
    assert_says(&stderr, &["s.ron:3:", "users", "missing field `count`"]);
    let stderr = refused("(users: (count: 4))", &[]);
    assert_says(&stderr, &["s.ron:1:", "missing field `policies`"]);
}

#[test]
fn not_ron_at_all() {
    assert_says(&refused("users = 4", &[]), &["s.ron:1:"]);
    assert_says(&refused("", &[]), &["s.ron"]);
    assert_says(&refused("(users: (count: 4)", &[]), &["s.ron:1:"]);
}

#[test]
fn capacities_must_be_positive_numbers() {
    for (field, text, place) in [
        (
            "users.capacity_gflops",
            "count: 4, capacity_gflops: Fixed(-50)",
            "s.ron:3:",
        ),
        (
            "users.capacity_gflops",
            "count: 4, capacity_gflops: Fixed(NaN)",
            "s.ron:3:",
        ),
        (
            "users.capacity_gflops.low",
            "count: 4, capacity_gflops: Uniform(low: 0, high: 1)",
            "s.ron:3:",
        ),
        (
            "users.capacity_gflops.low",
            "count: 4, capacity_gflops: Uniform(low: 2, high: 1)",
            "s.ron:3:",
        ),
        (
            "users.capacity_gflops.cv",
            "count: 4, capacity_gflops: LogNormal(mean: 2, cv: -1)",
            "s.ron:3:",
        ),
        (
            "users.tx_power_mw",
            "count: 4, tx_power_mw: inf",
            "s.ron:3:",
        ),
    ] {
        let stderr = refused(&replaced("count: 4", text), &[]);
        assert_says(&stderr, &[field, place, "found", "allowed is"]);
    }
    let stderr = refused(
        &replaced("bandwidth_mhz: 100", "max_per_user_tflops: 0"),
        &[],
    );
    assert_says(
        &stderr,
        &[
            "s.ron:4:36",
            "servers.max_per_user_tflops: found 0, allowed is a number from 1e-9 to 1e12",
        ],
    );
}

#[test]
fn nobody_and_nowhere() {
    let stderr = refused(&replaced("count: 4", "count: 0"), &[]);
    assert_says(
        &stderr,
        &["s.ron:3:20", "users.count: found 0", "at least 1"],
    );
    let stderr = refused(
        &replaced("bandwidth_mhz: 100", "placement: Listed([])"),
        &[],
    );
    assert_says(
        &stderr,
        &["s.ron:4:26", "servers.placement", "at least one server"],
    );
    let stderr = refused(
        &replaced("bandwidth_mhz: 100", "placement: Uniform, count: 0"),
        &[],
    );
    assert_says(&stderr, &["servers.count: found 0"]);
    let stderr = refused(&replaced("bandwidth_mhz: 100", "placement: Uniform"), &[]);
    assert_says(&stderr, &["servers.placement", "count"]);
    let stderr = refused(&replaced("replications: 2", "replications: 0"), &[]);
    assert_says(&stderr, &["s.ron:2:19", "replications: found 0"]);
    let stderr = refused(
        &replaced("bandwidth_mhz: 100", "placement: Listed([(125, 900)])"),
        &[],
    );
    assert_says(
        &stderr,
        &["servers.placement[0]", "(125, 900)", "inside the area"],
    );
}

#[test]
fn thresholds_lie_between_zero_and_one() {
    for tau in ["-0.1", "1.5", "NaN"] {
        let stderr = refused(&replaced("tau: 0.6", &format!("tau: {tau}")), &[]);
        assert_says(&stderr, &["s.ron:5:", "policies[1].tau", "from 0 to 1"]);
    }
    let stderr = refused(&replaced("tau: 0.6", ""), &[]);
    assert_says(&stderr, &["policies[1]", "tau"]);
    let stderr = refused(&replaced("Goa(tau: 0.6)", "Random(like: Goa(tau: 7))"), &[]);
    assert_says(&stderr, &["policies[1].like.tau", "found 7"]);
}

#[test]
fn policies_are_listed_and_differ() {
    let stderr = refused(&replaced("EdgeAll, Goa(tau: 0.6)", ""), &[]);
    assert_says(&stderr, &["s.ron:5:15", "policies", "at least one policy"]);
    let stderr = refused(&replaced("EdgeAll,", "Goa(tau: 0.60),"), &[]);
    assert_says(
        &stderr,
        &["policies[1]", "Goa(tau: 0.6) again", "policies[0]"],
    );
}

#[test]
fn sweeps_name_numeric_fields() {
    let with = |sweep: &str| {
        refused(
            &replaced(
                "replications: 2,",
                &format!("replications: 2, sweep: {sweep},"),
            ),
            &[],
        )
    };
    let stderr = with("(field: \"users.cuont\", values: [1])");
    assert_says(
        &stderr,
        &["s.ron:2:", "users.cuont", "did you mean `users.count`?"],
    );
    let stderr = with("(field: \"title\", values: [1])");
    assert_says(&stderr, &["title"]);
    let stderr = with("(field: \"users.count\", values: [])");
    assert_says(&stderr, &["sweep.values", "at least one value"]);
    let stderr = with("(field: \"users.count\", values: [10, 0])");
    assert_says(&stderr, &["users.count", "found 0"]);
    let stderr = with("(field: \"users.count\", values: [10.5])");
    assert_says(&stderr, &["users.count", "10.5"]);
    let stderr = with("(field: \"users.count\", values: [10, 10])");
    assert_says(&stderr, &["sweep.values[1]", "10 again"]);
}

#[test]
fn tables_are_checked() {
    let folder = Folder::new();
    let header = "low,high,share,slm_accuracy,llm_accuracy\n";
    folder.file(
        "sum.csv",
        &format!("{header}0,0.5,0.5,0.9,1\n0.5,1,0.4,0.9,1\n"),
    );
    folder.file(
        "range.csv",
        &format!("{header}0,0.5,0.5,0.9,1\n0.5,1,0.5,1.9,1\n"),
    );
    let scenario = |table: &str| {
        replaced(
            "replications: 2,",
            &format!("replications: 2, workload: (uncertainty: (table: File(\"{table}\"))),"),
        )
    };
    folder.file("s.ron", &scenario("sum.csv"));
    let (code, stderr) = folder.edgelm(&["run", "s.ron"]);
    assert_eq!(code, 2);
    assert_says(&stderr, &["sum.csv", "0.9", "1"]);
    folder.file("s.ron", &scenario("range.csv"));
    let (code, stderr) = folder.edgelm(&["run", "s.ron"]);
    assert_eq!(code, 2);
    assert_says(&stderr, &["range.csv:3:", "slm_accuracy", "1.9"]);
    folder.file("s.ron", &scenario("rnage.csv"));
    let (code, stderr) = folder.edgelm(&["run", "s.ron"]);
    assert_eq!(code, 2);
    assert_says(
        &stderr,
        &["rnage.csv", "did you mean", "range.csv", "s.ron:2:"],
    );
}

#[test]
fn missing_files_and_unwritable_folders() {
    let folder = Folder::new();
    folder.file("study.ron", GOOD);
    let (code, stderr) = folder.edgelm(&["run", "stduy.ron"]);
    assert_eq!(code, 2);
    assert_says(&stderr, &["stduy.ron", "did you mean", "study.ron"]);
    // A folder of a nearer name is no scenario.
    std::fs::create_dir(folder.0.path().join("studies")).unwrap();
    let (_, stderr) = folder.edgelm(&["run", "studie"]);
    assert!(!stderr.contains("studies"), "{stderr}");
    // A file stands where the folder would have to be: not writable for root either.
    folder.file("taken", "");
    let (code, stderr) = folder.edgelm(&["run", "study.ron", "--out", "taken"]);
    assert_eq!(code, 2);
    assert_says(&stderr, &["taken"]);
}

#[test]
fn overrides_are_checked_like_the_file() {
    let stderr = refused(GOOD, &["--set", "users.count=0"]);
    assert_says(&stderr, &["--set users.count=0", "users.count: found 0"]);
    let stderr = refused(GOOD, &["--set", "users.count=many"]);
    assert_says(&stderr, &["--set users.count=many", "users.count"]);
    let stderr = refused(GOOD, &["--set", "users.count=1.5"]);
    assert_says(&stderr, &["users.count", "found 1.5", "a whole number"]);
    let stderr = refused(GOOD, &["--set", "channel.path_loss=UmaNlso"]);
    assert_says(&stderr, &["channel.path_loss", "UmaNlso", "`UmaNlos`"]);
    let stderr = refused(GOOD, &["--set", "users.cout=3"]);
    assert_says(&stderr, &["users.cout", "did you mean `users.count`?"]);
    let stderr = refused(GOOD, &["--set", "users.count"]);
    assert_says(&stderr, &["FIELD=VALUE"]);
    let stderr = refused(GOOD, &["--replications", "0"]);
    assert_says(&stderr, &["--replications 0", "found 0"]);
    let stderr = refused(GOOD, &["--threads", "0"]);
    assert_says(&stderr, &["--threads"]);
}

#[test]
fn check_reports_every_wrong_value_of_every_file() {
    let folder = Folder::new();
    folder.file("a.ron", &replaced("count: 4", "count: 0, tx_power_mw: -1"));
    folder.file("b.ron", &replaced("tau: 0.6", "tau: 2"));
    folder.file("c.ron", GOOD);
    let (code, stderr) = folder.edgelm(&["check", "a.ron", "b.ron", "c.ron"]);
    assert_eq!(code, 2);
    assert_says(
        &stderr,
        &[
            "a.ron:3:",
            "users.count",
            "users.tx_power_mw",
            "b.ron:5:",
            "policies[1].tau",
        ],
    );
}

/// One user, one server; `{}` are replaced by a test.
fn instance(gain: &str, uncertainty: &str) -> String {
    format!(
        r#"{{"tx_power_w": 0.2, "noise_w": 4e-13,
 "users": [{{"uncertainty": {uncertainty}, "query_bits": 1300, "slm_flop": 2.6e9, "llm_flop": 1.7e10, "local_flops": 9e10}}],
 "servers": [{{"flops": 1.5e13, "max_flops_per_user": 1.5e12, "bandwidth_hz": 1e8}}],
 "gain": {gain}}}"#
    )
}

fn undecided(text: &str, policy: &str) -> String {
    let folder = Folder::new();
    let path = folder.file("i.json", text);
    let name = path.file_name().map(Path::new).expect("a name");
    let (code, stderr) = folder.edgelm(&["decide", &name.to_string_lossy(), "--policy", policy]);
    assert_eq!(code, 2, "{stderr}");
    stderr
}

#[test]
fn instances_are_checked() {
    let goa = "Goa(tau: 0.6)";
    assert_says(
        &undecided(&instance("[[1e-9, 1e-9]]", "0.5"), goa),
        &["i.json:4:11", "gain[0]", "2 columns", "1 servers"],
    );
    assert_says(
        &undecided(&instance("[]", "0.5"), goa),
        &["i.json:4:10", "gain", "0 rows", "1 users"],
    );
    assert_says(
        &undecided(&instance("[[-1]]", "0.5"), goa),
        &["i.json:4:12", "gain[0][0]", "found -1"],
    );
    assert_says(
        &undecided(&instance("[[1e-9]]", "1.5"), goa),
        &["i.json:2:28", "users[0].uncertainty", "found 1.5"],
    );
    assert_says(
        &undecided(&instance("[[1e-9]]", "\"x\""), goa),
        &["i.json:2:", "users[0].uncertainty"],
    );
    assert_says(
        &undecided(
            &instance("[[1e-9]]", "0.5").replace("noise_w", "noise"),
            goa,
        ),
        &["i.json:1:", "noise"],
    );
    assert_says(&undecided("{", goa), &["i.json:1:"]);
    let row = format!("[[{}]]", vec!["-1"; 30].join(", "));
    assert_says(
        &undecided(&instance(&row, "0.5"), goa),
        &["gain[0][18]", "i.json: 11 more like these"],
    );
    let good = instance("[[1e-9]]", "0.5");
    assert_says(
        &undecided(&good, "Goa(tau: 2)"),
        &["--policy", "tau", "found 2"],
    );
    assert_says(
        &undecided(&good, "Gao(tau: 0.2)"),
        &["--policy", "did you mean `Goa`?"],
    );
    assert_says(
        &undecided(&good, "Goa(tau_quantile: 0.2)"),
        &["tau_quantile", "table"],
    );
    assert_says(&undecided(&good, "Goa(tau: 0.2"), &["--policy"]);
}

fn with_channel(users: &str, channel: &str) -> String {
    format!(
        "(replications: 1, users: (count: 4{users}), channel: ({channel}),
          workload: (arrivals: Poisson(rate_per_user_hz: 1)), run: (duration_s: 1),
          policies: [EdgeAll])"
    )
}

/// A Doppler frequency meant another thing there: what to write now is said, in a file
/// and on the command line.
#[test]
fn gauss_markov_by_its_former_doppler_frequency() {
    let former = "variation: GaussMarkov(doppler_hz: 20)";
    let help = ["doppler_hz", "coherence_ms", "Jakes(doppler_hz: ..)"];
    let stderr = refused(&with_channel("", former), &[]);
    assert_says(&stderr, &["channel.variation", "s.ron:1:"]);
    assert_says(&stderr, &help);
    let set = "channel.variation=GaussMarkov(doppler_hz: 20)";
    assert_says(&refused(&with_channel("", ""), &["--set", set]), &help);
    let now = with_channel("", "variation: GaussMarkov(coherence_ms: 20)");
    let set = "channel.variation.doppler_hz=20";
    assert_says(&refused(&now, &["--set", set]), &help);
}

#[test]
fn fading_in_time_that_cannot_be_found() {
    let moving = ", mobility: RandomWaypoint(speed_min_m_per_s: 1, speed_max_m_per_s: 2)";
    for (users, channel, says) in [
        (
            moving,
            "",
            ["channel.carrier_ghz: found no carrier", "such as `Static`"],
        ),
        (
            moving,
            "variation: Jakes()",
            ["channel.carrier_ghz: found no carrier", "in GHz"],
        ),
        (
            moving,
            "carrier_ghz: 0",
            ["channel.carrier_ghz: found 0", "from 0.001"],
        ),
        (
            moving,
            "carrier_ghz: 3.5, path_loss: UmiLos(carrier_ghz: 28)",
            ["channel.carrier_ghz: found 3.5", "of its own"],
        ),
        (
            "",
            "variation: Jakes()",
            ["channel.variation: found `Jakes`", "users at rest"],
        ),
        (
            "",
            "variation: Jakes(doppler_hz: -1)",
            ["channel.variation.doppler_hz: found -1", "from 0"],
        ),
        (
            "",
            "variation: GaussMarkov(coherence_ms: 0)",
            ["channel.variation.coherence_ms: found 0", "from 1e-6"],
        ),
    ] {
        assert_says(&refused(&with_channel(users, channel), &[]), &says);
    }
    // What has no fading, or says how it goes on, needs no carrier.
    for channel in [
        "fading: None",
        "fading: None, variation: Jakes()",
        "variation: Static",
        "variation: Jakes(doppler_hz: 20)",
        "carrier_ghz: 3.5",
        "path_loss: UmaNlos(carrier_ghz: 3.5)",
    ] {
        let folder = Folder::new();
        folder.file("s.ron", &with_channel(moving, channel));
        let (code, stderr) = folder.edgelm(&["check", "s.ron"]);
        assert_eq!(code, 0, "{channel}: {stderr}");
    }
}

/// What a new user writes first.
#[test]
fn a_number_or_a_field_at_the_wrong_place_is_told_the_right_one() {
    use edgelm::scenario::Loaded;
    let said = |text: &str| {
        let wrong = Loaded::from_text(text, Path::new("s.ron"), &[]).err();
        let wrong = wrong.unwrap_or_else(|| panic!("{text} is valid"));
        wrong[0].render(false)
    };
    for (text, parts) in [
        (
            "(users: (count: 3), policies: [Goa(0.6)])",
            ["policies[0]", "`0.6` where a name is wanted", "`tau: 0.6`"],
        ),
        (
            "(count: 5, users: (count: 3), policies: [EdgeAll])",
            [
                "unknown field `count`",
                "did you mean `users.count`?",
                "s.ron:1:2",
            ],
        ),
        (
            "(bandwidth_mhz: 5, users: (count: 3), policies: [EdgeAll])",
            [
                "unknown field",
                "did you mean `servers.bandwidth_mhz`?",
                "s.ron:1:2",
            ],
        ),
        (
            "(users: (count: 3), policies: [EdgeAll], sharing: 3)",
            ["sharing", "`3` where a name is wanted", "s.ron:1:51"],
        ),
    ] {
        let said = said(text);
        for part in parts {
            assert!(said.contains(part), "{text}: no {part} in {said}");
        }
    }
}

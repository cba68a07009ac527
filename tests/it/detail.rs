//! Single replications in detail: queries, time series and traces agree with each
//! other and with what they are taken from, and leave the results alone.

use assert_cmd::Command;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// First tokens before decisions, a period between them, dropping: every stage that
/// a query can have.
pub(super) const EVERYTHING: &str = "(
    users: (count: 12), replications: 2, sharing: Live,
    scheduling: Every(period_ms: 10),
    servers: (discipline: Fifo, capacity_tflops: Fixed(3.1)),
    workload: (
        arrivals: Poisson(rate_per_user_hz: 12),
        probe: FirstToken(work_share: 0.3),
        deadline: (after_ms: 120, drop: true),
    ),
    run: (duration_s: 2, warm_up: Seconds(0.2)),
    policies: [Goa(tau: 0.6), EdgeAll, LocalAll],
    sweep: (field: \"workload.arrivals.rate_per_user_hz\", values: [6, 14]),
)";

/// Decisions at once, and nothing before them: a query transmits as it arrives.
const AT_ONCE: &str = "(
    users: (count: 20), replications: 1, sharing: Live, scheduling: PerArrival,
    workload: (arrivals: Poisson(rate_per_user_hz: 20), query_bits: Fixed(200000)),
    // Nobody is left under way, in no row, when the run is over.
    run: (duration_s: 1, after: Drain),
    policies: [EdgeAll],
)";

pub(super) fn folder_with(scenario: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("small.ron"), scenario).expect("writable");
    folder
}

pub(super) fn edgelm(folder: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("edgelm").expect("the binary is built");
    command.current_dir(folder.path()).args(args);
    command
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read(&path).expect("a file"))
        })
        .collect()
}

pub(super) type Row = HashMap<String, String>;

pub(super) fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).expect("written");
    reader.deserialize().map(|row| row.expect("tidy")).collect()
}

pub(super) fn number(row: &Row, column: &str) -> f64 {
    row[column]
        .parse()
        .unwrap_or_else(|_| panic!("{column}: {:?}", row[column]))
}

fn trace(folder: &TempDir, args: &[&str]) -> Vec<Value> {
    let out = folder.path().join("trace.json");
    edgelm(folder, &["trace", "small.ron", "--out", "trace.json"])
        .args(args)
        .assert()
        .success();
    let text = fs::read_to_string(out).expect("written");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["displayTimeUnit"], "ms");
    document["traceEvents"].as_array().expect("events").clone()
}

/// A time of an event, in nanoseconds.
fn ns(event: &Value, field: &str) -> i64 {
    (event[field].as_f64().expect("a time") * 1e3).round() as i64
}

fn of_kind<'e>(events: &'e [Value], phase: &str, category: &str) -> Vec<&'e Value> {
    events
        .iter()
        .filter(|e| e["ph"] == phase && (category.is_empty() || e["cat"] == category))
        .collect()
}

#[test]
fn details_leave_the_results_as_they_are() {
    let folder = folder_with(EVERYTHING);
    let run = |out: &str, more: &[&str]| {
        edgelm(&folder, &["run", "small.ron", "--out", out])
            .args(more)
            .assert()
            .success();
        files(&folder.path().join(out).join("small"))
    };
    let plain = run("plain", &[]);
    let details = [
        "--queries",
        "--time-series",
        "5",
        "--detail-replications",
        "9",
    ];
    let mut detailed = run("detailed", &details);
    trace(&folder, &[]);
    assert_eq!(plain, run("plain", &["--threads", "2"]));

    let queries = detailed.remove("queries.csv").expect("written");
    let series = detailed.remove("time_series.csv").expect("written");
    let listed = detailed.remove(".edgelm-files").expect("the list");
    let listed = String::from_utf8(listed).expect("text");
    assert!(listed.contains("queries.csv\n") && listed.contains("time_series.csv\n"));
    let mut plain = plain;
    plain.remove(".edgelm-files");
    assert_eq!(plain, detailed);
    let again = run("detailed", &[&details[..], &["--threads", "1"]].concat());
    assert_eq!(again["queries.csv"], queries);
    assert_eq!(again["time_series.csv"], series);
    // A run without them takes them away: they would be taken for its own.
    assert!(!run("detailed", &[]).contains_key("queries.csv"));
}

#[test]
fn queries_csv_holds_what_the_results_are_made_of() {
    let folder = folder_with(EVERYTHING);
    edgelm(
        &folder,
        &[
            "run",
            "small.ron",
            "--queries",
            "--detail-replications",
            "2",
        ],
    )
    .assert()
    .success();
    let out = folder.path().join("output/small");
    let queries = rows(&out.join("queries.csv"));
    let mut stages_seen = [0.0; 7];
    let names = [
        "wait",
        "device_queue",
        "local_compute",
        "uplink",
        "edge_compute",
        "probe",
        "edge_queue",
    ];
    for row in &queries {
        let stages = names.map(|name| number(row, &format!("{name}_ms")));
        let delay = number(row, "delay_ms");
        assert!((stages.iter().sum::<f64>() - delay).abs() < 1e-9 * delay.max(1.0));
        if row["measured"] == "true" && row["dropped"] == "false" {
            stages_seen
                .iter_mut()
                .zip(stages)
                .for_each(|(sum, s)| *sum += s);
        }
    }
    assert!(stages_seen.iter().all(|sum| *sum > 0.0), "{stages_seen:?}");
    for result in rows(&out.join("results.csv")) {
        let own: Vec<&Row> = queries
            .iter()
            .filter(|q| q["value"] == result["value"] && q["policy"] == result["policy"])
            .filter(|q| q["measured"] == "true")
            .collect();
        let answered: Vec<&&Row> = own.iter().filter(|q| q["dropped"] == "false").collect();
        assert_eq!(answered.len() as f64, number(&result, "queries"));
        // Means are over replications.
        let mean = |value: &dyn Fn(&Row) -> f64| {
            let of = |replication: &str| {
                let values: Vec<f64> = answered
                    .iter()
                    .filter(|q| q["replication"] == replication)
                    .map(|q| value(q))
                    .collect();
                values.iter().sum::<f64>() / values.len() as f64
            };
            0.5 * (of("0") + of("1"))
        };
        let close = |found: f64, column: &str| {
            let expected = number(&result, column);
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs(),
                "{column}"
            );
        };
        close(mean(&|q| number(q, "delay_ms")), "delay_mean_ms");
        close(mean(&|q| f64::from(q["correct"] == "true")), "accuracy");
        close(
            mean(&|q| f64::from(!q["server"].is_empty())),
            "offloaded_share",
        );
    }
}

#[test]
fn the_time_series_counts_who_is_there() {
    let folder = folder_with(AT_ONCE);
    edgelm(
        &folder,
        &["run", "small.ron", "--queries", "--time-series", "7.3"],
    )
    .assert()
    .success();
    let out = folder.path().join("output/small");
    let queries = rows(&out.join("queries.csv"));
    let series = rows(&out.join("time_series.csv"));
    let mut transmitting_seen = 0;
    for sample in series.iter().filter(|row| row["station"] == "server") {
        let now = number(sample, "time_s");
        let here = queries.iter().filter(|q| q["server"] == sample["server"]);
        let (mut transmitting, mut computing) = (0, 0);
        for query in here {
            let sent = number(query, "arrival_s") + number(query, "uplink_ms") * 1e-3;
            let done = number(query, "arrival_s") + number(query, "delay_ms") * 1e-3;
            transmitting += usize::from((number(query, "arrival_s")..sent).contains(&now));
            computing += usize::from((sent..done).contains(&now));
        }
        assert_eq!(number(sample, "transmitting"), transmitting as f64, "{now}");
        assert_eq!(number(sample, "in_service"), computing as f64, "{now}");
        assert_eq!(number(sample, "utilisation") > 0.0, computing > 0);
        transmitting_seen += transmitting;
    }
    assert!(transmitting_seen > 10, "{transmitting_seen}");
    let instants: Vec<f64> = series
        .iter()
        .filter(|row| row["station"] == "policy")
        .map(|row| number(row, "time_s"))
        .collect();
    assert!(
        instants
            .windows(2)
            .all(|pair| (pair[1] - pair[0] - 7.3e-3).abs() < 1e-9)
    );
    // Four servers, the devices and the policy.
    assert_eq!(series.len(), 6 * instants.len());
}

#[test]
fn a_trace_is_well_formed_and_agrees_with_the_queries() {
    let folder = folder_with(EVERYTHING);
    edgelm(
        &folder,
        &[
            "run",
            "small.ron",
            "--queries",
            "--detail-replications",
            "2",
        ],
    )
    .assert()
    .success();
    let queries = rows(&folder.path().join("output/small/queries.csv"));
    for (at, policy) in ["Goa(tau: 0.6)", "EdgeAll", "LocalAll"].iter().enumerate() {
        let at = at.to_string();
        let events = trace(
            &folder,
            &["--point", "1", "--policy", &at, "--replication", "1"],
        );
        let mut own: HashMap<String, &Row> = queries
            .iter()
            .filter(|q| q["value"] == "14" && q["policy"] == *policy && q["replication"] == "1")
            .map(|q| (q["query"].clone(), q))
            .collect();
        let lives = of_kind(&events, "X", "query");
        assert_eq!(lives.len(), own.len());
        assert!(lives.len() > 200);
        for life in lives {
            let args = &life["args"];
            let row = own.remove(&args["query"].to_string()).expect("once");
            for column in row.keys().filter(|column| column.ends_with("_ms")) {
                assert_eq!(args[column].as_f64(), Some(number(row, column)), "{column}");
            }
            assert_eq!(
                args["uncertainty"].as_f64(),
                Some(number(row, "uncertainty"))
            );
            for flag in ["correct", "dropped", "missed_deadline", "measured"] {
                assert_eq!(args[flag].to_string(), row[flag]);
            }
            let arrival_ns = (number(row, "arrival_s") * 1e9).round() as i64;
            assert!((ns(life, "ts") - arrival_ns).abs() <= 3);
            let delay_ns = number(row, "delay_ms") * 1e6;
            assert!((ns(life, "dur") as f64 - delay_ns).abs() <= 4.0);
        }
        stages_take_what_the_query_says(&events);
        slices_nest(&events);
    }
}

/// The slices of a query's stages, on its own track and at the stations.
fn stages_take_what_the_query_says(events: &[Value]) {
    let mut took: HashMap<(String, String), i64> = HashMap::new();
    for stage in of_kind(events, "X", "stage") {
        let key = (
            stage["args"]["query"].to_string(),
            stage["name"].to_string(),
        );
        *took.entry(key).or_default() += ns(stage, "dur");
    }
    for life in of_kind(events, "X", "query") {
        let query = life["args"]["query"].to_string();
        let mut sum = 0;
        for (stage, ms) in life["args"].as_object().expect("args") {
            let Some(name) = stage.strip_suffix("_ms").filter(|name| *name != "delay") else {
                continue;
            };
            let key = (query.clone(), format!("{name:?}"));
            let found = took.get(&key).copied().unwrap_or(0);
            let expected = ms.as_f64().expect("a number") * 1e6;
            assert!(
                (found as f64 - expected).abs() <= 4.0,
                "{name} {found} {expected}"
            );
            sum += found;
        }
        assert!((sum - ns(life, "dur")).abs() <= 2);
    }
    for served in ["probe", "local_compute", "uplink", "edge_compute"] {
        for slice in of_kind(events, "X", served) {
            let key = (slice["args"]["query"].to_string(), format!("{served:?}"));
            assert!((took[&key] - ns(slice, "dur")).abs() <= 4, "{served}");
        }
        let stages = took.keys().filter(|key| key.1 == format!("{served:?}"));
        assert_eq!(
            stages.count(),
            of_kind(events, "X", served).len(),
            "{served}"
        );
    }
}

/// On every track a slice lies within another or beside it; the tracks of stations
/// hold one at a time.
fn slices_nest(events: &[Value]) {
    let mut tracks: BTreeMap<(i64, i64), Vec<&Value>> = BTreeMap::new();
    let id = |event: &Value, field: &str| event[field].as_i64().expect("a number");
    for event in of_kind(events, "X", "") {
        let track = (id(event, "pid"), id(event, "tid"));
        tracks.entry(track).or_default().push(event);
    }
    let named: Vec<(i64, i64)> = of_kind(events, "M", "")
        .into_iter()
        .filter(|e| e["name"] == "thread_name")
        .map(|e| (id(e, "pid"), id(e, "tid")))
        .collect();
    assert_eq!(named.len(), tracks.len());
    let mut numbers: Vec<i64> = tracks.keys().map(|track| track.1).collect();
    let processes = tracks.keys().map(|track| track.0);
    numbers.extend(processes.collect::<std::collections::BTreeSet<i64>>());
    let distinct: std::collections::BTreeSet<&i64> = numbers.iter().collect();
    assert_eq!(
        distinct.len(),
        numbers.len(),
        "one number is one track or one process"
    );
    for (track, mut slices) in tracks {
        assert!(named.contains(&track) && track.0 > 0 && track.1 > 0);
        slices.sort_by_key(|slice| (ns(slice, "ts"), -ns(slice, "dur")));
        let mut open: Vec<i64> = Vec::new();
        for slice in slices {
            let (start, end) = (ns(slice, "ts"), ns(slice, "ts") + ns(slice, "dur"));
            assert!(end > start);
            open.retain(|&other| other > start);
            assert!(open.iter().all(|&other| other >= end), "{slice}");
            let depth = open.len();
            assert_eq!(depth, usize::from(slice["cat"] == "stage"), "{slice}");
            open.push(end);
        }
    }
}

#[test]
fn bounds_keep_what_lies_within() {
    let folder = folder_with(EVERYTHING);
    let (from, to) = (0.5, 0.9);
    let all = trace(&folder, &["--policy", "EdgeAll", "--sample", "3"]);
    let few = trace(
        &folder,
        &[
            "--policy", "edgeall", "--sample", "3", "--from", "0.5", "--to", "0.9",
        ],
    );
    let fewer = trace(
        &folder,
        &[
            "--policy", "1", "--from", "0.5", "--to", "0.9", "--users", "3..5",
        ],
    );
    let numbers = |events: &[Value], keep: &dyn Fn(&Value) -> bool| -> Vec<i64> {
        let mut numbers: Vec<i64> = of_kind(events, "X", "query")
            .into_iter()
            .filter(|e| keep(e))
            .map(|e| e["args"]["query"].as_i64().expect("a number"))
            .collect();
        numbers.sort_unstable();
        numbers
    };
    let is_within = |event: &Value| {
        let start = ns(event, "ts") as f64 * 1e-9;
        start < to && start + ns(event, "dur") as f64 * 1e-9 > from
    };
    let is_of = |event: &Value| (3..5).contains(&event["args"]["user"].as_i64().expect("a user"));
    let expected = numbers(&all, &is_within);
    assert!(expected.len() > 20 && expected.len() < numbers(&all, &|_| true).len());
    assert_eq!(numbers(&few, &|_| true), expected);
    assert_eq!(
        numbers(&fewer, &|_| true),
        numbers(&all, &|e| is_within(e) && is_of(e))
    );
    assert!(of_kind(&fewer, "X", "").into_iter().all(is_of));
    let counters = |events: &[Value]| of_kind(events, "C", "").len();
    assert!(counters(&few) > 50 && counters(&few) < counters(&all));
    for counter in of_kind(&few, "C", "") {
        let at = ns(counter, "ts") as f64 * 1e-9;
        assert!((from..=to).contains(&at), "{counter}");
    }
    let names: Vec<&str> = of_kind(&all, "C", "")
        .into_iter()
        .filter_map(|c| c["name"].as_str())
        .collect();
    for name in [
        "uplink",
        "compute",
        "utilisation",
        "interference power",
        "devices",
        "policy",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn the_same_trace_twice_is_the_same_bytes() {
    let folder = folder_with(EVERYTHING);
    let once = |out: &str| {
        edgelm(&folder, &["trace", "small.ron", "--out", out])
            .assert()
            .success();
        fs::read(folder.path().join(out)).expect("written")
    };
    let first = once("a/one.json");
    assert!(first.len() > 10_000);
    assert_eq!(first, once("a/two.json"));
    edgelm(&folder, &["trace", "small.ron"]).assert().success();
    assert_eq!(
        files(&folder.path().join("output"))["small.trace.json"],
        first
    );
    assert_eq!(
        files(&folder.path().join("a")).len(),
        2,
        "nothing unfinished is left"
    );
}

#[test]
fn the_papers_snapshot_can_be_traced() {
    let folder = folder_with("(users: (count: 9), replications: 2, policies: [EdgeAll, LocalAll])");
    for policy in ["0", "1"] {
        let events = trace(&folder, &["--policy", policy]);
        assert_eq!(of_kind(&events, "X", "query").len(), 9);
        stages_take_what_the_query_says(&events);
        slices_nest(&events);
    }
}

#[test]
fn options_that_name_nothing_are_refused_before_any_work() {
    let folder = folder_with(EVERYTHING);
    for (args, said) in [
        (&["--point", "2"][..], "points: 0 (6), 1 (14)"),
        (&["--policy", "EdgeAl"], "did you mean `EdgeAll`?"),
        (&["--policy", "7"], "no such policy"),
        (&["--replication", "2"], "the scenario has 2"),
        (&["--users", "3..13"], "has 12 users"),
        (&["--users", "5..5"], "write A..B"),
        (&["--from", "2", "--to", "1"], "later than --from"),
        (&["--to=-1"], "--to"),
        (&["--sample", "0"], "from 0.001"),
        (&["--out", "small.ron/trace.json"], "small.ron"),
        (&["--set", "users.cuont=3"], "users.count"),
    ] {
        let output = edgelm(&folder, &["trace", "small.ron"])
            .args(args)
            .assert()
            .code(2);
        let stderr = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    }
    assert_eq!(files(folder.path()).len(), 1);
    for args in [&["--time-series", "0"][..], &["--detail-replications", "0"]] {
        edgelm(&folder, &["run", "small.ron"])
            .args(args)
            .assert()
            .code(2);
    }
}

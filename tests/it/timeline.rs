//! Scenarios with arrivals over time: conservation, deadlines, probes, energy,
//! traces, a channel that changes, and the same bytes whatever watches.

use assert_cmd::Command;
use edgelm::experiment::{Experiment, PolicyResult};
use edgelm::scenario::{Diagnostic, Loaded, Override, load};
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn loaded(text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    Loaded::from_text(text, Path::new("timeline.ron"), &[])
}

/// The results of all policies at a scenario's first point.
pub(super) fn run(text: &str) -> Vec<PolicyResult> {
    let experiment = loaded(text)
        .and_then(Experiment::new)
        .unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let mut results = experiment
        .run(None, &AtomicBool::new(false), &|| ())
        .expect("it runs");
    results.points.remove(0).policies
}

fn measure(result: &PolicyResult, name: &str) -> f64 {
    let found = result.measures.iter().find(|(other, _)| *other == name);
    found.unwrap_or_else(|| panic!("no {name}")).1.mean
}

fn stage(result: &PolicyResult, name: &str) -> f64 {
    let found = result
        .stages_ms
        .0
        .iter()
        .find(|(other, _)| other.name() == name);
    found.unwrap_or_else(|| panic!("no stage {name}")).1.mean
}

/// A small cell; `more` are further fields.
fn cell(workload: &str, more: &str) -> String {
    format!(
        "(users: (count: 12), servers: (placement: Uniform, count: 2), replications: 4,
          sharing: Live, workload: ({workload}), run: (duration_s: 10, warm_up: Seconds(1)), {more})"
    )
}

const POISSON: &str = "arrivals: Poisson(rate_per_user_hz: 10)";

#[test]
fn light_load_in_time_is_each_query_by_itself() {
    // One user, one server, far apart in time: uplink and compute take Eq. 8's
    // values with nobody else.
    let text = "(users: (count: 1, placement: Listed([(100, 100)])),
        servers: (placement: Listed([(200, 100)]), capacity_tflops: Fixed(10)),
        channel: (fading: None), replications: 2, sharing: Live,
        workload: (arrivals: Periodic(period_s: 1)), run: (duration_s: 20), policies: [EdgeAll])";
    let result = &run(text)[0];
    let gain = 10f64.powf(-3.85) * 100f64.powf(-2.2);
    let noise = 1e-3 * 10f64.powf(-17.4) * 1e8;
    let uplink = 1300.0 / (1e8 * (1.0 + 0.2 * gain / noise).log2()) * 1e3;
    let compute = 16.863 / 1513.0 * 1e3;
    assert!((stage(result, "uplink") / uplink - 1.0).abs() < 1e-6);
    assert!((stage(result, "edge_compute") / compute - 1.0).abs() < 1e-6);
    assert_eq!(result.queries, 40);
}

#[test]
fn held_and_live_agree_where_nobody_overlaps_and_live_frees_what_held_keeps() {
    let text = |sharing: &str| {
        format!(
            "(users: (count: 40), replications: 5, sharing: {sharing}, scheduling: Every(period_ms: 20),
              workload: (arrivals: Poisson(rate_per_user_hz: 10)),
              run: (duration_s: 4), policies: [EdgeAll])"
        )
    };
    let (held, live) = (run(&text("Held")), run(&text("Live")));
    // Held keeps the shares of a moment when all that wait begin at once.
    assert!(live[0].delay_mean_ms.mean < held[0].delay_mean_ms.mean);
    assert_eq!(live[0].queries, held[0].queries, "the same arrivals");
}

#[test]
fn deadlines_are_counted_and_drops_conserve_queries() {
    let policies = "policies: [LocalAll, EdgeAll]";
    let without = run(&cell(POISSON, policies));
    let counted = run(&cell(
        &format!("{POISSON}, deadline: (after_ms: 30)"),
        policies,
    ));
    let dropped = run(&cell(
        &format!("{POISSON}, deadline: (after_ms: 30, drop: true)"),
        policies,
    ));
    for ((free, late), cut) in without.iter().zip(&counted).zip(&dropped) {
        assert_eq!(
            free.queries, late.queries,
            "a deadline alone changes nothing"
        );
        assert_eq!(free.delay_mean_ms, late.delay_mean_ms);
        assert_eq!(measure(late, "dropped_share"), 0.0);
        let share = measure(cut, "dropped_share");
        let left = cut.queries as f64 / free.queries as f64;
        assert!((left - (1.0 - share)).abs() < 0.01, "{left} {share}");
        assert_eq!(share, measure(cut, "deadline_missed_share"));
        let slowest = cut.histogram.max() as f64 * 1e-6;
        assert!(
            slowest <= 30.0 * 1.001,
            "{slowest} ms answered past the deadline"
        );
    }
    // Dropping frees the device for those that still can make it.
    let missed = measure(&counted[0], "deadline_missed_share");
    let cut = measure(&dropped[0], "deadline_missed_share");
    assert!(missed > 0.3 && cut < missed, "{missed} {cut}");
}

#[test]
fn a_probe_costs_the_device_once() {
    let policies = "policies: [LocalAll, EdgeAll]";
    let light = "arrivals: Poisson(rate_per_user_hz: 0.5)";
    let free = run(&cell(light, policies));
    let probed = run(&cell(
        &format!("{light}, probe: FirstToken(work_share: 0.25)"),
        policies,
    ));
    let compute = stage(&free[0], "local_compute");
    // What the probe has done the small model need not do again.
    assert!((stage(&probed[0], "probe") / (0.25 * compute) - 1.0).abs() < 1e-9);
    assert!((stage(&probed[0], "local_compute") / (0.75 * compute) - 1.0).abs() < 1e-9);
    assert!(stage(&probed[1], "probe") > 0.0);
    assert!(probed[1].delay_mean_ms.mean > free[1].delay_mean_ms.mean);
}

#[test]
fn energy_is_power_times_time_and_work_times_its_price() {
    let results = run(&cell(
        POISSON,
        "energy: (device_j_per_gflop: 0.05, server_j_per_gflop: 0.02), policies: [LocalAll, EdgeAll]",
    ));
    assert_eq!(measure(&results[0], "transmit_energy_j"), 0.0);
    assert!((measure(&results[0], "device_energy_j") / (0.05 * 2.596) - 1.0).abs() < 1e-9);
    assert_eq!(measure(&results[1], "device_energy_j"), 0.0);
    assert!((measure(&results[1], "server_energy_j") / (0.02 * 16.863) - 1.0).abs() < 1e-9);
    let transmit = 0.2 * stage(&results[1], "uplink") * 1e-3;
    assert!((measure(&results[1], "transmit_energy_j") / transmit - 1.0).abs() < 1e-9);
}

#[test]
fn an_overloaded_system_is_called_unstable() {
    let results = run(&cell(
        "arrivals: Poisson(rate_per_user_hz: 80)",
        "policies: [LocalAll]",
    ));
    assert!(
        results[0].warnings.iter().any(|w| w.contains("unstable")),
        "{:?}",
        results[0].warnings
    );
    let calm = run(&cell(
        "arrivals: Poisson(rate_per_user_hz: 2)",
        "policies: [LocalAll]",
    ));
    assert!(calm[0].warnings.iter().all(|w| !w.contains("unstable")));
}

#[test]
fn a_changing_channel_averages_out_what_a_static_one_keeps() {
    let text = |variation: &str| {
        format!(
            "(users: (count: 10, tx_power_mw: 0.02), servers: (placement: Listed([(250, 250)]), bandwidth_mhz: 1), replications: 40,
              channel: (variation: {variation}, block_ms: 1), sharing: Live,
              workload: (arrivals: Poisson(rate_per_user_hz: 0.2), query_bits: Fixed(20000),
                         llm_gflop: Fixed(0.01)),
              run: (duration_s: 30), policies: [EdgeAll])"
        )
    };
    let uplink_p99 = |variation| run(&text(variation))[0].delay_quantiles[3].value_ms;
    let (frozen, blocks) = (uplink_p99("Static"), uplink_p99("IndependentBlocks"));
    // Whoever is in a deep fade for good is the tail; a fade that passes is not.
    assert!(blocks < 0.8 * frozen, "{blocks} {frozen}");
    for slow in ["GaussMarkov(coherence_ms: 1e6)", "Jakes(doppler_hz: 0.001)"] {
        let slow = uplink_p99(slow);
        assert!(
            (slow / frozen - 1.0).abs() < 0.6,
            "hardly any motion is hardly any change: {slow} {frozen}"
        );
    }
}

#[test]
fn mobile_users_reach_servers_they_started_far_from() {
    let text = |mobility: &str| {
        format!(
            "(users: (count: 6, placement: Listed([(0,0),(0,0),(0,0),(0,0),(0,0),(0,0)]), mobility: {mobility}),
              area: (width_m: 4000, height_m: 100), servers: (placement: Listed([(4000, 50)])),
              channel: (fading: None), replications: 3, sharing: Live,
              workload: (arrivals: Poisson(rate_per_user_hz: 2)), run: (duration_s: 20),
              policies: [EdgeAll])"
        )
    };
    let still = run(&text("Static"));
    let driven = run(&text("Listed([[(0, 0, 50), (10, 4000, 50)]])"));
    assert!(stage(&driven[0], "uplink") < 0.7 * stage(&still[0], "uplink"));
}

#[test]
fn traces_bring_their_own_arrivals_and_tokens() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(
        folder.path().join("trace.csv"),
        "arrival_s,prompt_tokens,output_tokens,user\n0,100,0,0\n1,200,0,1\n2,100,100,0\n",
    )
    .expect("writable");
    let scenario = folder.path().join("s.ron");
    fs::write(
        &scenario,
        "(users: (count: 2, capacity_gflops: Fixed(1000)), replications: 1, sharing: Live,
          workload: (arrivals: Trace(file: \"trace.csv\", rate_scale: 2),
                     tokens: (slm_parameters_billion: 1, llm_parameters_billion: 10)),
          policies: [LocalAll])",
    )
    .expect("writable");
    let mean = |overrides: &[Override]| {
        let experiment = load(&scenario, overrides)
            .and_then(Experiment::new)
            .unwrap_or_else(|wrong| panic!("{}", wrong[0]));
        let results = experiment
            .run(Some(1), &AtomicBool::new(false), &|| ())
            .expect("it runs");
        let result = &results.points[0].policies[0];
        (result.queries, result.delay_mean_ms.mean)
    };
    // 2 FLOP x 1e9 parameters x 100, 200, 200 tokens over 1e12 FLOP/s.
    let (queries, delay) = mean(&[]);
    assert_eq!(queries, 3);
    assert!(
        (delay - (200.0 + 400.0 + 400.0) / 3.0).abs() < 1e-9,
        "{delay}"
    );
    // Looped: a period of 3 s (played in 1.5 s), 4 rounds begin before 6 s.
    let looped = [
        Override::set("workload.arrivals.at_end", "Loop"),
        Override::set("run.duration_s", "6"),
    ];
    assert_eq!(mean(&looped).0, 12);
}

#[test]
fn same_bytes_on_any_number_of_threads() {
    let files = |threads: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let out = folder.path().to_string_lossy().into_owned();
        Command::cargo_bin("edgelm")
            .expect("the binary is built")
            .args([
                "run",
                "scenarios/mobility.ron",
                "--replications",
                "3",
                "--out",
                &out,
            ])
            .args(["--set", "run.duration_s=1", "--threads", threads])
            .args(["--set", "users.count=20"])
            .assert()
            .success();
        ["results.csv", "results.json", "delay_mean.png"]
            .map(|name| fs::read(folder.path().join("mobility").join(name)).expect("written"))
    };
    let one = files("1");
    assert!(one == files("2") && one == files("8"));
}

#[test]
fn runs_in_time_are_checked() {
    let wrong = |text: &str| {
        let diagnostics = loaded(text).map(|_| ()).expect_err("refused");
        diagnostics
            .iter()
            .map(Diagnostic::to_string)
            .collect::<String>()
    };
    let with = |workload: &str, more: &str| {
        format!("(users: (count: 2), policies: [LocalAll], workload: ({workload}), {more})")
    };
    for (text, parts) in [
        (with(POISSON, ""), ["run: found no end", "duration_s"]),
        (
            with(
                "arrivals: Poisson(rate_per_user_hz: -1)",
                "run: (duration_s: 1)",
            ),
            ["workload.arrivals.rate_per_user_hz", "found -1"],
        ),
        (
            with(
                "arrivals: Bursty(rate_per_user_hz: 1, burst_ratio: 0.5, burst_mean_s: 1, quiet_mean_s: 1)",
                "run: (duration_s: 1)",
            ),
            ["burst_ratio", "a number from 1 to 1e6"],
        ),
        (
            with(POISSON, "run: (duration_s: 1), scheduling: Batch"),
            ["scheduling", "PerArrival"],
        ),
        (
            with(POISSON, "run: (duration_s: 1, warm_up: Seconds(2))"),
            ["run.warm_up", "found 2"],
        ),
        (
            with("", "servers: (discipline: Fifo)"),
            ["servers.discipline", "Live"],
        ),
        (
            with(
                &format!("{POISSON}, probe: FirstToken(work_share: 2)"),
                "run: (duration_s: 1)",
            ),
            ["workload.probe.work_share", "found 2"],
        ),
        (
            with(
                &format!("{POISSON}, deadline: (after_ms: 0)"),
                "run: (duration_s: 1)",
            ),
            ["workload.deadline.after_ms", "found 0"],
        ),
        (
            with("arrivals: Trace(file: \"nowhere.csv\")", ""),
            ["nowhere.csv", "cannot read"],
        ),
    ] {
        let said = wrong(&text);
        for part in parts {
            assert!(said.contains(part), "no {part:?} in:\n{said}");
        }
    }
}

#[test]
fn a_stopping_rule_goes_on_until_the_precision_is_there() {
    let text = |until: &str| {
        format!(
            "(users: (count: 1, capacity_gflops: Fixed(1)), replications: 4, sharing: Live, {until}
              workload: (arrivals: Poisson(rate_per_user_hz: 0.5), slm_gflop: Exponential(mean: 1)),
              run: (queries: 400), policies: [LocalAll])"
        )
    };
    let rule = |width: f64| {
        let rule = format!(
            "until: (metric: delay_p95, relative_half_width: {width}, max_replications: 60),"
        );
        run(&text(&rule)).remove(0)
    };
    let width = |result: &PolicyResult| {
        let p95 = &result.delay_quantiles[2];
        let bounds = p95.high_ms.zip(p95.low_ms);
        bounds.map(|(high, low)| 0.5 * (high - low) / p95.value_ms)
    };
    let (loose, tight) = (rule(0.3), rule(0.1));
    assert!(loose.replications < tight.replications && tight.replications < 60);
    assert!(width(&loose).expect("bounded") <= 0.3);
    assert!(width(&tight).expect("bounded") <= 0.1);
    let hopeless = rule(0.001);
    assert_eq!(hopeless.replications, 60);
    let not_reached = |w: &String| w.contains("precision asked for was not reached");
    assert!(
        hopeless.warnings.iter().any(not_reached),
        "{:?}",
        hopeless.warnings
    );
    // What was run is what a run of that many replications is.
    let plain = run(&text("").replace(
        "replications: 4",
        &format!("replications: {}", loose.replications),
    ));
    assert_eq!(plain[0].delay_mean_ms, loose.delay_mean_ms);
}

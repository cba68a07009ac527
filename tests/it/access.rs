//! What comes before a query is on the air or on the small model: access to the uplink,
//! routers, and devices that throttle.

use edgelm::engine::CompletedQuery;
use edgelm::experiment::{Experiment, Study};
use edgelm::snapshot::Choice;
use edgelm::station::access::Access;
use edgelm::station::stage::Stage;
use std::collections::HashMap;

fn queries(text: &str, policy: usize) -> Vec<CompletedQuery> {
    let study = Study::from_ron(text).unwrap_or_else(|error| panic!("{error}"));
    let experiment: Experiment = study.experiment().unwrap_or_else(|error| panic!("{error}"));
    let mut queries = Vec::new();
    experiment
        .replay(0, policy, 0, None, &mut queries)
        .expect("it runs");
    queries
}

const POISSON: &str = "users: (count: 30), sharing: Live, replications: 1,
    run: (duration_s: 60, warm_up: Seconds(2))";

fn poisson(access: &str, probe: &str, policies: &str) -> String {
    format!(
        "({POISSON}, {access} policies: [{policies}],
          workload: (arrivals: Poisson(rate_per_user_hz: 0.4), {probe}))"
    )
}

#[test]
fn every_message_waits_for_its_grant_its_slot_and_its_retransmissions() {
    let access = Access {
        grant_ms: 5.0,
        slot_ms: 2.0,
        harq_rtt_ms: 8.0,
        first_bler: 0.2,
    };
    let text = "access: (grant_ms: 5, slot_ms: 2, harq_rtt_ms: 8, first_bler: 0.2),";
    let text = poisson(text, "", "Goa(tau: 0.6), EdgeAll");
    let all = queries(&text, 1);
    let waits: Vec<f64> = all
        .iter()
        .map(|q| q.stages[Stage::Access].as_ms())
        .collect();
    for (query, &wait) in all.iter().zip(&waits) {
        assert_ne!(query.choice, Choice::Local);
        let beyond_grant = (wait - 5.0) % 8.0;
        assert!(wait >= 5.0 && beyond_grant <= 2.0, "{wait}");
    }
    let mean = waits.iter().sum::<f64>() / waits.len() as f64;
    let spread = (waits.iter().map(|w| (w - mean).powi(2)).sum::<f64>()
        / (waits.len() as f64 - 1.0)
        / waits.len() as f64)
        .sqrt();
    assert!(waits.len() > 500);
    let expected = access.mean_wait().as_ms();
    assert!((mean - expected).abs() < 4.0 * spread, "{mean} {expected}");
    // The same message waits as long whatever the policy is.
    let by_number: HashMap<u64, f64> = all.iter().map(|q| q.number).zip(waits).collect();
    let mut sent = 0;
    for query in queries(&text, 0) {
        let wait = query.stages[Stage::Access].as_ms();
        match query.choice {
            Choice::Local => assert_eq!(wait, 0.0),
            Choice::Edge(_) => {
                sent += 1;
                assert_eq!(wait, by_number[&query.number]);
            }
        }
    }
    assert!(sent > 100);
}

#[test]
fn a_router_costs_its_time_and_sends_the_share_that_its_threshold_says() {
    let router = "probe: Router(auroc: 0.8, cost_ms: 3)";
    let policies = "Threshold(tau: 0.7), Threshold(tau_quantile: 0.7)";
    let text = poisson("", router, policies);
    let all = queries(&text, 0);
    let sent = all.iter().filter(|q| q.choice != Choice::Local).count();
    let share = sent as f64 / all.len() as f64;
    let deviation = (0.3f64 * 0.7 / all.len() as f64).sqrt();
    assert!((share - 0.3).abs() < 4.0 * deviation, "{share}");
    for query in &all {
        assert!((query.stages[Stage::Probe].as_ms() - 3.0).abs() < 1e-9);
        // The router does none of the small model's work.
        if query.choice == Choice::Local {
            let work = query.device_work / query.query.slm_work;
            assert!((work - 1.0).abs() < 1e-12, "{work}");
        }
    }
    // A score is a rank.
    let choices = |policy| {
        let all = queries(&text, policy);
        all.iter().map(|q| q.choice).collect::<Vec<_>>()
    };
    assert_eq!(choices(0), choices(1));
    // Whether a query is answered right does not depend on who looked at it.
    let free = queries(&poisson("", "", "LocalAll"), 0);
    let same = free
        .iter()
        .zip(queries(&poisson("", router, "LocalAll"), 0));
    for (free, routed) in same {
        if free.number == routed.number {
            assert_eq!(free.query.slm_correct, routed.query.slm_correct);
        }
    }
}

/// One user whose queries all arrive at once: 2.596 GFLOP at 2.596 GFLOP/s, a second each.
#[test]
fn a_device_throttles_after_long_work_and_policies_know_it() {
    let ends = |more: &str| {
        let all = queries(
            &format!(
                "(users: (count: 1, capacity_gflops: Fixed(2.596){more}), replications: 1,
                  sharing: Live, policies: [LocalAll], run: (queries: 6),
                  workload: (arrivals: Periodic(period_s: 0.001)))"
            ),
            0,
        );
        let mut ends: Vec<f64> = all
            .iter()
            .map(|q| (q.arrived + q.stages.total()).0 - all[0].arrived.0)
            .collect();
        ends.sort_by(f64::total_cmp);
        ends.truncate(6);
        ends
    };
    let close = |found: &[f64], expected: &[f64]| {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
        assert!(found.iter().zip(expected).all(near), "{found:?}");
    };
    close(&ends(""), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    // Full rates for 2.5 s, then half of them: the third query is the one that sees both.
    let throttling = ", throttling: (after_s: 2.5, factor: 0.5)";
    close(&ends(throttling), &[1.0, 2.0, 3.5, 5.5, 7.5, 9.5]);
    // Here 10 ms each, every 11 ms, beside 11.1 ms of compute at the edge: a policy that
    // goes by delay stays on the device until that is throttled.
    let sent = |more: &str| {
        let all = queries(
            &format!(
                "(users: (count: 1, capacity_gflops: Fixed(259.6){more}), replications: 1,
                  sharing: Live, policies: [MinDelay], run: (queries: 12),
                  workload: (arrivals: Periodic(period_s: 0.011)))"
            ),
            0,
        );
        all.iter().filter(|q| q.choice != Choice::Local).count()
    };
    assert_eq!(sent(""), 0);
    let sent = sent(", throttling: (after_s: 0.05, factor: 0.5)");
    assert!((1..=7).contains(&sent), "{sent}");
}

//! `edgelm decide`: a snapshot in, a decision out.

use assert_cmd::Command;
use serde_json::{Value, json};

fn decide(instance: &Value, policy: &str, more: &[&str]) -> Value {
    let output = Command::cargo_bin("edgelm")
        .expect("the binary is built")
        .args(["decide", "-", "--policy", policy])
        .args(more)
        .write_stdin(instance.to_string())
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    serde_json::from_slice(&output).expect("one JSON object")
}

fn instance(users: &[f64], gain: Value) -> Value {
    let users: Vec<Value> = users
        .iter()
        .map(|uncertainty| {
            json!({"uncertainty": uncertainty, "query_bits": 1300.0, "slm_flop": 2.596e9,
                   "llm_flop": 1.6863e10, "local_flops": 9e10})
        })
        .collect();
    json!({
        "tx_power_w": 0.2, "noise_w": 4e-13, "users": users,
        "servers": [
            {"flops": 1.5e13, "max_flops_per_user": 1.513e12, "bandwidth_hz": 1e8},
            {"flops": 1.2e13, "max_flops_per_user": 1.513e12, "bandwidth_hz": 1e8},
        ],
        "gain": gain,
    })
}

#[test]
fn delays_are_eq_8() {
    let one = instance(&[0.9], json!([[1e-9, 1e-12]]));
    let answer = decide(&one, "Goa(tau: 0.6)", &[]);
    assert_eq!(answer["policy"], "Goa(tau: 0.6)");
    assert_eq!(answer["assignment"], json!([0]));
    let sinr: f64 = 0.2 * 1e-9 / 4e-13;
    let expected = 1300.0 / (1e8 * (1.0 + sinr).log2()) + 1.6863e10 / 1.513e12;
    let delay = answer["delays_s"][0].as_f64().unwrap();
    assert!((delay / expected - 1.0).abs() < 1e-12);
    let objective = answer["objective_s"].as_f64().unwrap();
    assert!((objective / (0.9 * expected) - 1.0).abs() < 1e-12);
    assert_eq!(answer["mean_delay_s"], answer["delays_s"][0]);
    assert!(answer["decision_us"].as_f64().unwrap() > 0.0);
}

#[test]
fn none_and_all_offloaded() {
    let two = instance(&[0.9, 0.1], json!([[1e-9, 1e-9], [1e-10, 1e-9]]));
    let local = decide(&two, "LocalAll", &[]);
    assert_eq!(local["assignment"], json!([-1, -1]));
    assert_eq!(local["delays_s"][0], 2.596e9 / 9e10);
    let edge = decide(&two, "EdgeAll", &[]);
    assert!(
        edge["assignment"]
            .as_array()
            .unwrap()
            .iter()
            .all(|j| j.as_i64().unwrap() >= 0)
    );
}

#[test]
fn the_reading_of_interference_is_the_users_choice() {
    let two = instance(&[0.9, 0.9], json!([[1e-7, 1e-12], [1e-12, 1e-7]]));
    let delay = |reading: &[&str]| {
        let answer = decide(&two, "EdgeAll", reading);
        assert_eq!(answer["assignment"], json!([0, 1]));
        answer["mean_delay_s"].as_f64().unwrap()
    };
    let (co_channel, printed, orthogonal) = (
        delay(&[]),
        delay(&["--interference", "AsPrinted"]),
        delay(&["--interference", "orthogonal"]),
    );
    assert!(orthogonal < co_channel && co_channel < printed);
}

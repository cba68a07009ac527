//! edgelm's side of the comparison of one GOA decision with plain Python:
//! `peer_goa write <users> <file>` writes an instance of the paper's cell as JSON,
//! `peer_goa decide <file>` decides on it and prints one line of JSON.

#[path = "../paper_cell/mod.rs"]
mod paper_cell;

use edgelm::physics::radio::Interference;
use edgelm::policy::{Goa, Policy, literal};
use edgelm::scenario::Instance;
use edgelm::snapshot::{Choice, View};
use paper_cell::{TAU, cell};
use serde_json::{Value, json};
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// For how long each algorithm runs again and again.
const MEASURED: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", users, file] => {
            let snapshot = cell(users.parse()?, 0);
            std::fs::write(file, instance(&snapshot.view()).to_string())?;
        }
        ["decide", file] => println!("{}", decide(Path::new(file))?),
        _ => return Err("usage: peer_goa write <users> <file> | peer_goa decide <file>".into()),
    }
    Ok(())
}

/// The instance that a view shows.
fn instance(view: &View<'_>) -> Value {
    let users: Vec<Value> = view
        .queries
        .iter()
        .map(|query| {
            json!({
                "uncertainty": query.uncertainty,
                "query_bits": query.bits.0,
                "slm_flop": query.slm_work.0,
                "llm_flop": query.llm_work.0,
                "local_flops": query.local_capacity.0,
            })
        })
        .collect();
    let servers: Vec<Value> = view
        .servers
        .iter()
        .map(|server| {
            json!({
                "flops": server.capacity.0,
                "max_flops_per_user": server.max_per_user.0,
                "bandwidth_hz": server.bandwidth.0,
            })
        })
        .collect();
    let gain: Vec<Vec<f64>> = (0..users.len())
        .map(|i| (0..servers.len()).map(|j| view.gain(i, j)).collect())
        .collect();
    json!({
        "tx_power_w": view.tx_power.0,
        "noise_w": view.servers[0].noise.0,
        "users": users,
        "servers": servers,
        "gain": gain,
    })
}

/// What both algorithms decide, and how long they take.
fn decide(file: &Path) -> Result<Value, Box<dyn Error>> {
    let text = std::fs::read_to_string(file)?;
    let instance = Instance::from_json(&text, file).map_err(|diagnostics| {
        let messages: Vec<String> = diagnostics.into_iter().map(|d| d.message).collect();
        messages.join("\n")
    })?;
    let snapshot = instance.snapshot(Interference::CoChannel);
    let view = snapshot.view();
    let mut goa = Goa { tau: TAU };
    let fast = goa.decide(&view)?;
    let literal = literal::algorithm_1(&view, TAU);
    if fast != literal {
        return Err("the fast decision is not the literal algorithm's".into());
    }
    let choices: Vec<Option<usize>> = fast
        .choices
        .iter()
        .map(|choice| match choice {
            Choice::Local => None,
            Choice::Edge(server) => Some(*server),
        })
        .collect();
    Ok(json!({
        "tau": TAU,
        "choices": choices,
        "goa_us": median_us(|| goa.decide(black_box(&view))),
        "literal_us": median_us(|| literal::algorithm_1(black_box(&view), TAU)),
    }))
}

/// Median time of a call, in microseconds.
fn median_us<T>(mut call: impl FnMut() -> T) -> f64 {
    let mut times = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < MEASURED {
        let start = Instant::now();
        black_box(call());
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

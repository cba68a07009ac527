//! edgelm's side of the comparison with other simulators: one line of JSON for
//! `peer_queues <how> <work> <customers> <seed>`, where `how` is `complete`, `parts`,
//! `by-hand` or `without-list` and `work` is `mm1` or `capped-ps`.

mod queues;

use queues::complete::Cell;
use queues::{Sojourns, Work, by_hand, parts, without_list};
use serde_json::json;
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [how, work_name, customers, seed] = &arguments[..] else {
        return Err("usage: peer_queues <how> <work> <customers> <seed>".into());
    };
    let work: Work = work_name.parse()?;
    let (customers, seed): (u64, u64) = (customers.parse()?, seed.parse()?);
    let (peer, sojourns, seconds) = match how.as_str() {
        "complete" => {
            let cell = Cell::new(work)?;
            let (sojourns, seconds) = timed(|| cell.simulate(customers, seed));
            ("edgelm", sojourns?, seconds)
        }
        "parts" => {
            let (sojourns, seconds) = timed(|| parts::simulate(work, customers, seed));
            ("edgelm stations", sojourns, seconds)
        }
        "by-hand" => {
            let (sojourns, seconds) = timed(|| by_hand::simulate(work, customers, seed));
            ("hand-written", sojourns, seconds)
        }
        "without-list" => {
            let (sojourns, seconds) = timed(|| without_list::simulate(work, customers, seed));
            ("hand-written, no event list", sojourns, seconds)
        }
        other => {
            let allowed = "complete, parts, by-hand, without-list";
            return Err(format!("no {other:?}: {allowed}").into());
        }
    };
    let Sojourns { customers, sum_s } = sojourns;
    println!(
        "{}",
        json!({
            "peer": peer,
            "work": work_name,
            "customers": customers,
            "seconds": seconds,
            "customers_per_s": customers as f64 / seconds,
            "mean_sojourn": sum_s / customers as f64,
        })
    );
    Ok(())
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed().as_secs_f64())
}

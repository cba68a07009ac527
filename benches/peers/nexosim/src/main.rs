//! M/M/1 and capped processor sharing in NeXosim: one line of JSON for
//! `nexosim-peer <work> <customers> <seed>`, where `work` is `mm1` or `capped-ps`.

mod fifo;
mod random;
mod sharing;
mod source;

use fifo::FifoServer;
use nexosim::ports::{EventSinkReader, SinkState, event_slot};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use sharing::SharedServer;
use source::Source;
use std::error::Error;
use std::time::{Duration, Instant};

/// Mean time that a job takes when it is served alone, in seconds.
const MEAN_WORK_S: f64 = 1.0;
/// How many jobs the shared server serves at full rate.
const FULL_RATE_JOBS: f64 = 5.0;
const LOAD: f64 = 0.8;

/// Sum of the times that customers spent in the system.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Sojourns {
    customers: u64,
    sum_s: f64,
}

impl Sojourns {
    fn add(&mut self, sojourn: Duration) {
        self.customers += 1;
        self.sum_s += sojourn.as_secs_f64();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [work, customers, seed] = &arguments[..] else {
        return Err("usage: nexosim-peer <work> <customers> <seed>".into());
    };
    let (customers, seed): (u64, u64) = (customers.parse()?, seed.parse()?);
    // One thread: a single queue has nothing to do in parallel, and the executor for
    // one thread is the faster one.
    let mut bench = SimInit::with_num_threads(1);
    let (sink, mut done) = event_slot(SinkState::Enabled);
    let source_mailbox = Mailbox::new();
    let rate_hz = match work.as_str() {
        "mm1" => LOAD / MEAN_WORK_S,
        "capped-ps" => LOAD * FULL_RATE_JOBS / MEAN_WORK_S,
        other => return Err(format!("no work {other:?}: mm1 and capped-ps are there").into()),
    };
    let mut source = Source::new(customers, rate_hz, 2 * seed);
    if work == "mm1" {
        let mut server = FifoServer::new(customers, 2 * seed + 1);
        let mailbox = Mailbox::new();
        source.customer.connect(FifoServer::arrive, &mailbox);
        server.done.connect_sink(sink);
        bench = bench.add_model(server, mailbox, "server");
    } else {
        let mut server = SharedServer::new(customers, 2 * seed + 1);
        let mailbox = Mailbox::new();
        source.customer.connect(SharedServer::arrive, &mailbox);
        server.done.connect_sink(sink);
        bench = bench.add_model(server, mailbox, "server");
    }
    let mut simulation = bench
        .add_model(source, source_mailbox, "source")
        .init(MonotonicTime::EPOCH)?;

    let start = Instant::now();
    simulation.run()?;
    let seconds = start.elapsed().as_secs_f64();

    let Sojourns { customers, sum_s } = done
        .try_read()
        .ok_or("the simulation ended before its customers had left")?;
    println!(
        "{}",
        serde_json::json!({
            "peer": "NeXosim",
            "work": work,
            "customers": customers,
            "seconds": seconds,
            "customers_per_s": customers as f64 / seconds,
            "mean_sojourn": sum_s / customers as f64,
        })
    );
    Ok(())
}

//! The engine's own event list and stations, without a query's life around them.

use super::{FULL_RATE_JOBS, MEAN_WORK_S, Sojourns, Work, exponential};
use edgelm::engine::EventList;
use edgelm::station::fifo::Fifo;
use edgelm::station::processor_sharing::ProcessorSharing;
use edgelm::units::{Flop, FlopPerSecond, Seconds};
use edgelm::world::streams::StreamKey;

enum Event {
    Arrival,
    /// The announced completion, unless another has been announced since.
    Completion {
        job: usize,
        announced: u64,
    },
}

/// Jobs between arrival and completion, in slots that are used again.
#[derive(Default)]
struct Jobs {
    arrived: Vec<Seconds>,
    free: Vec<usize>,
}

impl Jobs {
    fn admit(&mut self, now: Seconds) -> usize {
        match self.free.pop() {
            Some(job) => {
                self.arrived[job] = now;
                job
            }
            None => {
                self.arrived.push(now);
                self.arrived.len() - 1
            }
        }
    }

    fn release(&mut self, job: usize, now: Seconds) -> f64 {
        self.free.push(job);
        (now - self.arrived[job]).0
    }
}

/// Simulates `customers` jobs from an empty system to an empty system.
pub fn simulate(work: Work, customers: u64, seed: u64) -> Sojourns {
    match work {
        Work::Mm1 => mm1(customers, seed),
        Work::CappedPs => capped_ps(customers, seed),
    }
}

fn mm1(customers: u64, seed: u64) -> Sojourns {
    let mut rng = StreamKey::root(seed).stream();
    let mean_gap = 1.0 / Work::Mm1.rate_hz();
    let (mut events, mut jobs) = (EventList::default(), Jobs::default());
    let mut server = Fifo::new(FlopPerSecond(1.0), FlopPerSecond(1.0));
    let mut sojourns = Sojourns::default();
    let mut to_come = customers;
    events.push(Seconds(exponential(&mut rng, mean_gap)), Event::Arrival);
    while let Some((now, event)) = events.pop() {
        let in_service = server.next_end();
        match event {
            Event::Arrival if to_come == 0 => {}
            Event::Arrival => {
                to_come -= 1;
                events.push(
                    now + Seconds(exponential(&mut rng, mean_gap)),
                    Event::Arrival,
                );
                let job = jobs.admit(now);
                server.start(now, job, Flop(exponential(&mut rng, MEAN_WORK_S)));
            }
            Event::Completion { job, .. } => {
                sojourns.add(jobs.release(job, now));
                server.end(now, job);
            }
        }
        if let Some((ends, job)) = server.next_end().filter(|next| Some(*next) != in_service) {
            events.push(ends, Event::Completion { job, announced: 0 });
        }
    }
    sojourns
}

fn capped_ps(customers: u64, seed: u64) -> Sojourns {
    let mut rng = StreamKey::root(seed).stream();
    let mean_gap = 1.0 / Work::CappedPs.rate_hz();
    let (mut events, mut jobs) = (EventList::default(), Jobs::default());
    let mut server = ProcessorSharing::new(FlopPerSecond(FULL_RATE_JOBS), FlopPerSecond(1.0));
    let mut sojourns = Sojourns::default();
    let mut to_come = customers;
    let mut latest = 0;
    events.push(Seconds(exponential(&mut rng, mean_gap)), Event::Arrival);
    while let Some((now, event)) = events.pop() {
        match event {
            Event::Arrival if to_come == 0 => continue,
            Event::Arrival => {
                to_come -= 1;
                events.push(
                    now + Seconds(exponential(&mut rng, mean_gap)),
                    Event::Arrival,
                );
                let job = jobs.admit(now);
                server.start(now, job, Flop(exponential(&mut rng, MEAN_WORK_S)));
            }
            Event::Completion { announced, .. } if announced != latest => continue,
            Event::Completion { job, .. } => {
                server.complete(now, job);
                sojourns.add(jobs.release(job, now));
            }
        }
        latest += 1;
        if let Some((ends, job)) = server.next_end() {
            let announced = latest;
            events.push(ends, Event::Completion { job, announced });
        }
    }
    sojourns
}

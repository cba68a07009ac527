//! The least that can be written over an event list: std's heap, no types for
//! units, no jobs with names. What an engine costs is measured from here.

use super::{FULL_RATE_JOBS, MEAN_WORK_S, Sojourns, Work, exponential};
use edgelm::world::streams::StreamKey;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Simulates `customers` jobs from an empty system to an empty system.
pub fn simulate(work: Work, customers: u64, seed: u64) -> Sojourns {
    match work {
        Work::Mm1 => mm1(customers, seed),
        Work::CappedPs => capped_ps(customers, seed),
    }
}

const ARRIVAL: u32 = 0;
const COMPLETION: u32 = 1;

/// One event list; the bits of times order as the times do.
fn mm1(customers: u64, seed: u64) -> Sojourns {
    let mut rng = StreamKey::root(seed).stream();
    let mean_gap = 1.0 / Work::Mm1.rate_hz();
    let mut events: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
    let mut arrived: VecDeque<f64> = VecDeque::new();
    let mut sojourns = Sojourns::default();
    let mut to_come = customers;
    events.push(Reverse((
        exponential(&mut rng, mean_gap).to_bits(),
        ARRIVAL,
    )));
    while let Some(Reverse((bits, event))) = events.pop() {
        let now = f64::from_bits(bits);
        if event == ARRIVAL {
            if to_come == 0 {
                continue;
            }
            to_come -= 1;
            let next = now + exponential(&mut rng, mean_gap);
            events.push(Reverse((next.to_bits(), ARRIVAL)));
            arrived.push_back(now);
            if arrived.len() > 1 {
                continue;
            }
        } else {
            if let Some(since) = arrived.pop_front() {
                sojourns.add(now - since);
            }
            if arrived.is_empty() {
                continue;
            }
        }
        let ends = now + exponential(&mut rng, MEAN_WORK_S);
        events.push(Reverse((ends.to_bits(), COMPLETION)));
    }
    sojourns
}

/// The event list, and a heap of jobs in virtual time: what each of them has
/// received since the server was last idle is one number for all. An announced
/// completion that no longer holds stays in the list and is passed over.
fn capped_ps(customers: u64, seed: u64) -> Sojourns {
    let mut rng = StreamKey::root(seed).stream();
    let mean_gap = 1.0 / Work::CappedPs.rate_hz();
    // (bits of the time, announcement); arrivals are number 0.
    let mut events: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::new();
    // (bits of what it has received at its completion, bits of its arrival).
    let mut jobs: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::new();
    let mut sojourns = Sojourns::default();
    let mut to_come = customers;
    let (mut updated, mut received, mut rate) = (0.0, 0.0, 1.0);
    let mut announced = 0;
    events.push(Reverse((exponential(&mut rng, mean_gap).to_bits(), 0)));
    while let Some(Reverse((bits, announcement))) = events.pop() {
        let now = f64::from_bits(bits);
        if announcement == 0 {
            if to_come == 0 {
                continue;
            }
            to_come -= 1;
            let next = now + exponential(&mut rng, mean_gap);
            events.push(Reverse((next.to_bits(), 0)));
            if jobs.is_empty() {
                received = 0.0;
            } else {
                received += rate * (now - updated);
            }
            let completes: f64 = received + exponential(&mut rng, MEAN_WORK_S);
            jobs.push(Reverse((completes.to_bits(), bits)));
        } else if announcement == announced {
            if let Some(Reverse((completes, since))) = jobs.pop() {
                received = f64::from_bits(completes);
                sojourns.add(now - f64::from_bits(since));
            }
        } else {
            continue;
        }
        updated = now;
        rate = (FULL_RATE_JOBS / jobs.len().max(1) as f64).min(1.0);
        announced += 1;
        if let Some(Reverse((completes, _))) = jobs.peek() {
            let ends = now + (f64::from_bits(*completes) - received) / rate;
            events.push(Reverse((ends.to_bits(), announced)));
        }
    }
    sojourns
}

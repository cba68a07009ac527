//! The least that can be written for these two queues and no other: no event list,
//! the two next events are two variables.

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

fn mm1(customers: u64, seed: u64) -> Sojourns {
    let mut rng = StreamKey::root(seed).stream();
    let mean_gap = 1.0 / Work::Mm1.rate_hz();
    let mut arrived: VecDeque<f64> = VecDeque::new();
    let mut sojourns = Sojourns::default();
    let mut to_come = customers;
    let mut next_arrival = exponential(&mut rng, mean_gap);
    let mut next_end = f64::INFINITY;
    loop {
        if next_end <= next_arrival
            && let Some(since) = arrived.pop_front()
        {
            sojourns.add(next_end - since);
            if arrived.is_empty() {
                next_end = f64::INFINITY;
            } else {
                next_end += exponential(&mut rng, MEAN_WORK_S);
            }
        } else if to_come == 0 {
            return sojourns;
        } else {
            to_come -= 1;
            if arrived.is_empty() {
                next_end = next_arrival + exponential(&mut rng, MEAN_WORK_S);
            }
            arrived.push_back(next_arrival);
            if to_come > 0 {
                next_arrival += exponential(&mut rng, mean_gap);
            } else {
                next_arrival = f64::INFINITY;
            }
        }
    }
}

/// A heap of jobs in virtual time: what each of them has received since the server
/// was last idle is one number for all.
fn capped_ps(customers: u64, seed: u64) -> Sojourns {
    let mut rng = StreamKey::root(seed).stream();
    let mean_gap = 1.0 / Work::CappedPs.rate_hz();
    let mut jobs: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::new();
    let mut sojourns = Sojourns::default();
    let mut to_come = customers;
    let (mut now, mut received) = (0.0, 0.0);
    let mut next_arrival = exponential(&mut rng, mean_gap);
    loop {
        let rate = (FULL_RATE_JOBS / jobs.len().max(1) as f64).min(1.0);
        let next_end = jobs
            .peek()
            .map(|Reverse((completes, _))| now + (f64::from_bits(*completes) - received) / rate);
        match next_end {
            Some(ends) if ends <= next_arrival => {
                if let Some(Reverse((completes, since))) = jobs.pop() {
                    received = f64::from_bits(completes);
                    now = ends;
                    sojourns.add(now - f64::from_bits(since));
                }
            }
            _ if to_come == 0 => return sojourns,
            _ => {
                to_come -= 1;
                if jobs.is_empty() {
                    received = 0.0;
                } else {
                    received += rate * (next_arrival - now);
                }
                now = next_arrival;
                let completes: f64 = received + exponential(&mut rng, MEAN_WORK_S);
                jobs.push(Reverse((completes.to_bits(), now.to_bits())));
                next_arrival = if to_come > 0 {
                    now + exponential(&mut rng, mean_gap)
                } else {
                    f64::INFINITY
                };
            }
        }
    }
}

//! A server shared by its jobs, each capped: a job among n runs at min(1, 5 / n).

use crate::random::{Exponential, delay};
use crate::{FULL_RATE_JOBS, MEAN_WORK_S, Sojourns};
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::simulation::EventKey;
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Jobs in virtual time: all progress alike, so that one number tells how much work
/// any of them has received. The next completion is an event with a key, cancelled
/// and scheduled anew when a job arrives.
#[derive(Serialize, Deserialize)]
pub struct SharedServer {
    /// The times spent here, sent once the last job has left.
    pub done: Output<Sojourns>,
    /// (bits of the progress at completion, arrival), least first.
    jobs: BinaryHeap<Reverse<(u64, MonotonicTime)>>,
    progress: f64,
    updated: MonotonicTime,
    next: Option<EventKey>,
    works: Exponential,
    sojourns: Sojourns,
    customers: u64,
}

#[Model]
impl SharedServer {
    pub fn new(customers: u64, seed: u64) -> Self {
        Self {
            done: Output::default(),
            jobs: BinaryHeap::new(),
            progress: 0.0,
            updated: MonotonicTime::EPOCH,
            next: None,
            works: Exponential::seeded(seed),
            sojourns: Sojourns::default(),
            customers,
        }
    }

    /// A job arrives -- input port.
    pub fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.advance(cx.time());
        let completes = self.progress + self.works.draw(MEAN_WORK_S);
        self.jobs.push(Reverse((completes.to_bits(), cx.time())));
        if let Some(key) = self.next.take() {
            key.cancel();
        }
        self.announce(cx);
    }

    #[nexosim(schedulable)]
    async fn complete(&mut self, _: (), cx: &Context<Self>) {
        self.advance(cx.time());
        if let Some(Reverse((completes, arrival))) = self.jobs.pop() {
            self.progress = f64::from_bits(completes);
            self.sojourns.add(cx.time().duration_since(arrival));
        }
        self.announce(cx);
        if self.sojourns.customers == self.customers {
            self.done.send(self.sojourns).await;
        }
    }

    fn rate(&self) -> f64 {
        (FULL_RATE_JOBS / self.jobs.len().max(1) as f64).min(1.0)
    }

    fn advance(&mut self, now: MonotonicTime) {
        if self.jobs.is_empty() {
            self.progress = 0.0;
        } else {
            self.progress += self.rate() * now.duration_since(self.updated).as_secs_f64();
        }
        self.updated = now;
    }

    fn announce(&mut self, cx: &Context<Self>) {
        self.next = self.jobs.peek().map(|Reverse((completes, _))| {
            let left = f64::from_bits(*completes) - self.progress;
            cx.schedule_keyed_event(
                delay((left / self.rate()).max(0.0)),
                schedulable!(Self::complete),
                (),
            )
            .expect("a completion is in the future")
        });
    }
}

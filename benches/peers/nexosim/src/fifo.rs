//! A single server, first come first served.

use crate::random::{Exponential, delay};
use crate::{MEAN_WORK_S, Sojourns};
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Customers wait in line; the first is being served.
#[derive(Serialize, Deserialize)]
pub struct FifoServer {
    /// The times spent here, sent once the last customer has left.
    pub done: Output<Sojourns>,
    arrivals: VecDeque<MonotonicTime>,
    works: Exponential,
    sojourns: Sojourns,
    customers: u64,
}

#[Model]
impl FifoServer {
    pub fn new(customers: u64, seed: u64) -> Self {
        Self {
            done: Output::default(),
            arrivals: VecDeque::new(),
            works: Exponential::seeded(seed),
            sojourns: Sojourns::default(),
            customers,
        }
    }

    /// A customer arrives -- input port.
    pub fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.arrivals.push_back(cx.time());
        if self.arrivals.len() == 1 {
            self.begin(cx);
        }
    }

    fn begin(&mut self, cx: &Context<Self>) {
        let work = delay(self.works.draw(MEAN_WORK_S));
        cx.schedule_event(work, schedulable!(Self::complete), ())
            .expect("a completion is in the future");
    }

    #[nexosim(schedulable)]
    async fn complete(&mut self, _: (), cx: &Context<Self>) {
        if let Some(arrival) = self.arrivals.pop_front() {
            self.sojourns.add(cx.time().duration_since(arrival));
        }
        if !self.arrivals.is_empty() {
            self.begin(cx);
        }
        if self.sojourns.customers == self.customers {
            self.done.send(self.sojourns).await;
        }
    }
}

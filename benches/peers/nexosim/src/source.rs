//! Where customers come from.

use crate::random::{Exponential, delay};
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use serde::{Deserialize, Serialize};

/// A Poisson process that ends after some customers.
#[derive(Serialize, Deserialize)]
pub struct Source {
    /// A customer.
    pub customer: Output<()>,
    to_come: u64,
    mean_gap_s: f64,
    gaps: Exponential,
}

#[Model]
impl Source {
    pub fn new(customers: u64, rate_hz: f64, seed: u64) -> Self {
        Self {
            customer: Output::default(),
            to_come: customers,
            mean_gap_s: 1.0 / rate_hz,
            gaps: Exponential::seeded(seed),
        }
    }

    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>, _: &mut ()) {
        self.announce(cx);
    }

    fn announce(&mut self, cx: &Context<Self>) {
        if self.to_come > 0 {
            self.to_come -= 1;
            let gap = delay(self.gaps.draw(self.mean_gap_s));
            cx.schedule_event(gap, schedulable!(Self::emit), ())
                .expect("an arrival is in the future");
        }
    }

    #[nexosim(schedulable)]
    async fn emit(&mut self, _: (), cx: &Context<Self>) {
        self.announce(cx);
        self.customer.send(()).await;
    }
}

//! What cells hear of far transmitters: mean powers by home, brought up to date when
//! they may have changed by more than the tolerance allows.

use crate::physics::neighbourhood::Neighbourhoods;

/// The far field of a city.
#[derive(Debug, Clone)]
pub(super) struct FarField<'w> {
    neighbourhoods: &'w Neighbourhoods,
    tx_power_w: f64,
    /// Power heard from far transmitters, by cell, as of the last time it was brought
    /// up to date.
    /// In single precision: the matrix of gains is what it costs to keep it.
    heard_w: Vec<f32>,
    /// Transmissions in progress, by home.
    active: Vec<i32>,
    /// Starts less ends since then, by home, and the homes that have any.
    changes: Vec<i32>,
    changed: Vec<u32>,
    /// Starts and ends since then, and how many may be waited for.
    events: u64,
    most_events: u64,
}

impl<'w> FarField<'w> {
    /// Silence. No cell's sum will be off by more than `allowed_w`.
    pub fn new(
        neighbourhoods: &'w Neighbourhoods,
        cells: usize,
        tx_power_w: f64,
        allowed_w: f64,
    ) -> Self {
        // One start or end changes no sum by more than this.
        let greatest_w = tx_power_w * neighbourhoods.greatest_far_gain();
        Self {
            neighbourhoods,
            tx_power_w,
            heard_w: vec![0.0; cells],
            active: vec![0; cells],
            changes: vec![0; cells],
            changed: Vec::new(),
            events: 0,
            most_events: (allowed_w / greatest_w) as u64,
        }
    }

    /// Power that a cell hears from far transmitters.
    pub fn heard_w(&self, cell: usize) -> f64 {
        f64::from(self.heard_w[cell])
    }

    /// A user of `home` begins to transmit (1) or ends (-1).
    pub fn count(&mut self, home: usize, change: i32) {
        if self.changes[home] == 0 {
            self.changed.push(home as u32);
        }
        self.changes[home] += change;
        self.active[home] += change;
        self.events += 1;
    }

    /// Whether the sums may be off by more than is allowed.
    pub fn is_due(&self) -> bool {
        self.events > self.most_events
    }

    /// Brings the sums up to date.
    pub fn bring_up_to_date(&mut self) {
        self.events = 0;
        let mut changed = std::mem::take(&mut self.changed);
        for home in changed.drain(..) {
            let change = std::mem::take(&mut self.changes[home as usize]);
            self.add(home as usize, change);
        }
        self.changed = changed;
    }

    /// Sums anew, so that rounding cannot pile up.
    pub fn sum_afresh(&mut self) {
        self.heard_w.fill(0.0);
        self.changed.clear();
        self.changes.fill(0);
        self.events = 0;
        for home in 0..self.active.len() {
            self.add(home, self.active[home]);
        }
    }

    fn add(&mut self, home: usize, transmissions: i32) {
        if transmissions == 0 {
            return;
        }
        let power_w = (self.tx_power_w * f64::from(transmissions)) as f32;
        let gains = self.neighbourhoods.far_gains(home);
        for (heard, gain) in self.heard_w.iter_mut().zip(gains) {
            *heard += power_w * gain;
        }
    }
}

//! What cells hear of transmitters beyond their homes' rings: mean powers by home,
//! brought up to date when they may have changed by more than the tolerance allows.

use crate::physics::neighbourhood::{LANES, Neighbourhoods};

/// The far field of a city.
#[derive(Debug, Clone)]
pub(super) struct FarField<'w> {
    neighbourhoods: &'w Neighbourhoods,
    tx_power_w: f64,
    /// Transmissions in progress, by home.
    active: Vec<i32>,
    /// Starts less ends since the far field was last brought up to date, by home, and
    /// the homes that have any.
    changes: Vec<i32>,
    changed: Vec<u32>,
    /// Starts and ends since then, and how many may be waited for.
    events: u64,
    most_events: u64,
    /// What each cell hears more than then, in lanes as the gains are. In single
    /// precision: reading gains is what it costs to bring the far field up to date.
    more_w: Vec<[f32; LANES]>,
}

impl<'w> FarField<'w> {
    /// Silence. No cell will hear more or less than it should by more than `allowed_w`.
    pub fn new(
        neighbourhoods: &'w Neighbourhoods,
        cells: usize,
        tx_power_w: f64,
        allowed_w: f64,
    ) -> Self {
        // One start or end changes what a cell hears by no more than this.
        let greatest_w = tx_power_w * neighbourhoods.greatest_gain_beyond();
        let section = neighbourhoods.section();
        let lanes = cells.div_ceil(section) * section.div_ceil(LANES);
        Self {
            neighbourhoods,
            tx_power_w,
            active: vec![0; cells],
            changes: vec![0; cells],
            changed: Vec::new(),
            events: 0,
            most_events: (allowed_w / greatest_w) as u64,
            more_w: vec![[0.0; LANES]; lanes],
        }
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

    /// Brings what each cell hears up to date.
    pub fn bring_up_to_date(&mut self, heard_w: &mut [f64]) {
        self.events = 0;
        let mut changed = std::mem::take(&mut self.changed);
        for home in changed.drain(..) {
            let change = std::mem::take(&mut self.changes[home as usize]);
            self.add(home as usize, change);
        }
        self.changed = changed;
        self.hand_over(heard_w);
    }

    /// Adds what each cell hears to what it hears otherwise, as of now.
    pub fn sum_afresh(&mut self, heard_w: &mut [f64]) {
        self.changed.clear();
        self.changes.fill(0);
        self.events = 0;
        for home in 0..self.active.len() {
            self.add(home, self.active[home]);
        }
        self.hand_over(heard_w);
    }

    fn add(&mut self, home: usize, transmissions: i32) {
        if transmissions == 0 {
            return;
        }
        let power_w = (self.tx_power_w * f64::from(transmissions)) as f32;
        let sections = self.neighbourhoods.gains_beyond(home);
        let mut lanes = self.more_w.iter_mut();
        for gains in sections {
            for (gains, more) in gains.iter().zip(&mut lanes) {
                for lane in 0..LANES {
                    more[lane] += power_w * gains[lane];
                }
            }
        }
    }

    fn hand_over(&mut self, heard_w: &mut [f64]) {
        let section = self.neighbourhoods.section();
        let more = self.more_w.chunks_mut(section.div_ceil(LANES));
        for (heard, more) in heard_w.chunks_mut(section).zip(more) {
            for (heard, more) in heard.iter_mut().zip(more.as_flattened_mut()) {
                *heard += f64::from(std::mem::take(more));
            }
        }
    }
}

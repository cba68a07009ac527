//! What cells receive of transmitters that are far: mean powers by the server nearest to
//! them, brought up to date when they may have changed by more than the tolerance allows.

use super::Neighbourhoods;

/// The far field of a city.
#[derive(Debug)]
pub(super) struct FarField<'w> {
    neighbourhoods: &'w Neighbourhoods,
    tx_power_w: f64,
    /// Transmissions in progress, by the server nearest to them.
    active: Vec<i32>,
    /// Starts less ends since the far field was last brought up to date.
    changes: Vec<i32>,
    /// The most that one transmission near each server adds to any far cell.
    most_w: Vec<f64>,
    /// No cell receives more or less than was added up by more than this.
    staleness_w: f64,
    allowed_w: f64,
    /// Room for what each cell receives more.
    more_w: Vec<f32>,
}

impl<'w> FarField<'w> {
    /// Silence. No cell will receive more or less than it should by more than `allowed_w`.
    pub fn new(neighbourhoods: &'w Neighbourhoods, tx_power_w: f64, allowed_w: f64) -> Self {
        let cells = neighbourhoods.reach().servers();
        let greatest = |gains: &[f32]| gains.iter().fold(0.0f32, |most, gain| most.max(*gain));
        Self {
            neighbourhoods,
            tx_power_w,
            active: vec![0; cells],
            changes: vec![0; cells],
            most_w: (0..cells)
                .map(|cell| tx_power_w * f64::from(greatest(neighbourhoods.far_gains(cell))))
                .collect(),
            staleness_w: 0.0,
            allowed_w,
            more_w: vec![0.0; cells],
        }
    }

    /// A user near a server begins to transmit (`change` 1) or ends (-1).
    pub fn change(&mut self, nearest: usize, change: i32) {
        self.active[nearest] += change;
        let before = self.changes[nearest].abs();
        self.changes[nearest] += change;
        let further = self.changes[nearest].abs() - before;
        self.staleness_w += f64::from(further) * self.most_w[nearest];
    }

    /// Whether the sums may be off by more than is allowed.
    pub fn is_due(&self) -> bool {
        self.staleness_w > self.allowed_w
    }

    /// Brings what each cell receives up to date.
    pub fn bring_up_to_date(&mut self, received_w: &mut [f64]) {
        let changes = std::mem::take(&mut self.changes);
        self.add(&changes, received_w);
        self.changes = changes;
        self.begin_anew();
    }

    /// Adds what each cell receives, as of now, to what it receives otherwise.
    pub fn sum_anew(&mut self, received_w: &mut [f64]) {
        let active = std::mem::take(&mut self.active);
        self.add(&active, received_w);
        self.active = active;
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        self.changes.fill(0);
        self.staleness_w = 0.0;
    }

    /// In single precision: reading gains is what this costs.
    fn add(&mut self, transmissions: &[i32], received_w: &mut [f64]) {
        self.more_w.fill(0.0);
        for (nearest, &transmissions) in transmissions.iter().enumerate() {
            if transmissions != 0 {
                let power_w = (self.tx_power_w * f64::from(transmissions)) as f32;
                let gains = self.neighbourhoods.far_gains(nearest);
                for (more_w, gain) in self.more_w.iter_mut().zip(gains) {
                    *more_w += power_w * gain;
                }
            }
        }
        for (received_w, more_w) in received_w.iter_mut().zip(&self.more_w) {
            *received_w += f64::from(*more_w);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CELLS: usize = 21;
    const POWER_W: f64 = 0.2;

    fn gain(nearest: usize, server: usize) -> f64 {
        1e-9 / (1 + nearest.abs_diff(server)) as f64
    }

    fn row_of_cells() -> Neighbourhoods {
        let near: Vec<Vec<u32>> = (0..CELLS as u32).map(|cell| vec![cell]).collect();
        Neighbourhoods::new(1e-2, &near, gain)
    }

    proptest! {
        #[test]
        fn no_cell_is_off_by_more_than_allowed(
            events in prop::collection::vec((0..CELLS, any::<bool>()), 1..300),
            worth in 0.5f64..20.0,
        ) {
            let neighbourhoods = row_of_cells();
            let greatest_w = POWER_W * gain(0, 1);
            let allowed_w = worth * greatest_w;
            let mut far = FarField::new(&neighbourhoods, POWER_W, allowed_w);
            let (mut received_w, mut anew_w) = ([0.0; CELLS], [0.0; CELLS]);
            let mut active = [0; CELLS];
            let off_w = |active: &[i32; CELLS], received_w: &[f64; CELLS]| {
                (0..CELLS).fold(0.0f64, |most, cell| {
                    let others = (0..CELLS).filter(|&nearest| nearest != cell);
                    let exact: f64 = others
                        .map(|nearest| POWER_W * f64::from(active[nearest]) * gain(nearest, cell))
                        .sum();
                    most.max((exact - received_w[cell]).abs())
                })
            };
            let mut updates = 0;
            for &(nearest, starts) in &events {
                let change = if starts || active[nearest] == 0 { 1 } else { -1 };
                active[nearest] += change;
                far.change(nearest, change);
                if far.is_due() {
                    far.bring_up_to_date(&mut received_w);
                    updates += 1;
                    prop_assert!(!far.is_due());
                    prop_assert!(off_w(&active, &received_w) < 1e-4 * greatest_w);
                }
                prop_assert!(off_w(&active, &received_w) < allowed_w + 1e-4 * greatest_w);
            }
            prop_assert!(updates as f64 <= events.len() as f64 / worth.floor().max(1.0));
            far.sum_anew(&mut anew_w);
            prop_assert!(off_w(&active, &anew_w) < 1e-4 * greatest_w);
        }
    }
}

//! What cells hear of transmitters whose homes are far: mean powers by home, brought
//! up to date when they may have changed by more than the tolerance allows.

use super::cell_set::CellSet;
use super::drift::{Drift, Way};
use crate::physics::neighbourhood::{FarGainsOf, LANES, Neighbourhoods};

/// Groups of lanes that are summed in registers.
const GROUPS: usize = 5;

/// The far field of a city.
#[derive(Debug, Clone)]
pub(super) struct FarField<'w> {
    neighbourhoods: &'w Neighbourhoods,
    tx_power_w: f64,
    /// Transmissions in progress, by home.
    active: Vec<i32>,
    /// Starts less ends since the far field was last brought up to date, by home, and
    /// the homes that have had any.
    changes: Vec<i32>,
    changed: CellSet,
    /// How much these may amount to.
    drift: Drift<'w>,
    /// Room for the powers that are added, and their gains.
    transmitting: Vec<(f32, FarGainsOf<'w>)>,
}

impl<'w> FarField<'w> {
    /// Silence. No cell will hear more or less than it should by more than `allowed_w`.
    pub fn new(
        neighbourhoods: &'w Neighbourhoods,
        cells: usize,
        tx_power_w: f64,
        allowed_w: f64,
    ) -> Self {
        Self {
            neighbourhoods,
            tx_power_w,
            active: vec![0; cells],
            changes: vec![0; cells],
            changed: CellSet::none_of(cells),
            drift: Drift::new(neighbourhoods.zones(), tx_power_w, allowed_w),
            transmitting: Vec::new(),
        }
    }

    /// A user of `home` begins to transmit.
    pub fn start(&mut self, home: usize) {
        self.active[home] += 1;
        let change = &mut self.changes[home];
        match *change {
            ..0 => self.drift.take_back(home, Way::Fewer),
            0.. => self.drift.add(home, Way::More),
        }
        *change += 1;
        self.changed.insert(home);
    }

    /// A user of `home` ends.
    pub fn end(&mut self, home: usize) {
        self.active[home] -= 1;
        let change = &mut self.changes[home];
        match *change {
            ..=0 => self.drift.add(home, Way::Fewer),
            1.. => self.drift.take_back(home, Way::More),
        }
        *change -= 1;
        self.changed.insert(home);
    }

    /// Whether the sums may be off by more than is allowed.
    pub fn is_due(&self) -> bool {
        self.drift.is_exhausted()
    }

    /// Brings what each cell hears up to date.
    pub fn bring_up_to_date(&mut self, heard_w: &mut [f64]) {
        let mut changed = std::mem::take(&mut self.changed);
        for home in changed.drain() {
            let change = std::mem::take(&mut self.changes[home]);
            self.transmit(home, change);
        }
        self.changed = changed;
        self.add(heard_w);
    }

    /// Adds what each cell hears to what it hears otherwise, as of now.
    pub fn sum_afresh(&mut self, heard_w: &mut [f64]) {
        self.changed.clear();
        self.changes.fill(0);
        for home in 0..self.active.len() {
            self.transmit(home, self.active[home]);
        }
        self.add(heard_w);
    }

    fn transmit(&mut self, home: usize, transmissions: i32) {
        if transmissions != 0 {
            let power_w = self.tx_power_w * f64::from(transmissions);
            let gains = self.neighbourhoods.far_gains(home);
            self.transmitting.push((power_w as f32, gains));
        }
    }

    /// Adds what cells hear of all that is `transmitting`, and forgets that. In single
    /// precision: reading gains is what it costs to bring the far field up to date.
    fn add(&mut self, heard_w: &mut [f64]) {
        self.drift.begin_anew();
        let sections = heard_w.chunks_mut(self.neighbourhoods.section());
        for (section, heard_w) in sections.enumerate() {
            for (at, heard_w) in heard_w.chunks_mut(GROUPS * LANES).enumerate() {
                let cells = (section, at * GROUPS * LANES);
                match heard_w.len().div_ceil(LANES) {
                    1 => add_groups::<1>(&self.transmitting, cells, heard_w),
                    2 => add_groups::<2>(&self.transmitting, cells, heard_w),
                    3 => add_groups::<3>(&self.transmitting, cells, heard_w),
                    4 => add_groups::<4>(&self.transmitting, cells, heard_w),
                    _ => add_groups::<GROUPS>(&self.transmitting, cells, heard_w),
                }
            }
        }
        self.transmitting.clear();
    }
}

/// Adds what so many groups of lanes of cells hear, which begin at a place of a section.
fn add_groups<const N: usize>(
    transmitting: &[(f32, FarGainsOf<'_>)],
    (section, start): (usize, usize),
    heard_w: &mut [f64],
) {
    let mut more_w = [[0.0f32; LANES]; N];
    for (power_w, gains) in transmitting {
        let (gains, _) = gains.section(section)[start..start + N * LANES].as_chunks::<LANES>();
        for group in 0..N {
            for lane in 0..LANES {
                more_w[group][lane] += power_w * gains[group][lane];
            }
        }
    }
    for (heard_w, more_w) in heard_w.iter_mut().zip(more_w.as_flattened()) {
        *heard_w += f64::from(*more_w);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CELLS: usize = 21;
    const POWER_W: f64 = 0.2;

    fn gain(home: usize, server: usize) -> f64 {
        1e-9 / (1 + home.abs_diff(server)) as f64
    }

    /// A row of cells, with so many in a zone.
    fn city(zone: usize) -> Neighbourhoods {
        let near: Vec<Vec<u32>> = (0..CELLS as u32).map(|home| vec![home]).collect();
        let zones = (0..CELLS).map(|cell| (cell / zone) as u32).collect();
        Neighbourhoods::new(1e-2, &near, zones, None, gain)
    }

    /// How many transmissions begin, all over the city, before it is due.
    fn waited_for(zone: usize) -> usize {
        let neighbourhoods = city(zone);
        let allowed_w = 6.0 * POWER_W * gain(0, 1);
        let mut far = FarField::new(&neighbourhoods, CELLS, POWER_W, allowed_w);
        let begins = |at: &usize| {
            far.start(at * 8 % CELLS);
            !far.is_due()
        };
        (0..).take_while(begins).count()
    }

    #[test]
    fn the_smaller_the_zones_the_more_is_waited_for() {
        // As many as if each were next to the cell that hears most; and what all of them
        // add to the cell in the middle, itself left out.
        let at_once = 6;
        let at_most = 6.0 * gain(0, 1) * CELLS as f64
            / (0..CELLS)
                .filter(|&home| home != 10)
                .map(|home| gain(home, 10))
                .sum::<f64>();
        let [one, some, each] = [CELLS, 3, 1].map(waited_for);
        assert!(
            one <= at_once && one < some && some < each,
            "{one} {some} {each}"
        );
        assert!(
            (0.7..=1.1).contains(&(each as f64 / at_most)),
            "{each} of {at_most}"
        );
    }

    proptest! {
        #[test]
        fn no_cell_is_off_by_more_than_allowed(
            events in prop::collection::vec((0..CELLS, any::<bool>()), 1..300),
            worth in 0.5f64..20.0,
            zone in 1..CELLS,
        ) {
            let neighbourhoods = city(zone);
            let greatest_w = POWER_W * gain(0, 1);
            let allowed_w = worth * greatest_w;
            let mut far = FarField::new(&neighbourhoods, CELLS, POWER_W, allowed_w);
            let (mut heard_w, mut afresh_w) = ([0.0; CELLS], [0.0; CELLS]);
            let mut active = [0; CELLS];
            let off_w = |active: &[i32; CELLS], heard_w: &[f64; CELLS]| {
                (0..CELLS).fold(0.0f64, |most, cell| {
                    let others = (0..CELLS).filter(|&home| home != cell);
                    let exact: f64 = others
                        .map(|home| POWER_W * f64::from(active[home]) * gain(home, cell))
                        .sum();
                    most.max((exact - heard_w[cell]).abs())
                })
            };
            for (home, starts) in events {
                if starts || active[home] == 0 {
                    active[home] += 1;
                    far.start(home);
                } else {
                    active[home] -= 1;
                    far.end(home);
                }
                if far.is_due() {
                    far.bring_up_to_date(&mut heard_w);
                    prop_assert!(!far.is_due());
                    prop_assert!(off_w(&active, &heard_w) < 1e-4 * greatest_w);
                }
                prop_assert!(off_w(&active, &heard_w) < allowed_w + 1e-4 * greatest_w);
                // However long nothing is due, no more is remembered than there are homes.
                prop_assert!(far.changed.clone().drain().count() <= CELLS);
            }
            far.sum_afresh(&mut afresh_w);
            prop_assert!(off_w(&active, &afresh_w) < 1e-4 * greatest_w);
        }
    }
}

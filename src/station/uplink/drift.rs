//! How much what cells hear of far transmitters may have changed since it was last
//! brought up to date.

use crate::physics::neighbourhood::Zones;

/// What is allowed, in the units in which changes are counted: whole numbers, so that
/// those that are taken back leave nothing, of 16 bits, so that many are added at once.
const LIMIT: i16 = 1 << 14;

/// Which way transmissions have changed at a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// More transmit than did then.
    More,
    /// Fewer do.
    Fewer,
}

/// Bounds by zone: of what homes of which more transmit have added to what any cell of
/// the zone hears, and of what is gone at the others.
#[derive(Debug, Clone)]
pub(super) struct Drift<'w> {
    zones: &'w Zones,
    /// What one transmission in a zone adds to another at most, zones x zones.
    steps: Vec<i16>,
    more: Vec<i16>,
    fewer: Vec<i16>,
    exhausted: bool,
}

impl<'w> Drift<'w> {
    /// Nothing has changed yet; a change by `allowed_w` would be too much.
    pub fn new(zones: &'w Zones, tx_power_w: f64, allowed_w: f64) -> Self {
        let step = |gain: &f32| {
            let share = tx_power_w * f64::from(*gain) / allowed_w;
            (share * f64::from(LIMIT)).ceil().min(f64::from(LIMIT)) as i16
        };
        let gains = (0..zones.count()).flat_map(|from| zones.greatest_gains(from));
        Self {
            zones,
            steps: gains.map(step).collect(),
            more: vec![0; zones.count()],
            fewer: vec![0; zones.count()],
            exhausted: false,
        }
    }

    /// One transmission further away, in this way, from what it was at a home.
    pub fn add(&mut self, home: usize, way: Way) {
        // Nothing counts any more until all begins anew.
        if self.exhausted {
            return;
        }
        let (bounds, steps) = self.of(home, way);
        let mut most = 0;
        for (bound, step) in bounds.iter_mut().zip(steps) {
            *bound += step;
            most = most.max(*bound);
        }
        self.exhausted = most >= LIMIT;
    }

    /// One transmission back towards what it was at a home.
    pub fn take_back(&mut self, home: usize, way: Way) {
        if self.exhausted {
            return;
        }
        let (bounds, steps) = self.of(home, way);
        for (bound, step) in bounds.iter_mut().zip(steps) {
            *bound -= step;
        }
    }

    /// Whether some cell may hear more or less by what is not allowed.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// What cells hear has been brought up to date.
    pub fn begin_anew(&mut self) {
        self.more.fill(0);
        self.fewer.fill(0);
        self.exhausted = false;
    }

    fn of(&mut self, home: usize, way: Way) -> (&mut [i16], &[i16]) {
        let count = self.zones.count();
        let steps = &self.steps[self.zones.of(home) * count..][..count];
        match way {
            Way::More => (&mut self.more, steps),
            Way::Fewer => (&mut self.fewer, steps),
        }
    }
}

//! Interference in a city: near transmitters at once, far ones in sum, and rates that
//! are computed anew only where noise plus interference has moved by more than the
//! tolerance. An event then costs what its neighbourhood costs, however large the city.

use super::Neighbourhoods;
use super::far_field::FarField;
use crate::physics::gains::LinkGains;
use crate::physics::interference::{InterferenceLedger, Transmitter, Transmitters};
use crate::physics::radio::Interference;
use crate::units::Watts;

/// The ledger of a city. Noise plus interference may be off by the neighbourhoods'
/// tolerance, half of it by cells that wait for new rates and half by the far field.
/// For interference as `CoChannel` or `Orthogonal`.
#[derive(Debug)]
pub struct CityLedger<'w> {
    neighbourhoods: &'w Neighbourhoods,
    noise: Watts,
    transmitters: Transmitters<'w>,
    far_field: FarField<'w>,
    /// The least and the greatest power that each cell may receive before its rates no
    /// longer fit; any power where nobody transmits.
    fitting_w: Vec<(f64, f64)>,
    /// Servers whose users have begun or ended since rates were computed.
    changed: Vec<u32>,
    /// Whether every cell is to be looked at.
    all_changed: bool,
}

impl<'w> CityLedger<'w> {
    /// Silence.
    pub fn new(
        reading: Interference,
        tx_power: Watts,
        noise: Watts,
        neighbourhoods: &'w Neighbourhoods,
    ) -> Self {
        let cells = neighbourhoods.reach().servers();
        let allowed_w = 0.5 * neighbourhoods.tolerance() * noise.0;
        let reach = Some(neighbourhoods.reach());
        Self {
            neighbourhoods,
            noise,
            transmitters: Transmitters::none(reading, tx_power, cells, reach),
            far_field: FarField::new(neighbourhoods, tx_power.0, allowed_w),
            fitting_w: vec![(f64::NEG_INFINITY, f64::INFINITY); cells],
            changed: Vec::new(),
            all_changed: false,
        }
    }

    fn change(&mut self, job: usize, change: i32) {
        if self.transmitters.power().reading() != Interference::Orthogonal {
            let nearest = self.transmitters.nearest(job);
            self.far_field.change(nearest, change);
            self.changed.push(nearest as u32);
        }
    }

    fn is_stale(&self, cell: usize) -> bool {
        let received_w = self.transmitters.power().from_others(cell).0;
        let (least_w, greatest_w) = self.fitting_w[cell];
        received_w < least_w || received_w > greatest_w
    }
}

impl InterferenceLedger for CityLedger<'_> {
    fn start(&mut self, job: usize, transmitter: Transmitter<'_>) {
        self.transmitters.start(job, transmitter);
        self.change(job, 1);
    }

    fn end(&mut self, job: usize) {
        self.transmitters.end(job);
        self.change(job, -1);
        if self.transmitters.active() == 0 {
            self.sum_anew(&mut std::iter::empty());
        }
    }

    fn set_gains(&mut self, job: usize, gain: f64, links: LinkGains<'_>) {
        self.transmitters.set_gains(job, gain, links);
    }

    fn sum_anew(&mut self, jobs: &mut dyn Iterator<Item = usize>) {
        self.transmitters.sum_anew(jobs);
        let power = self.transmitters.power_mut();
        if power.reading() != Interference::Orthogonal {
            self.far_field.sum_anew(power.watts_from_others());
        }
        self.all_changed = true;
    }

    fn drain_stale(&mut self, stale: &mut dyn FnMut(usize)) {
        if self.far_field.is_due() {
            let power = self.transmitters.power_mut();
            self.far_field.bring_up_to_date(power.watts_from_others());
            self.all_changed = true;
        }
        let mut changed = std::mem::take(&mut self.changed);
        if std::mem::take(&mut self.all_changed) {
            for cell in 0..self.fitting_w.len() {
                if self.is_stale(cell) {
                    stale(cell);
                }
            }
        } else {
            for &nearest in &changed {
                for &cell in self.neighbourhoods.near(nearest as usize) {
                    if self.is_stale(cell as usize) {
                        stale(cell as usize);
                    }
                }
            }
        }
        changed.clear();
        self.changed = changed;
    }

    fn rates_updated(&mut self, cell: usize, is_silent: bool) {
        let received_w = self.transmitters.power().interference(cell).0;
        let slack_w = 0.5 * self.neighbourhoods.tolerance() * (received_w + self.noise.0);
        self.fitting_w[cell] = if is_silent {
            (f64::NEG_INFINITY, f64::INFINITY)
        } else {
            (received_w - slack_w, received_w + slack_w)
        };
    }

    fn transmitters(&self) -> &Transmitters<'_> {
        &self.transmitters
    }
}

//! The few links of a waiting query that are evaluated one by one, and lower bounds of
//! the delays over them.
//!
//! A delay is cycles of bandwidth (bits over spectral efficiency) times seconds per
//! cycle, and work times seconds per unit. What servers ask per cycle and per unit is
//! read as it is now. The cycles, which take a logarithm, are followed from those of an
//! earlier load: with y = 1 / SINR, bits / log2(1 + 1/y) is bits x ln 2 times the
//! logarithmic mean of y and y + 1, which is concave in y and whose slope falls to 1.
//! So, as interference only grows, they grow at least as bits x ln 2 x y does, and where
//! interference drowns the signal by no more than that.

use crate::physics::gains::LinkGains;
use crate::physics::logarithm::log2_1p_of_inverse;
use crate::snapshot::{LANES, Load, OfferLanes};
use crate::units::Watts;
use smallvec::SmallVec;
use std::f64::consts::LN_2;

/// What a query asks of a server, a little less of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    pub bits: f64,
    /// In units that servers price.
    pub work: f64,
    /// What it takes whatever else is there, in seconds.
    pub own_s: f64,
}

/// The first servers in order, which offer side by side.
const FIRST: [u32; LANES] = [0, 1, 2, 3];

/// Links that are evaluated one by one; at places that are not needed `base` is infinite.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shortlist {
    servers: [u32; LANES],
    /// Cycles of bandwidth that the query needs at least: `base` plus `slope` times
    /// interference and noise, in watts.
    base: [f64; LANES],
    /// Bits x ln 2 over the received power; 0 over a link that carries nothing.
    slope: [f64; LANES],
}

impl Shortlist {
    /// Of these links; cycles are still to be counted.
    #[inline]
    pub fn of(links: &Listed, demand: Demand, tx_power: Watts) -> Self {
        let cycles_per_y = demand.bits * LN_2;
        Self {
            servers: links.servers,
            base: [f64::INFINITY; LANES],
            slope: links.gains.map(|gain| {
                let slope = cycles_per_y / (tx_power.0 * gain);
                // A link so weak that this overflows carries nothing.
                if slope < f64::INFINITY { slope } else { 0.0 }
            }),
        }
    }

    /// The server at a place of the list.
    pub fn server(&self, at: usize) -> usize {
        self.servers[at] as usize
    }

    /// Counts cycles anew, so that [`Shortlist::delay_bounds`] are close.
    pub fn count_cycles(&mut self, load: &Load<'_>, demand: Demand) {
        let mut memory = OfferLanes::NONE;
        let offers = self.offers(load, &mut memory);
        let slope = self.slope;
        let per_cycles = 1.0 / (demand.bits * LN_2);
        // Lane by lane: the compiler makes vectors of each.
        let growth: [f64; LANES] =
            std::array::from_fn(|at| slope[at] * offers.interference_plus_noise_w[at]);
        let efficiency = growth.map(|growth| log2_1p_of_inverse(growth * per_cycles));
        self.base = std::array::from_fn(|at| {
            let base = demand.bits / efficiency[at] - growth[at];
            if slope[at] > 0.0 { base } else { f64::INFINITY }
        });
    }

    /// Lower bounds of the delays over these links, now and later.
    #[inline(always)]
    pub fn delay_bounds(&self, load: &Load<'_>, demand: Demand) -> [f64; LANES] {
        let Self { base, slope, .. } = self;
        let mut memory = OfferLanes::NONE;
        let offers = self.offers(load, &mut memory);
        let cycles =
            std::array::from_fn(|at| base[at] + slope[at] * offers.interference_plus_noise_w[at]);
        offers.delays(cycles, demand.work, demand.own_s)
    }

    /// What its servers offer; `memory` is where that is put side by side.
    #[inline]
    fn offers<'l>(&self, load: &'l Load<'_>, memory: &'l mut OfferLanes) -> &'l OfferLanes {
        if self.servers == FIRST {
            return load.first_offers();
        }
        *memory = load.offers(self.servers);
        memory
    }
}

/// Links that go on a shortlist; where there are fewer, some that carry nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    servers: [u32; LANES],
    gains: [f64; LANES],
    /// The least bound over all links that are left out, now and later.
    pub others_s: f64,
}

impl Listed {
    /// The links of the least bounds under this load.
    #[inline(always)]
    pub fn under(load: &Load<'_>, links: LinkGains<'_>, demand: Demand) -> Self {
        if links.len() > LANES {
            let mut memory = Bounds::new();
            let (places, others_s) = least(bound_all(load, links, demand, &mut memory));
            return Self {
                servers: places.map(|place| links.server(place) as u32),
                gains: places.map(|place| links.gain(place)),
                others_s,
            };
        }
        let mut all = Self {
            servers: FIRST,
            gains: [0.0; LANES],
            others_s: f64::INFINITY,
        };
        for (place, (_, gain)) in links.iter().enumerate() {
            all.gains[place] = gain;
        }
        if let Some(servers) = links.servers() {
            all.servers = [0; LANES];
            all.servers[..servers.len()].copy_from_slice(servers);
        }
        all
    }
}

/// Memory for a bound of each link.
pub(super) type Bounds = SmallVec<[f64; 64]>;

/// Lower bounds of the delays over all links of a query, now and later, put into `memory`.
#[inline]
pub(super) fn bound_all<'r>(
    load: &Load<'_>,
    links: LinkGains<'_>,
    demand: Demand,
    memory: &'r mut Bounds,
) -> &'r [f64] {
    let tx_power_w = load.view().tx_power.0;
    let nats = demand.bits * LN_2;
    let bound = |server: usize, gain: f64| {
        let signal = tx_power_w * gain;
        if signal == 0.0 {
            return f64::INFINITY;
        }
        let cycles = nats * least_cycles_per_nat(signal, load.interference_plus_noise_w(server));
        load.delay_at(server, cycles, demand.work, demand.own_s)
    };
    // Filled, not collected: collecting asks at every link whether there is memory.
    memory.resize(links.len(), 0.0);
    for (found, (server, gain)) in memory.iter_mut().zip(links.iter()) {
        *found = bound(server, gain);
    }
    memory
}

/// A lower bound of 1 / ln(1 + signal / (interference + noise)) without a logarithm: ln(1 + x) is
/// at most x (6 + x) / (6 + 4 x). Close over weak links, loose over strong ones.
#[inline]
fn least_cycles_per_nat(signal: f64, interference_plus_noise: f64) -> f64 {
    // A stronger signal needs less; a product of numbers this small would lose digits.
    let signal = signal.max(1e-150);
    let six = 6.0 * interference_plus_noise;
    interference_plus_noise * (six + 4.0 * signal) / (signal * (six + signal))
}

/// The places of the least of more than [`LANES`] numbers, in no particular order, and
/// the least number among all others.
#[inline]
fn least(numbers: &[f64]) -> ([usize; LANES], f64) {
    // The least first. No branch here: a processor could not foretell it.
    let mut least = [f64::INFINITY; LANES + 1];
    for number in numbers {
        let mut next = *number;
        for kept in &mut least {
            (*kept, next) = if next < *kept {
                (next, *kept)
            } else {
                (*kept, next)
            };
        }
    }
    let next = least[LANES];
    // Every place is written where the next one found is to go, which one more finds
    // free, and stays if it is below all others.
    let mut places = [0; LANES + 1];
    let mut found = 0;
    for (place, number) in numbers.iter().enumerate() {
        places[found] = place;
        found += usize::from(*number < next);
    }
    // Of those that are as little as the others, the first.
    for (place, number) in numbers.iter().enumerate() {
        if found == LANES {
            break;
        }
        if *number == next {
            places[found] = place;
            found += 1;
        }
    }
    (std::array::from_fn(|at| places[at]), next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_least_are_those_below_all_others() {
        let numbers: Vec<f64> = (0..40).map(|i| f64::from(i * 17 % 40)).collect();
        let (places, next) = least(&numbers);
        assert_eq!(next, 4.0);
        let mut found = places.map(|place| numbers[place]);
        found.sort_by(f64::total_cmp);
        assert_eq!(found, [0.0, 1.0, 2.0, 3.0]);
        // Two of those that are equal are as good as any other two.
        assert_eq!(least(&[3.0, 2.0, 3.0, 1.0, 3.0, 3.0]), ([1, 3, 0, 2], 3.0));
        let none = f64::INFINITY;
        assert_eq!(least(&[none; 5]), ([0, 1, 2, 3], none));
    }

    proptest! {
        #[test]
        fn the_bound_without_a_logarithm_is_one_and_close_over_weak_links(exponent in -9.0..9.0f64) {
            let y = 10f64.powf(exponent);
            let cycles = 1.0 / log2_1p_of_inverse(y) / LN_2;
            let bound = least_cycles_per_nat(1e-12, 1e-12 * y);
            prop_assert!(bound <= cycles * (1.0 + 1e-14));
            prop_assert!(y < 1.0 || bound >= cycles * 0.99);
        }
    }
}

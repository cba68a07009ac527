//! The power that cells receive, kept up as users connect and leave: the one ledger of
//! interference. Policies that look ahead, shares that are held and live transmissions
//! all count by it.

mod ledger;
mod transmitters;

pub use ledger::{ExactLedger, InterferenceLedger};
pub use transmitters::{Transmitter, Transmitters};

use super::gains::LinkGains;
use super::radio::Interference;
use crate::units::Watts;

/// What every cell receives from its own users and from those of other cells.
///
/// The sums only grow while users connect, in floating point too (rounding is
/// monotone), which is what lets a stale delay serve as a lower bound.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedPower {
    reading: Interference,
    /// At cell j: power of the users of other cells, over their channel to j.
    from_others_w: Vec<f64>,
    /// At cell j: power of j's own users.
    from_own_w: Vec<f64>,
}

impl ReceivedPower {
    /// Nobody connected yet, at `cells` cells.
    pub fn silent(reading: Interference, cells: usize) -> Self {
        Self {
            reading,
            from_others_w: vec![0.0; cells],
            from_own_w: vec![0.0; cells],
        }
    }

    /// Starts from loads that are there already: what each cell receives from
    /// users of other cells, and from its own.
    pub fn with_load(
        reading: Interference,
        from_others: impl Iterator<Item = Watts>,
        from_own: impl Iterator<Item = Watts>,
    ) -> Self {
        Self {
            reading,
            from_others_w: from_others.map(|power| power.0).collect(),
            from_own_w: from_own.map(|power| power.0).collect(),
        }
    }

    /// A user of the given transmit power and links connects to `cell`.
    pub fn connect(&mut self, tx_power: Watts, links: LinkGains<'_>, cell: usize) {
        let signal_w = tx_power.0 * links.to(cell).unwrap_or(0.0);
        self.add(tx_power.0, links, cell, signal_w);
    }

    /// The same; `changed` is told every cell whose interference is another now.
    #[inline]
    pub fn connect_and(
        &mut self,
        tx_power: Watts,
        links: LinkGains<'_>,
        cell: usize,
        mut changed: impl FnMut(&Self, usize),
    ) {
        self.connect(tx_power, links, cell);
        match self.reading {
            Interference::Orthogonal => {}
            Interference::AsPrinted => {
                for j in 0..self.from_own_w.len() {
                    changed(self, j);
                }
            }
            Interference::CoChannel => {
                for place in 0..links.len() {
                    let j = links.server(place);
                    if j != cell {
                        changed(self, j);
                    }
                }
            }
        }
    }

    /// Adds a transmission to `cell` that is received there at `signal_w`, or takes it
    /// away where powers are negative.
    #[inline]
    fn add(&mut self, power_w: f64, links: LinkGains<'_>, cell: usize, signal_w: f64) {
        // Its own cell does not receive it as interference.
        let of_own_cell = self.from_others_w[cell];
        match links.servers() {
            None => {
                for (sum_w, gain) in self.from_others_w.iter_mut().zip(links.gains()) {
                    *sum_w += power_w * gain;
                }
            }
            Some(servers) => {
                for (&server, gain) in servers.iter().zip(links.gains()) {
                    self.from_others_w[server as usize] += power_w * gain;
                }
            }
        }
        self.from_others_w[cell] = of_own_cell;
        self.from_own_w[cell] += signal_w;
    }

    fn clear(&mut self) {
        self.from_others_w.fill(0.0);
        self.from_own_w.fill(0.0);
    }

    /// How Eq. 3's interference is read.
    pub fn reading(&self) -> Interference {
        self.reading
    }

    /// Power that a cell receives from the users of other cells, over their links to it.
    pub fn from_others(&self, cell: usize) -> Watts {
        Watts(self.from_others_w[cell])
    }

    /// Power that a cell receives from its own users.
    pub fn from_own(&self, cell: usize) -> Watts {
        Watts(self.from_own_w[cell])
    }

    /// The interference in the SINR of a user of `cell` (Eq. 3).
    pub fn interference(&self, cell: usize) -> Watts {
        // Differences may leave a rounding error below zero.
        Watts(match self.reading {
            Interference::Orthogonal => 0.0,
            Interference::CoChannel => self.from_others_w[cell].max(0.0),
            Interference::AsPrinted => self
                .from_own_w
                .iter()
                .enumerate()
                .filter(|&(j, _)| j != cell)
                .map(|(_, own)| own.max(0.0))
                .sum(),
        })
    }

    /// For sums that are kept up by other means as well.
    pub(crate) fn watts_from_others(&mut self) -> &mut [f64] {
        &mut self.from_others_w
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Watts = Watts(0.2);

    #[test]
    fn the_three_readings_differ_as_documented() {
        // User a at server 0, user b at server 1; gains[user][server].
        let gains = [[1e-8, 3e-10], [2e-10, 1e-8]];
        let heard = |reading| {
            let mut power = ReceivedPower::silent(reading, 2);
            power.connect(P, LinkGains::to_all(&gains[0]), 0);
            power.connect(P, LinkGains::to_all(&gains[1]), 1);
            [power.interference(0), power.interference(1)]
        };
        assert_eq!(
            heard(Interference::CoChannel),
            [Watts(0.2 * 2e-10), Watts(0.2 * 3e-10)]
        );
        assert_eq!(
            heard(Interference::AsPrinted),
            [Watts(0.2 * 1e-8), Watts(0.2 * 1e-8)]
        );
        assert_eq!(heard(Interference::Orthogonal), [Watts(0.0); 2]);
    }
}

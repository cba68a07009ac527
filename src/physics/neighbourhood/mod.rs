//! Who is near whom in a city: which links are kept one by one, and what the others
//! amount to.
//!
//! Every user belongs to its home, the server nearest to it. A home's *near* servers
//! are those that its users' links are kept for. All other servers are *far*: they
//! hear the home's users at the mean gain over the distance between the two servers,
//! so that how many users of each home transmit says all.
//!
//! Those of them that a change at the home could move noticeably, the *ring* around
//! the near ones, hear it at once; the others, beyond, when enough has changed.
//!
//! What this leaves out is the fading of far links. With transmit power P, noise N,
//! mean far gain at most g, relative variance v of a single link's gain and mean far
//! interference F, its standard deviation relative to noise and interference is at
//! most sqrt(v P g F) / (F + N) <= sqrt(v P g / (4 N)), whatever transmits. Near is
//! as far as it takes to keep this below the tolerance.

mod beyond;
mod zones;

use beyond::{Beyond, filled};
pub use beyond::{GainsBeyond, LANES};
pub use zones::Zones;

/// So many more transmissions beyond the ring, or fewer, are worth waiting for: the
/// more, the larger the ring, the fewer, the more often the whole city is brought up to
/// date.
const CHANGE_BEYOND: f64 = 32.0;

/// Who hears every home, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbourhoods {
    tolerance: f64,
    /// Where each home's servers begin in `at_once`, and the end.
    starts: Vec<usize>,
    /// How many of each home's are near.
    near_counts: Vec<usize>,
    /// Each home's near servers, and then its ring.
    at_once: Vec<u32>,
    /// Mean power gains to the servers of `at_once`; zero to near ones.
    ring_gains: Vec<f32>,
    /// Mean power gains to all servers; zero to those of `at_once`.
    beyond: Beyond,
    zones: Zones,
}

impl Neighbourhoods {
    /// The greatest mean gain a far link may have: 4 e^2 N / (v P), at the relative
    /// tolerance e.
    pub fn far_gain_limit(
        tolerance: f64,
        noise_w: f64,
        tx_power_w: f64,
        relative_variance: f64,
    ) -> f64 {
        4.0 * tolerance * tolerance * noise_w / (relative_variance * tx_power_w)
    }

    /// The greatest mean gain beyond a ring: so little that many more or fewer may
    /// transmit before half the tolerance is used up, e N / 2.
    pub fn ring_gain_limit(tolerance: f64, noise_w: f64, tx_power_w: f64) -> f64 {
        0.5 * tolerance * noise_w / (tx_power_w * CHANGE_BEYOND)
    }

    /// `near` names each home's near servers, ascending; `far_gain(home, server)` is
    /// the mean gain between two servers that are not near each other, of which those
    /// above `ring_above` make the ring. `zones` numbers the zone of each server, from 0
    /// on. If the servers stand on a grid, `row` is how many make a row of it.
    pub fn new(
        tolerance: f64,
        near: &[Vec<u32>],
        ring_above: f64,
        zones: Vec<u32>,
        row: Option<usize>,
        mut far_gain: impl FnMut(usize, usize) -> f64,
    ) -> Self {
        let servers = near.len();
        let mut beyond = vec![0.0f32; servers * filled(servers)];
        let (mut starts, mut at_once, mut ring_gains) = (vec![0], Vec::new(), Vec::new());
        for (home, own) in near.iter().enumerate() {
            at_once.extend(own);
            ring_gains.extend(own.iter().map(|_| 0.0));
            let mut own = own.iter().peekable();
            for server in 0..servers {
                if own.next_if(|&&near| near as usize == server).is_some() {
                    continue;
                }
                let gain = far_gain(home, server);
                if gain > ring_above {
                    at_once.push(server as u32);
                    ring_gains.push(gain as f32);
                } else {
                    beyond[home * filled(servers) + server] = gain as f32;
                }
            }
            starts.push(at_once.len());
        }
        Self {
            tolerance,
            starts,
            near_counts: near.iter().map(Vec::len).collect(),
            at_once,
            ring_gains,
            zones: Zones::new(zones, |home, server| {
                beyond[home * filled(servers) + server]
            }),
            beyond: Beyond::new(beyond, servers, row),
        }
    }

    /// The relative error that noise plus interference may have.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// The numbers of a home's near servers, ascending.
    pub fn near(&self, home: usize) -> &[u32] {
        let start = self.starts[home];
        &self.at_once[start..start + self.near_counts[home]]
    }

    /// The numbers of a home's near servers and of its ring.
    pub fn at_once(&self, home: usize) -> &[u32] {
        &self.at_once[self.starts[home]..self.starts[home + 1]]
    }

    /// The servers of a home's ring, and the mean gains to them.
    pub fn ring(&self, home: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[home] + self.near_counts[home]..self.starts[home + 1];
        let servers = self.at_once[range.clone()].iter();
        let gains = &self.ring_gains[range];
        servers
            .zip(gains)
            .map(|(server, gain)| (*server as usize, f64::from(*gain)))
    }

    /// The mean power gains from a home's users to the servers beyond its ring, zero to
    /// all others, section after section.
    pub fn gains_beyond(&self, home: usize) -> GainsBeyond<'_> {
        self.beyond.of(home)
    }

    /// How many servers a section has.
    pub fn section(&self) -> usize {
        self.beyond.section()
    }

    /// The mean power gain from a home's users to any far server; zero to near ones.
    pub fn far_gain(&self, home: usize, server: usize) -> f64 {
        let mut ring = self.ring(home);
        if let Some((_, gain)) = ring.find(|(other, _)| *other == server) {
            return gain;
        }
        f64::from(self.beyond.gain(home, server))
    }

    /// Servers that stand together.
    pub fn zones(&self) -> &Zones {
        &self.zones
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_near_is_heard_at_its_mean() {
        let near = [vec![0, 1], vec![0, 1, 2], vec![1, 2], vec![3]];
        let mean = |home, server| (1 + home * 10 + server) as f64;
        let hoods = Neighbourhoods::new(1e-3, &near, 20.0, vec![0, 0, 1, 1], None, mean);
        assert_eq!(hoods.near(1), [0, 1, 2]);
        assert_eq!(hoods.at_once(0), [0, 1]);
        let beyond = |home| [0, 1, 2, 3].map(|server| hoods.beyond.gain(home, server));
        assert_eq!(beyond(0), [0.0, 0.0, 3.0, 4.0]);
        assert_eq!(beyond(1), [0.0, 0.0, 0.0, 14.0]);
        assert_eq!(hoods.at_once(2), [1, 2, 0, 3]);
        assert_eq!(hoods.ring(2).collect::<Vec<_>>(), [(0, 21.0), (3, 24.0)]);
        assert_eq!(beyond(2), [0.0; 4]);
        assert_eq!(
            [
                hoods.far_gain(2, 3),
                hoods.far_gain(1, 3),
                hoods.far_gain(1, 2)
            ],
            [24.0, 14.0, 0.0]
        );
        assert_eq!(hoods.zones().greatest_gains(0), [0.0, 14.0]);
    }
}

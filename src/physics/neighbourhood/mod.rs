//! Who is near whom in a city: which links are kept one by one, and what the others
//! amount to.
//!
//! Every user belongs to its home, the server nearest to it. A home's *near* servers
//! are those that its users' links are kept for. All other servers are *far*: they
//! hear the home's users at the mean gain over the distance between the two servers,
//! so that how many users of each home transmit says all. Near servers hear a change
//! at the home at once, far ones when enough has changed.
//!
//! What this leaves out is the fading of far links. With transmit power P, noise N,
//! mean far gain at most g, relative variance v of a single link's gain and mean far
//! interference F, its standard deviation relative to noise and interference is at
//! most sqrt(v P g F) / (F + N) <= sqrt(v P g / (4 N)), whatever transmits. Near is
//! as far as it takes to keep this below the tolerance.

mod far_gains;
mod zones;

use far_gains::{FarGains, filled};
pub use far_gains::{FarGainsOf, LANES};
pub use zones::Zones;

/// Who hears every home, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbourhoods {
    tolerance: f64,
    /// Where each home's servers begin in `near`, and the end.
    starts: Vec<usize>,
    /// Each home's near servers.
    near: Vec<u32>,
    /// Mean power gains to all servers; zero to near ones.
    far: FarGains,
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

    /// `near` names each home's near servers, ascending; `far_gain(home, server)` is
    /// the mean gain between two servers that are not near each other. `zones` numbers
    /// the zone of each server, from 0 on. If the servers stand on a grid, `row` is how
    /// many make a row of it.
    pub fn new(
        tolerance: f64,
        near: &[Vec<u32>],
        zones: Vec<u32>,
        row: Option<usize>,
        mut far_gain: impl FnMut(usize, usize) -> f64,
    ) -> Self {
        let servers = near.len();
        let mut far = vec![0.0f32; servers * filled(servers)];
        let mut starts = vec![0];
        for (home, own) in near.iter().enumerate() {
            let mut near = own.iter().peekable();
            for server in 0..servers {
                if near.next_if(|&&near| near as usize == server).is_none() {
                    far[home * filled(servers) + server] = far_gain(home, server) as f32;
                }
            }
            starts.push(starts[home] + own.len());
        }
        Self {
            tolerance,
            starts,
            near: near.concat(),
            zones: Zones::new(zones, |home, server| far[home * filled(servers) + server]),
            far: FarGains::new(far, servers, row),
        }
    }

    /// The relative error that noise plus interference may have.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// The numbers of a home's near servers, ascending.
    pub fn near(&self, home: usize) -> &[u32] {
        &self.near[self.starts[home]..self.starts[home + 1]]
    }

    /// The mean power gains from a home's users to far servers, zero to near ones,
    /// section after section.
    pub fn far_gains(&self, home: usize) -> FarGainsOf<'_> {
        self.far.of(home)
    }

    /// How many servers a section has.
    pub fn section(&self) -> usize {
        self.far.section()
    }

    /// The mean power gain from a home's users to any far server; zero to near ones.
    pub fn far_gain(&self, home: usize, server: usize) -> f64 {
        f64::from(self.far.gain(home, server))
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
        let hoods = Neighbourhoods::new(1e-3, &near, vec![0, 0, 1, 1], None, mean);
        assert_eq!(hoods.near(1), [0, 1, 2]);
        let far = |home| [0, 1, 2, 3].map(|server| hoods.far.gain(home, server));
        assert_eq!(far(0), [0.0, 0.0, 3.0, 4.0]);
        assert_eq!(far(1), [0.0, 0.0, 0.0, 14.0]);
        assert_eq!(far(2), [21.0, 0.0, 0.0, 24.0]);
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

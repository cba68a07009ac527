//! Who is near whom in a city: which links are kept one by one, and what the others
//! amount to.
//!
//! Every user belongs to the server nearest to it. A server's *near* servers are those
//! that links of its users are kept for. All other servers are *far*: they receive its
//! users at the mean gain over the distance between the two servers, so that how many
//! users nearest to each server transmit says all. Near servers count a change at once,
//! far ones when enough has changed.
//!
//! What this leaves out is the fading of far links. With transmit power P, noise N,
//! mean far gain at most g, relative variance v of a single link's gain and mean far
//! interference F, its standard deviation relative to noise and interference is at
//! most sqrt(v P g F) / (F + N) <= sqrt(v P g / (4 N)), whatever transmits. Near is
//! as far as it takes to keep this below the tolerance.

use crate::physics::gains::Reach;

/// Which links are kept, and what far servers receive.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbourhoods {
    tolerance: f64,
    reach: Reach,
    /// Mean power gains, servers x servers: from the users nearest to one to another;
    /// zero to near ones. In single precision: it grows with the square of the city.
    far: Vec<f32>,
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

    /// `near` names each server's near servers, itself among them, ascending;
    /// `far_gain(nearest, server)` is the mean gain between two servers that are not near
    /// each other.
    pub fn new(
        tolerance: f64,
        near: &[Vec<u32>],
        mut far_gain: impl FnMut(usize, usize) -> f64,
    ) -> Self {
        let servers = near.len();
        let mut far = vec![0.0f32; servers * servers];
        for (nearest, own) in near.iter().enumerate() {
            let mut near = own.iter().peekable();
            for server in 0..servers {
                if near.next_if(|&&near| near as usize == server).is_none() {
                    far[nearest * servers + server] = far_gain(nearest, server) as f32;
                }
            }
        }
        Self {
            tolerance,
            reach: Reach::new(near),
            far,
        }
    }

    /// The relative error that noise plus interference may have.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// Which links are kept.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The numbers of a server's near servers, ascending.
    pub fn near(&self, nearest: usize) -> &[u32] {
        self.reach.near(nearest)
    }

    /// The mean power gains from the users nearest to a server to all servers; zero to
    /// near ones.
    pub fn far_gains(&self, nearest: usize) -> &[f32] {
        let servers = self.reach.servers();
        &self.far[nearest * servers..][..servers]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_near_is_received_at_its_mean() {
        let near = [vec![0, 1], vec![0, 1, 2], vec![1, 2], vec![3]];
        let mean = |nearest, server| (1 + nearest * 10 + server) as f64;
        let neighbourhoods = Neighbourhoods::new(1e-3, &near, mean);
        assert_eq!(neighbourhoods.near(1), [0, 1, 2]);
        assert_eq!(neighbourhoods.far_gains(0), [0.0, 0.0, 3.0, 4.0]);
        assert_eq!(neighbourhoods.far_gains(1), [0.0, 0.0, 0.0, 14.0]);
        assert_eq!(neighbourhoods.far_gains(2), [21.0, 0.0, 0.0, 24.0]);
    }
}

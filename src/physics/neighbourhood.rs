//! Who is near whom in a city: which links are kept one by one, and what the others
//! amount to.
//!
//! Every user belongs to its home, the server nearest to it. A home's *near* servers
//! are those that its users' links are kept for. All other servers are *far*: they
//! hear the home's users at the mean gain over the distance between the two servers,
//! so that how many users of each home transmit says all.
//!
//! What this leaves out is the fading of far links. With transmit power P, noise N,
//! mean far gain at most g, relative variance v of a single link's gain and mean far
//! interference F, its standard deviation relative to noise and interference is at
//! most sqrt(v P g F) / (F + N) <= sqrt(v P g / (4 N)), whatever transmits. Near is
//! as far as it takes to keep this below the tolerance.

/// The near servers of every home, and the mean gains to the far ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbourhoods {
    tolerance: f64,
    /// Where each home's list begins in `near`, and the end.
    starts: Vec<usize>,
    near: Vec<u32>,
    /// Mean power gains, homes x servers; zero to near servers.
    far: Vec<f32>,
    greatest_far: f64,
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
    /// the mean gain between two servers that are not near each other.
    pub fn new(
        tolerance: f64,
        near: &[Vec<u32>],
        mut far_gain: impl FnMut(usize, usize) -> f64,
    ) -> Self {
        let servers = near.len();
        let mut starts = Vec::with_capacity(servers + 1);
        let mut far = vec![0.0f32; servers * servers];
        let mut greatest_far = 0.0f64;
        starts.push(0);
        for (home, own) in near.iter().enumerate() {
            starts.push(starts[home] + own.len());
            let mut own = own.iter().peekable();
            for server in 0..servers {
                if own.next_if(|&&near| near as usize == server).is_none() {
                    let gain = far_gain(home, server);
                    far[home * servers + server] = gain as f32;
                    greatest_far = greatest_far.max(gain);
                }
            }
        }
        Self {
            tolerance,
            starts,
            near: near.concat(),
            far,
            greatest_far,
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

    /// The mean power gains from a home's users to every server; zero to near ones.
    pub fn far_gains(&self, home: usize) -> &[f32] {
        let servers = self.starts.len() - 1;
        &self.far[home * servers..(home + 1) * servers]
    }

    /// The greatest of all far gains; zero where everything is near.
    pub fn greatest_far_gain(&self) -> f64 {
        self.greatest_far
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_near_is_heard_at_its_mean() {
        let near = [vec![0, 1], vec![0, 1, 2], vec![1, 2]];
        let hoods =
            Neighbourhoods::new(1e-3, &near, |home, server| (1 + home * 10 + server) as f64);
        assert_eq!(hoods.near(1), [0, 1, 2]);
        assert_eq!(hoods.far_gains(0), [0.0, 0.0, 3.0]);
        assert_eq!(hoods.far_gains(1), [0.0; 3]);
        assert_eq!(hoods.far_gains(2), [21.0, 0.0, 0.0]);
        assert_eq!(hoods.greatest_far_gain(), 21.0);
    }
}

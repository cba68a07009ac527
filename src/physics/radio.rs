//! Thermal noise, interference, SINR and rate (Eqs. 3 and 4 of the paper).

use crate::physics::gains::LinkGains;
use crate::units::{BitsPerSecond, Hertz, Watts, ratio_from_db, watts_from_dbm};
use serde::{Deserialize, Serialize};

/// What a server hears of users offloaded to other servers: three readings of
/// the interference term in Eq. 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Interference {
    /// The physical reading, and what the paper's text says: users of other
    /// servers are "partially received at ES j", over their channel *to j*.
    #[default]
    CoChannel,
    /// Eq. 3 as it is printed: the power of users of other servers as *their
    /// own* server receives it, |h_i'j'|^2.
    AsPrinted,
    /// None: every server has a band of its own.
    Orthogonal,
}

/// Thermal noise over a bandwidth: density (dBm/Hz) x B x noise figure (dB).
///
/// ```
/// use edgelm::{physics::radio::thermal_noise, units::Hertz};
/// let noise = thermal_noise(-174.0, 0.0, Hertz(100e6));
/// assert!((10.0 * (noise.0 / 1e-3).log10() + 94.0).abs() < 1e-9); // -94 dBm
/// ```
pub fn thermal_noise(density_dbm_per_hz: f64, noise_figure_db: f64, bandwidth: Hertz) -> Watts {
    watts_from_dbm(density_dbm_per_hz) * (bandwidth.0 * ratio_from_db(noise_figure_db))
}

/// Signal over interference plus noise (Eq. 3), linear.
pub fn sinr(signal: Watts, interference: Watts, noise: Watts) -> f64 {
    signal.0 / (interference.0 + noise.0)
}

/// Shannon's spectral efficiency log2(1 + SINR) in bit/s/Hz, exact for small SINR too.
pub fn spectral_efficiency(sinr: f64) -> f64 {
    libm::log1p(sinr) * std::f64::consts::LOG2_E
}

/// The uplink rate over a share of the bandwidth (Eq. 4).
pub fn rate(share: Hertz, sinr: f64) -> BitsPerSecond {
    BitsPerSecond(share.0 * spectral_efficiency(sinr))
}

/// The power that servers receive from users that are connected elsewhere, kept
/// up as users connect.
///
/// The sums only grow while users connect, in floating point too (rounding is
/// monotone), which is what lets a stale delay serve as a lower bound.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedPower {
    reading: Interference,
    /// At server j: power of the users connected to other servers, over their
    /// channel to j (`CoChannel`).
    from_others_w: Vec<f64>,
    /// At server j: power of j's own users (`AsPrinted` sums these over the others).
    from_own_w: Vec<f64>,
}

impl ReceivedPower {
    /// Nobody connected yet, at `servers` servers.
    pub fn silent(reading: Interference, servers: usize) -> Self {
        Self {
            reading,
            from_others_w: vec![0.0; servers],
            from_own_w: vec![0.0; servers],
        }
    }

    /// Starts from loads that are there already: what each server receives from
    /// users of other servers, and from its own.
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

    /// A user of the given transmit power and links connects to `server`.
    pub fn connect(&mut self, tx_power: Watts, links: LinkGains<'_>, server: usize) {
        self.connect_and(tx_power, links, server, |_, _| {});
    }

    /// The same; `disturbed` is told every server whose interference is another now.
    #[inline]
    pub fn connect_and(
        &mut self,
        tx_power: Watts,
        links: LinkGains<'_>,
        server: usize,
        mut disturbed: impl FnMut(&Self, usize),
    ) {
        match self.reading {
            Interference::Orthogonal => {}
            Interference::AsPrinted => {
                self.from_own_w[server] += tx_power.0 * links.to(server).unwrap_or(0.0);
                for j in 0..self.from_own_w.len() {
                    disturbed(self, j);
                }
            }
            Interference::CoChannel => {
                for (j, gain) in links.iter() {
                    if j != server {
                        self.from_others_w[j] += tx_power.0 * gain;
                        disturbed(self, j);
                    }
                }
            }
        }
    }

    /// The interference in the SINR of a user of `server`.
    pub fn interference(&self, server: usize) -> Watts {
        match self.reading {
            Interference::Orthogonal => Watts(0.0),
            Interference::CoChannel => Watts(self.from_others_w[server]),
            Interference::AsPrinted => Watts(
                self.from_own_w
                    .iter()
                    .enumerate()
                    .filter(|&(j, _)| j != server)
                    .map(|(_, own)| own)
                    .sum(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Watts = Watts(0.2);

    #[test]
    fn spectral_efficiency_is_exact_at_both_ends() {
        assert_eq!(spectral_efficiency(1.0), 1.0);
        assert!((spectral_efficiency(1e-12) * std::f64::consts::LN_2 / 1e-12 - 1.0).abs() < 1e-9);
        assert_eq!(spectral_efficiency(0.0), 0.0);
    }

    #[test]
    fn the_three_readings_differ_as_documented() {
        // User a at server 0, user b at server 1; gains[user][server].
        let gains = [[1e-8, 3e-10], [2e-10, 1e-8]];
        let heard = |reading| {
            let mut power = ReceivedPower::silent(reading, 2);
            power.connect(P, LinkGains::All(&gains[0]), 0);
            power.connect(P, LinkGains::All(&gains[1]), 1);
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

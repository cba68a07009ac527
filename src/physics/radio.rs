//! Thermal noise, interference, SINR and rate (Eqs. 3 and 4 of the paper).

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spectral_efficiency_is_exact_at_both_ends() {
        assert_eq!(spectral_efficiency(1.0), 1.0);
        assert!((spectral_efficiency(1e-12) * std::f64::consts::LN_2 / 1e-12 - 1.0).abs() < 1e-9);
        assert_eq!(spectral_efficiency(0.0), 0.0);
    }
}

//! How much of their power phones use.

use crate::units::{Hertz, Watts, db_from_ratio, watts_from_dbm};
use serde::{Deserialize, Serialize};

/// How much of their power phones use on the uplink.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PowerControl {
    /// All of it.
    #[default]
    Full,
    /// Open loop with fractional compensation (3GPP TS 38.213, section 7.1.1):
    /// P = min(Pmax, P0 + 10 log10(M) + alpha PL) in dBm, M resource blocks of 180 kHz over
    /// the bandwidth, PL the loss to the server that the phone reaches best, fading left out.
    Fractional {
        /// P0, in dBm for a resource block.
        p0_dbm: f64,
        /// The share of the loss that is made up for, 0 to 1.
        alpha: f64,
    },
}

/// Of a resource block: twelve subcarriers of 15 kHz.
const BLOCK: Hertz = Hertz(180e3);

impl PowerControl {
    /// The share of its power that a phone uses, in 0..1. `strongest_gain` is asked for the
    /// mean gain (linear) to the server that it reaches best.
    pub fn share(self, most: Watts, bandwidth: Hertz, strongest_gain: impl FnOnce() -> f64) -> f64 {
        match self {
            Self::Full => 1.0,
            Self::Fractional { p0_dbm, alpha } => {
                let blocks_db = db_from_ratio(bandwidth / BLOCK);
                let loss_db = -db_from_ratio(strongest_gain());
                let wanted = watts_from_dbm(p0_dbm + blocks_db + alpha * loss_db);
                (wanted.0 / most.0).min(1.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_power_is_that_of_the_standard() {
        let (most, bandwidth) = (Watts(0.2), Hertz(18e6));
        let dbm = |p0_dbm: f64, alpha: f64, loss_db: f64| {
            let control = PowerControl::Fractional { p0_dbm, alpha };
            let share = control.share(most, bandwidth, || 10f64.powf(-loss_db / 10.0));
            db_from_ratio(share * 200.0)
        };
        // A hundred blocks are 20 dB.
        assert!((dbm(-90.0, 1.0, 80.0) - 10.0).abs() < 1e-9);
        assert!((dbm(-80.0, 0.8, 90.0) - 12.0).abs() < 1e-9);
        // Never more than there is.
        assert!((dbm(-90.0, 1.0, 140.0) - db_from_ratio(200.0)).abs() < 1e-9);
        assert_eq!(PowerControl::Full.share(most, bandwidth, || f64::NAN), 1.0);
    }
}

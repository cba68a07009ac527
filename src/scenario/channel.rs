//! The radio links of a scenario.

use super::is_default;
use crate::physics::radio::Interference;
use crate::world::channel::{Buildings, Fading, PathLoss, StandardShadowing, Variation};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The radio channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelSpec {
    /// Mean loss with distance.
    pub path_loss: PathLoss,
    /// Small-scale fading: `Rayleigh`, `Rician(k_db: ..)` or `None`.
    pub fading: Fading,
    /// Standard deviation of log-normal shadowing, in dB; 0 for none.
    pub shadowing_db: f64,
    /// Shadowing by the tables of TR 38.901 in place of `shadowing_db`: `ByState` or
    /// `Correlated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadowing: Option<StandardShadowing>,
    /// Users in buildings (TR 38.901, outdoor to indoor).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buildings: Option<Buildings>,
    /// Thermal noise density, in dBm/Hz.
    pub noise_dbm_per_hz: f64,
    /// Noise figure of the servers' receivers, in dB.
    pub noise_figure_db: f64,
    /// How Eq. 3's interference is read: `CoChannel`, `AsPrinted` or `Orthogonal`.
    pub interference: Interference,
    /// Relative error that noise plus interference may have, for cities: 0 is exact,
    /// allowed above are 1e-6 to below 1.
    /// Servers whose mean received power drowns in the noise are then beyond a user's
    /// reach and hear it in sum only (`docs/city.md`).
    #[serde(skip_serializing_if = "is_default")]
    pub interference_tolerance: f64,
    /// How fading goes on in time: `Static`, `IndependentBlocks`,
    /// `Jakes(doppler_hz: ..)` or `GaussMarkov(coherence_ms: ..)`. If not given,
    /// `Static` for users at rest; the fading of users that move has the Doppler
    /// frequency of their speed, `Jakes()`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variation: Option<Variation>,
    /// How long gains stay as they are, in milliseconds, where fading or users
    /// change in time: the coherence block.
    #[serde(skip_serializing_if = "is_ten")]
    pub block_ms: f64,
    /// A file with the gains of every link over time, in place of path loss, shadowing and
    /// fading ([`MeasuredGains`](crate::world::channel::MeasuredGains)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gains: Option<PathBuf>,
    /// Carrier frequency, in GHz: what Doppler frequencies of users that move are
    /// found with under `path_loss: LogDistance`, which has none of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier_ghz: Option<f64>,
}

impl Default for ChannelSpec {
    fn default() -> Self {
        Self {
            path_loss: PathLoss::default(),
            fading: Fading::Rayleigh,
            shadowing_db: 0.0,
            shadowing: None,
            buildings: None,
            noise_dbm_per_hz: -174.0,
            noise_figure_db: 0.0,
            interference: Interference::CoChannel,
            interference_tolerance: 0.0,
            variation: None,
            block_ms: 10.0,
            gains: None,
            carrier_ghz: None,
        }
    }
}

fn is_ten(value: &f64) -> bool {
    *value == 10.0
}

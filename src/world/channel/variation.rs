//! How fading goes on in time: what a scenario may say, and what that is in SI.

use crate::units::{Hertz, Metres, Seconds};
use serde::{Deserialize, Serialize};

/// How fading goes on in time, as a scenario says it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Variation {
    /// It does not: one draw a link and replication.
    Static,
    /// Drawn anew, independently, in every coherence block.
    IndependentBlocks,
    /// Clarke's channel with Jakes' spectrum: the scattered part of h has the correlation
    /// J0(2 pi f t) over a time t at the Doppler frequency f, the power of Rayleigh fading
    /// the square of it. The coherence block only says how often it is looked at.
    Jakes {
        /// Greatest Doppler frequency f, in hertz: speed over wavelength. Without it that
        /// of each user's own motion: phases follow the distance travelled, and the
        /// channel of a user at rest stays as it is.
        #[serde(default)]
        doppler_hz: Option<f64>,
    },
    /// A first-order Gauss-Markov process: the scattered part of h has the correlation
    /// exp(-t / T) over a time t, the power of Rayleigh fading exp(-2 t / T), whatever the
    /// coherence block.
    GaussMarkov {
        /// Coherence time T, in milliseconds.
        coherence_ms: f64,
    },
}

/// How fading goes on in time, in SI.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FadingProcess {
    /// One draw a link and replication.
    Static,
    /// Independent from one coherence block to the next.
    IndependentBlocks,
    /// A sum of sinusoids whose phases turn with the Doppler frequency.
    Sinusoids(Doppler),
    /// First-order Gauss-Markov from one coherence block to the next.
    GaussMarkov {
        /// Correlation of the scattered part of h from one block to the next.
        block_correlation: f64,
    },
}

impl FadingProcess {
    /// A Gauss-Markov process of correlation exp(-t / coherence) over a time t, looked at
    /// once a block.
    pub fn gauss_markov(coherence: Seconds, block: Seconds) -> Self {
        Self::GaussMarkov {
            block_correlation: libm::exp(-(block / coherence)),
        }
    }
}

/// What turns the phases of a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Doppler {
    /// Time, at this frequency for every user.
    Of(Hertz),
    /// Each user's own motion, at one carrier's wavelength.
    OfMotion {
        /// The wavelength of the carrier.
        wavelength: Metres,
    },
}

impl Doppler {
    /// Of each user's own motion, at a carrier frequency.
    pub fn of_motion(carrier: Hertz) -> Self {
        const LIGHT_M_PER_S: f64 = 299_792_458.0;
        Self::OfMotion {
            wavelength: Metres(LIGHT_M_PER_S / carrier.0),
        }
    }

    /// How many cycles a wave from straight ahead has gained at `time`, when its user has
    /// travelled so far: the integral of the Doppler frequency.
    pub fn cycles(self, time: Seconds, travelled: Metres) -> f64 {
        match self {
            Self::Of(frequency) => frequency.0 * time.0,
            Self::OfMotion { wavelength } => travelled / wavelength,
        }
    }
}

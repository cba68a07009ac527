//! Throttling: a device that has been busy for long lowers its rates until it has cooled.

use crate::units::Seconds;
use serde::{Deserialize, Serialize};

/// When a device throttles, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttling {
    /// After so much busy time its rates fall, in seconds; idle time counts against it.
    /// They recover when all of it has been made up by idle time.
    pub after_s: f64,
    /// To this share of themselves, above 0 and at most 1.
    pub factor: f64,
}

/// How warm a device is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Warmth {
    law: Throttling,
    /// Busy time that idle time has not made up for, up to [`Throttling::after_s`].
    busy_s: f64,
    throttled: bool,
}

impl Warmth {
    /// A cold device.
    pub fn new(law: Throttling) -> Self {
        Self {
            law,
            busy_s: 0.0,
            throttled: false,
        }
    }

    /// It was idle for a while.
    pub fn rests(&mut self, time: Seconds) {
        self.busy_s = (self.busy_s - time.0).max(0.0);
        if self.busy_s == 0.0 {
            self.throttled = false;
        }
    }

    /// It was busy for a while.
    pub fn works(&mut self, time: Seconds) {
        self.busy_s = (self.busy_s + time.0).min(self.law.after_s);
        if self.busy_s >= self.law.after_s {
            self.throttled = true;
        }
    }

    /// What takes `time` at full rates takes so long from now on, without a pause.
    pub fn stretch(&self, time: Seconds) -> Seconds {
        let at_full_rates = if self.throttled {
            0.0
        } else {
            time.0.min(self.law.after_s - self.busy_s)
        };
        Seconds(at_full_rates + (time.0 - at_full_rates) / self.law.factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_fall_after_busy_time_and_recover_after_as_much_idle_time() {
        let mut warmth = Warmth::new(Throttling {
            after_s: 10.0,
            factor: 0.5,
        });
        assert_eq!(warmth.stretch(Seconds(4.0)), Seconds(4.0));
        assert_eq!(warmth.stretch(Seconds(12.0)), Seconds(14.0));
        warmth.works(Seconds(6.0));
        assert_eq!(warmth.stretch(Seconds(6.0)), Seconds(8.0));
        warmth.rests(Seconds(2.0));
        assert_eq!(warmth.stretch(Seconds(6.0)), Seconds(6.0));
        warmth.works(Seconds(6.0));
        assert_eq!(warmth.stretch(Seconds(1.0)), Seconds(2.0));
        // Cooler, but not cold yet.
        warmth.rests(Seconds(9.0));
        assert_eq!(warmth.stretch(Seconds(1.0)), Seconds(2.0));
        warmth.rests(Seconds(1.0));
        assert_eq!(warmth.stretch(Seconds(1.0)), Seconds(1.0));
    }
}

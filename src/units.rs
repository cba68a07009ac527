//! Newtypes for quantities that must not be swapped, all in SI units.
//!
//! Where a person types or reads a number, its unit stands in the field's name
//! (`bandwidth_mhz`, `delay_p99_ms`); inside the program everything is SI and
//! carries its dimension in its type. Only the operations that make physical
//! sense exist: bits over bits per second are seconds, FLOP over FLOP per
//! second are seconds.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Div, Mul, Sub};

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl Mul<f64> for $name {
            type Output = Self;
            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }
        impl Div<f64> for $name {
            type Output = Self;
            fn div(self, divisor: f64) -> Self {
                Self(self.0 / divisor)
            }
        }
        impl Div for $name {
            type Output = f64;
            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }
    };
}

quantity!(
    /// A duration, or an instant of the virtual clock, in seconds.
    Seconds
);
quantity!(
    /// An amount of data in bits (D of the paper).
    Bits
);
quantity!(
    /// A data rate in bits per second (R of the paper).
    BitsPerSecond
);
quantity!(
    /// An amount of computation in floating-point operations (W of the paper).
    Flop
);
quantity!(
    /// A computing capacity in floating-point operations per second (C of the paper).
    FlopPerSecond
);
quantity!(
    /// A bandwidth or a frequency in hertz (B of the paper).
    Hertz
);
quantity!(
    /// A power in watts (P of the paper).
    Watts
);
quantity!(
    /// A length in metres.
    Metres
);

impl Seconds {
    /// The same duration in milliseconds, the unit of every report.
    pub fn as_ms(self) -> f64 {
        self.0 * 1e3
    }
}

impl Div<BitsPerSecond> for Bits {
    type Output = Seconds;
    fn div(self, rate: BitsPerSecond) -> Seconds {
        Seconds(self.0 / rate.0)
    }
}

impl Div<FlopPerSecond> for Flop {
    type Output = Seconds;
    fn div(self, rate: FlopPerSecond) -> Seconds {
        Seconds(self.0 / rate.0)
    }
}

impl Div<Seconds> for Flop {
    type Output = FlopPerSecond;
    fn div(self, time: Seconds) -> FlopPerSecond {
        FlopPerSecond(self.0 / time.0)
    }
}

/// A ratio given in decibels, as a linear factor.
///
/// ```
/// assert!((edgelm::units::ratio_from_db(3.0) - 1.995).abs() < 1e-3);
/// ```
pub fn ratio_from_db(db: f64) -> f64 {
    10f64.powf(db / 10.0)
}

/// A linear ratio in decibels; minus infinity for none.
///
/// ```
/// assert!((edgelm::units::db_from_ratio(2.0) - 3.0103).abs() < 1e-4);
/// ```
pub fn db_from_ratio(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

/// A power given in dBm, in watts.
///
/// ```
/// assert!((edgelm::units::watts_from_dbm(30.0).0 - 1.0).abs() < 1e-12);
/// ```
pub fn watts_from_dbm(dbm: f64) -> Watts {
    Watts(1e-3 * ratio_from_db(dbm))
}

/// The bits of a number, turned so that they order as numbers do, 0 and -0 alike: for
/// queues that order by whole numbers.
///
/// ```
/// use edgelm::units::rank_of;
/// assert!(rank_of(-2.0) < rank_of(-1.0) && rank_of(-1.0) < rank_of(0.5));
/// assert_eq!(rank_of(-0.0), rank_of(0.0));
/// ```
#[inline]
pub fn rank_of(number: f64) -> u64 {
    // Adding zero takes the sign off a negative one.
    let bits = (number + 0.0).to_bits();
    if bits & RANK_OF_ZERO != 0 {
        !bits
    } else {
        bits | RANK_OF_ZERO
    }
}

/// [`rank_of`] zero: what is negative ranks below.
pub const RANK_OF_ZERO: u64 = 1 << 63;

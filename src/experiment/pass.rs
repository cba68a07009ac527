//! The passes over the records of a point.
//!
//! A point may have more records than memory holds, so that estimates see them one by
//! one, in the order of their tasks, and several times: squares around a mean can be
//! summed once the mean is known. (One pass could sum squares around anything else;
//! the two are not the same number.)

/// Which time the records of a point are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Sums, counts, the pooled histogram.
    First,
    /// Squares around means; sums of what depends on the first pass.
    Second,
    /// Squares around what the second pass summed.
    Third,
}

impl Pass {
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];
}

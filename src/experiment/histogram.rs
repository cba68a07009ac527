//! Delays as a histogram: HdrHistogram's buckets at three significant digits,
//! kept sparse so that every replication can carry its own.

use crate::units::Seconds;
use hdrhistogram::Histogram;
use hdrhistogram::iterators::IterationValue;
use serde::{Deserialize, Serialize};

/// The unit of the histograms: one nanosecond.
pub const UNIT: Seconds = Seconds(1e-9);

/// Greatest delay the histograms tell apart: 10^9 s.
const HIGHEST: u64 = 1_000_000_000_000_000_000;

/// Significant decimal digits that a bucket keeps.
const DIGITS: u8 = 3;

/// Pending values that are sorted into the buckets at once.
const CHUNK: usize = 4096;

/// An empty histogram of delays in nanoseconds, three significant digits.
pub fn empty() -> Histogram<u64> {
    match Histogram::new_with_bounds(1, HIGHEST, DIGITS) {
        Ok(histogram) => histogram,
        Err(error) => unreachable!("the bounds are constants: {error}"),
    }
}

/// Delays counted by bucket; only buckets that hold something take room.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DelayCounts {
    /// (lowest value of a bucket in ns, count), increasing.
    buckets: Vec<(u64, u64)>,
    #[serde(skip)]
    pending: Vec<u64>,
}

impl DelayCounts {
    /// Counts one delay. Shorter than a nanosecond counts as one.
    pub fn record(&mut self, delay: Seconds) {
        let ns = (delay / UNIT).round().clamp(1.0, HIGHEST as f64) as u64;
        self.pending.push(bucket(ns));
        if self.pending.len() >= CHUNK {
            self.finish();
        }
    }

    /// Sorts what is pending into the buckets; call it once after the last record.
    pub fn finish(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        self.pending.sort_unstable();
        let old = std::mem::take(&mut self.buckets);
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(old.len() + self.pending.len());
        let mut old = old.into_iter().peekable();
        let mut add = |value: u64, count: u64| match merged.last_mut() {
            Some(last) if last.0 == value => last.1 += count,
            _ => merged.push((value, count)),
        };
        for value in self.pending.drain(..) {
            while let Some((earlier, count)) = old.next_if(|bucket| bucket.0 <= value) {
                add(earlier, count);
            }
            add(value, 1);
        }
        for (value, count) in old {
            add(value, count);
        }
        merged.shrink_to_fit();
        self.buckets = merged;
        self.pending = Vec::new();
    }

    /// How many delays are counted.
    pub fn total(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.1).sum::<u64>() + self.pending.len() as u64
    }

    /// How many of the sorted delays lie in buckets up to the one of `ns`.
    pub fn count_up_to(&self, ns: u64) -> u64 {
        let last = bucket(ns);
        self.buckets
            .iter()
            .take_while(|bucket| bucket.0 <= last)
            .map(|bucket| bucket.1)
            .sum()
    }

    /// The greatest value, in nanoseconds, that shares a bucket with the sorted delay
    /// up to which this share of them lies, as HdrHistogram says it; 0 of none.
    pub fn value_at_quantile(&self, quantile: f64) -> u64 {
        let total: u64 = self.buckets.iter().map(|bucket| bucket.1).sum();
        let wanted = ((quantile.min(1.0) * total as f64).ceil() as u64).max(1);
        let mut counted = 0;
        let found = self.buckets.iter().find(|bucket| {
            counted += bucket.1;
            counted >= wanted
        });
        found.map_or(0, |bucket| last_of_bucket(bucket.0))
    }

    /// The greatest value, in nanoseconds, that shares a bucket with the slowest sorted
    /// delay; 0 of none.
    pub fn max(&self) -> u64 {
        self.buckets.last().map_or(0, |b| last_of_bucket(b.0))
    }

    /// (greatest value of a bucket in nanoseconds, how many sorted delays lie in it),
    /// increasing.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.buckets
            .iter()
            .map(|(value, count)| (last_of_bucket(*value), *count))
    }

    /// The counts of a histogram of delays in nanoseconds.
    pub(crate) fn of_histogram(histogram: &Histogram<u64>) -> Self {
        let step =
            |step: IterationValue<u64>| (bucket(step.value_iterated_to()), step.count_at_value());
        Self {
            buckets: histogram.iter_recorded().map(step).collect(),
            pending: Vec::new(),
        }
    }

    /// The histogram of delays in nanoseconds with these counts.
    pub fn to_histogram(&self) -> Histogram<u64> {
        let mut histogram = empty();
        self.add_to(&mut histogram);
        histogram
    }

    /// How many of the sorted delays are as short or as long as the first or the last
    /// bucket: of these the histograms tell no more than that.
    pub fn at_the_ends(&self) -> (u64, u64) {
        let count = |end: u64| {
            let found = self.buckets.iter().find(|found| found.0 == bucket(end));
            found.map_or(0, |found| found.1)
        };
        (count(1), count(HIGHEST))
    }

    /// Adds all sorted counts to a histogram of delays in nanoseconds.
    pub fn add_to(&self, histogram: &mut Histogram<u64>) {
        for &(value, count) in &self.buckets {
            histogram.saturating_record_n(value, count);
        }
    }
}

/// The lowest value that shares a bucket with `ns`.
fn bucket(ns: u64) -> u64 {
    ns >> shift(ns) << shift(ns)
}

/// The greatest value that shares a bucket with `ns`.
fn last_of_bucket(ns: u64) -> u64 {
    bucket(ns) + (1 << shift(ns)) - 1
}

/// How many binary digits of `ns` a bucket does not tell: HdrHistogram's own layout,
/// 2,048 sub-buckets to each doubling.
fn shift(ns: u64) -> u32 {
    const SUB_BUCKET_BITS: u32 = 11;
    let bits = u64::BITS - ns.leading_zeros();
    bits.saturating_sub(SUB_BUCKET_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_hdrhistograms() {
        let histogram = empty();
        let mut ns = 1u64;
        while ns < HIGHEST / 3 {
            for value in [ns, ns + 1, 2 * ns - 1, 3 * ns / 2] {
                assert_eq!(bucket(value), histogram.lowest_equivalent(value), "{value}");
                let last = last_of_bucket(value);
                assert_eq!(last, histogram.highest_equivalent(value), "{value}");
            }
            ns = ns * 7 / 5 + 1;
        }
    }

    #[test]
    fn what_lies_beyond_the_buckets_is_counted() {
        let mut counts = DelayCounts::default();
        for delay in [0.0, 1e-12, 1e-3, 0.99e9, 1e9, 1e300] {
            counts.record(Seconds(delay));
        }
        counts.finish();
        assert_eq!(counts.at_the_ends(), (2, 2));
        assert_eq!(DelayCounts::default().at_the_ends(), (0, 0));
    }

    #[test]
    fn counts_survive_chunks_and_reach_the_histogram() {
        let mut counts = DelayCounts::default();
        for i in 0..10_000u64 {
            counts.record(Seconds(1e-3 * (1.0 + (i % 100) as f64)));
        }
        counts.finish();
        assert_eq!(counts.total(), 10_000);
        assert_eq!(counts.count_up_to(50_000_000), 5_000);
        let mut histogram = empty();
        counts.add_to(&mut histogram);
        assert_eq!(histogram.len(), 10_000);
        assert_eq!(counts.max(), histogram.max());
        assert_eq!(DelayCounts::of_histogram(&histogram), counts);
        assert_eq!(counts.to_histogram(), histogram);
        for quantile in [0.0, 1e-9, 0.1, 0.5, 0.501, 0.99, 0.999, 0.9999, 1.0] {
            // Of the quantile 0 it tells the lowest value of the bucket.
            let expected = histogram.value_at_quantile(f64::max(quantile, 1e-9));
            assert_eq!(counts.value_at_quantile(quantile), expected, "{quantile}");
        }
        assert_eq!(DelayCounts::default().value_at_quantile(0.5), 0);
        let median = histogram.value_at_quantile(0.5) as f64 * 1e-6;
        assert!((median / 50.0 - 1.0).abs() < 1e-3, "{median}");
    }
}

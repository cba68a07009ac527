//! Many quantiles of delay, each with its own interval: the band around the
//! complementary CDF.

/// Quantiles to each tenfold of the share beyond them.
const PER_DECADE: i32 = 10;

/// The quantiles of a band of `total` delays: even steps of the logarithm of the share
/// of delays beyond them, up to the slowest delay. The intervals hold at each quantile
/// by itself (95 %), not for all of them together.
pub(crate) fn band_quantiles(total: u64) -> Vec<f64> {
    let fast = [0.005, 0.01, 0.02, 0.05, 0.1];
    let tail = |step: i32| 1.0 - 0.8 * libm::pow(10.0, -f64::from(step) / f64::from(PER_DECADE));
    fast.into_iter()
        .chain((0..).map(tail))
        .take_while(|q| (1.0 - q) * total as f64 >= 1.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::DelayCounts;
    use crate::experiment::histogram;
    use crate::experiment::quantile::quantiles;
    use crate::units::Seconds;

    #[test]
    fn quantiles_rise_to_the_slowest_query() {
        let mut pooled = histogram::empty();
        let replications: Vec<DelayCounts> = (0..10)
            .map(|r| {
                let mut counts = DelayCounts::default();
                for q in 0..1000 {
                    counts.record(Seconds(1e-3 * f64::from(1 + (q * 7 + r * 13) % 1000)));
                }
                counts.finish();
                counts.add_to(&mut pooled);
                counts
            })
            .collect();
        let band = quantiles(&band_quantiles(pooled.len()), &pooled, &replications);
        assert!(band.is_sorted_by(|a, b| a.quantile < b.quantile && a.value_ms <= b.value_ms));
        let last = band.last().unwrap().quantile;
        assert!(last < 0.9999 + 1e-12 && last > 0.9998, "{last}");
        assert!(band_quantiles(0).is_empty());
    }
}

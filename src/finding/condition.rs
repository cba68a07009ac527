//! Conditions as a person writes them: `delay_p99_ms < 150`, `accuracy > EdgeAll - 2`.

use super::verdict::Verdict;
use crate::experiment::{Interval, QUANTILES, ReplicationRecord, by_replication, quantile_name};
use crate::fault::{Fault, nearest};
use crate::scenario::Scenario;

/// What a policy must keep to: a measure, a relation, a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// As it was written.
    pub text: String,
    quantity: Quantity,
    relation: Relation,
    limit: Limit,
}

#[derive(Debug, Clone, PartialEq)]
enum Quantity {
    /// A measure that every replication has, and what its values are multiplied by.
    Mean { name: String, factor: f64 },
    /// A quantile of the delays of all replications pooled.
    DelayQuantile(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

const RELATIONS: [(&str, Relation); 4] = [
    ("<=", Relation::LessOrEqual),
    (">=", Relation::GreaterOrEqual),
    ("<", Relation::Less),
    (">", Relation::Greater),
];

/// `factor` times the measure of a policy, if one is named, plus `offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Limit {
    /// The policy's index.
    policy: Option<usize>,
    factor: f64,
    offset: f64,
}

/// What the replications of a point say of a condition: its parts of a ratio.
pub(super) type Parts = Vec<(f64, f64)>;

impl Condition {
    /// Reads a condition. `measures` are the names of the measures that the scenario has,
    /// `policies` those of its policies.
    ///
    /// # Errors
    /// [`Fault`]: what was found and what is allowed, and the valid name nearest to one
    /// that is not.
    pub fn read(text: &str, measures: &[&str], policies: &[&str]) -> Result<Self, Fault> {
        let fault = |found: &str, allowed: String| {
            let field = format!("condition `{text}`");
            Fault::new(field, format!("`{found}`"), allowed)
        };
        let parted = RELATIONS.iter().find_map(|(sign, relation)| {
            let (left, right) = text.split_once(sign)?;
            Some((left.trim(), *relation, right.trim()))
        });
        let Some((name, relation, right)) = parted else {
            return Err(fault(
                text,
                "a measure, one of < <= > >=, and a limit, such as delay_p99_ms < 150".to_owned(),
            ));
        };
        let quantity = Quantity::read(name, measures).map_err(|allowed| fault(name, allowed))?;
        let limit = Limit::read(right, policies).map_err(|allowed| fault(right, allowed))?;
        match (&quantity, limit.policy) {
            (Quantity::DelayQuantile(_), Some(_)) => Err(fault(
                right,
                "a number: quantiles are compared with numbers, means with policies, too"
                    .to_owned(),
            )),
            (Quantity::Mean { factor, .. }, None)
                if *factor != 1.0 && limit.offset.abs() < 1.0 && limit.offset != 0.0 =>
            {
                Err(fault(
                    right,
                    format!("a percentage, such as {}", limit.offset * factor),
                ))
            }
            _ => Ok(Self {
                text: text.trim().to_owned(),
                quantity,
                relation,
                limit,
            }),
        }
    }

    /// What is estimated to judge it: what an axis or a column is called.
    pub fn estimated(&self) -> String {
        match (&self.quantity, self.limit.policy) {
            (Quantity::DelayQuantile(_), _) => {
                format!("share of delays above {} ms (%)", self.limit.offset)
            }
            (Quantity::Mean { name, factor }, other) => {
                let unit = if *factor == 1.0 { "" } else { " (%)" };
                let minus = other.map_or("", |_| " minus limit");
                format!("{name}{unit}{minus}")
            }
        }
    }

    /// What the estimate is compared with.
    pub fn limit(&self) -> f64 {
        match self.quantity {
            Quantity::DelayQuantile(quantile) => percent_above(quantile),
            Quantity::Mean { .. } if self.limit.policy.is_some() => 0.0,
            Quantity::Mean { .. } => self.limit.offset,
        }
    }

    /// What a replication says of it of one policy, given the records of all.
    pub(super) fn part(
        &self,
        scenario: &Scenario,
        records: &[&ReplicationRecord],
        policy: usize,
    ) -> (f64, f64) {
        match &self.quantity {
            Quantity::DelayQuantile(_) => {
                let delays = &records[policy].delays;
                let limit_ns = (self.limit.offset * 1e6).clamp(1.0, u64::MAX as f64) as u64;
                let (all, within) = (delays.total() as f64, delays.count_up_to(limit_ns) as f64);
                (all - within, all)
            }
            Quantity::Mean { name, factor } => {
                let of = |policy: usize| {
                    let all = by_replication(scenario, records[policy]);
                    let found = all.iter().find(|measure| measure.0 == name);
                    found.map_or(f64::NAN, |measure| measure.1 * factor)
                };
                let Limit {
                    policy: other,
                    factor,
                    offset,
                } = self.limit;
                let excess = other.map_or(0.0, |other| factor * of(other) + offset);
                (of(policy) - excess, 1.0)
            }
        }
    }

    /// The estimate of what is judged, with an interval that misses with a probability of
    /// `level`, and what follows.
    pub(super) fn judge(&self, parts: &Parts, level: f64) -> (Interval, Verdict) {
        let interval = match self.quantity {
            Quantity::DelayQuantile(quantile) => {
                let share = Interval::of_share(parts, 1.0 - quantile, level);
                // In per cent, as the limit is.
                Interval {
                    estimate: share.estimate * 100.0,
                    low: share.low * 100.0,
                    high: share.high * 100.0,
                }
            }
            Quantity::Mean { .. } => Interval::of_ratio(parts, level),
        };
        let limit = self.limit();
        let (below, above) = (interval.high < limit, interval.low > limit);
        let equal = interval.low == limit && interval.high == limit;
        let verdict = match self.relation {
            Relation::Less if below => Verdict::Holds,
            Relation::LessOrEqual if below || equal => Verdict::Holds,
            Relation::Greater if above => Verdict::Holds,
            Relation::GreaterOrEqual if above || equal => Verdict::Holds,
            _ if below || above || equal => Verdict::Fails,
            _ => Verdict::Undecided,
        };
        (interval, verdict)
    }
}

/// Of delays, the share above their quantile, in per cent.
fn percent_above(quantile: f64) -> f64 {
    // 1 - 0.999 is not 0.001.
    ((1.0 - quantile) * 1e6).round() / 1e4
}

impl Quantity {
    fn read(name: &str, measures: &[&str]) -> Result<Self, String> {
        let column = |quantile| format!("delay_{}_ms", quantile_name(quantile));
        let quantile = QUANTILES.into_iter().find(|q| column(*q) == name);
        if let Some(quantile) = quantile {
            return Ok(Self::DelayQuantile(quantile));
        }
        if measures.contains(&name) {
            let factor = if name == "accuracy" { 100.0 } else { 1.0 };
            let name = name.to_owned();
            return Ok(Self::Mean { name, factor });
        }
        let quantiles: Vec<String> = QUANTILES.map(column).into();
        let names: Vec<&str> = measures
            .iter()
            .copied()
            .chain(quantiles.iter().map(String::as_str))
            .collect();
        Err(match nearest(name, names.iter().copied()) {
            Some(near) => format!("{}; did you mean `{near}`?", names.join(", ")),
            None => names.join(", "),
        })
    }
}

impl Limit {
    fn read(text: &str, policies: &[&str]) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        if let Some(offset) = number(text) {
            return Ok(Self {
                policy: None,
                factor: 1.0,
                offset,
            });
        }
        let operation = [" - ", " + ", " * "].into_iter().find_map(|sign| {
            let (name, rest) = text.rsplit_once(sign)?;
            Some((name.trim(), sign.trim(), number(rest)?))
        });
        let (name, factor, offset) = match operation {
            Some((name, "*", by)) => (name, by, 0.0),
            Some((name, "-", by)) => (name, 1.0, -by),
            Some((name, _, by)) => (name, 1.0, by),
            None => (text, 1.0, 0.0),
        };
        Ok(Self {
            policy: Some(policy(name, policies)?),
            factor,
            offset,
        })
    }
}

/// A policy by its label, or by its kind where there is one of that kind.
fn policy(name: &str, policies: &[&str]) -> Result<usize, String> {
    let kind = |label: &str| label.split('(').next().unwrap_or(label).to_owned();
    let exact = policies.iter().position(|label| *label == name);
    let mut of_kind = policies.iter().enumerate().filter(|(_, p)| kind(p) == name);
    let only = of_kind.next().filter(|_| of_kind.next().is_none());
    exact.or(only.map(|(at, _)| at)).ok_or_else(|| {
        let all = policies.join(", ");
        let names =
            format!("a number, or one of {all}, to which ` + 2`, ` - 2` or ` * 2` may be added");
        match nearest(name, policies.iter().copied()) {
            Some(near) => format!("{names}; did you mean `{near}`?"),
            None => names,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEASURES: [&str; 3] = ["delay_mean_ms", "accuracy", "offloaded_share"];
    const POLICIES: [&str; 3] = ["LocalAll", "EdgeAll", "Goa(tau: 0.6)"];

    fn read(text: &str) -> Result<Condition, String> {
        Condition::read(text, &MEASURES, &POLICIES).map_err(|fault| fault.to_string())
    }

    #[test]
    fn what_people_write_is_understood() {
        let limit = |text: &str| read(text).unwrap().limit;
        let of = |policy, factor, offset| Limit {
            policy,
            factor,
            offset,
        };
        assert_eq!(limit("delay_p99_ms < 150"), of(None, 1.0, 150.0));
        assert_eq!(limit("accuracy>=EdgeAll - 2"), of(Some(1), 1.0, -2.0));
        assert_eq!(limit("accuracy > Goa"), of(Some(2), 1.0, 0.0));
        assert_eq!(
            limit("delay_mean_ms <= Goa(tau: 0.6) * 1.5"),
            of(Some(2), 1.5, 0.0)
        );
        assert_eq!(limit("delay_mean_ms < -1e3"), of(None, 1.0, -1e3));
    }

    #[test]
    fn what_cannot_be_understood_is_told_what_can() {
        for (text, parts) in [
            (
                "delay_p99_ms",
                ["a measure, one of < <= > >=", "delay_p99_ms < 150"],
            ),
            (
                "delay_p9_ms < 3",
                ["found `delay_p9_ms`", "did you mean `delay_p9"],
            ),
            (
                "accuracy > EdgeAl",
                ["found `EdgeAl`", "did you mean `EdgeAll`?"],
            ),
            (
                "accuracy > 0.7",
                ["found `0.7`", "a percentage, such as 70"],
            ),
            (
                "delay_p99_ms < EdgeAll",
                ["found `EdgeAll`", "quantiles are compared with numbers"],
            ),
            (
                "delay_mean_ms < inf",
                ["found `inf`", "a number, or one of LocalAll"],
            ),
            ("", ["found ``", "a measure"]),
        ] {
            let said = read(text).unwrap_err();
            for part in parts {
                assert!(said.contains(part), "{text}: no {part} in {said}");
            }
        }
    }

    #[test]
    fn a_verdict_needs_the_whole_interval_on_one_side() {
        let condition = read("delay_mean_ms < 10").unwrap();
        let verdict = |values: &[f64]| {
            let parts: Parts = values.iter().map(|value| (*value, 1.0)).collect();
            condition.judge(&parts, 0.05).1
        };
        assert_eq!(verdict(&[8.0, 8.1, 7.9, 8.0]), Verdict::Holds);
        assert_eq!(verdict(&[12.0, 12.1, 11.9, 12.0]), Verdict::Fails);
        assert_eq!(verdict(&[9.0, 10.9, 9.5, 10.2]), Verdict::Undecided);
        assert_eq!(verdict(&[1.0]), Verdict::Undecided);
        assert_eq!(verdict(&[10.0, 10.0, 10.0]), Verdict::Fails);
        assert_eq!(verdict(&[f64::NAN, 1.0]), Verdict::Undecided);
        let or_equal = read("delay_mean_ms >= 10").unwrap();
        let parts = vec![(10.0, 1.0); 3];
        assert_eq!(or_equal.judge(&parts, 0.05).1, Verdict::Holds);
    }

    #[test]
    fn a_quantile_is_judged_by_the_share_beyond_its_limit() {
        let condition = read("delay_p99_ms < 150").unwrap();
        assert_eq!(condition.limit(), 1.0);
        // 20 replications of 1,000 delays, of which 2 or 4 are too long.
        let parts: Parts = (0..20)
            .map(|r| (2.0 + 2.0 * f64::from(r % 2), 1e3))
            .collect();
        let (interval, verdict) = condition.judge(&parts, 0.05);
        assert!((interval.estimate - 0.3).abs() < 1e-12);
        assert_eq!(verdict, Verdict::Holds);
        assert_eq!(percent_above(0.999), 0.1);
    }
}

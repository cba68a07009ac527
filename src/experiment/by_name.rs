//! Results by the names that a scenario gives: points by the swept value, policies by
//! what the scenario calls them.

use super::{Estimate, PointResult, PolicyResult, QuantileEstimate, Results};
use crate::scenario::SweptValue;

/// Results have no such point or policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} `{wanted}`; there is {}", known.join(", "))]
pub struct NameError {
    /// `point` or `policy`.
    pub what: &'static str,
    /// What was asked for.
    pub wanted: String,
    /// What there is.
    pub known: Vec<String>,
}

impl Results {
    /// The point at a value of the one swept field; `None` where nothing is swept.
    ///
    /// # Errors
    /// That there is no such point.
    pub fn point(&self, value: impl Into<Option<f64>>) -> Result<&PointResult, NameError> {
        let values: Vec<SweptValue> = value.into().map(SweptValue::Number).into_iter().collect();
        self.point_at(&values)
    }

    /// The point at a value of each of the swept fields.
    ///
    /// # Errors
    /// That there is no such point.
    pub fn point_at(&self, values: &[SweptValue]) -> Result<&PointResult, NameError> {
        let text = |values: &[SweptValue]| match values {
            [] => "None".to_owned(),
            values => values
                .iter()
                .map(SweptValue::to_string)
                .collect::<Vec<_>>()
                .join(" and "),
        };
        self.points
            .iter()
            .find(|point| point.values == values)
            .ok_or_else(|| NameError {
                what: "point",
                wanted: text(values),
                known: self
                    .points
                    .iter()
                    .map(|point| text(&point.values))
                    .collect(),
            })
    }
}

impl PointResult {
    /// A policy as the scenario or the program calls it; spaces do not matter.
    ///
    /// # Errors
    /// That there is no such policy.
    pub fn policy(&self, name: &str) -> Result<&PolicyResult, NameError> {
        let bare = |name: &str| name.split_whitespace().collect::<String>();
        self.policies
            .iter()
            .find(|policy| bare(&policy.policy) == bare(name))
            .ok_or_else(|| NameError {
                what: "policy",
                wanted: name.to_owned(),
                known: self.policies.iter().map(|p| p.policy.clone()).collect(),
            })
    }

    /// A policy's mean delay, in milliseconds.
    ///
    /// # Errors
    /// That there is no such policy.
    pub fn delay_mean_ms(&self, policy: &str) -> Result<Estimate, NameError> {
        Ok(self.policy(policy)?.delay_mean_ms)
    }

    /// The delay that 99 % of a policy's queries do not exceed, in milliseconds, with its
    /// interval.
    ///
    /// # Errors
    /// That there is no such policy.
    pub fn p99(&self, policy: &str) -> Result<QuantileEstimate, NameError> {
        Ok(self.policy(policy)?.p99())
    }

    /// Share of a policy's queries that are answered right.
    ///
    /// # Errors
    /// That there is no such policy.
    pub fn accuracy(&self, policy: &str) -> Result<Estimate, NameError> {
        Ok(self.policy(policy)?.accuracy)
    }
}

impl PolicyResult {
    /// The delay that 99 % of the queries do not exceed, in milliseconds, with its interval.
    pub fn p99(&self) -> QuantileEstimate {
        let found = self.delay_quantiles.iter().find(|q| q.quantile == 0.99);
        found.copied().unwrap_or(QuantileEstimate {
            quantile: 0.99,
            value_ms: f64::NAN,
            low_ms: None,
            high_ms: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::experiment::Study;

    #[test]
    fn points_and_policies_are_found_by_name() {
        let results = Study::from_ron(
            "(users: (count: 5), replications: 4, policies: [LocalAll, Goa(tau: 0.6)], \
             sweep: (field: \"users.count\", values: [5, 9]))",
        )
        .unwrap()
        .run()
        .unwrap();
        let point = results.point(9.0).unwrap();
        let goa = &results.points[1].policies[1];
        assert_eq!(point.policy("Goa(tau: 0.6)").unwrap().queries, goa.queries);
        assert_eq!(point.accuracy("Goa(tau:0.6)").unwrap(), goa.accuracy);
        let p99 = point.p99("Goa(tau: 0.6)").unwrap();
        assert_eq!((p99.quantile, p99), (0.99, goa.delay_quantiles[3]));
        let error = point.p99("Goa").unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no policy `Goa`; there is LocalAll, Goa(tau: 0.6)"
        );
        let error = results.point(6.0).unwrap_err().to_string();
        assert_eq!(error, "there is no point `6`; there is 5, 9");
        assert!(results.point(None).is_err());
    }
}

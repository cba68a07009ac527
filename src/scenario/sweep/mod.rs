//! Sweeps: the fields that vary over the points of a study, and the values they take.

mod notation;

use serde::{Deserialize, Serialize};
use std::fmt;

/// The fields that vary over the points of a study: every combination of their values is
/// a point. One field is written by itself, several as a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep(pub Vec<SweptField>);

/// One field and the values it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweptField {
    /// The field's path, such as `users.count`, `servers.bandwidth_mhz`,
    /// `users.capacity_gflops.high`, `channel.fading`, `policies[1].tau` or
    /// `policies.tau` (in every policy that has one).
    pub field: String,
    /// The values it takes.
    pub values: SweptValues,
}

/// The values of a swept field.
#[derive(Debug, Clone, PartialEq)]
pub enum SweptValues {
    /// One by one.
    List(Vec<SweptValue>),
    /// Numbers at equal distances.
    Linear(Range),
    /// Numbers of equal ratios, rounded to three significant digits between the ends.
    Logarithmic(Range),
}

/// Numbers from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The first number.
    pub from: f64,
    /// The last number.
    pub to: f64,
    /// How many there are, at least 2.
    pub points: usize,
    /// Whether they are rounded to whole numbers, as a field that counts needs it.
    #[serde(default)]
    pub whole: bool,
}

/// A value that a swept field takes.
#[derive(Debug, Clone, PartialEq)]
pub enum SweptValue {
    /// A number.
    Number(f64),
    /// Anything else, as RON: `Rayleigh`, `Rician(k_db: 10)`, `[EdgeAll]`.
    Ron(String),
}

impl SweptField {
    /// A field that takes numbers.
    pub fn numbers(field: &str, values: impl IntoIterator<Item = f64>) -> Self {
        Self {
            field: field.to_owned(),
            values: SweptValues::List(values.into_iter().map(SweptValue::Number).collect()),
        }
    }
}

impl SweptValues {
    /// The values, in their order.
    pub fn resolved(&self) -> Vec<SweptValue> {
        let numbers = |numbers: Vec<f64>| numbers.into_iter().map(SweptValue::Number).collect();
        match self {
            Self::List(values) => values.clone(),
            Self::Linear(range) => numbers(range.linear()),
            Self::Logarithmic(range) => numbers(range.logarithmic()),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::List(values) => values.len(),
            Self::Linear(range) | Self::Logarithmic(range) => range.points,
        }
    }
}

impl Sweep {
    /// The values that the fields take at each point, in the order of the points: the
    /// first field goes through its values fastest.
    pub fn points(&self) -> Vec<Vec<SweptValue>> {
        let mut points = vec![Vec::new()];
        for swept in self.0.iter().rev() {
            let values = swept.values.resolved();
            points = points
                .iter()
                .flat_map(|later| {
                    values.iter().map(|value| {
                        let mut point = vec![value.clone()];
                        point.extend(later.iter().cloned());
                        point
                    })
                })
                .collect();
        }
        points
    }

    /// How many points there are; the greatest number where there are more.
    pub fn len(&self) -> usize {
        let lengths = self.0.iter().map(|swept| swept.values.count());
        lengths.fold(1, usize::saturating_mul)
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Range {
    fn linear(self) -> Vec<f64> {
        self.between(|share| rounded(self.from + share * (self.to - self.from), 12))
    }

    fn logarithmic(self) -> Vec<f64> {
        self.between(|share| rounded(self.from * (self.to / self.from).powf(share), 3))
    }

    /// The ends as they are, and what lies between them by its share of the way.
    fn between(self, inner: impl Fn(f64) -> f64) -> Vec<f64> {
        let last = self.points.saturating_sub(1);
        (0..self.points)
            .map(|at| match at {
                0 => self.from,
                at if at == last => self.to,
                at => inner(at as f64 / last as f64),
            })
            .map(|value| if self.whole { value.round() } else { value })
            .collect()
    }
}

/// A number to so many significant digits.
fn rounded(value: f64, digits: usize) -> f64 {
    let text = format!("{value:.*e}", digits - 1);
    text.parse().unwrap_or(value)
}

impl SweptValue {
    /// As RON; a number without a fraction where it has none, so that it fits a field that
    /// counts.
    pub fn to_ron(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Ron(text) => text.clone(),
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Ron(_) => None,
        }
    }
}

/// As RON on one line.
impl fmt::Display for SweptValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self
            .to_ron()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::notation::options;

    fn read(text: &str) -> Sweep {
        options().from_str(text).unwrap()
    }

    fn written(values: &[SweptValue]) -> Vec<String> {
        values.iter().map(SweptValue::to_string).collect()
    }

    #[test]
    fn one_field_is_written_as_it_always_was() {
        let sweep = read("(field: \"users.count\", values: [60, 7e1])");
        assert_eq!(
            sweep,
            Sweep(vec![SweptField::numbers("users.count", [60.0, 70.0])])
        );
        let json = serde_json::to_string(&sweep).unwrap();
        assert_eq!(json, r#"{"field":"users.count","values":[60.0,70.0]}"#);
        assert_eq!(serde_json::from_str::<Sweep>(&json).unwrap(), sweep);
    }

    #[test]
    fn several_fields_are_a_grid_whose_first_goes_fastest() {
        let text = "[(field: \"a\", values: [1, 2, 3]), \
                    (field: \"b\", values: [None, Rician( k_db :  10 ), [Goa(tau: 0.6)]])]";
        let sweep = read(text);
        let points = sweep.points();
        assert_eq!((points.len(), sweep.len(), sweep.is_empty()), (9, 9, false));
        assert_eq!(written(&points[0]), ["1", "None"]);
        assert_eq!(written(&points[1]), ["2", "None"]);
        assert_eq!(written(&points[3]), ["1", "Rician( k_db : 10 )"]);
        assert_eq!(written(&points[8]), ["3", "[Goa(tau: 0.6)]"]);
        let again = options().to_string(&sweep).unwrap();
        assert_eq!(read(&again), sweep);
        let json = serde_json::to_string(&sweep).unwrap();
        assert_eq!(serde_json::from_str::<Sweep>(&json).unwrap(), sweep);
    }

    #[test]
    fn ranges_have_their_ends_and_equal_steps() {
        let linear = read("(field: \"a\", values: Linear(from: 0, to: 1, points: 11))");
        let expected = [
            "0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1",
        ];
        assert_eq!(written(&linear.0[0].values.resolved()), expected);
        let json = serde_json::to_string(&linear).unwrap();
        assert_eq!(serde_json::from_str::<Sweep>(&json).unwrap(), linear);
        let log = read("(field: \"a\", values: Logarithmic(from: 0.5, to: 5000, points: 9))");
        let expected = [
            "0.5", "1.58", "5", "15.8", "50", "158", "500", "1580", "5000",
        ];
        assert_eq!(written(&log.0[0].values.resolved()), expected);
        let whole =
            read("(field: \"a\", values: Logarithmic(from: 10, to: 1000, points: 5, whole: true))");
        assert_eq!(
            written(&whole.0[0].values.resolved()),
            ["10", "32", "100", "316", "1000"]
        );
        assert_eq!(whole.len(), 5);
    }
}

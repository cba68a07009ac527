//! What a sweep must satisfy before its points are looked at.

use super::Faults;
use crate::scenario::{Range, Sweep, SweptField, SweptValue, SweptValues};
use std::collections::HashMap;

/// Points of a sweep at most: each is a scenario of its own.
const MOST_POINTS: usize = 1_000_000;

pub(super) fn check(sweep: &Sweep, faults: &mut Faults) {
    if sweep.0.is_empty() {
        faults.add("sweep", "no field", "at least one field");
    }
    let mut seen = HashMap::new();
    for (at, swept) in sweep.0.iter().enumerate() {
        let place = match sweep.0.len() {
            1 => "sweep".to_owned(),
            _ => format!("sweep[{at}]"),
        };
        if let Some(earlier) = seen.insert(&swept.field, at) {
            faults.add(
                &format!("{place}.field"),
                &format!("`{}` again", swept.field),
                &format!("fields that differ (it is field {earlier} already)"),
            );
        }
        values(&place, swept, faults);
    }
    if sweep.len() > MOST_POINTS {
        faults.add(
            "sweep",
            &format!("{} points", sweep.len()),
            &format!("at most {MOST_POINTS}"),
        );
    }
}

fn values(place: &str, swept: &SweptField, faults: &mut Faults) {
    let place = format!("{place}.values");
    let is_logarithmic = matches!(swept.values, SweptValues::Logarithmic(_));
    if let SweptValues::Linear(range) | SweptValues::Logarithmic(range) = swept.values
        && !within_reach(&place, range, is_logarithmic, faults)
    {
        return;
    }
    if swept.values.count() == 0 {
        faults.add(&place, "no value", "at least one value");
    }
    differ(&place, &swept.values, faults);
}

/// Whether a range can be gone through.
fn within_reach(place: &str, range: Range, is_logarithmic: bool, faults: &mut Faults) -> bool {
    let before = faults.0.len();
    for (name, end) in [("from", range.from), ("to", range.to)] {
        let field = format!("{place}.{name}");
        if !end.is_finite() {
            faults.add(&field, &end.to_string(), "a finite number");
        } else if is_logarithmic && end <= 0.0 {
            faults.add(&field, &end.to_string(), "more than 0");
        }
    }
    if !(2..=MOST_POINTS).contains(&range.points) {
        faults.add(
            &format!("{place}.points"),
            &range.points.to_string(),
            &format!("2 to {MOST_POINTS}"),
        );
    }
    faults.0.len() == before
}

fn differ(place: &str, swept: &SweptValues, faults: &mut Faults) {
    let values = swept.resolved();
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(values.len());
    for (at, value) in values.iter().enumerate() {
        let field = match swept {
            SweptValues::List(_) => format!("{place}[{at}]"),
            _ => place.to_owned(),
        };
        if value.number().is_some_and(|number| !number.is_finite()) {
            faults.add(&field, &value.to_string(), "a finite number");
            continue;
        }
        // Zero has two signs and is one value.
        let key = match value {
            SweptValue::Number(number) => (number + 0.0).to_string(),
            SweptValue::Ron(_) => value.to_string(),
        };
        if let Some(earlier) = seen.get(&key) {
            faults.add(
                &field,
                &format!("{value} again"),
                &format!("values that differ (it is value {earlier} already)"),
            );
        } else {
            seen.insert(key, at);
        }
    }
}

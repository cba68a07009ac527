//! What two plans differ in, for people: a hash says that they do.

use serde_json::Value;
use std::collections::BTreeMap;

/// How much of a value is shown.
const SHOWN: usize = 40;

/// The fields in which two plans' texts differ, as `seed: 1 there, 2 here` each. Plans of
/// other versions are compared as far as they are JSON.
pub fn plan_differences(there: &str, here: &str) -> Vec<String> {
    let read = |text: &str| -> Option<BTreeMap<String, String>> {
        let mut fields = BTreeMap::new();
        flatten(&serde_json::from_str(text).ok()?, "", &mut fields);
        Some(fields)
    };
    let (Some(there), Some(here)) = (read(there), read(here)) else {
        return vec!["everything: one of them cannot be read".to_owned()];
    };
    let nothing = "nothing".to_owned();
    let mut differences: Vec<String> = Vec::new();
    let names: std::collections::BTreeSet<&String> = there.keys().chain(here.keys()).collect();
    for name in names {
        let (there, here) = (
            there.get(name).unwrap_or(&nothing),
            here.get(name).unwrap_or(&nothing),
        );
        if there == here {
            continue;
        }
        let field = name.strip_prefix("scenario.").unwrap_or(name);
        differences.push(match field.strip_prefix("files.") {
            Some(file) => format!("the content of {file}"),
            None => format!("{field}: {} there, {} here", cut(there), cut(here)),
        });
    }
    differences
}

/// All fields below a value by their paths; what follows from the rest is left out.
fn flatten(value: &Value, path: &str, fields: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(inside) if !inside.is_empty() => {
            for (name, value) in inside {
                match path {
                    "" if ["hash", "tasks"].contains(&&**name) => {}
                    "" => flatten(value, name, fields),
                    // A variant's name is no step of a field's path.
                    _ if name.starts_with(char::is_uppercase) && path != "files" => {
                        fields.insert(path.to_owned(), name.clone());
                        flatten(value, path, fields);
                    }
                    _ => flatten(value, &format!("{path}.{name}"), fields),
                }
            }
        }
        // Lists whole: of two of different length single elements say little.
        other => {
            fields.insert(path.to_owned(), other.to_string());
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Experiment, Plan};
    use crate::scenario::{Loaded, Override};
    use std::path::Path;

    #[test]
    fn fields_that_differ_are_named_with_both_values() {
        let plan = |sets: &[(&str, &str)]| {
            let text = "(users: (count: 3), replications: 2, policies: [EdgeAll])";
            let sets: Vec<Override> = sets.iter().map(|(f, v)| Override::set(f, v)).collect();
            let loaded = Loaded::from_text(text, Path::new("s.ron"), &sets).unwrap();
            Plan::new(&Experiment::new(loaded).unwrap()).to_json()
        };
        let plain = plan(&[]);
        assert!(plan_differences(&plain, &plain).is_empty());
        let other = plan(&[
            ("seed", "7"),
            ("users.count", "5"),
            ("users.capacity_gflops", "Fixed(90)"),
            ("policies", "[LocalAll]"),
        ]);
        assert_eq!(
            plan_differences(&plain, &other),
            [
                "policies: [\"EdgeAll\"] there, [\"LocalAll\"] here",
                "seed: 1 there, 7 here",
                "users.capacity_gflops: Uniform there, 90.0 here",
                "users.capacity_gflops.high: 136.6 there, nothing here",
                "users.capacity_gflops.low: 45.53 there, nothing here",
                "users.count: 3 there, 5 here",
            ]
        );
        assert_eq!(plan_differences("{", &plain).len(), 1);
    }
}

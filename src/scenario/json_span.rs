//! Where things stand in a JSON text.

use super::syntax::{Step, steps};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::ops::Range;

/// Where the value at a path such as `users[0].query_bits` stands, or the nearest
/// thing around it; `None` if the text is not JSON. Of what goes on over several lines
/// the first.
pub(super) fn span_of(text: &str, path: &str) -> Option<Range<usize>> {
    let mut here: &RawValue = serde_json::from_str(text).ok()?;
    for step in steps(path)? {
        match child(here, step) {
            Some(child) => here = child,
            None => break,
        }
    }
    // Raw values are slices of the text itself.
    let start = here.get().as_ptr().addr() - text.as_ptr().addr();
    let first_line = here.get().lines().next().map_or(0, str::len);
    Some(start..start + first_line)
}

fn child<'t>(value: &'t RawValue, step: Step<'_>) -> Option<&'t RawValue> {
    match step {
        Step::Field(name) => {
            let fields: HashMap<String, &RawValue> = serde_json::from_str(value.get()).ok()?;
            fields.get(name).copied()
        }
        Step::Index(index) => {
            let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
            items.get(index).copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_path() {
        let text = "{\"a\": 1, \"b\":\n [ {\"c\": [2, -3]},\n {\"c\": []}]}";
        let at = |path| span_of(text, path).map(|span| &text[span]);
        assert_eq!(at("a"), Some("1"));
        assert_eq!(at("b[0].c[1]"), Some("-3"));
        assert_eq!(at("b[1].c"), Some("[]"));
        assert_eq!(at("b[1].c[7]"), Some("[]"), "the nearest around it");
        assert_eq!(at("b"), Some("[ {\"c\": [2, -3]},"), "its first line");
        assert_eq!(span_of("{", "a"), None);
    }
}

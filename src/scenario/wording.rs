//! What the RON reader says, in the words of all other messages.

use super::{Scenario, syntax};
use crate::fault::nearest;
use ron::error::Error as RonError;

/// What the RON reader says, in the words of all other messages.
pub(super) fn ron_message(error: &RonError) -> String {
    match error {
        RonError::NoSuchStructField { found, .. } => format!("unknown field `{found}`"),
        RonError::NoSuchEnumVariant { found, .. } => format!("unknown name `{found}`"),
        RonError::MissingStructField { field, .. } => format!("missing field `{field}`"),
        RonError::SuggestRawIdentifier(found) => format!("found `{found}` where a name is wanted"),
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            letters.next().map_or(String::new(), |first| {
                first.to_lowercase().collect::<String>() + letters.as_str()
            })
        }
    }
}

/// The same about a value.
pub(super) fn message_about(error: &RonError, value: &str) -> String {
    match error {
        // Where a whole number is wanted, RON stops at the decimal point.
        RonError::ExpectedComma if value.parse::<f64>().is_ok() => {
            format!("found {value}, allowed is a whole number")
        }
        _ => ron_message(error),
    }
}

/// What to write for a field that is there no more.
pub(super) fn written_now(error: &RonError) -> Option<&'static str> {
    let RonError::NoSuchStructField { found, outer, .. } = error else {
        return None;
    };
    match (outer.as_deref()?, found.as_str()) {
        ("GaussMarkov", "doppler_hz") => Some(
            "`GaussMarkov` has a coherence time now, `coherence_ms`: for a Doppler frequency \
             write `Jakes(doppler_hz: ..)`",
        ),
        _ => None,
    }
}

/// The valid names where one was not valid.
pub(super) fn suggestion(error: &RonError) -> Option<String> {
    if let Some(help) = written_now(error) {
        return Some(help.to_owned());
    }
    match error {
        RonError::NoSuchStructField {
            expected, found, ..
        }
        | RonError::NoSuchEnumVariant {
            expected, found, ..
        } => {
            let allowed = format!("allowed are {}", expected.join(", "));
            if let Some(place) = elsewhere(found).filter(|_| expected.contains(&"policies")) {
                return Some(format!("did you mean `{place}`? {allowed}"));
            }
            Some(match nearest(found, expected.iter().copied()) {
                Some(name) => format!("did you mean `{name}`? {allowed}"),
                None => allowed,
            })
        }
        RonError::SuggestRawIdentifier(found) if found.parse::<f64>().is_ok() => Some(format!(
            "a number needs the name of its field, as in `tau: {found}`, or of its kind, as in \
             `Fixed({found})`"
        )),
        _ => None,
    }
}

/// The field inside of another section that a name at the top of a scenario stands for.
fn elsewhere(name: &str) -> Option<String> {
    let all = "(users: (count: 1), policies: [])";
    let text = Scenario::from_ron(all).ok()?.to_ron();
    let mut paths = Vec::new();
    syntax::parse(&text)?.numeric_paths(&text, "", &mut paths);
    let mut found = paths
        .into_iter()
        .filter(|path| path.split('.').next_back() == Some(name));
    found.next()
}

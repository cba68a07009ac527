//! Options that commands have in common which ask a model server.

use super::Failure;
use crate::model_server::Endpoint;
use crate::scenario::Diagnostic;
use serde_json::{Map, Value};

/// Fields to add to every request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Extra(pub Map<String, Value>);

pub(super) fn object(text: &str) -> Result<Extra, String> {
    serde_json::from_str(text)
        .map(Extra)
        .map_err(|error| format!("allowed: a JSON object ({error})"))
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(s) if s > 0.0 && s <= 1e6 => Ok(s),
        _ => Err("allowed: a positive number of seconds".to_owned()),
    }
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(p) if (0.0..=100.0).contains(&p) => Ok(p),
        _ => Err("allowed: a number from 0 to 100".to_owned()),
    }
}

/// A server with its key, which is in the environment variable of that name.
pub(super) fn endpoint(
    option: &str,
    text: &str,
    key_variable: Option<&String>,
) -> Result<Endpoint, Failure> {
    let key = match key_variable {
        None => None,
        Some(name) => match std::env::var(name) {
            Ok(key) if !key.is_empty() => Some(key),
            _ => {
                let message = format!(
                    "the environment variable `{name}`, which should hold an API key, \
                     is not set or empty"
                );
                return Err(Diagnostic::new(message).into());
            }
        },
    };
    Endpoint::parse(text, key).map_err(|error| Diagnostic::new(format!("{option}: {error}")).into())
}

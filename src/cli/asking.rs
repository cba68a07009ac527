//! Options that commands have in common which ask a model server.

use super::Failure;
use crate::model_server::Endpoint;
use crate::scenario::Diagnostic;
use serde_json::{Map, Value};
use std::io;
use std::path::{Path, PathBuf};

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

/// Where the journal of a command that writes `out` is: beside it. With `restart` there is none
/// any more.
///
/// # Errors
/// `out` is a folder, or a file of another origin which `force` does not allow to replace.
pub(super) fn journal_beside(
    out: &Path,
    command: &str,
    restart: bool,
    force: bool,
) -> Result<PathBuf, Failure> {
    let mut name = out.to_owned().into_os_string();
    name.push(".journal");
    let path = PathBuf::from(name);
    let refused = |message: String| Err(Diagnostic::new(message).into());
    let shown = out.display();
    if out.is_dir() {
        return refused(format!("--out {shown}: it is a folder, allowed: a file"));
    }
    if out.exists() && !path.exists() && !force {
        return refused(format!(
            "--out {shown}: a file of this name exists that `edgelm {command}` did not write; \
             choose another name, or give --force to replace it"
        ));
    }
    if restart
        && let Err(error) = std::fs::remove_file(&path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(journal_fault(&path, &error));
    }
    Ok(path)
}

/// A journal, or a file beside it, that cannot be opened.
pub(super) fn journal_fault(path: &Path, error: &io::Error) -> Failure {
    Diagnostic::new(format!("{}: {error}", path.display())).into()
}

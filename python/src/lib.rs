//! The native half of the Python package `edgelm`; what a user sees is in
//! `edgelm/__init__.py`, `edgelm/plots.py` and `edgelm/gym.py`.

#![forbid(unsafe_code)]

mod drawn;
mod episode;
mod results;
mod vector;

use edgelm::experiment::Experiment;
use edgelm::scenario::{self, Diagnostic, Loaded, Override};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};

/// Reads a scenario: a file, or RON text with tables relative to `folder`.
fn experiment(
    file: Option<PathBuf>,
    text: Option<&str>,
    overrides: &[(String, String)],
) -> PyResult<Experiment> {
    let overrides: Vec<Override> = overrides
        .iter()
        .map(|(field, value)| Override::set(field, value))
        .collect();
    let loaded = match (file, text) {
        (Some(file), None) => scenario::load(&file, &overrides),
        (None, Some(text)) => Loaded::from_text(text, Path::new("scenario.ron"), &overrides),
        _ => return Err(PyValueError::new_err("give a file or a text")),
    };
    loaded
        .and_then(Experiment::new)
        .map_err(|diagnostics| invalid(&diagnostics))
}

fn invalid(diagnostics: &[Diagnostic]) -> PyErr {
    let texts: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
    PyValueError::new_err(texts.join("\n\n"))
}

#[pymodule]
fn _edgelm(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(results::run, module)?)?;
    module.add_function(wrap_pyfunction!(drawn::drawn, module)?)?;
    module.add_class::<vector::Cells>()
}

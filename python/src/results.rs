//! Running a scenario to rows: those of `results.csv`, and the variance of delay.

use edgelm::experiment::RunError;
use edgelm::report::{Field, result_rows};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Runs a scenario; one dictionary per point and policy.
#[pyfunction]
#[pyo3(signature = (file, text, overrides, threads))]
pub fn run<'py>(
    py: Python<'py>,
    file: Option<PathBuf>,
    text: Option<&str>,
    overrides: Vec<(String, String)>,
    threads: Option<usize>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let experiment = crate::experiment(file, text, &overrides)?;
    let stop = AtomicBool::new(false);
    let outcome = std::thread::scope(|scope| {
        let worker = scope.spawn(|| experiment.run(threads, &stop, &|| ()));
        while !worker.is_finished() {
            py.detach(|| std::thread::sleep(Duration::from_millis(2)));
            if py.check_signals().is_err() {
                stop.store(true, Ordering::Relaxed);
            }
        }
        worker.join()
    });
    let results = match outcome {
        Ok(Ok(results)) => results,
        Ok(Err(RunError::Interrupted)) => return Err(PyKeyboardInterrupt::new_err(())),
        Ok(Err(error)) => return Err(PyRuntimeError::new_err(error.to_string())),
        Err(_) => return Err(PyRuntimeError::new_err("the simulation panicked")),
    };
    let mut rows = Vec::new();
    let policies = results.points.iter().flat_map(|point| &point.policies);
    for (columns, policy) in result_rows(&results).zip(policies) {
        let row = PyDict::new(py);
        for (name, field) in columns {
            match field {
                Field::Text(text) => row.set_item(name, text)?,
                Field::Count(count) => row.set_item(name, count)?,
                Field::Number(number) => row.set_item(name, number)?,
            }
        }
        row.set_item("delay_variance_ms2", policy.delay_variance_ms2.mean)?;
        row.set_item("delay_variance_ci95_ms2", policy.delay_variance_ms2.ci95)?;
        rows.push(row);
    }
    Ok(rows)
}

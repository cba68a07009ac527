//! Running a scenario to rows.

use edgelm::experiment::{Estimate, PointResult, PolicyResult, RunError};
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
    for point in &results.points {
        for policy in &point.policies {
            rows.push(row(py, &results.sweep_field, point, policy)?);
        }
    }
    Ok(rows)
}

fn row<'py>(
    py: Python<'py>,
    sweep: &str,
    point: &PointResult,
    policy: &PolicyResult,
) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("sweep", sweep)?;
    row.set_item("value", point.value)?;
    row.set_item("policy", &policy.policy)?;
    row.set_item("replications", policy.replications)?;
    row.set_item("queries", policy.queries)?;
    let estimate = |name: &str, interval: &str, value: Estimate| -> PyResult<()> {
        row.set_item(name, value.mean)?;
        row.set_item(interval, value.ci95)
    };
    estimate("delay_mean_ms", "delay_ci95_ms", policy.delay_mean_ms)?;
    estimate(
        "delay_variance_ms2",
        "delay_variance_ci95_ms2",
        policy.delay_variance_ms2,
    )?;
    for q in &policy.delay_quantiles {
        let digits = format!("{}", q.quantile);
        let name = format!("p{:0<2}", digits.trim_start_matches("0."));
        row.set_item(format!("delay_{name}_ms"), q.value_ms)?;
        row.set_item(format!("delay_{name}_low_ms"), q.low_ms)?;
        row.set_item(format!("delay_{name}_high_ms"), q.high_ms)?;
    }
    estimate("accuracy", "accuracy_ci95", policy.accuracy)?;
    estimate(
        "offloaded_share",
        "offloaded_share_ci95",
        policy.offloaded_share,
    )?;
    estimate("objective", "objective_ci95", policy.objective_s)?;
    for (stage, value) in &policy.stages_ms.0 {
        let stage = stage.name();
        estimate(
            &format!("{stage}_mean_ms"),
            &format!("{stage}_ci95_ms"),
            *value,
        )?;
    }
    for (measure, value) in &policy.measures {
        estimate(measure, &format!("{measure}_ci95"), *value)?;
    }
    Ok(row)
}

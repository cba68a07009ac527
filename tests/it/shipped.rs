//! Runs of shipped scenarios, each made once for all tests that look at it.

use edgelm::experiment::{Experiment, PolicyResult};
use edgelm::scenario::{Loaded, Override, load};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A scenario in `scenarios/`, with fields set.
pub fn scenario(name: &str, overrides: &[(&str, &str)]) -> Loaded {
    let overrides: Vec<Override> = overrides
        .iter()
        .map(|(field, value)| Override::set(field, value))
        .collect();
    let path = format!("scenarios/{name}.ron");
    load(Path::new(&path), &overrides).expect("the scenario is valid")
}

/// What its first point gives, as `edgelm run scenarios/NAME.ron --set FIELD=VALUE`.
pub fn run(name: &str, overrides: &[(&str, &str)]) -> Vec<PolicyResult> {
    type Once = Arc<OnceLock<Vec<PolicyResult>>>;
    static RUNS: Mutex<BTreeMap<String, Once>> = Mutex::new(BTreeMap::new());
    let key = format!("{name} {overrides:?}");
    let once = {
        let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(runs.entry(key).or_default())
    };
    let compute = || {
        let experiment = Experiment::new(scenario(name, overrides)).expect("the sweep is valid");
        let mut results = experiment
            .run(None, &AtomicBool::new(false), &|| ())
            .expect("the policies decide");
        results.points.remove(0).policies
    };
    once.get_or_init(compute).clone()
}

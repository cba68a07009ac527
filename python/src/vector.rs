//! Several cells stepped together.

use crate::episode::{Episode, Message, Outcome, Snapshot};
use edgelm::experiment::Experiment;
use edgelm::policy::observation::{self, Shape};
use edgelm::snapshot::{Choice, Decision, Load};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::Arc;

/// Independent cells of the same scenario, each in a replication of its own, each
/// stopped where queries wait. A step decides for the next `batch` of them.
#[pyclass]
pub struct Cells {
    experiment: Arc<Experiment>,
    shape: Shape,
    users: usize,
    batch: usize,
    cells: Vec<Cell>,
}

/// One cell.
#[derive(Default)]
struct Cell {
    episode: Option<Episode>,
    /// The instant that is being decided.
    snapshot: Option<Box<Snapshot>>,
    /// Choices for its first queries.
    chosen: Vec<Choice>,
    total: Outcome,
}

/// What a step gave: outcome of the queries that left, and whether it was the last.
type Stepped = Result<(Outcome, bool), String>;

#[pymethods]
impl Cells {
    #[new]
    fn new(
        file: Option<PathBuf>,
        text: Option<&str>,
        overrides: Vec<(String, String)>,
        count: usize,
        batch: usize,
    ) -> PyResult<Self> {
        if count == 0 || batch == 0 {
            return Err(PyValueError::new_err(
                "the number of cells and the batch are whole numbers of at least 1",
            ));
        }
        let experiment = crate::experiment(file, text, &overrides)?;
        let scenario = &experiment.loaded().scenario;
        let shape = Shape {
            servers: scenario.servers.number(),
            batches: scenario.servers.serving.is_some(),
        };
        let users = scenario.users.count;
        Ok(Self {
            experiment: Arc::new(experiment),
            shape,
            users,
            batch,
            cells: (0..count).map(|_| Cell::default()).collect(),
        })
    }

    /// Number of servers (M).
    #[getter]
    fn servers(&self) -> usize {
        self.shape.servers
    }

    /// Number of users (N).
    #[getter]
    fn users(&self) -> usize {
        self.users
    }

    /// Features of one slot of an observation.
    #[getter]
    fn features(&self) -> Vec<String> {
        self.shape.names()
    }

    /// Starts replication `replication` in a cell.
    fn reset(&mut self, py: Python<'_>, cell: usize, replication: u64) -> PyResult<()> {
        let experiment = Arc::clone(&self.experiment);
        let cell = self.cell(cell)?;
        *cell = Cell::default();
        let episode = cell
            .episode
            .insert(Episode::start(&experiment, 0, replication));
        let episode = &*episode;
        let message = py.detach(|| wait(episode));
        let (_, ended) = cell.take(message).map_err(PyRuntimeError::new_err)?;
        if ended {
            return Err(PyRuntimeError::new_err(
                "no query waits in this replication: nothing is left to decide",
            ));
        }
        Ok(())
    }

    /// Decides the next batch in the listed cells: actions are cells x batch, 0 for
    /// the device, j + 1 for server j. Gives five arrays, one entry a listed cell:
    /// uncertainty times delay of the queries that left, in seconds; how many they
    /// were; how many were answered right; how many at the edge; whether the
    /// replication ended.
    #[allow(clippy::type_complexity)]
    fn step<'py>(
        &mut self,
        py: Python<'py>,
        listed: Vec<usize>,
        actions: PyReadonlyArray1<'py, i64>,
    ) -> PyResult<(
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArray1<bool>>,
    )> {
        let actions = actions.as_slice()?;
        if actions.len() != listed.len() * self.batch {
            return Err(PyValueError::new_err(format!(
                "found {} actions, allowed is one for each of {} cells x {} queries",
                actions.len(),
                listed.len(),
                self.batch
            )));
        }
        let servers = self.shape.servers;
        if let Some(wrong) = actions
            .iter()
            .find(|&&action| usize::try_from(action).map_or(true, |action| action > servers))
        {
            return Err(PyValueError::new_err(format!(
                "found action {wrong}, allowed is 0 (the device) to {servers} (the last server)"
            )));
        }
        for &at in &listed {
            self.cell(at)?;
        }
        // All engines go on before the first is waited for.
        let mut goes_on = Vec::with_capacity(listed.len());
        for (&at, actions) in listed.iter().zip(actions.chunks(self.batch)) {
            goes_on.push(
                self.cells[at]
                    .choose(actions)
                    .map_err(PyRuntimeError::new_err)?,
            );
        }
        let cells = &self.cells;
        let messages: Vec<Option<Message>> = py.detach(|| {
            let waited = listed.iter().zip(&goes_on);
            waited
                .map(|(&at, &goes_on)| {
                    let episode = cells[at].episode.as_ref().filter(|_| goes_on)?;
                    Some(wait(episode))
                })
                .collect()
        });
        let mut outcomes = Vec::with_capacity(listed.len());
        for (&at, message) in listed.iter().zip(messages) {
            outcomes.push(match message {
                Some(message) => self.cells[at]
                    .take(message)
                    .map_err(PyRuntimeError::new_err)?,
                None => (Outcome::default(), false),
            });
        }
        let array = |value: fn(&Outcome) -> f64| {
            let values: Vec<f64> = outcomes.iter().map(|(outcome, _)| value(outcome)).collect();
            values.into_pyarray(py)
        };
        let ended: Vec<bool> = outcomes.iter().map(|(_, ended)| *ended).collect();
        Ok((
            array(|outcome| outcome.objective_s),
            array(|outcome| outcome.queries as f64),
            array(|outcome| outcome.correct as f64),
            array(|outcome| outcome.offloaded as f64),
            ended.into_pyarray(py),
        ))
    }

    /// The observations of the listed cells, flat: cells x batch x features.
    fn observe<'py>(
        &self,
        py: Python<'py>,
        listed: Vec<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let width = self.shape.width();
        let mut flat = vec![0.0; listed.len() * self.batch * width];
        for (&at, rows) in listed.iter().zip(flat.chunks_mut(self.batch * width)) {
            let cell = self
                .cells
                .get(at)
                .ok_or_else(|| PyValueError::new_err(format!("there is no cell {at}")))?;
            if let Some(snapshot) = &cell.snapshot {
                let view = snapshot.view();
                let mut load = Load::new(&view);
                for (query, choice) in cell.chosen.iter().enumerate() {
                    if let Choice::Edge(server) = *choice {
                        load.connect(query, server);
                    }
                }
                let next = cell.chosen.len()..snapshot.queries.len();
                for (query, row) in next.zip(rows.chunks_mut(width)) {
                    observation::write(row, &load, query);
                }
            }
        }
        Ok(flat.into_pyarray(py))
    }

    /// What became of all queries of a cell's replication so far.
    fn totals<'py>(&self, py: Python<'py>, cell: usize) -> PyResult<Bound<'py, PyDict>> {
        let cell = self
            .cells
            .get(cell)
            .ok_or_else(|| PyValueError::new_err(format!("there is no cell {cell}")))?;
        let total = cell.total;
        let share = |sum: f64| (total.queries > 0).then(|| sum / total.queries as f64);
        let info = PyDict::new(py);
        info.set_item("queries", total.queries)?;
        info.set_item("delay_mean_ms", share(total.delay_s * 1e3))?;
        info.set_item("accuracy", share(total.correct as f64))?;
        info.set_item("offloaded_share", share(total.offloaded as f64))?;
        info.set_item("objective", total.objective_s)?;
        if let Some(snapshot) = &cell.snapshot {
            info.set_item("now_s", snapshot.now.0)?;
        }
        Ok(info)
    }
}

impl Cells {
    fn cell(&mut self, at: usize) -> PyResult<&mut Cell> {
        self.cells
            .get_mut(at)
            .ok_or_else(|| PyValueError::new_err(format!("there is no cell {at}")))
    }
}

fn wait(episode: &Episode) -> Message {
    episode.next()
}

impl Cell {
    /// Takes the choices for the next batch. True if the instant is decided and
    /// the engine goes on.
    fn choose(&mut self, actions: &[i64]) -> Result<bool, String> {
        let (Some(snapshot), Some(episode)) = (&self.snapshot, &self.episode) else {
            return Err("the replication has ended: reset the cell first".to_owned());
        };
        let left = snapshot.queries.len() - self.chosen.len();
        self.chosen.extend(
            actions
                .iter()
                .take(left)
                .map(|&action| usize::try_from(action - 1).map_or(Choice::Local, Choice::Edge)),
        );
        if self.chosen.len() < snapshot.queries.len() {
            return Ok(false);
        }
        episode.decide(Decision {
            choices: std::mem::take(&mut self.chosen),
        });
        Ok(true)
    }

    fn take(&mut self, message: Message) -> Stepped {
        let (outcome, ended) = match message {
            Message::Instant(snapshot, outcome) => {
                self.snapshot = Some(snapshot);
                (outcome, false)
            }
            Message::Ended(outcome) => {
                self.snapshot = None;
                self.episode = None;
                (outcome?, true)
            }
        };
        self.total.add(outcome);
        Ok((outcome, ended))
    }
}

//! A policy that was learned elsewhere.

use super::network::Network;
use super::observation::Shape;
use super::{Policy, PolicyError, observation};
use crate::snapshot::{Choice, Decision, Load, View};

/// `Learned`: one waiting query after another goes where a [`Network`] has its greatest score,
/// by the features that the Python environments show, which know of those placed before.
#[derive(Debug, Clone)]
pub struct Learned {
    network: Network,
    /// The features that it was found to fit.
    fits: Option<Shape>,
}

impl Learned {
    /// The policy that follows what was learned.
    pub fn new(network: Network) -> Self {
        Self {
            network,
            fits: None,
        }
    }
}

impl Policy for Learned {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let shape = Shape::of(view);
        if self.fits != Some(shape) {
            self.network.check(shape).map_err(PolicyError::Unfit)?;
            self.fits = Some(shape);
        }
        let mut decision = Decision::all_local(view.queries.len());
        let mut load = Load::new(view);
        let mut features = vec![0.0; shape.width()];
        for query in 0..view.queries.len() {
            observation::write(&mut features, &load, query);
            if let Some(server) = self.network.best(&features).checked_sub(1) {
                load.connect(query, server);
                decision.choices[query] = Choice::Edge(server);
            }
        }
        Ok(decision)
    }
}

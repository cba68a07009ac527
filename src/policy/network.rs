//! A neural network as a learner saves it: layers with rectified linear units between them.

use super::observation::Shape;
use crate::fault::Fault;
use serde::{Deserialize, Serialize};

/// A network that scores the places where a query may be answered: its device, then each
/// server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The names of its inputs, in order ([`Shape::names`]).
    pub features: Vec<String>,
    /// What is taken from each input.
    pub mean: Vec<f64>,
    /// By what the rest is divided: above 0.
    pub deviation: Vec<f64>,
    /// The layers; between two, what is below 0 becomes 0.
    pub layers: Vec<Layer>,
}

/// A layer of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// A row for each output, with a weight for each input.
    pub weights: Vec<Vec<f64>>,
    /// What is added to each output.
    pub biases: Vec<f64>,
}

impl Network {
    /// Whether it fits a scenario with so many servers.
    ///
    /// # Errors
    /// The first thing that does not fit; its field's path inside the network.
    pub fn check(&self, shape: Shape) -> Result<(), Fault> {
        let (names, servers) = (shape.names(), shape.servers);
        if self.features != names {
            let allowed = format!("those of {servers} servers: {} names", names.len());
            let found = format!("{} names, or other ones", self.features.len());
            return Err(Fault::new("features", found, allowed));
        }
        let counted = |field: String, found: usize, wanted: usize| match found == wanted {
            true => Ok(()),
            false => Err(Fault::new(field, found, format!("{wanted} of them"))),
        };
        counted("mean".to_owned(), self.mean.len(), names.len())?;
        counted("deviation".to_owned(), self.deviation.len(), names.len())?;
        if let Some(wrong) = self
            .deviation
            .iter()
            .find(|one| !(one.is_finite() && **one > 0.0))
        {
            return Err(Fault::new("deviation", wrong, "numbers above 0"));
        }
        let mut inputs = names.len();
        for (at, layer) in self.layers.iter().enumerate() {
            let field = format!("layers[{at}].weights");
            let uneven = layer.weights.iter().find(|row| row.len() != inputs);
            if let Some(row) = uneven {
                return Err(Fault::new(
                    field,
                    row.len(),
                    format!("{inputs} in each row"),
                ));
            }
            let rows = layer.weights.len();
            counted(format!("layers[{at}].biases"), layer.biases.len(), rows)?;
            inputs = rows;
        }
        counted("layers".to_owned(), inputs, servers + 1)?;
        let weights = self
            .layers
            .iter()
            .flat_map(|layer| layer.weights.iter().flatten());
        let biases = self.layers.iter().flat_map(|layer| &layer.biases);
        match weights
            .chain(biases)
            .chain(&self.mean)
            .find(|value| !value.is_finite())
        {
            Some(wrong) => Err(Fault::new("layers", wrong, "finite numbers")),
            None => Ok(()),
        }
    }

    /// The place of the greatest score; of equal ones the first.
    pub fn best(&self, features: &[f32]) -> usize {
        let inputs = features.iter().zip(self.mean.iter().zip(&self.deviation));
        let inputs =
            inputs.map(|(value, (mean, deviation))| (f64::from(*value) - mean) / deviation);
        let mut values: Vec<f64> = inputs.collect();
        for (at, layer) in self.layers.iter().enumerate() {
            if at > 0 {
                values.iter_mut().for_each(|value| *value = value.max(0.0));
            }
            let rows = layer.weights.iter().zip(&layer.biases);
            let sums = rows.map(|(row, bias)| {
                bias + row
                    .iter()
                    .zip(&values)
                    .map(|(weight, value)| weight * value)
                    .sum::<f64>()
            });
            values = sums.collect();
        }
        let mut best = 0;
        for (at, value) in values.iter().enumerate() {
            if *value > values[best] {
                best = at;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Shape = Shape {
        servers: 1,
        batches: false,
    };

    /// One server; the device unless the server's delay is less than its own.
    fn nearer() -> Network {
        let features = ONE.names();
        let row = |own: &str| {
            let weight = |name: &String| if name == own { -1.0 } else { 0.0 };
            features.iter().map(weight).collect()
        };
        Network {
            mean: vec![0.0; features.len()],
            deviation: vec![1.0; features.len()],
            layers: vec![Layer {
                weights: vec![row("local_delay_ms"), row("server_0_edge_delay_ms")],
                biases: vec![0.0; 2],
            }],
            features,
        }
    }

    #[test]
    fn the_greatest_score_wins_and_negative_values_do_not_pass_a_layer() {
        let network = nearer();
        network.check(ONE).unwrap();
        let mut features = vec![0.0; ONE.width()];
        features[5] = 30.0;
        features[8] = 20.0;
        assert_eq!(network.best(&features), 1);
        features[8] = 30.0;
        assert_eq!(network.best(&features), 0, "of equal ones the first");
        let mut deep = nearer();
        let mirror = |weights: [f64; 2]| weights.to_vec();
        deep.layers.push(Layer {
            weights: vec![mirror([1.0, 0.0]), mirror([0.0, 1.0])],
            biases: vec![0.0, -1.0],
        });
        deep.check(ONE).unwrap();
        features[8] = 20.0;
        assert_eq!(
            deep.best(&features),
            0,
            "both scores are 0 before the last layer"
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let wrong = |change: fn(&mut Network)| {
            let mut network = nearer();
            change(&mut network);
            network.check(ONE).unwrap_err().field
        };
        assert_eq!(
            nearer()
                .check(Shape { servers: 2, ..ONE })
                .unwrap_err()
                .field,
            "features"
        );
        assert_eq!(wrong(|n| n.mean.truncate(3)), "mean");
        assert_eq!(wrong(|n| n.deviation[2] = 0.0), "deviation");
        assert_eq!(
            wrong(|n| n.layers[0].weights[1].truncate(4)),
            "layers[0].weights"
        );
        assert_eq!(
            wrong(|n| n.layers[0].biases.truncate(1)),
            "layers[0].biases"
        );
        assert_eq!(wrong(|n| n.layers.clear()), "layers");
        assert_eq!(wrong(|n| n.layers[0].weights[0][0] = f64::NAN), "layers");
    }
}

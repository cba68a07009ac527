//! A policy of your own beside the paper's, on the same draws.
//!
//! Run with `cargo run --release --example own_policy`.

use edgelm::experiment::Experiment;
use edgelm::policy::{Policy, PolicyError};
use edgelm::scenario::Loaded;
use edgelm::snapshot::{Choice, Decision, Load, View};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The most uncertain queries leave first, each to the server that is fastest for
/// it at that moment, until `share` of all queries have left.
#[derive(Clone)]
struct MostUncertain {
    share: f64,
}

impl Policy for MostUncertain {
    fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
        let mut order: Vec<usize> = (0..view.queries.len()).collect();
        let uncertainty = |query: usize| view.queries[query].uncertainty;
        order.sort_by(|&a, &b| uncertainty(b).total_cmp(&uncertainty(a)));
        order.truncate((self.share * order.len() as f64).round() as usize);

        let mut decision = Decision::all_local(view.queries.len());
        let mut load = Load::new(view);
        for query in order {
            let delay = |server: usize| load.edge_delay(query, server).0;
            let fastest = (0..view.servers.len()).min_by(|&a, &b| delay(a).total_cmp(&delay(b)));
            if let Some(server) = fastest {
                load.connect(query, server);
                decision.choices[query] = Choice::Edge(server);
            }
        }
        Ok(decision)
    }
}

fn main() {
    let text = "(users: (count: 120), replications: 200, policies: [Goa(tau: 0.6)])";
    let experiment = Loaded::from_text(text, Path::new("own_policy"), &[])
        .and_then(Experiment::new)
        .map(|mut experiment| {
            experiment.add_policy("MostUncertain(60 %)", || MostUncertain { share: 0.6 });
            experiment
        });
    let results = match &experiment {
        Ok(experiment) => experiment.run(None, &AtomicBool::new(false), &|| ()),
        Err(diagnostics) => {
            diagnostics.iter().for_each(|wrong| eprintln!("{wrong}"));
            std::process::exit(2);
        }
    };
    match results {
        Ok(results) => {
            for policy in &results.points[0].policies {
                let (delay, accuracy) = (policy.delay_mean_ms, policy.accuracy);
                println!(
                    "{:20} {:6.2} ± {:.2} ms, {:5.2} ± {:.2} % right",
                    policy.policy,
                    delay.mean,
                    delay.ci95.unwrap_or(f64::NAN),
                    100.0 * accuracy.mean,
                    100.0 * accuracy.ci95.unwrap_or(f64::NAN),
                );
            }
        }
        Err(error) => {
            eprintln!("error: {error}");
            std::process::exit(1);
        }
    }
}

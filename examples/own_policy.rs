//! A policy of your own beside the paper's, on the same draws.
//!
//! Run with `cargo run --release --example own_policy`.

use edgelm::Study;
use edgelm::policy::{Policy, PolicyError};
use edgelm::snapshot::{Choice, Decision, Load, View};

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = "(users: (count: 120), replications: 200, policies: [Goa(tau: 0.6)])";
    let results = Study::from_ron(text)?
        .policy("MostUncertain(60 %)", || MostUncertain { share: 0.6 })
        .run()?;
    for policy in &results.point(None)?.policies {
        println!(
            "{:20} {:.2} ms on average, p99 {:.1}, {:.2} % right",
            policy.policy,
            policy.delay_mean_ms,
            policy.p99(),
            policy.accuracy.scaled(100.0),
        );
    }
    Ok(())
}

//! The stages of queries that divide a server's bandwidth and compute into shares that are
//! not equal: every share depends on what all others ask for.

use super::View;
use crate::physics::allocation::Claim;
use crate::physics::radio;
use crate::units::{Seconds, Watts};
use smallvec::SmallVec;

/// What a query takes at a server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EdgeStages {
    /// D / R (Eq. 5) with its share of the bandwidth; infinite over a link that carries
    /// nothing.
    pub uplink: Seconds,
    /// W_LLM over its share of the compute (Eq. 7).
    pub compute: Seconds,
}

/// The stages of each of the queries that share a server under the view's allocation, in
/// their order, where all of them meet this interference and noise.
///
/// A query over a link that carries nothing claims no bandwidth: what the others have does
/// not depend on it.
pub(crate) fn edge_stages(
    view: &View<'_>,
    server: usize,
    queries: &[usize],
    interference_plus_noise: Watts,
) -> SmallVec<[EdgeStages; 32]> {
    let state = &view.servers[server];
    let transmissions = queries.iter().map(|&query| {
        let waiting = &view.queries[query];
        let signal = view.tx_power * view.gain(query, server);
        let sinr = radio::sinr(signal, Watts(0.0), interference_plus_noise);
        Claim {
            demand_s: (waiting.bits / radio::rate(state.bandwidth, sinr)).0,
            uncertainty: waiting.uncertainty,
        }
    });
    let transmissions: SmallVec<[Claim; 32]> = transmissions.collect();
    let carried: SmallVec<[Claim; 32]> = transmissions
        .iter()
        .copied()
        .filter(|claim| claim.demand_s.is_finite())
        .collect();
    let works = queries.iter().map(|&query| {
        let waiting = &view.queries[query];
        Claim {
            demand_s: (waiting.llm_work / state.capacity).0,
            uncertainty: waiting.uncertainty,
        }
    });
    let works: SmallVec<[Claim; 32]> = works.collect();
    let mut bandwidth = view.allocations.bandwidth.shares(&carried, 1.0).into_iter();
    let greatest = (state.max_per_user.0 / state.capacity.0).min(1.0);
    let compute = view.allocations.compute.shares(&works, greatest);
    transmissions
        .iter()
        .zip(works.iter().zip(compute))
        .map(|(transmission, (work, compute))| EdgeStages {
            uplink: Seconds(if transmission.demand_s.is_finite() {
                transmission.demand_s / bandwidth.next().unwrap_or(1.0)
            } else {
                f64::INFINITY
            }),
            compute: Seconds(work.demand_s / compute),
        })
        .collect()
}

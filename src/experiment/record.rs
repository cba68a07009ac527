//! What a task of a run leaves behind: one self-contained record per policy and
//! replication, so that nothing depends on how the work was divided.

use super::histogram::DelayCounts;
use super::stage_profile::StageProfile;
use crate::engine::{Areas, CompletedQuery, Recorder, Slo};
use crate::plan::Tier;
use crate::route::ComputeLaw;
use crate::snapshot::Choice;
use crate::station::StationId;
use crate::station::stage::{Stage, StageSums};
use crate::units::{FlopPerSecond, Seconds};
use crate::world::World;
use crate::world::query::Tokens;
use serde::{Deserialize, Serialize};

/// The sums of one replication of one policy, over the queries that were measured.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReplicationRecord {
    /// Queries answered.
    pub queries: u64,
    /// Of these, answered right.
    pub correct: u64,
    /// Of these, answered at the edge.
    pub offloaded: u64,
    /// Queries given up at their deadline or refused; they count in none of the sums but
    /// `missed` and the energies.
    pub dropped: u64,
    /// Of these, refused by their servers.
    pub refused: u64,
    /// Queries not answered by their deadline, dropped ones included.
    pub missed: u64,
    /// Queries that the policy decided about, dropped ones included.
    pub decided: u64,
    /// Of these, sent to a server.
    pub sent: u64,
    /// Sum of the delays, in seconds.
    pub delay_sum_s: f64,
    /// Sum of the squared differences of the delays to their own mean, in seconds
    /// squared.
    pub delay_squares_s2: f64,
    /// Sum over the queries of uncertainty times delay (Eq. 10), in seconds.
    pub objective_s: f64,
    /// Sums of the stages.
    pub stages: StageSums,
    /// The delays by bucket.
    pub delays: DelayCounts,
    /// The stages by class of delay.
    pub profile: StageProfile,
    /// First and later tokens, where tokens are told apart.
    pub tokens: TokenRecord,
    /// What was sent, and who answered.
    pub traffic: TrafficRecord,
    /// Time on uplinks, for the transmit energy, in seconds at full power.
    pub transmit_s: f64,
    /// Work done by devices, in FLOP.
    pub device_flop: f64,
    /// Work done by servers, in FLOP.
    pub edge_flop: f64,
    /// How busy the stations were.
    pub load: LoadRecord,
    /// The policy's threshold at the end of the run, where it has one.
    pub threshold_at_end: Option<f64>,
}

impl ReplicationRecord {
    /// Adds one query's delay to the sums of delays. The squares by Welford's step
    /// (Technometrics 4, 1962), which subtracts no large sums from each other.
    pub(super) fn add_delay(&mut self, delay_s: f64) {
        let before = self.queries as f64;
        if before > 0.0 {
            let from_mean_s = delay_s - self.delay_sum_s / before;
            self.delay_squares_s2 += from_mean_s * from_mean_s * before / (before + 1.0);
        }
        self.queries += 1;
        self.delay_sum_s += delay_s;
    }
}

/// The times of tokens in a replication, over the queries that were answered token by
/// token.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Such queries.
    pub queries: u64,
    /// Sum of their times to the first token (TTFT), in seconds.
    pub first_sum_s: f64,
    /// These times by bucket.
    pub first: DelayCounts,
    /// Queries with more than one answer token.
    pub later_queries: u64,
    /// Sum of their mean times per later token (TPOT), in seconds.
    pub later_sum_s: f64,
    /// These times by bucket.
    pub later: DelayCounts,
    /// Queries that met both objectives, where there are such.
    pub met_slo: u64,
    /// Tokens of all answers.
    pub answer_tokens: u64,
    /// Of the work of devices and of servers, that on prompts, in FLOP.
    pub prompt_flop: [f64; 2],
}

/// What the queries of a replication sent, and who answered them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TrafficRecord {
    /// Sent on uplinks, in bits.
    pub up_bits: f64,
    /// Sent to users, in bits.
    pub down_bits: f64,
    /// Sent between the edge and the cloud, in bits.
    pub backhaul_bits: f64,
    /// Rounds of drafts.
    pub rounds: u64,
    /// Tokens drafted to be verified.
    pub drafted: u64,
    /// Of these, those that were accepted.
    pub accepted: u64,
    /// Tokens that devices kept without asking.
    pub kept: u64,
    /// Queries that the cloud answered.
    pub by_cloud: u64,
}

impl TrafficRecord {
    fn record(&mut self, done: &CompletedQuery) {
        let traffic = &done.traffic;
        self.up_bits += traffic.up.0;
        self.down_bits += traffic.down.0;
        self.backhaul_bits += traffic.backhaul.0;
        self.rounds += u64::from(traffic.rounds);
        self.drafted += u64::from(traffic.drafted);
        self.accepted += u64::from(traffic.accepted);
        self.kept += u64::from(traffic.kept);
        self.by_cloud += u64::from(done.answered_by == Tier::Cloud);
    }
}

impl TokenRecord {
    fn record(&mut self, done: &CompletedQuery, slo: Option<Slo>) {
        let (Some(first), Some(tokens)) = (done.first_token, done.query.tokens) else {
            return;
        };
        let to_first = first - done.arrived;
        self.answer_tokens += tokens.answer;
        let share = tokens.prompt as f64 / (tokens.prompt + tokens.answer) as f64;
        self.prompt_flop[0] += share * done.device_work.0;
        self.prompt_flop[1] += share * done.edge_work.0;
        self.queries += 1;
        self.first_sum_s += to_first.0;
        self.first.record(to_first);
        let mut per_token = Seconds(0.0);
        if tokens.answer > 1 {
            let rest = Seconds((done.stages.total() - to_first).0.max(0.0));
            per_token = Seconds(rest.0 / (tokens.answer - 1) as f64);
            self.later_queries += 1;
            self.later_sum_s += per_token.0;
            self.later.record(per_token);
        }
        self.met_slo += u64::from(slo.is_some_and(|slo| slo.is_met(to_first, per_token)));
    }
}

/// How busy the stations were in the measured window of a replication.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LoadRecord {
    /// Length of what was left out at the beginning, in seconds.
    pub warm_up_s: f64,
    /// Whether MSER-5 would have left out half of the run or more.
    pub warm_up_at_limit: bool,
    /// Length of the measured window, in seconds.
    pub window_s: f64,
    /// Answers that left in the window.
    pub answered: u64,
    /// Whether arrivals had to stop before the last query of the window had left.
    pub arrivals_stopped: bool,
    /// Work sent to each server by measured queries over the server's capacity, in
    /// seconds.
    pub offered_s: Vec<f64>,
    /// Work given to the device that was given most, in seconds.
    pub busiest_device_s: f64,
    /// Transmissions in progress to each server, integrated over time.
    pub uplink_area_s: Vec<f64>,
    /// Jobs at each server's compute, integrated over time.
    pub edge_area_s: Vec<f64>,
    /// Share of each server's compute in use, integrated over time.
    pub edge_busy_s: Vec<f64>,
    /// Jobs at all devices, integrated over time.
    pub device_area_s: f64,
    /// Busy devices, integrated over time.
    pub device_busy_s: f64,
    /// Queries that wait for the policy, integrated over time.
    pub waiting_area_s: f64,
}

/// Fills a [`ReplicationRecord`] while a run goes on.
#[derive(Debug)]
pub(super) struct Recording {
    record: ReplicationRecord,
    /// Work given to each user's device, in seconds.
    device_s: Vec<f64>,
    /// The share of its power that each user sends with.
    power_shares: Vec<f64>,
    capacities: Vec<FlopPerSecond>,
    compute: ComputeLaw,
    slo: Option<Slo>,
}

impl Recording {
    pub fn new(world: &World<'_>, warm_up: Seconds, compute: ComputeLaw, slo: Option<Slo>) -> Self {
        let capacities: Vec<FlopPerSecond> = world
            .servers()
            .iter()
            .map(|server| server.capacity)
            .collect();
        Self {
            record: ReplicationRecord {
                load: LoadRecord {
                    warm_up_s: warm_up.0,
                    offered_s: vec![0.0; capacities.len()],
                    ..LoadRecord::default()
                },
                ..ReplicationRecord::default()
            },
            device_s: vec![0.0; world.users().len()],
            power_shares: world.power_shares().to_vec(),
            capacities,
            compute,
            slo,
        }
    }

    /// The finished record.
    pub fn finish(mut self) -> ReplicationRecord {
        self.record.delays.finish();
        self.record.tokens.first.finish();
        self.record.tokens.later.finish();
        self.record.load.busiest_device_s = self.device_s.iter().copied().fold(0.0, f64::max);
        self.record
    }
}

impl Recorder for Recording {
    fn on_departure(&mut self, done: &CompletedQuery, measured: bool) {
        if !measured {
            return;
        }
        let record = &mut self.record;
        let share = self.power_shares[done.query.user];
        record.transmit_s += share * done.stages[Stage::Uplink].0;
        record.device_flop += done.device_work.0;
        record.edge_flop += done.edge_work.0;
        self.device_s[done.query.user] +=
            (done.stages[Stage::Probe] + done.stages[Stage::LocalCompute]).0;
        if let (Choice::Edge(server), Tier::Edge) = (done.choice, done.answered_by) {
            record.load.offered_s[server] += match (self.compute, done.query.tokens) {
                (ComputeLaw::Batching(spec), Some(Tokens { prompt, answer })) => {
                    spec.saturated_time(prompt, answer).0
                }
                _ => (done.query.llm_work / self.capacities[server]).0,
            };
        }
        record.missed += u64::from(done.missed_deadline);
        record.decided += u64::from(done.decided.is_some());
        record.sent += u64::from(done.choice != Choice::Local);
        if done.dropped {
            record.dropped += 1;
            record.refused += u64::from(done.refused);
            return;
        }
        let delay = done.stages.total();
        record.add_delay(delay.0);
        record.correct += u64::from(done.correct());
        record.offloaded += u64::from(done.choice != Choice::Local);
        record.objective_s += done.query.uncertainty * delay.0;
        record.stages.add(&done.stages);
        record.delays.record(delay);
        record.profile.record(&done.stages);
        record.tokens.record(done, self.slo);
        record.traffic.record(done);
    }

    fn finished(&mut self, _now: Seconds, areas: &Areas) {
        let load = &mut self.record.load;
        load.window_s = areas.elapsed.0;
        load.answered = areas.answered;
        load.arrivals_stopped = areas.arrivals_stopped;
        load.uplink_area_s = areas.jobs(StationId::Uplink).collect();
        load.edge_area_s = areas.jobs(StationId::Compute).collect();
        load.edge_busy_s = areas.busy(StationId::Compute).collect();
        load.device_area_s = areas.jobs(StationId::Device).sum();
        load.device_busy_s = areas.in_service(StationId::Device).sum();
        load.waiting_area_s = areas.waiting;
    }
}

/// The records of one task: a block of replications of one point, every policy
/// on the same draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// The task's index in the run.
    pub task: usize,
    /// Policies x replications of the block.
    pub policies: Vec<Vec<ReplicationRecord>>,
}

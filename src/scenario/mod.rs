//! What a person writes: one RON file that describes world, workload, policies, a
//! sweep, replications and seed.
//!
//! Every field but `users.count` and `policies` has a default, the value of the
//! paper (arXiv 2602.07958) or of its calibration; `scenarios/fig3.ron` spells
//! all of them out with comments. Unknown fields are errors.
//!
//! ```
//! let text = "(users: (count: 30), policies: [EdgeAll, Goa(tau: 0.6)])";
//! let scenario = edgelm::scenario::Scenario::from_ron(text).unwrap();
//! assert_eq!(scenario.servers.bandwidth_mhz, 100.0);
//! ```

pub mod carried;
mod channel;
mod check;
mod cloud;
mod diagnostic;
pub mod explanation;
mod instance;
mod json_span;
mod learned_file;
mod loading;
mod named_files;
mod naming;
mod notation;
mod overriding;
mod own_entries;
mod phone;
mod pointing;
mod prices;
mod referred;
mod ron_file;
mod server_file;
mod sweep;
mod syntax;
mod text_file;
mod text_place;
mod timeline;
mod token_file;
mod warnings;
mod wording;
mod workload;

pub use channel::ChannelSpec;
pub use check::check;
pub use cloud::CloudSpec;
pub use diagnostic::{Diagnostic, Place};
pub use instance::{Instance, InstanceServer, InstanceSnapshot, InstanceUser};
pub use loading::{Loaded, load, policy_from_text};
#[cfg(all(feature = "cli", feature = "http"))]
pub(crate) use named_files::read_trace;
#[cfg(feature = "cli")]
pub(crate) use naming::study_name;
pub(crate) use naming::{ALLOWED as ALLOWED_NAMES, is_plain_name};
pub use overriding::Override;
pub use own_entries::OwnEntries;
pub use phone::PhoneSpec;
#[cfg(feature = "cli")]
pub(crate) use pointing::table_error;
pub use prices::Prices;
pub use ron_file::RonFile;
pub use sweep::{Range, Sweep, SweptField, SweptValue, SweptValues};
#[cfg(feature = "cli")]
pub(crate) use text_file::{read, without_mark};
pub use timeline::{EnergySpec, ForesightSpec, RunSpec, TokenSpec, Until, WarmUp, WatchedMetric};
pub use workload::{TableSource, UncertaintySpec, WorkloadSpec};

pub use crate::fault::{Fault, nearest};

use crate::engine::{Scheduling, Slo};
use crate::llm::ServerBlock;
use crate::physics::allocation::Allocations;
use crate::policy::PolicySpec;
use crate::station::Sharing;
use crate::station::access::Access;
use crate::station::compute::Discipline;
use crate::station::downlink::Downlink;
use crate::station::throttling::Throttling;
use crate::world::arrivals::Arrivals;
use crate::world::channel::{Fading, Variation};
use crate::world::distribution::Distribution;
use crate::world::geometry::{Area, Placement, Point};
use crate::world::motion::Mobility;
use crate::world::power_control::PowerControl;
use serde::{Deserialize, Serialize};

/// A whole study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A line for titles of plots and tables.
    #[serde(default)]
    pub title: String,
    /// The root of all randomness: same seed, same results.
    #[serde(default = "one")]
    pub seed: u64,
    /// Independent draws of the world per point of the sweep.
    #[serde(default = "five_hundred")]
    pub replications: u32,
    /// The rectangle in which users and servers stand.
    #[serde(default)]
    pub area: Area,
    /// The phones.
    pub users: Users,
    /// The edge servers.
    #[serde(default)]
    pub servers: Servers,
    /// What is behind the servers; without it nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<CloudSpec>,
    /// Own entries of the catalogue of models and hardware: `File("own.ron")`, or in place.
    #[serde(default, skip_serializing_if = "is_default")]
    pub catalog: OwnEntries,
    /// The radio channel.
    #[serde(default)]
    pub channel: ChannelSpec,
    /// The queries.
    #[serde(default)]
    pub workload: WorkloadSpec,
    /// How resources are shared.
    #[serde(default)]
    pub sharing: Sharing,
    /// What a message waits for before its transmission on the uplink; without it
    /// transmissions begin at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// What an answer meets on its way back: `None`, or `Latency(ms: ..)`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub downlink: Downlink,
    /// When the policy is asked: `Batch`, `PerArrival` or `Every(period_ms: ..)`. If
    /// not given, `Batch` with `arrivals: Batch`, otherwise `PerArrival`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<Scheduling>,
    /// How long a run with arrivals over time lasts, and what is measured of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: RunSpec,
    /// What answers have to keep, where their tokens are told apart; without it there is
    /// neither share nor goodput.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo: Option<Slo>,
    /// What computing costs in energy; without it energy is not reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<EnergySpec>,
    /// What sending, computing and wrong answers cost; without it costs are not reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
    /// Replicate until this is precise enough; without it there are `replications`
    /// at every point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// The policies to compare, on the same draws; differences are to the first.
    pub policies: Vec<PolicySpec>,
    /// The field that varies over the points of the study; without it there is one point.
    #[serde(default)]
    pub sweep: Option<Sweep>,
}

/// The users and their devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// How many (N).
    pub count: usize,
    /// Where they stand: `Uniform`, `Listed([(x, y), ...])` of which the first
    /// `count` are taken, `Grid(columns: .., rows: ..)` or
    /// `Hexagonal(columns: .., rows: .., spacing_m: ..)`.
    #[serde(default = "uniform")]
    pub placement: Placement,
    /// Transmit power of each (P), in milliwatts.
    #[serde(default = "paper_tx_power")]
    pub tx_power_mw: f64,
    /// How much of it they use: `Full`, or `Fractional(p0_dbm: .., alpha: ..)`, by their
    /// path loss.
    #[serde(default, skip_serializing_if = "is_default")]
    pub power_control: PowerControl,
    /// Gain of their antennas, in dBi.
    #[serde(default, skip_serializing_if = "is_default")]
    pub antenna_gain_dbi: f64,
    /// Local computing capacity of each (C_i,L), in GFLOP/s.
    #[serde(default = "paper_local_capacity")]
    pub capacity_gflops: Distribution,
    /// How their small model answers: `Lump`, a lump of work at their capacity, or
    /// `Phone(model: .., hardware: ..)` of the catalogue, token by token.
    #[serde(default, skip_serializing_if = "is_default")]
    pub serving: PhoneSpec,
    /// When they lower their rates after long work; without it they never do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling: Option<Throttling>,
    /// How they move: `Static`, `RandomWaypoint(..)` or `Listed(..)`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mobility: Mobility,
}

/// The edge servers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Servers {
    /// How many (M): needed where `placement` is `Uniform`, otherwise the number
    /// of positions that the placement gives.
    pub count: Option<usize>,
    /// Where they stand.
    pub placement: Placement,
    /// Bandwidth of each (B), in megahertz.
    pub bandwidth_mhz: f64,
    /// Gain of their antennas towards every user, in dBi.
    #[serde(skip_serializing_if = "is_default")]
    pub antenna_gain_dbi: f64,
    /// Computing capacity of each (C_j,ES), in TFLOP/s.
    pub capacity_tflops: Distribution,
    /// Greatest capacity that one query gets (C_max), in TFLOP/s.
    pub max_per_user_tflops: f64,
    /// How bandwidth and compute are divided under `sharing: Held`: each `Equal`,
    /// `SquareRoot`, `WeightedSquareRoot` or `AlphaFair(..)`. Where it is written, results
    /// say how alike delays are; without it both are `Equal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation: Option<Allocations>,
    /// How compute is divided under `sharing: Live`: `ProcessorSharing` or `Fifo`.
    #[serde(skip_serializing_if = "is_default")]
    pub discipline: Discipline,
    /// `Batching(..)` serves language models token by token in batches, whatever `sharing`
    /// says of the uplink; without it a query is a lump of work under shares of the compute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serving: Option<ServerBlock>,
}

impl Default for Servers {
    fn default() -> Self {
        Self {
            count: None,
            placement: Placement::Listed(vec![
                Point(125.0, 125.0),
                Point(125.0, 375.0),
                Point(375.0, 125.0),
                Point(375.0, 375.0),
            ]),
            bandwidth_mhz: 100.0,
            antenna_gain_dbi: 0.0,
            capacity_tflops: Distribution::Uniform {
                low: 9.078,
                high: 21.18,
            },
            max_per_user_tflops: 1.513,
            allocation: None,
            discipline: Discipline::ProcessorSharing,
            serving: None,
        }
    }
}

impl Servers {
    /// How many servers there are (M).
    pub fn number(&self) -> usize {
        self.placement.count().or(self.count).unwrap_or(0)
    }
}

impl Scenario {
    /// The fields that the sweep varies, in its order; none without a sweep.
    pub fn swept_fields(&self) -> Vec<String> {
        let fields = self.sweep.iter().flat_map(|sweep| &sweep.0);
        fields.map(|swept| swept.field.clone()).collect()
    }

    /// When the policy is asked, as given or by the kind of arrivals.
    pub fn scheduling(&self) -> Scheduling {
        self.scheduling.unwrap_or(match self.workload.arrivals {
            Arrivals::Batch => Scheduling::Batch,
            _ => Scheduling::PerArrival,
        })
    }

    /// Whether the tokens of answers are told apart: at servers that batch, or on phones.
    pub fn tells_tokens_apart(&self) -> bool {
        self.servers.serving.is_some() || self.users.serving != PhoneSpec::Lump
    }

    /// How fading goes on in time, as given or by whether users move.
    pub fn variation(&self) -> Variation {
        self.channel.variation.unwrap_or(match self.users.mobility {
            Mobility::Static => Variation::Static,
            _ => Variation::Jakes { doppler_hz: None },
        })
    }

    /// The carrier frequency in GHz, that of the path loss where it has one.
    pub fn carrier_ghz(&self) -> Option<f64> {
        let of_path_loss = self.channel.path_loss.carrier_ghz();
        of_path_loss.or(self.channel.carrier_ghz)
    }

    /// Whether Doppler frequencies come from the users' motion, which needs a carrier.
    pub fn doppler_of_motion(&self) -> bool {
        self.channel.fading != Fading::None
            && self.variation() == Variation::Jakes { doppler_hz: None }
    }
}

/// Fields that came later are not written out where they are at their default.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
fn one() -> u64 {
    1
}
fn five_hundred() -> u32 {
    500
}
fn uniform() -> Placement {
    Placement::Uniform
}
fn paper_tx_power() -> f64 {
    200.0
}
fn paper_local_capacity() -> Distribution {
    Distribution::Uniform {
        low: 45.53,
        high: 136.6,
    }
}

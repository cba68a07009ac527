//! Which queries should leave the phone, and what does that do to accuracy and
//! to the p99?
//!
//! edgelm is a discrete-event simulator of large-language-model offloading at the
//! mobile edge: phones hold a small model (SLM), edge servers hold a large one
//! (LLM) and share bandwidth and compute, and a policy decides per query.
//!
//! # A study in twenty lines
//!
//! ```
//! use edgelm::Study;
//! use edgelm::policy::{Policy, PolicyError};
//! use edgelm::snapshot::{Choice, Decision, View};
//!
//! /// Who is unsure asks the first server.
//! struct Mine;
//!
//! impl Policy for Mine {
//!     fn decide(&mut self, view: &View<'_>) -> Result<Decision, PolicyError> {
//!         let unsure = view.queries.iter().map(|query| query.uncertainty > 0.6);
//!         let choose = |unsure| if unsure { Choice::Edge(0) } else { Choice::Local };
//!         Ok(Decision { choices: unsure.map(choose).collect() })
//!     }
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let text = "(users: (count: 40), replications: 100, policies: [Goa(tau: 0.6)])";
//!     let study = Study::from_ron(text)?.set("users.count", 80)?.policy("Mine", || Mine);
//!     let results = study.threads(4).run()?;
//!     let point = results.point(None)?;
//!     println!("p99 {:.1} of Goa, {:.1} of Mine", point.p99("Goa(tau: 0.6)")?, point.p99("Mine")?);
//!     assert!(point.p99("Goa(tau: 0.6)")?.value_ms < point.p99("Mine")?.value_ms);
//!     Ok(())
//! }
//! ```
//!
//! # Features
//!
//! All are on by default; without them the library simulates and estimates, and that is
//! all.
//!
//! | feature | what it adds |
//! |---|---|
//! | `cli` | `cli`, the command `edgelm` |
//! | `http` | `profile` and `load`, which ask model servers over HTTP and TLS |
//! | `plots` | `report::plot`, PNG and SVG figures |
//! | `html` | `report::html`, a run as one page with figures to look into |
//!
//! # The life of a query
//!
//! It is drawn in [`world`] from its user's own random streams, with an
//! uncertainty and a correctness from an [`uncertainty`] table; it arrives in the
//! [`engine`]; a [`policy`] sees it in a [`snapshot`] and decides; formulas of
//! [`physics`] say how fast it is served; its stage times are summed in
//! [`experiment`] over replications, and [`report`] turns the estimates into
//! files and plots. A [`scenario`] is the RON file that describes all of it.
//!
//! # The rooms
//!
//! | module | what it holds |
//! |---|---|
//! | [`cli`] | one file a subcommand; the only place that prints |
//! | [`report`] | finished results into bytes: CSV, JSON, HdrHistogram text, terminal table, plots, a page to look into; single replications, streamed: queries, time series, traces |
//! | [`finding`] | how far a field may go such that conditions hold: bisection, looks of doubling length |
//! | [`experiment`] | points, tasks, replications in parallel, plans and records, folding, estimates with intervals |
//! | [`external`] | policies in any language, each a process |
//! | [`scenario`] | what a person writes: RON types, defaults, `--set`, checks with positions |
//! | [`load`] | sends requests to a live server on time, whatever it does, and keeps when tokens came |
//! | [`profile`] | asks real models questions, keeps every answer, writes `uncertainty` tables |
//! | [`model_server`] | asks servers that speak OpenAI's interface, over HTTP and TLS |
//! | [`validation`] | logs of real servers: read, replayed through a server that batches, compared |
//! | [`engine`] | virtual clock, event list, the life of a query, the recorder, what must hold after every event; knows no station by name |
//! | [`policy`] | the trait, the greedy core, one file a policy, the literal oracle |
//! | [`route`] | the stations of a run; from a target to the visits of a query; what policies are shown of it |
//! | [`snapshot`] | what a policy sees and says; the delays of an assignment (Eqs. 2 to 8) |
//! | [`plan`] | how a query is served in several visits: cascades, drafts that are verified, races; what becomes of tokens |
//! | [`station`] | the trait, and a file for each: uplink, compute, device, held shares, downlink; slow references |
//! | [`world`] | what a replication draws: streams, sites, servers, cells, channel, queries; link budgets and coverage |
//! | [`uncertainty`] | metrics from token probabilities, uncertainty-correctness tables, what a table is worth |
//! | [`city`] | what large cities need: which links are kept, interference within a tolerance |
//! | [`physics`] | SINR, rate and shares (Eqs. 2, 3, 4, 6), the gains of links, the ledger of interference |
//! | [`llm`] | language models, hardware, the time of a step, the catalogue |
//! | [`fault`] | a value that cannot be used: field, found, allowed; the nearest valid name |
//! | [`units`] | newtypes for what must not be swapped |
//!
//! Imports point down this table only.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod city;
#[cfg(feature = "cli")]
pub mod cli;
pub mod engine;
pub mod experiment;
pub mod external;
pub mod fault;
pub mod finding;
pub mod llm;
#[cfg(feature = "http")]
pub mod load;
#[cfg(feature = "http")]
pub mod model_server;
pub mod physics;
pub mod plan;
pub mod policy;
#[cfg(feature = "http")]
pub mod profile;
pub mod report;
pub mod route;
pub mod scenario;
pub mod snapshot;
pub mod station;
pub mod uncertainty;
pub mod units;
pub mod validation;
pub mod world;

pub use experiment::{Study, StudyError};

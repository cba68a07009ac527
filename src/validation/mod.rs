//! Logs of real servers: read, replayed through a server that batches, and compared with
//! what was measured.
//!
//! | item | what it is |
//! |---|---|
//! | [`Log`] | when requests arrived, how long they are, when their tokens came |
//! | [`replay`] | the same arrivals at a simulated server |
//! | [`Comparison`] | measured beside simulated |

mod comparison;
mod log;
mod replaying;

pub use comparison::{Comparison, Duration, Measure, Summary};
pub use log::{Log, LogError, LoggedRequest, Times};
pub use replaying::{Replayed, Simulated, replay};

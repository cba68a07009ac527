//! Logs of real servers: read, replayed through a server that batches, and compared with
//! what was measured.
//!
//! | item | what it is |
//! |---|---|
//! | [`Log`] | when requests arrived, how long they are, when their tokens came |
//! | [`replay`] | the same arrivals at a simulated server |
//! | [`calibrate`] | a server's law from a log |
//! | [`Comparison`] | measured beside simulated |

mod calibration;
mod comparison;
mod log;
mod replaying;
mod told;
mod vllm;

pub use calibration::{
    Calibration, Determined, Family, Fitted, Parameter, Parameters, Range, Setting, calibrate,
};
pub use comparison::{Comparison, Duration, Measure, Summary};
pub use log::{Log, LogError, LoggedRequest, ServerTimes, Times};
pub use replaying::{Replayed, Simulated, replay};
pub use told::Told;

//! Open-loop load on a live server: requests are sent when they are due, whatever the server
//! does, and the times of their tokens are kept.
//!
//! [`schedule`] says what is sent and when; [`preparation`] warms the server and finds out what
//! it understands and tells; [`request`] and [`prompt`] make what is sent; [`answer`] reads what
//! comes back, part by part; [`journal`] keeps it; [`mod@run`] drives all of it.

pub mod answer;
pub mod journal;
pub mod preparation;
pub mod prompt;
pub mod request;
pub mod run;
pub mod schedule;

pub use answer::Answer;
pub use journal::{Journal, Outcome, Record};
pub use preparation::Prepared;
pub use request::Form;
pub use run::{LoadError, Progress, Settings, Summary, run};
pub use schedule::Planned;

//! Servers that speak OpenAI's interface, asked over HTTP and TLS: one answer at once or in
//! parts, what went wrong, and the key that must not be seen.

mod authorities;
mod client;
mod endpoint;
mod event_stream;
mod fault;
mod journal_file;
mod secret;

pub use client::Client;
pub use endpoint::{Api, Endpoint};
pub use event_stream::EventStream;
pub use fault::Fault;
pub use journal_file::JournalFile;

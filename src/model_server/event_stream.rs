//! An answer that comes in parts, as server-sent events (WHATWG, HTML, section 9.2).

use super::{Endpoint, Fault};
use std::io::{BufRead, BufReader, ErrorKind};
use ureq::BodyReader;

/// An answer whose parts are read as they come.
pub struct EventStream {
    endpoint: Endpoint,
    reader: BufReader<BodyReader<'static>>,
    comes_in_parts: bool,
}

impl EventStream {
    pub(super) fn new(
        endpoint: &Endpoint,
        reader: BodyReader<'static>,
        comes_in_parts: bool,
    ) -> Self {
        Self {
            endpoint: endpoint.clone(),
            reader: BufReader::new(reader),
            comes_in_parts,
        }
    }

    /// Whether the server sends parts at all; otherwise all of the answer is one.
    pub fn comes_in_parts(&self) -> bool {
        self.comes_in_parts
    }

    /// The data of the next part, without the key; `None` where the connection has ended.
    ///
    /// # Errors
    /// The connection broke or took too long, more came than any answer has, or the key came
    /// in a spelling that cannot be taken out.
    pub fn next_part(&mut self) -> Result<Option<String>, Fault> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = match self.comes_in_parts {
                true => self.reader.read_until(b'\n', &mut line),
                false => std::io::Read::read_to_end(&mut self.reader, &mut line),
            };
            let read = read.map_err(|error| self.fault(&error))?;
            if read == 0 {
                return Ok(None);
            }
            let text = String::from_utf8_lossy(&line);
            let data = match self.comes_in_parts {
                // Names of events, comments that keep a connection open, empty lines.
                true => text.strip_prefix("data:"),
                false => Some(&*text),
            };
            if let Some(data) = data.map(str::trim).filter(|data| !data.is_empty()) {
                return self.endpoint.without_key(data.to_owned()).map(Some);
            }
        }
    }

    fn fault(&self, error: &std::io::Error) -> Fault {
        // The client's own time-outs come as this, inside an I/O error.
        let inner = error.get_ref().and_then(|e| e.downcast_ref());
        let timed_out = matches!(inner, Some(ureq::Error::Timeout(_)));
        if timed_out || error.kind() == ErrorKind::TimedOut {
            Fault::Broken("no further part of the answer in time".to_owned())
        } else {
            Fault::Broken(self.endpoint.redact(error.to_string()))
        }
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventStream({})", self.endpoint)
    }
}

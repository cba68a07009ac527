//! The entries of the Trace Event Format, one a line ("Trace Event Format", Google,
//! 2016: complete events `X`, counters `C`, metadata `M`; times in microseconds).

use super::place::Place;
use crate::engine::CompletedQuery;
use crate::snapshot::Choice;
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::io::{self, Write};

/// Writes entries. Its user cannot stop when a write fails: the first error is kept
/// until the end.
pub(super) struct Events<W: Write> {
    out: W,
    written: u64,
    failure: Option<io::Error>,
}

#[derive(Serialize)]
struct Slice<'a, A> {
    name: &'a str,
    cat: &'a str,
    ph: char,
    pid: u64,
    tid: u64,
    ts: f64,
    dur: f64,
    args: &'a A,
}

#[derive(Serialize)]
struct Counter<'a> {
    name: &'a str,
    ph: char,
    pid: u64,
    ts: f64,
    args: Values<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    ph: char,
    pid: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<u64>,
    args: serde_json::Value,
}

/// Named numbers in their order.
struct Values<'a>(&'a [(&'static str, f64)]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// What a slice at a station says.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct StationArgs {
    pub query: u64,
    pub user: usize,
}

/// What the slice of a whole query says: a map, so that the stages are those of the
/// other files.
pub(super) struct QueryArgs<'a> {
    query: &'a CompletedQuery,
    measured: bool,
}

impl<'a> QueryArgs<'a> {
    pub fn new(query: &'a CompletedQuery, measured: bool) -> Self {
        Self { query, measured }
    }
}

impl Serialize for QueryArgs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let query = self.query;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("query", &query.number)?;
        map.serialize_entry("user", &query.query.user)?;
        match (query.decided, query.choice) {
            (None, _) => map.serialize_entry("choice", "none")?,
            (_, Choice::Local) => map.serialize_entry("choice", "local")?,
            (_, Choice::Edge(server)) => {
                map.serialize_entry("choice", "edge")?;
                map.serialize_entry("server", &server)?;
            }
        }
        map.serialize_entry("uncertainty", &query.query.uncertainty)?;
        map.serialize_entry("correct", &query.correct())?;
        map.serialize_entry("dropped", &query.dropped)?;
        map.serialize_entry("missed_deadline", &query.missed_deadline)?;
        map.serialize_entry("measured", &self.measured)?;
        map.serialize_entry("delay_ms", &query.stages.total().as_ms())?;
        for (stage, time) in query.stages.iter() {
            map.serialize_entry(&format!("{}_ms", stage.name()), &time.as_ms())?;
        }
        map.end()
    }
}

impl<W: Write> Events<W> {
    /// Begins the file; `about` is kept in its `otherData`.
    pub fn new(mut out: W, about: &serde_json::Value) -> Self {
        let failure = write!(
            out,
            "{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":["
        )
        .err();
        Self {
            out,
            written: 0,
            failure,
        }
    }

    /// How many entries have been written.
    pub fn written(&self) -> u64 {
        self.written
    }

    pub fn slice<A: Serialize>(&mut self, name: &str, category: &str, place: Place, args: &A) {
        self.write(&Slice {
            name,
            cat: category,
            ph: 'X',
            pid: place.pid,
            tid: place.tid,
            ts: microseconds(place.start_ns),
            dur: microseconds(place.end_ns - place.start_ns),
            args,
        });
    }

    pub fn counter(&mut self, name: &str, now_ns: u64, pid: u64, values: &[(&'static str, f64)]) {
        self.write(&Counter {
            name,
            ph: 'C',
            pid,
            ts: microseconds(now_ns),
            args: Values(values),
        });
    }

    /// Names a process, and says where it is listed.
    pub fn name_process(&mut self, pid: u64, name: &str, place: usize) {
        self.metadata("process_name", pid, None, serde_json::json!({"name": name}));
        let place = serde_json::json!({"sort_index": place});
        self.metadata("process_sort_index", pid, None, place);
    }

    /// Names a track, and says where it is listed.
    pub fn name_thread(&mut self, pid: u64, tid: u64, name: &str, place: usize) {
        let name = serde_json::json!({"name": name});
        self.metadata("thread_name", pid, Some(tid), name);
        let place = serde_json::json!({"sort_index": place});
        self.metadata("thread_sort_index", pid, Some(tid), place);
    }

    fn metadata(&mut self, name: &str, pid: u64, tid: Option<u64>, args: serde_json::Value) {
        self.write(&Metadata {
            name,
            ph: 'M',
            pid,
            tid,
            args,
        });
    }

    fn write<E: Serialize>(&mut self, entry: &E) {
        if self.failure.is_some() {
            return;
        }
        let separator: &[u8] = if self.written == 0 { b"\n" } else { b",\n" };
        self.failure = self
            .out
            .write_all(separator)
            .and_then(|()| serde_json::to_writer(&mut self.out, entry).map_err(io::Error::from))
            .err();
        self.written += 1;
    }

    /// Ends the file.
    pub fn finish(mut self) -> io::Result<W> {
        match self.failure {
            Some(failure) => Err(failure),
            None => {
                self.out.write_all(b"\n]}\n")?;
                Ok(self.out)
            }
        }
    }
}

/// Nanoseconds as the format's microseconds, such that a viewer that cuts them to
/// whole nanoseconds finds these again.
fn microseconds(ns: u64) -> f64 {
    let us = ns as f64 / 1e3;
    if ((us * 1e3) as u64) < ns {
        us.next_up()
    } else {
        us
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nanoseconds_survive(ns in 0u64..100_000_000_000_000) {
            let text = serde_json::to_string(&microseconds(ns)).unwrap();
            let us: f64 = text.parse().unwrap();
            prop_assert_eq!((us * 1e3) as u64, ns);
            prop_assert_eq!((us * 1e3).round() as u64, ns);
        }
    }

    #[test]
    fn the_first_failure_is_told_at_the_end() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut events = Events::new(Full, &serde_json::Value::Null);
        events.name_process(1, "system", 0);
        let error = events.finish().err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}

//! A log of per-request times, as CSV.

use super::Told;
use crate::fault::Fault;
use crate::units::Seconds;
use crate::world::csv_rows;
use serde::{Deserialize, Serialize};
use std::fmt;

const COLUMNS: [&str; 5] = [
    "arrival_s",
    "prompt_tokens",
    "output_tokens",
    "first_token_s",
    "end_s",
];

/// How many columns a log has at least: a log without times is simulated only.
const ARRIVAL_COLUMNS: usize = 3;

/// What `edgelm load` writes behind these columns.
const FURTHER: [&str; 4] = [
    "late_s",
    "server_prompt_ms",
    "server_answer_ms",
    "cached_tokens",
];

/// The requests of a server, in the order of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// The requests.
    pub requests: Vec<LoggedRequest>,
    /// What the server told of itself, where the log says.
    pub told: Told,
}

/// A request of a log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoggedRequest {
    /// When it arrived.
    pub arrival: Seconds,
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// When its tokens came, where it was measured.
    pub measured: Option<Times>,
    /// How long the server says it took, where it says so.
    pub server: Option<ServerTimes>,
    /// Tokens of the prompt that the server found in a cache, as far as it tells.
    pub cached_tokens: u64,
}

/// How long a server says it took for a request (llama.cpp's `timings`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ServerTimes {
    /// From the prompt's first step to the first token, in milliseconds.
    pub prompt_ms: f64,
    /// From the first token to the last, in milliseconds.
    pub answer_ms: f64,
}

/// When a request's tokens came, by the clock of the arrivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Times {
    /// The first.
    pub first_token: Seconds,
    /// The last.
    pub end: Seconds,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: Fault,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

impl std::error::Error for LogError {}

impl Log {
    /// Reads a log with the header `arrival_s,prompt_tokens,output_tokens,first_token_s,end_s`.
    /// The last two columns may be empty, or missing altogether. Behind all five, those may
    /// follow that `edgelm load` writes: `late_s`, `server_prompt_ms`, `server_answer_ms`,
    /// `cached_tokens`. Lines that begin with `#` are comments. Requests need not be in order
    /// of time.
    ///
    /// # Errors
    /// The first line that cannot be used.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let mut reader = csv_rows::reader();
        let mut reader = reader.flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| csv_error(&error))?.clone();
        let names: Vec<&str> = header.iter().collect();
        let known = names == COLUMNS[..ARRIVAL_COLUMNS]
            || (names.starts_with(&COLUMNS)
                && names[COLUMNS.len()..]
                    .iter()
                    .all(|name| FURTHER.contains(name)));
        if !known {
            let line = header.position().map_or(1, |at| at.line() as usize);
            let allowed = format!(
                "{}, or the first {ARRIVAL_COLUMNS} of them; behind all of them any of {}",
                COLUMNS.join(","),
                FURTHER.join(",")
            );
            let fault = Fault::new("header", format!("`{}`", names.join(",")), allowed);
            return Err(LogError { line, fault });
        }
        let mut requests = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| csv_error(&error))?;
            let line = record.position().map_or(0, |at| at.line() as usize);
            let request = request(&record, &names);
            requests.push(request.map_err(|fault| LogError { line, fault })?);
        }
        if requests.is_empty() {
            let fault = Fault::new("row", "nothing", "at least one request");
            return Err(LogError { line: 2, fault });
        }
        Ok(Self {
            requests,
            told: Told::of_log(text),
        })
    }
}

fn request(record: &csv::StringRecord, names: &[&str]) -> Result<LoggedRequest, Fault> {
    if record.len() != names.len() {
        let found = format!("{} values", record.len());
        let allowed = format!("{}, as many as the header has names", names.len());
        return Err(Fault::new("row", found, allowed));
    }
    let text = |at: usize| record.get(at).unwrap_or("");
    let fault = |at: usize, allowed: &str| {
        let found = format!("`{}`", text(at));
        Fault::new(names[at], found, allowed)
    };
    let seconds = |at: usize| {
        let value = text(at).parse().ok();
        let usable = value.filter(|value: &f64| value.is_finite() && *value >= 0.0);
        let usable = usable.ok_or_else(|| fault(at, "seconds, not below 0"))?;
        Ok(Seconds(usable))
    };
    let tokens = |at: usize| {
        let count = text(at).parse().ok().filter(|count: &u64| *count > 0);
        count.ok_or_else(|| fault(at, "a whole number of tokens, at least 1"))
    };
    let arrival = seconds(0)?;
    let measured = if text(3).is_empty() && text(4).is_empty() {
        None
    } else {
        let times = Times {
            first_token: seconds(3)?,
            end: seconds(4)?,
        };
        if times.first_token <= arrival {
            return Err(fault(3, "a time after `arrival_s`"));
        }
        if times.end < times.first_token {
            return Err(fault(4, "a time not before `first_token_s`"));
        }
        Some(times)
    };
    let further = |name: &str| match names.iter().position(|one| *one == name) {
        Some(at) if !text(at).is_empty() => {
            let value = text(at).parse().ok();
            let usable = value.filter(|value: &f64| value.is_finite() && *value >= 0.0);
            usable
                .map(Some)
                .ok_or_else(|| fault(at, "a number, not below 0"))
        }
        _ => Ok(None),
    };
    let server = further("server_prompt_ms")?.zip(further("server_answer_ms")?);
    Ok(LoggedRequest {
        arrival,
        prompt_tokens: tokens(1)?,
        output_tokens: tokens(2)?,
        measured,
        server: server.map(|(prompt_ms, answer_ms)| ServerTimes {
            prompt_ms,
            answer_ms,
        }),
        cached_tokens: further("cached_tokens")?.unwrap_or(0.0) as u64,
    })
}

fn csv_error(error: &csv::Error) -> LogError {
    LogError {
        line: error.position().map_or(0, |at| at.line() as usize),
        fault: Fault::new("row", error, "comma-separated values"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "arrival_s,prompt_tokens,output_tokens,first_token_s,end_s\n";

    #[test]
    fn measured_and_unmeasured_requests_are_read() {
        let text = format!("# where it is from\n{HEADER}0.5,10,2,0.7,0.9\r\n0.25,7,1,,\n");
        let log = Log::parse(&text).unwrap();
        let times = Times {
            first_token: Seconds(0.7),
            end: Seconds(0.9),
        };
        assert_eq!(log.requests[0].measured, Some(times));
        assert_eq!(log.requests[1].measured, None);
        assert_eq!(log.requests[1].arrival, Seconds(0.25));
        let arrivals = Log::parse("arrival_s,prompt_tokens,output_tokens\n1,2,3\n").unwrap();
        assert_eq!(arrivals.requests[0].prompt_tokens, 2);
        assert_eq!(arrivals.requests[0].output_tokens, 3);
        assert_eq!(arrivals.requests[0].measured, None);
    }

    #[test]
    fn wrong_lines_are_named() {
        for (rows, line, field) in [
            ("0,1,1,1,2\n-1,1,1,1,2\n", 3, "arrival_s"),
            ("0,0,1,1,2\n", 2, "prompt_tokens"),
            ("0,1.5,1,1,2\n", 2, "prompt_tokens"),
            ("0,1,0,1,2\n", 2, "output_tokens"),
            ("0,1,,1,2\n", 2, "output_tokens"),
            ("0,1,1,,2\n", 2, "first_token_s"),
            ("0,1,1,1,\n", 2, "end_s"),
            ("2,1,1,2,3\n", 2, "first_token_s"),
            ("0,1,1,2,1\n", 2, "end_s"),
            ("0,1,1,NaN,1\n", 2, "first_token_s"),
            ("0,1,1\n", 2, "row"),
            ("", 2, "row"),
        ] {
            let error = Log::parse(&format!("{HEADER}{rows}")).expect_err(rows);
            assert_eq!(
                (error.line, error.fault.field.as_str()),
                (line, field),
                "{rows}"
            );
        }
        let error = Log::parse("arrival,prompt\n1,2\n").unwrap_err();
        assert_eq!((error.line, error.fault.field.as_str()), (1, "header"));
    }
}

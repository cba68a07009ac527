//! Traces of arrivals: a plain CSV, or the form of a published trace of language model services
//! (Azure, BurstGPT, Mooncake).

use super::csv_rows::{self, RowError, line_of};
use crate::units::Seconds;
use jiff::civil::DateTime;
use serde::Deserialize;

/// Arrivals from a file, in order of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    /// The arrivals.
    pub rows: Vec<TraceRow>,
}

/// One arrival of a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceRow {
    /// When: of a plain CSV as the file has it, of time stamps from the first on.
    pub arrival: Seconds,
    /// Tokens of the prompt.
    pub prompt_tokens: f64,
    /// Tokens of the answer.
    pub output_tokens: f64,
    /// Whose it is, where the file says.
    pub user: Option<usize>,
}

/// What a trace may look like, for errors.
const ALLOWED: &str = "arrival_s,prompt_tokens,output_tokens[,user]; \
    TIMESTAMP,ContextTokens,GeneratedTokens (Azure); \
    Timestamp,..,Request tokens,Response tokens,.. (BurstGPT); \
    or lines of JSON with timestamp, input_length, output_length (Mooncake)";

/// Where the columns of a CSV file are, and how its times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Columns {
    arrival: usize,
    prompt: usize,
    output: usize,
    user: Option<usize>,
    /// Dates and times instead of seconds.
    dates: bool,
}

impl Columns {
    fn of(names: &[&str]) -> Option<Self> {
        const PLAIN: [&str; 3] = ["arrival_s", "prompt_tokens", "output_tokens"];
        let first_three = |dates, user| Self {
            arrival: 0,
            prompt: 1,
            output: 2,
            user,
            dates,
        };
        if names == ["TIMESTAMP", "ContextTokens", "GeneratedTokens"] {
            return Some(first_three(true, None));
        }
        if let Some(further) = names.strip_prefix(&PLAIN) {
            return match further {
                [] => Some(first_three(false, None)),
                ["user"] => Some(first_three(false, Some(3))),
                _ => None,
            };
        }
        // BurstGPT has further columns, which releases have changed.
        let place = |wanted: &str| names.iter().position(|name| *name == wanted);
        Some(Self {
            arrival: place("Timestamp")?,
            prompt: place("Request tokens")?,
            output: place("Response tokens")?,
            user: None,
            dates: false,
        })
    }
}

/// A line of Mooncake's traces; times are in milliseconds.
#[derive(Deserialize)]
struct MooncakeRow {
    timestamp: f64,
    input_length: f64,
    output_length: f64,
}

impl Trace {
    /// Reads a trace: a CSV file with the header of one of the forms, Unix or Windows line
    /// ends, the last line with or without one; or Mooncake's lines of JSON. Seconds and
    /// milliseconds stay what they are; Azure's time stamps count from the first.
    ///
    /// # Errors
    /// The first line that cannot be used.
    pub fn parse(text: &str) -> Result<Self, RowError> {
        let rows = match text.trim_start().starts_with('{') {
            true => lines_of_json(text)?,
            false => rows_of_csv(text)?,
        };
        if rows.is_empty() {
            return Err(RowError::new(2, "row", "nothing", "at least one arrival"));
        }
        Ok(Self { rows })
    }

    /// The time of the first arrival; zero of a trace without any.
    pub fn first(&self) -> Seconds {
        self.rows.first().map_or(Seconds(0.0), |row| row.arrival)
    }

    /// From the first arrival to one mean gap after the last: the period of a trace
    /// that loops, so that its mean rate goes on. `None` where all arrivals are at the
    /// same time, which have no gap.
    pub fn period(&self) -> Option<Seconds> {
        let last = self.rows.last()?.arrival;
        let span = last - self.first();
        let gaps = (self.rows.len() - 1) as f64;
        (span.0 > 0.0).then(|| span * (self.rows.len() as f64 / gaps))
    }
}

/// The latest arrival, in seconds, and the most tokens of a query.
const GREATEST: f64 = 1e9;

fn up_to_greatest(text: &str) -> Option<f64> {
    let value = text.parse().ok();
    value.filter(|value| (0.0..=GREATEST).contains(value))
}

fn rows_of_csv(text: &str) -> Result<Vec<TraceRow>, RowError> {
    let mut reader = csv_rows::reader();
    let mut reader = reader.flexible(true).from_reader(text.as_bytes());
    let unreadable = |error| RowError::unreadable(&error, "comma-separated values");
    let header = reader.headers().map_err(unreadable)?.clone();
    let names: Vec<&str> = header.iter().collect();
    let columns =
        Columns::of(&names).ok_or_else(|| RowError::new(1, "header", names.join(","), ALLOWED))?;
    let mut rows = Vec::new();
    let mut first: Option<DateTime> = None;
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = line_of(text, &record);
        let field = |at: usize| record.get(at).unwrap_or("");
        let fault = |at: usize, allowed| {
            let name = names.get(at).copied().unwrap_or("row");
            RowError::new(line, name, format!("`{}`", field(at)), allowed)
        };
        if record.len() != names.len() {
            let allowed = "as many values as the header has names";
            let found = format!("{} values", record.len());
            return Err(RowError::new(line, "row", found, allowed));
        }
        let when = field(columns.arrival);
        let arrival = if columns.dates {
            let time: DateTime = when.parse().map_err(|_| {
                fault(
                    columns.arrival,
                    "a time such as 2023-11-16 18:17:03.9799600",
                )
            })?;
            let zero = *first.get_or_insert(time);
            time.duration_since(zero).as_secs_f64()
        } else {
            up_to_greatest(when).ok_or_else(|| fault(columns.arrival, "seconds, from 0 to 1e9"))?
        };
        let tokens = |at| up_to_greatest(field(at)).ok_or_else(|| fault(at, ALLOWED_TOKENS));
        let user = match columns.user {
            None => None,
            Some(at) => {
                let user = field(at).parse();
                Some(user.map_err(|_| fault(at, "a user's number, from 0"))?)
            }
        };
        let row = TraceRow {
            arrival: Seconds(arrival),
            prompt_tokens: tokens(columns.prompt)?,
            output_tokens: tokens(columns.output)?,
            user,
        };
        if is_before(&row, &rows) {
            return Err(fault(columns.arrival, NOT_BEFORE));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn lines_of_json(text: &str) -> Result<Vec<TraceRow>, RowError> {
    let mut rows = Vec::new();
    let lines = text.lines().enumerate();
    for (at, written) in lines.filter(|(_, written)| !written.trim().is_empty()) {
        let fault =
            |field: &str, found: String, allowed| RowError::new(at + 1, field, found, allowed);
        let row: MooncakeRow = serde_json::from_str(written).map_err(|error| {
            let allowed = "JSON with the numbers timestamp, input_length, output_length";
            fault("row", error.to_string(), allowed)
        })?;
        let within = |field: &str, value: f64, allowed| match (0.0..=GREATEST).contains(&value) {
            true => Ok(value),
            false => Err(fault(field, value.to_string(), allowed)),
        };
        let arrival_s = 1e-3 * row.timestamp;
        let arrival_s = within("timestamp", arrival_s, "milliseconds, from 0 to 1e12")?;
        let next = TraceRow {
            arrival: Seconds(arrival_s),
            prompt_tokens: within("input_length", row.input_length, ALLOWED_TOKENS)?,
            output_tokens: within("output_length", row.output_length, ALLOWED_TOKENS)?,
            user: None,
        };
        if is_before(&next, &rows) {
            return Err(fault("timestamp", row.timestamp.to_string(), NOT_BEFORE));
        }
        rows.push(next);
    }
    Ok(rows)
}

const ALLOWED_TOKENS: &str = "a number of tokens, from 0 to 1e9";
const NOT_BEFORE: &str = "a time not before that of the line above";

fn is_before(next: &TraceRow, rows: &[TraceRow]) -> bool {
    rows.last().is_some_and(|last| next.arrival < last.arrival)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn azures_format_is_read_with_its_odd_line_ends() {
        let text = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n\
                    2023-11-16 18:17:03.9799600,4808,10\r\n\
                    2023-11-16 18:17:04.0319600,3180,8\r\n\
                    2023-11-17 00:00:00.0000000,549,173";
        let trace = Trace::parse(text).unwrap();
        assert_eq!(trace.rows.len(), 3);
        assert_eq!(trace.rows[0].arrival, Seconds(0.0));
        assert!((trace.rows[1].arrival.0 - 0.052).abs() < 1e-12);
        assert!((trace.rows[2].arrival.0 - 20_576.020_04).abs() < 1e-6);
        assert_eq!(trace.rows[2].output_tokens, 173.0);
        assert_eq!(trace.rows[2].user, None);
    }

    #[test]
    fn burst_gpts_columns_are_found_by_name() {
        for header in [
            "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type",
            "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens",
        ] {
            let row: Vec<&str> = header
                .split(',')
                .map(|name| match name {
                    "Timestamp" => "5.5",
                    "Request tokens" => "472",
                    "Response tokens" => "18",
                    _ => "x",
                })
                .collect();
            let trace = Trace::parse(&format!("{header}\n{}\n", row.join(","))).unwrap();
            let row = trace.rows[0];
            let found = (row.arrival.0, row.prompt_tokens, row.output_tokens);
            assert_eq!(found, (5.5, 472.0, 18.0));
        }
    }

    #[test]
    fn mooncakes_lines_are_in_milliseconds() {
        let text = "{\"timestamp\": 0, \"input_length\": 6755, \"output_length\": 500, \
                    \"hash_ids\": [0, 1]}\n\n{\"timestamp\": 3052, \"input_length\": 7234, \
                    \"output_length\": 794}\n";
        let trace = Trace::parse(text).unwrap();
        assert_eq!(trace.rows.len(), 2);
        assert_eq!(trace.rows[1].arrival, Seconds(3.052));
        assert_eq!(trace.rows[1].prompt_tokens, 7234.0);
        assert_eq!(trace.rows[1].output_tokens, 794.0);
        let wrong = |text: &str| Trace::parse(text).unwrap_err();
        let first = "{\"timestamp\": 9, \"input_length\": 1, \"output_length\": 1}\n";
        let error = wrong(&format!("{first}{}", first.replace('9', "8")));
        assert_eq!((error.line, error.field.as_str()), (2, "timestamp"));
        let error = wrong(&format!("{first}{}", first.replace("input", "in")));
        assert_eq!((error.line, error.field.as_str()), (2, "row"));
        let error = wrong(&first.replace("\": 1", "\": -1"));
        assert_eq!((error.line, error.field.as_str()), (1, "input_length"));
    }

    #[test]
    fn the_plain_format_may_name_users() {
        let text =
            "arrival_s,prompt_tokens,output_tokens,user\n# a comment\n5,10,1,3\n6.5,20,2,0\n";
        let trace = Trace::parse(text).unwrap();
        assert_eq!(trace.rows[0].user, Some(3));
        assert_eq!(trace.rows[1].user, Some(0));
    }

    #[test]
    fn seconds_stay_as_the_file_has_them() {
        let text = "arrival_s,prompt_tokens,output_tokens\n5,10,1\n6,10,1\n6.5,20,2\n";
        let trace = Trace::parse(text).unwrap();
        let times: Vec<f64> = trace.rows.iter().map(|row| row.arrival.0).collect();
        assert_eq!(times, [5.0, 6.0, 6.5]);
        assert_eq!(trace.first(), Seconds(5.0));
    }

    #[test]
    fn a_period_is_a_gap_per_arrival_wherever_the_trace_begins() {
        let period = |times: &[f64]| {
            let mut text = "arrival_s,prompt_tokens,output_tokens\n".to_owned();
            for time in times {
                text.push_str(&format!("{time},1,1\n"));
            }
            Trace::parse(&text).unwrap().period()
        };
        assert_eq!(period(&[0.0, 1.0, 4.0]), Some(Seconds(6.0)));
        assert_eq!(period(&[7.0, 8.0, 11.0]), Some(Seconds(6.0)));
        assert_eq!(period(&[7.0, 7.0]), None);
        assert_eq!(period(&[7.0]), None);
    }

    #[test]
    fn wrong_lines_are_named() {
        let wrong = |text: &str| Trace::parse(text).unwrap_err();
        let header = "arrival_s,prompt_tokens,output_tokens\n";
        assert_eq!(wrong("a,b,c\n1,2,3\n").line, 1);
        let error = wrong(&format!("{header}0,1,1\n-1,1,1\n"));
        assert_eq!((error.line, error.field.as_str()), (3, "arrival_s"));
        let error = wrong(&format!("{header}0,1,1\n1,many,1\n"));
        assert_eq!((error.line, error.field.as_str()), (3, "prompt_tokens"));
        assert_eq!(wrong(&format!("{header}2,1,1\n1,1,1\n")).line, 3);
        assert_eq!(wrong(&format!("{header}0,1\n")).line, 2);
        assert_eq!(wrong(header).found, "nothing");
        let azure = "TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,1\n";
        assert_eq!(wrong(azure).field, "TIMESTAMP");
    }
}

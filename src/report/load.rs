//! A load on a live server: its log as a CSV file, and what came of it in a few lines.

use super::number::{decimals, shortest};
use super::validation::{COLUMNS_OF_LOG, name, seconds_of};
use crate::load::{Outcome, Record};
use crate::units::Seconds;
use crate::validation::{Duration, Log, Summary, Told};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// The columns behind those that every log has.
const FURTHER: [&str; 4] = [
    "late_s",
    "server_prompt_ms",
    "server_answer_ms",
    "cached_tokens",
];

/// Writes the log: what it is from and what the server told as comments, each request that was
/// not served as a comment, and a row for every other in the order of the plan. Times are in
/// seconds, to the microsecond. Where times are not known, the fields are empty: the request
/// was at the server, and is simulated only.
///
/// # Errors
/// What `out` says.
pub fn write_log(
    records: &[Record],
    provenance: &[String],
    told: &Told,
    mut out: impl Write,
) -> Result<(), ::csv::Error> {
    for line in provenance
        .iter()
        .map(|line| format!("# {line}"))
        .chain(told.comment())
    {
        writeln!(out, "{}", one_line(&line))?;
    }
    for record in records {
        if let Outcome::NotServed { why, .. } = &record.outcome {
            let line = format!(
                "# not served: due at {} s, {} + {} tokens: {why}",
                seconds(record.sent),
                record.planned.prompt_tokens,
                record.planned.output_tokens
            );
            writeln!(out, "{}", one_line(&line))?;
        }
    }
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(COLUMNS_OF_LOG.iter().chain(&FURTHER))?;
    for record in records {
        let planned = record.planned;
        let row = match &record.outcome {
            Outcome::NotServed { .. } => continue,
            Outcome::WithoutTimes { .. } => [
                seconds(record.sent),
                planned.prompt_tokens.to_string(),
                planned.output_tokens.to_string(),
                String::new(),
                String::new(),
                seconds(record.late),
                String::new(),
                String::new(),
                String::new(),
            ],
            Outcome::Answered(answer) => [
                seconds(record.sent),
                answer
                    .prompt_tokens
                    .unwrap_or(planned.prompt_tokens)
                    .to_string(),
                answer.output_tokens.to_string(),
                seconds(record.sent + answer.first_token),
                seconds(record.sent + answer.end),
                seconds(record.late),
                answer
                    .server
                    .map_or_else(String::new, |times| shortest(times.prompt_ms)),
                answer
                    .server
                    .map_or_else(String::new, |times| shortest(times.answer_ms)),
                answer
                    .cached_tokens
                    .map_or_else(String::new, |tokens| tokens.to_string()),
            ],
        };
        writer.write_record(row)?;
    }
    writer.flush()?;
    Ok(())
}

fn seconds(time: Seconds) -> String {
    format!("{:.6}", time.0)
}

/// What a server says stays within its comment.
fn one_line(line: &str) -> String {
    line.replace(|c: char| c.is_control(), " ")
}

/// How often requests ended in some other way than with an answer of the wanted length, by
/// kind.
pub fn shortcomings(records: &[Record]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for record in records {
        let kind = match &record.outcome {
            Outcome::NotServed { kind, .. } => format!("not served ({kind})"),
            Outcome::WithoutTimes { kind, .. } => format!("without times ({kind})"),
            Outcome::Answered(answer) if answer.output_tokens < record.planned.output_tokens => {
                "with fewer tokens than asked for".to_owned()
            }
            Outcome::Answered(_) => continue,
        };
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}

/// How many were sent, what they came short of, how late they were sent, and the measured
/// times.
pub fn text(records: &[Record], log: &Log) -> String {
    let mut counts = vec![format!("{} requests sent", records.len())];
    let kinds = shortcomings(records).into_iter();
    counts.extend(kinds.map(|(kind, count)| format!("{count} {kind}")));
    let (p99, greatest) = lateness_ms(records);
    let mut lines = vec![
        counts.join(", "),
        format!("sent later than due: p99 {p99:.1} ms, at most {greatest:.1} ms"),
    ];
    lines.push(format!(
        "{:12}{:>10}{:>10}{:>10}{:>10}",
        "(ms)", "mean", "p50", "p90", "p99"
    ));
    for (duration, summary) in measured(log) {
        let cells = summary
            .values_ms()
            .map(|ms| format!("{ms:10.*}", decimals(ms, 4)));
        lines.push(format!("{:12}{}", name(duration), cells.concat()));
    }
    lines.join("\n") + "\n"
}

fn measured(log: &Log) -> impl Iterator<Item = (Duration, Summary)> {
    let summary = |duration| Some((duration, Summary::of(log.measured_ms(duration))?));
    Duration::ALL.into_iter().filter_map(summary)
}

/// The 99th percentile and the greatest of how late requests were sent, in milliseconds.
fn lateness_ms(records: &[Record]) -> (f64, f64) {
    let late: Vec<f64> = records.iter().map(|record| record.late.as_ms()).collect();
    let greatest = late.iter().copied().fold(0.0, f64::max);
    (
        Summary::of(late).map_or(0.0, |summary| summary.p99_ms),
        greatest,
    )
}

/// The same as a JSON document; times in seconds.
pub fn json(records: &[Record], not_sent: usize, log: &Log) -> Value {
    let (p99, greatest) = lateness_ms(records);
    let mut document = json!({
        "edgelm": env!("CARGO_PKG_VERSION"),
        "sent": records.len(),
        "not_sent": not_sent,
        "measured": log.requests.iter().filter(|one| one.measured.is_some()).count(),
        "shortcomings": shortcomings(records),
        "late": { "p99": p99 * 1e-3, "max": greatest * 1e-3 },
    });
    for (duration, summary) in measured(log) {
        document[super::validation::key(duration)] = seconds_of(summary);
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Answer, Planned};
    use crate::validation::ServerTimes;

    fn record(at_s: f64, outcome: Outcome) -> Record {
        Record {
            planned: Planned {
                at: Seconds(at_s),
                prompt_tokens: 10,
                output_tokens: 4,
            },
            sent: Seconds(at_s),
            late: Seconds(2e-3),
            outcome,
        }
    }

    #[test]
    fn a_written_log_is_read_again() {
        let answer = Answer {
            first_token: Seconds(0.25),
            end: Seconds(0.5),
            prompt_tokens: Some(33),
            output_tokens: 3,
            cached_tokens: Some(2),
            server: Some(ServerTimes {
                prompt_ms: 240.5,
                answer_ms: 250.0,
            }),
        };
        let records = [
            record(0.0, Outcome::Answered(answer)),
            record(
                1.0,
                Outcome::NotServed {
                    kind: "status 503".to_owned(),
                    why: "the server answered 503:\nbusy".to_owned(),
                    unreachable: false,
                },
            ),
            record(
                2.0,
                Outcome::WithoutTimes {
                    kind: "answer broken off".to_owned(),
                    why: String::new(),
                },
            ),
        ];
        let told = Told {
            max_running: Some(8),
            ..Told::default()
        };
        let mut bytes = Vec::new();
        write_log(&records, &["of\na test".to_owned()], &told, &mut bytes).unwrap();
        let text_of_log = String::from_utf8(bytes).unwrap();
        insta::assert_snapshot!(text_of_log, @r"
        # of a test
        # told by the server: (max_running: 8)
        # not served: due at 1.000000 s, 10 + 4 tokens: the server answered 503: busy
        arrival_s,prompt_tokens,output_tokens,first_token_s,end_s,late_s,server_prompt_ms,server_answer_ms,cached_tokens
        0.000000,33,3,0.250000,0.500000,0.002000,240.5,250,2
        2.000000,10,4,,,0.002000,,,
        ");
        let log = Log::parse(&text_of_log).unwrap();
        assert_eq!(log.told, told);
        assert_eq!(log.requests.len(), 2);
        assert_eq!(log.requests[0].server, answer.server);
        assert_eq!(log.requests[0].cached_tokens, 2);
        assert_eq!(log.requests[1].measured, None);
        insta::assert_snapshot!(text(&records, &log), @r"
        3 requests sent, 1 not served (status 503), 1 with fewer tokens than asked for, 1 without times (answer broken off)
        sent later than due: p99 2.0 ms, at most 2.0 ms
        (ms)              mean       p50       p90       p99
        TTFT             250.0     250.0     250.0     250.0
        TPOT             125.0     125.0     125.0     125.0
        end to end       500.0     500.0     500.0     500.0
        ");
    }
}

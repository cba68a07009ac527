//! What was sent and what came back, kept as soon as it is known.
//!
//! A load that was interrupted goes on with the requests that were not sent. What was under
//! way then was at the server, but its times are not known. The part that goes on begins at an
//! idle server: its times are a minute after all that came before.

use super::{Answer, Planned};
use crate::model_server::JournalFile;
use crate::units::Seconds;
use crate::validation::Told;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// From the end of a part of a load to the beginning of the next.
const BETWEEN_PARTS: Seconds = Seconds(60.0);

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was answered.
    Answered(Answer),
    /// It was at the server, but its times are not known: of which kind this is, and why.
    WithoutTimes {
        /// In a few words.
        kind: String,
        /// In full.
        why: String,
    },
    /// The server did not take it.
    NotServed {
        /// In a few words.
        kind: String,
        /// In full.
        why: String,
        /// Whether no server was reached, so that it is sent again when the load goes on.
        unreachable: bool,
    },
}

/// A request that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What was to be sent.
    pub planned: Planned,
    /// When it was sent, from the beginning of the load.
    pub sent: Seconds,
    /// How much later than it was due.
    pub late: Seconds,
    /// What became of it.
    pub outcome: Outcome,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// A load of this plan, or a further part of it.
    Began {
        plan: String,
        offset_s: f64,
        told: Told,
    },
    Sent {
        request: usize,
        at_s: f64,
        late_s: f64,
    },
    Ended {
        request: usize,
        outcome: Outcome,
    },
}

/// The journal of a load.
#[derive(Debug)]
pub struct Journal {
    file: JournalFile,
    plan: Option<String>,
    told: Told,
    sent: BTreeMap<usize, (f64, f64)>,
    ended: BTreeMap<usize, Outcome>,
}

/// When a part of a load begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// In the log's time.
    pub offset: Seconds,
    /// In the plan's time.
    pub origin: Seconds,
}

impl Journal {
    /// Opens or creates the journal of a load.
    ///
    /// # Errors
    /// As [`JournalFile::open`]; the journal of another plan.
    pub fn open(path: &Path, plan: &str) -> io::Result<Self> {
        let (file, entries) = JournalFile::open(path)?;
        let mut journal = Self {
            file,
            plan: None,
            told: Told::default(),
            sent: BTreeMap::new(),
            ended: BTreeMap::new(),
        };
        for entry in entries {
            match entry {
                Entry::Began { plan: other, .. } if other != plan => {
                    let message = "it is of a load with other options; --restart forgets it";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
                entry => journal.take(entry),
            }
        }
        let unreachable = |outcome: &Outcome| matches!(outcome, Outcome::NotServed { unreachable, .. } if *unreachable);
        let again: Vec<usize> = journal
            .ended
            .iter()
            .filter(|(_, outcome)| unreachable(outcome))
            .map(|(request, _)| *request)
            .collect();
        for request in again {
            journal.sent.remove(&request);
            journal.ended.remove(&request);
        }
        Ok(journal)
    }

    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Began { plan, told, .. } => {
                self.plan = Some(plan);
                self.told = told;
            }
            Entry::Sent {
                request,
                at_s,
                late_s,
            } => {
                self.sent.insert(request, (at_s, late_s));
            }
            Entry::Ended { request, outcome } => {
                self.ended.insert(request, outcome);
            }
        }
    }

    fn add(&mut self, entry: Entry) -> io::Result<()> {
        self.file.add(&entry)?;
        self.take(entry);
        Ok(())
    }

    /// Requests that were sent.
    pub fn sent(&self) -> usize {
        self.sent.len()
    }

    /// Whether a request was sent.
    pub fn was_sent(&self, request: usize) -> bool {
        self.sent.contains_key(&request)
    }

    /// What the server told of itself when the last part began.
    pub fn told(&self) -> Told {
        self.told
    }

    /// Begins a part of the load with the request that is due at `origin`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(&mut self, plan: &str, told: Told, origin: Seconds) -> io::Result<Part> {
        let part = match self.plan {
            None => Part {
                offset: Seconds(0.0),
                origin: Seconds(0.0),
            },
            Some(_) => Part {
                offset: self.last_time() + BETWEEN_PARTS,
                origin,
            },
        };
        self.add(Entry::Began {
            plan: plan.to_owned(),
            offset_s: part.offset.0,
            told,
        })?;
        Ok(part)
    }

    fn last_time(&self) -> Seconds {
        let times = self.sent.iter().map(|(request, (at_s, _))| {
            at_s + match self.ended.get(request) {
                Some(Outcome::Answered(answer)) => answer.end.0,
                _ => 0.0,
            }
        });
        Seconds(times.fold(0.0, f64::max))
    }

    /// A request was sent.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add_sent(&mut self, request: usize, at: Seconds, late: Seconds) -> io::Result<()> {
        self.add(Entry::Sent {
            request,
            at_s: at.0,
            late_s: late.0,
        })
    }

    /// A request ended.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add_ended(&mut self, request: usize, outcome: Outcome) -> io::Result<()> {
        self.add(Entry::Ended { request, outcome })
    }

    /// All requests that were sent, in the order of the plan.
    pub fn records(&self, planned: &[Planned]) -> Vec<Record> {
        let interrupted = || Outcome::WithoutTimes {
            kind: "load interrupted".to_owned(),
            why: "the load was interrupted while it was under way".to_owned(),
        };
        let records = self.sent.iter().filter_map(|(request, (at_s, late_s))| {
            let outcome = self.ended.get(request).cloned();
            Some(Record {
                planned: *planned.get(*request)?,
                sent: Seconds(*at_s),
                late: Seconds(*late_s),
                outcome: outcome.unwrap_or_else(interrupted),
            })
        });
        records.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(end_s: f64) -> Outcome {
        Outcome::Answered(Answer {
            first_token: Seconds(0.1),
            end: Seconds(end_s),
            prompt_tokens: Some(3),
            output_tokens: 2,
            cached_tokens: None,
            server: None,
        })
    }

    #[test]
    fn an_interrupted_load_goes_on_where_the_server_is_idle() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv.journal");
        let planned: Vec<Planned> = (0..4)
            .map(|at| Planned {
                at: Seconds(f64::from(at)),
                prompt_tokens: 3,
                output_tokens: 2,
            })
            .collect();
        let mut journal = Journal::open(&path, "a").unwrap();
        let told = Told {
            max_running: Some(8),
            ..Told::default()
        };
        let part = journal.begin("a", told, Seconds(0.5)).unwrap();
        assert_eq!((part.offset, part.origin), (Seconds(0.0), Seconds(0.0)));
        let late = Seconds(1e-4);
        for request in 0..3 {
            let at = Seconds(request as f64 + late.0);
            journal.add_sent(request, at, late).unwrap();
        }
        journal.add_ended(0, answered(7.5)).unwrap();
        let gone = Outcome::NotServed {
            kind: "server not reached".to_owned(),
            why: String::new(),
            unreachable: true,
        };
        journal.add_ended(2, gone).unwrap();
        drop(journal);

        assert!(Journal::open(&path, "b").is_err(), "another plan");
        let mut journal = Journal::open(&path, "a").unwrap();
        assert_eq!(journal.told(), told);
        assert!(journal.was_sent(1) && !journal.was_sent(2) && !journal.was_sent(3));
        let part = journal.begin("a", told, Seconds(2.0)).unwrap();
        assert_eq!(part.origin, Seconds(2.0));
        assert!((part.offset.0 - 67.5001).abs() < 1e-9, "{part:?}");
        let records = journal.records(&planned);
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].outcome, answered(7.5));
        assert!(
            matches!(&records[1].outcome, Outcome::WithoutTimes { kind, .. }
            if kind == "load interrupted")
        );
    }
}

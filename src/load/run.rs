//! The load itself: each request is sent when it is due, on a thread of its own.

use super::answer::{self, Incomplete};
use super::journal::{Part, Record};
use super::preparation::{Prepared, Unusable, prepare};
use super::prompt::text;
use super::{Journal, Outcome, Planned};
use crate::model_server::{Client, Endpoint, Fault};
use crate::units::Seconds;
use crate::validation::Told;
use crate::world::streams::StreamKey;
use serde_json::{Map, Value};
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A load.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server.
    pub endpoint: Endpoint,
    /// What is sent and when, in order of time.
    pub planned: Vec<Planned>,
    /// Fields to add to every request; `null` takes one out.
    pub extra: Map<String, Value>,
    /// Unrecorded requests that warm the server, beside the two whose tokens are counted.
    pub warm_up: usize,
    /// The most requests under way at a time; what is due beyond is sent late.
    pub most_in_flight: usize,
    /// What prompts are made from.
    pub seed: u64,
}

/// How far a load is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress<'a> {
    /// The server is ready.
    Ready(&'a Prepared),
    /// A request was sent.
    Sent,
    /// A request ended.
    Ended(&'a Outcome),
}

/// What became of a load.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The requests that were sent, in the order of the plan.
    pub records: Vec<Record>,
    /// How many were not sent.
    pub not_sent: usize,
    /// Why the load was given up, if it was.
    pub stopped: Option<String>,
    /// What the server told of itself.
    pub told: Told,
}

/// Why there was no load.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The server cannot be loaded; nothing was recorded.
    #[error("{0}")]
    Unusable(#[from] Unusable),
    /// The journal cannot be written.
    #[error("the journal cannot be written: {0}; answers so far are kept in it")]
    Journal(#[from] io::Error),
}

/// So many requests in a row that no server was there for mean that there is none any more.
const UNREACHABLE_IN_A_ROW: usize = 5;

enum Report {
    Sent(usize, Seconds, Seconds),
    Ended(usize, Outcome),
}

/// What the sender and the requests under way share.
struct Control {
    in_flight: Mutex<usize>,
    fewer: Condvar,
    stopped: Mutex<Option<String>>,
}

impl Control {
    fn is_stopped(&self) -> bool {
        self.stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    fn stop(&self, why: String) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.get_or_insert(why);
    }

    fn enter(&self, at_most: usize) {
        let in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let full = |now: &mut usize| *now >= at_most;
        let waited = self.fewer.wait_while(in_flight, full);
        *waited.unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn leave(&self) {
        *self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner) -= 1;
        self.fewer.notify_one();
    }
}

/// Loads a server with what was not sent yet. `plan` names what is sent and where to: the
/// journal of another is refused.
///
/// # Errors
/// The server cannot be loaded, or the journal cannot be written.
pub fn run(
    settings: &Settings,
    plan: &str,
    client: &Client,
    journal: &mut Journal,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Summary, LoadError> {
    let all = 0..settings.planned.len();
    let due: Vec<usize> = all.filter(|request| !journal.was_sent(*request)).collect();
    let Some(first) = due.first() else {
        return Ok(Summary {
            records: journal.records(&settings.planned),
            not_sent: 0,
            stopped: None,
            told: journal.told(),
        });
    };
    let prepared = prepare(client, settings)?;
    watch(Progress::Ready(&prepared));
    let part = journal.begin(plan, prepared.told, settings.planned[*first].at)?;
    let control = Control {
        in_flight: Mutex::new(0),
        fewer: Condvar::new(),
        stopped: Mutex::new(None),
    };
    let (sender, receiver) = channel();
    let kept = std::thread::scope(|scope| {
        let load = Load {
            settings,
            prepared: &prepared,
            client,
            control: &control,
            part,
        };
        scope.spawn(move || {
            std::thread::scope(|requests| load.send_all(&due, requests, &sender));
        });
        let kept = keep(&receiver, journal, &control, watch);
        if let Err(error) = &kept {
            control.stop(error.to_string());
        }
        kept
    });
    kept?;
    Ok(Summary {
        records: journal.records(&settings.planned),
        not_sent: settings.planned.len() - journal.sent(),
        stopped: control.stopped.into_inner().unwrap_or_default(),
        told: prepared.told,
    })
}

/// Keeps what is reported until nobody reports any more.
fn keep(
    receiver: &Receiver<Report>,
    journal: &mut Journal,
    control: &Control,
    watch: &mut dyn FnMut(Progress<'_>),
) -> io::Result<()> {
    let mut unreachable_in_a_row = 0;
    for report in receiver {
        match report {
            Report::Sent(request, at, late) => {
                journal.add_sent(request, at, late)?;
                watch(Progress::Sent);
            }
            Report::Ended(request, outcome) => {
                unreachable_in_a_row = match &outcome {
                    Outcome::NotServed {
                        unreachable: true,
                        why,
                        ..
                    } => {
                        if unreachable_in_a_row + 1 == UNREACHABLE_IN_A_ROW {
                            control.stop(why.clone());
                        }
                        unreachable_in_a_row + 1
                    }
                    _ => 0,
                };
                watch(Progress::Ended(&outcome));
                journal.add_ended(request, outcome)?;
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Load<'a> {
    settings: &'a Settings,
    prepared: &'a Prepared,
    client: &'a Client,
    control: &'a Control,
    part: Part,
}

impl<'a> Load<'a> {
    fn send_all<'scope>(
        self,
        due: &[usize],
        requests: &'scope std::thread::Scope<'scope, '_>,
        sender: &Sender<Report>,
    ) where
        'a: 'scope,
    {
        let key = StreamKey::root(self.settings.seed).named("prompts");
        let begin = Instant::now();
        for &request in due {
            // All that takes time is done before the request is due.
            let planned = self.settings.planned[request];
            let words = self.prepared.words.words(planned.prompt_tokens);
            let text = text(words, key.index(request as u64));
            let body = self.prepared.form.body(&text, planned.output_tokens);
            let at = Duration::from_secs_f64((planned.at - self.part.origin).0.max(0.0));
            if !self.wait_until(begin + at) {
                break;
            }
            self.control.enter(self.settings.most_in_flight);
            let sender = sender.clone();
            requests.spawn(move || {
                let instant = Instant::now();
                let now = instant - begin;
                let sent = self.part.offset + Seconds(now.as_secs_f64());
                let late = Seconds(now.saturating_sub(at).as_secs_f64());
                // Who keeps the reports has gone if they cannot be kept: the load stops.
                let _ = sender.send(Report::Sent(request, sent, late));
                let mut outcome = self.ask(&body, instant);
                if let Outcome::Answered(answer) = &mut outcome
                    && answer.prompt_tokens.is_none()
                {
                    answer.prompt_tokens = Some(words);
                }
                let _ = sender.send(Report::Ended(request, outcome));
                self.control.leave();
            });
        }
    }

    /// Sleeps until then; false if the load is stopped.
    fn wait_until(&self, then: Instant) -> bool {
        const LOOK: Duration = Duration::from_millis(200);
        loop {
            if self.control.is_stopped() {
                return false;
            }
            match then.checked_duration_since(Instant::now()) {
                None | Some(Duration::ZERO) => return true,
                Some(left) => std::thread::sleep(left.min(LOOK)),
            }
        }
    }

    fn ask(&self, body: &Value, sent: Instant) -> Outcome {
        let stream = match self.client.stream(&self.prepared.form.endpoint, body) {
            Ok(stream) => stream,
            // It may have been taken: nobody knows.
            Err(fault @ (Fault::TimedOut(_) | Fault::Broken(_))) => {
                return Outcome::WithoutTimes {
                    kind: fault.kind(),
                    why: fault.to_string(),
                };
            }
            Err(fault) => {
                return Outcome::NotServed {
                    kind: fault.kind(),
                    why: fault.to_string(),
                    unreachable: matches!(fault, Fault::Unreachable(_)),
                };
            }
        };
        answer::read(stream, sent).map_or_else(
            |incomplete: Incomplete| Outcome::WithoutTimes {
                kind: incomplete.kind().to_owned(),
                why: incomplete.to_string(),
            },
            Outcome::Answered,
        )
    }
}

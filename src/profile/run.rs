//! Puts all questions to both models.

use super::journal::{Journal, digest};
use super::question::Question;
use super::record::Record;
use super::request::Asking;
use super::response::{self, Reply};
use super::scoring::Scorer;
use super::{Fault, Role};
use crate::model_server::{Client, Endpoint};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// How a run asks and judges.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the small model is.
    pub slm: Endpoint,
    /// Where the large model is.
    pub llm: Endpoint,
    /// How questions are put.
    pub asking: Asking,
    /// Who decides what is right.
    pub scorer: Scorer,
    /// Whether an empty answer is a wrong one, instead of a fault.
    pub empty_is_wrong: bool,
    /// Requests under way at the same time.
    pub concurrency: usize,
}

impl Settings {
    fn endpoint(&self, role: Role) -> &Endpoint {
        match role {
            Role::Slm => &self.slm,
            Role::Llm => &self.llm,
        }
    }
}

/// What happens during a run, as it happens.
#[derive(Debug)]
pub enum Event<'a> {
    /// A model has answered.
    Answered {
        /// The question.
        question: &'a Question,
        /// The model.
        role: Role,
        /// Whether the answer is right.
        correct: bool,
        /// Whether it was in the journal already.
        kept: bool,
    },
    /// A request is going to be repeated.
    Repeating {
        /// The question.
        question: &'a Question,
        /// The model.
        role: Role,
        /// Why.
        fault: Fault,
        /// In how long.
        wait: Duration,
    },
    /// A question got no answer from a model, for good.
    Failed {
        /// The question.
        question: &'a Question,
        /// The model.
        role: Role,
        /// Why.
        fault: Fault,
    },
}

/// What became of the questions.
#[derive(Debug, Default)]
pub struct Summary<'a> {
    /// Questions with both answers, in the order in which they were given.
    pub records: Vec<Record<'a>>,
    /// Faults, in no particular order.
    pub failures: Vec<(&'a Question, Role, Fault)>,
    /// Questions that were left because the run was stopped.
    pub not_asked: usize,
    /// Why it was stopped, if it was.
    pub stopped: Option<Fault>,
}

/// So many passing faults in a row, with no answer between them, mean that the
/// server is gone rather than busy.
const FAULTS_IN_A_ROW: usize = 5;

struct Task<'a> {
    index: usize,
    question: &'a Question,
    role: Role,
    body: Value,
    asked: String,
    kept: Option<Reply>,
}

/// What the threads share.
#[derive(Default)]
struct Control {
    next: AtomicUsize,
    /// Set by the thread that meets the reason to stop, before any takes another
    /// task.
    stop: AtomicBool,
    stopped: Mutex<Option<Fault>>,
    faults_in_a_row: AtomicUsize,
}

impl Control {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Notes how a request went.
    fn note(&self, fault: Option<&Fault>) {
        let Some(fault) = fault.filter(|f| f.is_passing() || f.concerns_all()) else {
            self.faults_in_a_row.store(0, Ordering::Relaxed);
            return;
        };
        let before = self.faults_in_a_row.fetch_add(1, Ordering::Relaxed);
        if fault.concerns_all() || before + 1 >= FAULTS_IN_A_ROW {
            self.stop.store(true, Ordering::Relaxed);
            if let Ok(mut stopped) = self.stopped.lock() {
                stopped.get_or_insert_with(|| fault.clone());
            }
        }
    }
}

enum Report {
    Repeating(usize, Fault, Duration),
    Done(usize, Result<Answer, Fault>),
}

struct Answer {
    reply: Reply,
    /// What the server sent, if it was asked now.
    response: Option<String>,
    /// Whether the reply is right, or why that is not known.
    verdict: Result<bool, Fault>,
}

/// Asks every question that has no answer in `journal` yet, adds the answers to
/// it, and scores all. Every answer that is not in the journal is written to
/// `raw`, if given, as the server sent it, one JSON line
/// `{"id", "role", "request", "response"}` each.
///
/// A fault that every question would meet (nobody listens, a key that is refused)
/// ends the run; others cost only their question.
///
/// # Errors
/// A journal or `raw` that cannot be written.
pub fn run<'a>(
    questions: &'a [Question],
    settings: &Settings,
    client: &Client,
    journal: &mut Journal,
    mut raw: Option<&mut dyn Write>,
    on_event: &mut dyn FnMut(Event<'_>),
) -> io::Result<Summary<'a>> {
    let mut tasks = Vec::with_capacity(2 * questions.len());
    for (index, question) in questions.iter().enumerate() {
        for role in Role::BOTH {
            let endpoint = settings.endpoint(role);
            let body = settings.asking.body(question, role, endpoint);
            let asked = digest(endpoint, &body);
            let kept = journal.get(&question.id, role, &asked).cloned();
            tasks.push(Task {
                index,
                question,
                role,
                body,
                asked,
                kept,
            });
        }
    }
    let control = Control::default();
    let mut answers: Vec<[Option<(Reply, bool)>; 2]> = vec![[None, None]; questions.len()];
    let mut summary = Summary::default();
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        for _ in 0..settings.concurrency.max(1) {
            let (sender, tasks, control) = (sender.clone(), &tasks, &control);
            scope.spawn(move || work(tasks, settings, client, control, &sender));
        }
        drop(sender);
        for report in receiver {
            let (number, result) = match report {
                Report::Repeating(number, fault, wait) => {
                    let Task { question, role, .. } = tasks[number];
                    on_event(Event::Repeating {
                        question,
                        role,
                        fault,
                        wait,
                    });
                    continue;
                }
                Report::Done(number, result) => (number, result),
            };
            let task = &tasks[number];
            let Task { question, role, .. } = *task;
            if let Ok(answer) = &result
                && let Some(response) = &answer.response
                && let Err(error) = keep(journal, &mut raw, task, answer, response)
            {
                control.stop.store(true, Ordering::Relaxed);
                return Err(error);
            }
            match result.and_then(|answer| Ok((answer.reply, answer.verdict?))) {
                Ok((reply, correct)) => {
                    on_event(Event::Answered {
                        question,
                        role,
                        correct,
                        kept: task.kept.is_some(),
                    });
                    answers[task.index][role as usize] = Some((reply, correct));
                }
                Err(fault) => {
                    on_event(Event::Failed {
                        question,
                        role,
                        fault: fault.clone(),
                    });
                    summary.failures.push((question, role, fault));
                }
            }
        }
        Ok(())
    })?;
    summary.stopped = control.stopped.into_inner().unwrap_or_default();
    for (question, answers) in questions.iter().zip(answers) {
        match answers {
            [Some((slm, slm_correct)), Some((llm, llm_correct))] => {
                summary.records.push(Record {
                    question,
                    slm,
                    slm_correct,
                    llm,
                    llm_correct,
                });
            }
            _ if summary.failures.iter().any(|(q, ..)| q.id == question.id) => {}
            _ => summary.not_asked += 1,
        }
    }
    Ok(summary)
}

/// Stores an answer that has just come. One that is empty is not kept, so that it
/// is asked again once its cause is gone; one that the scoring command could not
/// judge is, since the model need not be asked again for that.
fn keep(
    journal: &mut Journal,
    raw: &mut Option<&mut dyn Write>,
    task: &Task<'_>,
    answer: &Answer,
    response: &str,
) -> io::Result<()> {
    if answer.verdict != Err(Fault::Empty) {
        let id = &task.question.id;
        journal.add(id, task.role, &task.asked, &answer.reply)?;
    }
    if let Some(raw) = raw {
        // Outside of strings, line breaks are nothing but space in JSON; inside
        // they cannot stand.
        let response = response.replace(['\n', '\r'], " ");
        let (id, role, request) = (json!(task.question.id), json!(task.role), &task.body);
        let line = format!(
            "{{\"id\":{id},\"role\":{role},\"request\":{request},\"response\":{response}}}\n"
        );
        raw.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// Takes one task after the other until none is left.
fn work(
    tasks: &[Task<'_>],
    settings: &Settings,
    client: &Client,
    control: &Control,
    sender: &Sender<Report>,
) {
    while !control.is_stopped() {
        let number = control.next.fetch_add(1, Ordering::Relaxed);
        let Some(task) = tasks.get(number) else {
            return;
        };
        let answer = match &task.kept {
            Some(reply) => Ok((reply.clone(), None)),
            None => {
                let answer = ask(number, task, settings, client, control, sender);
                control.note(answer.as_ref().err());
                answer
            }
        };
        let result = answer.map(|(reply, response)| {
            let verdict = if reply.text.trim().is_empty() && !settings.empty_is_wrong {
                Err(Fault::Empty)
            } else {
                let score = settings.scorer.score(task.question, task.role, &reply.text);
                score.map_err(Fault::Scoring)
            };
            Answer {
                reply,
                response,
                verdict,
            }
        });
        // The receiver is only gone when the run has failed.
        if sender.send(Report::Done(number, result)).is_err() {
            return;
        }
    }
}

fn ask(
    number: usize,
    task: &Task<'_>,
    settings: &Settings,
    client: &Client,
    control: &Control,
    sender: &Sender<Report>,
) -> Result<(Reply, Option<String>), Fault> {
    let endpoint = settings.endpoint(task.role);
    let mut attempt = 0;
    loop {
        let fault = match client.send(endpoint, &task.body) {
            Ok(response) => {
                let reply = response::read(&response, task.role, settings.asking.k)?;
                return Ok((reply, Some(response)));
            }
            Err(fault) => fault,
        };
        if !fault.is_passing() || attempt >= client.retries || control.is_stopped() {
            return Err(Fault::Server(fault));
        }
        let wait = client.wait(attempt, &fault);
        // Nobody listening is the end of the run: then nothing is left to repeat.
        let _ = sender.send(Report::Repeating(
            number,
            Fault::Server(fault.clone()),
            wait,
        ));
        let until = Instant::now() + wait;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if control.is_stopped() {
                return Err(Fault::Server(fault));
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
        attempt += 1;
    }
}

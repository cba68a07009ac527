//! Progress on stderr.

use crate::profile::{Event, Role};
use indicatif::{ProgressBar, ProgressStyle};

/// Progress on stderr: rate and accuracy so far.
pub(super) struct Watch {
    bar: ProgressBar,
    right: [u64; 2],
    answered: [u64; 2],
    kept: u64,
}

impl Watch {
    pub fn new(requests: u64) -> Self {
        let bar = ProgressBar::new(requests);
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:30} {pos}/{len} answers, {per_sec}, {eta} to go; {msg}",
        ) {
            bar.set_style(style);
        }
        Self {
            bar,
            right: [0; 2],
            answered: [0; 2],
            kept: 0,
        }
    }

    pub fn see(&mut self, event: &Event<'_>) {
        match event {
            Event::Answered {
                role,
                correct,
                kept,
                ..
            } => {
                self.answered[*role as usize] += 1;
                self.right[*role as usize] += u64::from(*correct);
                if *kept {
                    // What was there already is no part of the rate.
                    self.kept += 1;
                    self.bar.set_position(self.kept);
                    self.bar.reset_eta();
                } else {
                    self.bar.inc(1);
                }
                self.bar.set_message(self.accuracy());
            }
            Event::Repeating {
                question,
                role,
                fault,
                wait,
            } => self.say(&format!(
                "question {} ({role}): {fault}; again in {:.1} s",
                question.id,
                wait.as_secs_f64()
            )),
            Event::Failed {
                question,
                role,
                fault,
            } => {
                self.bar.inc(1);
                self.say(&format!("question {} ({role}): {fault}", question.id));
            }
        }
    }

    fn accuracy(&self) -> String {
        let one = |role: Role| match self.answered[role as usize] {
            0 => format!("{role} -"),
            n => format!(
                "{role} {:.1} %",
                100.0 * self.right[role as usize] as f64 / n as f64
            ),
        };
        format!("{}, {} right", one(Role::Slm), one(Role::Llm))
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| tell!("{line}"));
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

//! Whether a reply is right.
//!
//! Before they are compared, both the reply and the expected answer are lower-cased
//! and cut into words at everything that is neither letter, digit, apostrophe nor
//! hyphen; articles (a, an, the) are dropped; the numbers zero (or none) to twenty
//! are written in digits. Then
//!
//! * `words`: right if the reply *begins with* the words of an expected answer
//!   ("Bathroom. Mary went ..." is right for "bathroom"; "In the bathroom" is not);
//! * `set`: right if the first line of the reply, up to the first full stop, names
//!   exactly the items of an expected answer, in any order ("milk and football");
//! * `sequence`: as `set`, but in order, and n, s, e, w stand for the directions
//!   ("go south, then east" is right for "s,e").
//!
//! Words must be spelled as expected: "mice" is not "mouse".

use super::Role;
use super::question::{AnswerKind, Question};
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};

const NUMBERS: [&str; 21] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];
const DIRECTIONS: [(&str, &str); 4] =
    [("n", "north"), ("s", "south"), ("e", "east"), ("w", "west")];
const FILLERS: [&str; 9] = [
    "and", "then", "go", "head", "walk", "travel", "move", "first", "to",
];

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '-'))
        .map(|word| word.trim_matches(|c| c == '\'' || c == '-'))
        .filter(|word| !word.is_empty() && !["a", "an", "the"].contains(word))
        .map(|word| {
            if word == "none" {
                return "0".to_owned();
            }
            match NUMBERS.iter().position(|number| *number == word) {
                Some(number) => number.to_string(),
                None => word.to_owned(),
            }
        })
        .collect()
}

/// The items of a list: what stands on the first line, up to the first full stop,
/// semicolon or bracket.
fn items(text: &str) -> Vec<String> {
    let line = text.trim_start().lines().next().unwrap_or_default();
    let end = line.find(['.', ';', '(']).unwrap_or(line.len());
    let mut items = words(&line[..end]);
    items.retain(|word| word != "and");
    items
}

fn steps(text: &str) -> Vec<String> {
    items(text)
        .into_iter()
        .filter(|word| !FILLERS.contains(&word.as_str()))
        .map(|word| {
            DIRECTIONS
                .iter()
                .find(|(short, _)| *short == word)
                .map_or(word, |(_, long)| (*long).to_owned())
        })
        .collect()
}

/// Whether `reply` gives one of the answers, by the rules of this module.
pub fn is_right(question: &Question, reply: &str) -> bool {
    question.answers.iter().any(|answer| match question.kind {
        AnswerKind::Words => {
            let expected = words(answer);
            !expected.is_empty() && words(reply).starts_with(&expected)
        }
        AnswerKind::Set => {
            let sorted = |mut items: Vec<String>| {
                items.sort();
                items.dedup();
                items
            };
            let expected = sorted(items(answer));
            !expected.is_empty() && sorted(items(reply)) == expected
        }
        AnswerKind::Sequence => {
            let expected = steps(answer);
            !expected.is_empty() && steps(reply) == expected
        }
    })
}

/// Who decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scorer {
    /// The rules of this module.
    #[default]
    Words,
    /// A shell command, run once per reply. It is given one line of JSON on its
    /// standard input, `{"id", "task", "role", "answers", "reply"}`; exit code 0
    /// means right, 1 wrong, anything else is a fault.
    Command(String),
}

impl Scorer {
    /// Whether `reply` is right.
    ///
    /// # Errors
    /// What went wrong with the command.
    pub fn score(&self, question: &Question, role: Role, reply: &str) -> Result<bool, String> {
        let command = match self {
            Scorer::Words => return Ok(is_right(question, reply)),
            Scorer::Command(command) => command,
        };
        let (shell, flag) = if cfg!(windows) {
            ("cmd", "/C")
        } else {
            ("sh", "-c")
        };
        let fail = |e: std::io::Error| format!("`{command}` cannot be run: {e}");
        let mut child = Command::new(shell)
            .args([flag, command])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(fail)?;
        let line = json!({
            "id": question.id, "task": question.task, "role": role,
            "answers": question.answers, "reply": reply,
        });
        if let Some(mut input) = child.stdin.take() {
            // A command that does not read its input may have closed it already;
            // its exit code is what counts.
            let _ = writeln!(input, "{line}");
        }
        match child.wait().map_err(fail)?.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            Some(code) => Err(format!(
                "`{command}` ended with exit code {code}, allowed: 0 (right) or 1 (wrong)"
            )),
            None => Err(format!("`{command}` was ended by a signal")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::question::Prompt;

    fn right(kind: AnswerKind, answers: &[&str], reply: &str) -> bool {
        let question = Question {
            id: "q".to_owned(),
            task: "t".to_owned(),
            prompt: Prompt::Text(String::new()),
            answers: answers.iter().map(|a| (*a).to_owned()).collect(),
            kind,
        };
        is_right(&question, reply)
    }

    #[test]
    fn words_are_matched_at_the_start() {
        let one = |reply| right(AnswerKind::Words, &["bathroom"], reply);
        for reply in [
            "bathroom",
            " Bathroom.",
            "the bathroom",
            "**BATHROOM**\n\nMary",
            "\n\"bathroom\"",
        ] {
            assert!(one(reply), "{reply}");
        }
        for reply in [
            "",
            "bath",
            "in the bathroom",
            "bathrooms",
            "Mary bathroom",
            ".",
        ] {
            assert!(!one(reply), "{reply}");
        }
        assert!(right(
            AnswerKind::Words,
            &["box of chocolates"],
            "The box of chocolates."
        ));
        assert!(!right(AnswerKind::Words, &["box of chocolates"], "box"));
        assert!(right(AnswerKind::Words, &["no", "maybe"], "Maybe."));
    }

    #[test]
    fn counts_in_words_or_digits() {
        for (expected, reply) in [
            ("two", "2"),
            ("2", "Two."),
            ("none", "0"),
            ("none", "None"),
            ("12", "twelve"),
        ] {
            assert!(
                right(AnswerKind::Words, &[expected], reply),
                "{expected} {reply}"
            );
        }
        assert!(!right(AnswerKind::Words, &["two"], "three"));
        // "no" answers a yes-no question; it is not a number.
        assert!(!right(AnswerKind::Words, &["none"], "no"));
    }

    #[test]
    fn sets_in_any_order_and_nothing_else() {
        let set = |answer, reply| right(AnswerKind::Set, &[answer], reply);
        assert!(set("milk,football", "football, milk"));
        assert!(set("milk,football", "The milk and the football.\nJohn"));
        assert!(set("milk", "milk"));
        assert!(set("nothing", "Nothing. He dropped it"));
        assert!(!set("milk", "milk, football"));
        assert!(!set("milk,football", "milk"));
        assert!(!set("milk,football", "milk, football, apple"));
        assert!(!set("milk", ""));
    }

    #[test]
    fn paths_in_order_and_in_either_spelling() {
        let path = |answer, reply| right(AnswerKind::Sequence, &[answer], reply);
        for reply in [
            "s,e",
            "S, E",
            "south, east",
            "Go south, then go east.",
            "s e",
        ] {
            assert!(path("s,e", reply), "{reply}");
        }
        for reply in ["e,s", "s", "s,e,n", "southeast", ""] {
            assert!(!path("s,e", reply), "{reply}");
        }
        assert!(path("s,s", "south south"));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_decides() {
        let question = Question {
            id: "q".to_owned(),
            task: "t".to_owned(),
            prompt: Prompt::Text(String::new()),
            answers: vec!["mouse".to_owned()],
            kind: AnswerKind::Words,
        };
        let ask = |command: &str, reply: &str| {
            Scorer::Command(command.to_owned()).score(&question, Role::Slm, reply)
        };
        assert_eq!(ask("grep -q mice", "mice"), Ok(true));
        assert_eq!(ask("grep -q mice", "mouse trap"), Ok(false));
        assert_eq!(ask("grep -q '\"role\":\"slm\"'", "x"), Ok(true));
        assert_eq!(ask("true", "whatever"), Ok(true));
        assert!(ask("exit 3", "x").unwrap_err().contains("exit code 3"));
        assert!(ask("/no/such/command", "x").unwrap_err().contains("127"));
    }
}

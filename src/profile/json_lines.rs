//! Questions as JSON lines: one object a line.

use super::question::{AnswerKind, Message, Prompt, Question};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(i64),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Id,
    #[serde(default)]
    task: Option<String>,
    #[serde(default)]
    messages: Option<Vec<Message>>,
    #[serde(default)]
    prompt: Option<String>,
    answers: Vec<String>,
    #[serde(default)]
    kind: AnswerKind,
}

/// The questions of a file, or the line of the first fault and what it is.
pub(super) fn parse(text: &str, name: &str) -> Result<Vec<Question>, (usize, String)> {
    let mut questions = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let fault = |message: &str| (index + 1, message.to_owned());
        let line: Line = serde_json::from_str(line).map_err(|e| {
            // Of its own place only the column means anything within one line.
            let message = e.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            fault(&format!("column {}: {message}", e.column()))
        })?;
        let prompt = match (line.messages, line.prompt) {
            (Some(messages), None) if !messages.is_empty() => Prompt::Messages(messages),
            (None, Some(prompt)) if !prompt.trim().is_empty() => Prompt::Text(prompt),
            (None, None) => return Err(fault("found neither `messages` nor `prompt`")),
            (Some(_), Some(_)) => {
                return Err(fault("found both `messages` and `prompt`, allowed: one"));
            }
            _ => return Err(fault("found an empty `messages` or `prompt`")),
        };
        if line.answers.iter().all(|answer| answer.trim().is_empty()) {
            return Err(fault("found no answer, allowed: at least one in `answers`"));
        }
        questions.push(Question {
            id: match line.id {
                Id::Text(id) => id,
                Id::Number(id) => id.to_string(),
            },
            task: line.task.unwrap_or_else(|| name.to_owned()),
            prompt,
            answers: line.answers,
            kind: line.kind,
        });
    }
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_and_messages() {
        let questions = parse(
            "{\"id\": 7, \"prompt\": \"2+2?\", \"answers\": [\"4\", \"four\"]}\n\n\
             {\"id\": \"b\", \"task\": \"t\", \"kind\": \"set\", \"answers\": [\"x,y\"], \
             \"messages\": [{\"role\": \"user\", \"content\": \"Which?\"}]}\n",
            "mine",
        )
        .unwrap();
        assert_eq!(questions[0].id, "7");
        assert_eq!(questions[0].task, "mine");
        assert_eq!(questions[0].prompt, Prompt::Text("2+2?".to_owned()));
        assert_eq!(questions[0].answers, ["4", "four"]);
        assert_eq!(questions[1].task, "t");
        assert_eq!(questions[1].kind, AnswerKind::Set);
        assert_eq!(
            questions[1].prompt,
            Prompt::Messages(vec![Message::new("user", "Which?")])
        );
    }

    #[test]
    fn faults_have_their_line_and_say_what_is_allowed() {
        let good = "{\"id\": 1, \"prompt\": \"p\", \"answers\": [\"a\"]}\n";
        for (line, expected) in [
            ("{\"id\": 2, \"answers\": [\"a\"]}", "`prompt`"),
            (
                "{\"id\": 2, \"prompt\": \"p\", \"messages\": [], \"answers\": [\"a\"]}",
                "both",
            ),
            (
                "{\"id\": 2, \"messages\": [], \"answers\": [\"a\"]}",
                "empty",
            ),
            ("{\"id\": 2, \"prompt\": \"p\", \"answers\": []}", "answers"),
            (
                "{\"id\": 2, \"prompt\": \"p\", \"answer\": []}",
                "`answers`",
            ),
            ("{\"id\": 2,", "column"),
            (
                "{\"id\": 2, \"prompt\": \"p\", \"answers\": [\"a\"], \"kind\": \"list\"}",
                "`sequence`",
            ),
        ] {
            let (number, message) = parse(&format!("{good}{line}\n"), "x").unwrap_err();
            assert_eq!(number, 2);
            assert!(message.contains(expected), "{line}: {message}");
        }
    }
}

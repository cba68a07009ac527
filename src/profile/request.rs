//! What is sent for a question.

use super::Role;
use super::question::{Message, Prompt, Question};
use crate::model_server::{Api, Endpoint};
use serde_json::{Map, Value, json};

/// The instruction that precedes a bAbI story.
pub const INSTRUCTION: &str = "Read the story and answer the question with one word. If several \
things are asked for, name all of them, parted by commas. Answer directions with n, s, e or w.";

/// How questions are put, the same for all of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Asking {
    /// How many candidates of the first token are looked at.
    pub k: usize,
    /// Tokens that an answer may have at most.
    pub max_tokens: usize,
    /// Fields to add to every request; `null` takes one out.
    pub extra: Map<String, Value>,
    /// Worked examples to precede every question of the same task.
    pub examples: Vec<Question>,
    /// How many of them at most.
    pub shots: usize,
}

impl Asking {
    /// The worked examples that precede `question`: the first of its task, but
    /// never the question itself.
    fn shots<'a>(&'a self, question: &'a Question) -> impl Iterator<Item = &'a Question> {
        self.examples
            .iter()
            .filter(|e| e.task == question.task && e.id != question.id)
            .take(self.shots)
    }

    /// The body of the request that puts `question` to a model. Log-probabilities
    /// are asked of the small model only.
    pub fn body(&self, question: &Question, role: Role, endpoint: &Endpoint) -> Value {
        let mut body = Map::new();
        if let Some(model) = &endpoint.model {
            body.insert("model".to_owned(), json!(model));
        }
        match endpoint.api {
            Api::Chat => body.insert("messages".to_owned(), json!(self.messages(question))),
            Api::Completions => body.insert("prompt".to_owned(), json!(self.text(question))),
        };
        body.insert("temperature".to_owned(), json!(0));
        body.insert("max_tokens".to_owned(), json!(self.max_tokens));
        body.insert("stream".to_owned(), json!(false));
        match (role, endpoint.api) {
            (Role::Slm, Api::Chat) => {
                body.insert("logprobs".to_owned(), json!(true));
                body.insert("top_logprobs".to_owned(), json!(self.k));
            }
            (Role::Slm, Api::Completions) => {
                body.insert("logprobs".to_owned(), json!(self.k));
            }
            (Role::Llm, _) => {}
        }
        for (key, value) in &self.extra {
            if value.is_null() {
                body.remove(key);
            } else {
                body.insert(key.clone(), value.clone());
            }
        }
        Value::Object(body)
    }

    /// The chat: worked examples as earlier turns, behind any system message.
    fn messages(&self, question: &Question) -> Vec<Message> {
        let own = match &question.prompt {
            Prompt::Messages(messages) => messages.clone(),
            prompt => vec![Message::new("user", user_text(prompt))],
        };
        let systems = own.iter().take_while(|m| m.role == "system").count();
        let mut messages = own;
        let mut turns = Vec::new();
        for example in self.shots(question) {
            match &example.prompt {
                Prompt::Messages(m) => {
                    turns.extend(m.iter().filter(|m| m.role != "system").cloned());
                }
                prompt => turns.push(Message::new("user", user_text(prompt))),
            }
            turns.push(Message::new("assistant", example.answers[0].clone()));
        }
        messages.splice(systems..systems, turns);
        messages
    }

    /// The same as one text, for servers that take no chat.
    fn text(&self, question: &Question) -> String {
        let one = |question: &Question| match &question.prompt {
            Prompt::Messages(messages) => {
                let contents: Vec<_> = messages.iter().map(|m| m.content.as_str()).collect();
                contents.join("\n")
            }
            prompt => user_text(prompt),
        };
        let mut text = String::new();
        for example in self.shots(question) {
            text += &format!("{} {}\n\n", one(example), example.answers[0]);
        }
        text + &one(question)
    }
}

fn user_text(prompt: &Prompt) -> String {
    match prompt {
        Prompt::Story { story, question } => {
            format!("{INSTRUCTION}\n\n{story}\n\nQuestion: {question}\nAnswer:")
        }
        Prompt::Text(text) => text.clone(),
        Prompt::Messages(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::question::AnswerKind;

    fn question(id: &str, prompt: Prompt) -> Question {
        Question {
            id: id.to_owned(),
            task: "t".to_owned(),
            prompt,
            answers: vec!["hall".to_owned()],
            kind: AnswerKind::Words,
        }
    }

    fn story(id: &str) -> Question {
        let prompt = Prompt::Story {
            story: format!("Ann went to {id}."),
            question: "Where is Ann?".to_owned(),
        };
        question(id, prompt)
    }

    fn asking(examples: Vec<Question>) -> Asking {
        Asking {
            k: 7,
            max_tokens: 5,
            extra: Map::new(),
            examples,
            shots: 1,
        }
    }

    #[test]
    fn only_the_small_model_is_asked_for_log_probabilities() {
        let chat = Endpoint::parse("http://h:1/v1,tiny", None).unwrap();
        let asking = asking(vec![]);
        let slm = asking.body(&story("a"), Role::Slm, &chat);
        assert_eq!(slm["logprobs"], json!(true));
        assert_eq!(slm["top_logprobs"], json!(7));
        assert_eq!(slm["model"], json!("tiny"));
        assert_eq!(slm["temperature"], json!(0));
        let llm = asking.body(&story("a"), Role::Llm, &chat);
        assert_eq!(llm.get("logprobs"), None);
        assert_eq!(llm["messages"], slm["messages"]);

        let text = Endpoint::parse("http://h:1/v1/completions", None).unwrap();
        let slm = asking.body(&story("a"), Role::Slm, &text);
        assert_eq!(slm["logprobs"], json!(7));
        assert_eq!(slm.get("top_logprobs"), None);
        assert!(slm["prompt"].as_str().unwrap().ends_with("Answer:"));
    }

    #[test]
    fn examples_come_first_and_never_the_question_itself() {
        let chat = Endpoint::parse("http://h:1", None).unwrap();
        let asking = asking(vec![story("a"), story("b"), story("c")]);
        let body = asking.body(&story("a"), Role::Slm, &chat);
        let messages = body["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 3);
        assert!(messages[0]["content"].as_str().unwrap().contains("to b."));
        assert_eq!(messages[1], json!({"role": "assistant", "content": "hall"}));
        assert!(messages[2]["content"].as_str().unwrap().contains("to a."));

        let own = question(
            "m",
            Prompt::Messages(vec![
                Message::new("system", "Be brief."),
                Message::new("user", "Where?"),
            ]),
        );
        let body = asking.body(&own, Role::Slm, &chat);
        let roles: Vec<_> = body["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["role"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"]);

        let text = Endpoint::parse("http://h:1/v1/completions", None).unwrap();
        let body = asking.body(&own, Role::Slm, &text);
        let prompt = body["prompt"].as_str().unwrap();
        assert!(
            prompt.contains("Answer: hall\n\nBe brief.\nWhere?"),
            "{prompt}"
        );
    }

    #[test]
    fn extra_fields_are_added_and_taken_out() {
        let chat = Endpoint::parse("http://h:1", None).unwrap();
        let mut asking = asking(vec![]);
        asking.extra = serde_json::from_str(
            "{\"max_tokens\": null, \"max_completion_tokens\": 9, \"temperature\": 0.5}",
        )
        .unwrap();
        let body = asking.body(&story("a"), Role::Slm, &chat);
        assert_eq!(body.get("max_tokens"), None);
        assert_eq!(body["max_completion_tokens"], json!(9));
        assert_eq!(body["temperature"], json!(0.5));
    }
}

//! A question with its right answers.

use serde::{Deserialize, Serialize};

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// What is said.
    pub content: String,
}

impl Message {
    pub(super) fn new(role: &str, content: impl Into<String>) -> Self {
        Self {
            role: role.to_owned(),
            content: content.into(),
        }
    }
}

/// How a question is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// A story and a question about it; the instruction is added when it is asked.
    Story {
        /// The statements so far, one a line.
        story: String,
        /// The question itself.
        question: String,
    },
    /// Text as it is.
    Text(String),
    /// A chat as it is.
    Messages(Vec<Message>),
}

/// What counts as the same answer; see [`scoring`](super::scoring).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerKind {
    /// The reply begins with these words.
    #[default]
    Words,
    /// The reply lists exactly these items, in any order.
    Set,
    /// The reply lists exactly these items, in this order.
    Sequence,
}

/// A question with its right answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Unique among the questions of a run.
    pub id: String,
    /// The task it belongs to, for example `qa8_lists-sets`.
    pub task: String,
    /// How it is put.
    pub prompt: Prompt,
    /// Right answers; any one of them will do.
    pub answers: Vec<String>,
    /// What counts as the same answer.
    pub kind: AnswerKind,
}

//! Every answer, kept as soon as it is there.

use super::Role;
use super::response::Reply;
use crate::model_server::{Endpoint, JournalFile};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::io;
use std::path::Path;

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    id: String,
    role: Role,
    /// Of what was asked, of whom: an answer to another request is not this one's.
    asked: String,
    reply: Reply,
}

/// The answers that are there already, and the file to which more are added.
#[derive(Debug)]
pub struct Journal {
    file: JournalFile,
    answers: HashMap<(String, Role), (String, Reply)>,
}

/// Names a request: 64 bits of FNV-1a over the endpoint and the body.
pub fn digest(endpoint: &Endpoint, body: &Value) -> String {
    let text = format!("{endpoint}\n{body}");
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

impl Journal {
    /// Opens or creates the journal and locks it.
    ///
    /// # Errors
    /// A file that cannot be opened, that another process has locked, or that is
    /// no journal (it is left as it is).
    pub fn open(path: &Path) -> io::Result<Journal> {
        let (file, entries) = JournalFile::open(path)?;
        let entries = entries.into_iter();
        let answers =
            entries.map(|entry: Entry| ((entry.id, entry.role), (entry.asked, entry.reply)));
        Ok(Journal {
            answers: answers.collect(),
            file,
        })
    }

    /// The answer to a request, if it is there.
    pub fn get(&self, id: &str, role: Role, asked: &str) -> Option<&Reply> {
        let (digest, reply) = self.answers.get(&(id.to_owned(), role))?;
        (digest == asked).then_some(reply)
    }

    /// How many answers it holds.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// Adds an answer; when this returns, it survives the end of the process.
    ///
    /// # Errors
    /// A full disk, for example.
    pub fn add(&mut self, id: &str, role: Role, asked: &str, reply: &Reply) -> io::Result<()> {
        let entry = Entry {
            id: id.to_owned(),
            role,
            asked: asked.to_owned(),
            reply: reply.clone(),
        };
        self.file.add(&entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::response::Measured;

    fn reply(text: &str) -> Reply {
        Reply {
            text: text.to_owned(),
            first_token: Some("\u{fffd}\n".to_owned()),
            uncertainties: Some(Measured {
                margin: 0.1 + 0.2,
                entropy: 1.0 / 3.0,
                perplexity: 5e-324,
                mass: 0.9,
            }),
            prompt_tokens: Some(3),
            answer_tokens: None,
            prefill_tokens: None,
            prefill_ms: Some(0.7),
            decode_ms_per_token: None,
        }
    }

    #[test]
    fn answers_come_back_to_the_last_bit_and_torn_lines_are_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j");
        let mut journal = Journal::open(&path).unwrap();
        assert!(journal.is_empty());
        journal.add("a", Role::Slm, "1", &reply("x")).unwrap();
        journal.add("a", Role::Llm, "2", &reply("y")).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut journal = Journal::open(&path).unwrap();
            let lines = whole[..cut].iter().filter(|b| **b == b'\n').count();
            assert_eq!(journal.len(), lines);
            if lines > 0 {
                assert_eq!(journal.get("a", Role::Slm, "1"), Some(&reply("x")));
                assert_eq!(journal.get("a", Role::Slm, "other"), None);
            }
            journal.add("b", Role::Slm, "3", &reply("z")).unwrap();
            drop(journal);
            let again = Journal::open(&path).unwrap();
            assert_eq!(again.get("b", Role::Slm, "3"), Some(&reply("z")));
            assert_eq!(again.len(), lines + 1);
        }
    }

    #[test]
    fn what_is_no_journal_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j");
        for text in ["my thesis", "my thesis\nsecond line\n", "{\"id\": 1}\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(Journal::open(&path).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn two_processes_do_not_share_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j");
        let _held = Journal::open(&path).unwrap();
        let error = Journal::open(&path).unwrap_err();
        assert!(error.to_string().contains("another process"), "{error}");
    }
}

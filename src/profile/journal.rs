//! Every answer, kept as soon as it is there.
//!
//! The journal is a file of JSON lines which only grows. A process that is killed
//! leaves at worst one unfinished line, which is cut off when the journal is
//! opened again.

use super::response::Reply;
use super::{Endpoint, Role};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

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
    file: File,
    answers: HashMap<(String, Role), (String, Reply)>,
}

/// A child process that is just being started shares its parent's locks for a
/// moment, so that one refusal does not mean a second writer.
fn lock(file: &File) -> io::Result<()> {
    for _ in 0..20 {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(25)),
        }
    }
    Err(io::Error::other("another process is writing to it"))
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
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        lock(&file)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let mut answers = HashMap::new();
        let lines = bytes[..whole].split(|b| *b == b'\n');
        for (number, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
            let entry: Entry = serde_json::from_slice(line).map_err(|e| {
                let message = format!("line {} is no entry of a journal: {e}", number + 1);
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?;
            answers.insert((entry.id, entry.role), (entry.asked, entry.reply));
        }
        if whole < bytes.len() && whole == 0 && bytes[0] != b'{' {
            let message = "it is no journal";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::Start(whole as u64))?;
        Ok(Journal { file, answers })
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
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        // One write: a kill cannot fall between a line and its end.
        self.file.write_all(&line)
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

//! Questions with known answers, from files.

use super::question::Question;
use super::{babi, json_lines};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A file of questions that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionError {
    /// The file.
    pub path: PathBuf,
    /// Line from 1, where the fault has one.
    pub line: Option<usize>,
    /// What was found, and what is allowed.
    pub message: String,
}

impl fmt::Display for QuestionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for QuestionError {}

/// Reads one file: JSON lines if its name ends in `.jsonl`, `.ndjson` or `.json`
/// or its first character is `{`, bAbI's own format otherwise.
///
/// # Errors
/// An unreadable file, or the first line that is not understood.
pub fn read(path: &Path) -> Result<Vec<Question>, QuestionError> {
    let fail = |line: Option<usize>, message: String| QuestionError {
        path: path.to_owned(),
        line,
        message,
    };
    let bytes = std::fs::read(path).map_err(|e| fail(None, format!("cannot be read: {e}")))?;
    parse(&bytes, path)
}

/// Reads what a file of that name holds.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], path: &Path) -> Result<Vec<Question>, QuestionError> {
    let fail = |line: Option<usize>, message: String| QuestionError {
        path: path.to_owned(),
        line,
        message,
    };
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let before = &bytes[..e.valid_up_to()];
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        fail(Some(line), "found bytes that are not UTF-8 text".to_owned())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let is_json = ["jsonl", "ndjson", "json"].contains(&&*extension.to_lowercase())
        || text.trim_start().starts_with('{');
    let questions = if is_json {
        json_lines::parse(text, &name)
    } else {
        babi::parse(text, &name)
    };
    let questions = questions.map_err(|(line, message)| fail(Some(line), message))?;
    if questions.is_empty() {
        return Err(fail(None, "found no question".to_owned()));
    }
    Ok(questions)
}

/// Reads several files, of each at most the first `limit` questions.
///
/// # Errors
/// As [`read`]; and an id that occurs twice.
pub fn read_all(paths: &[PathBuf], limit: Option<usize>) -> Result<Vec<Question>, QuestionError> {
    let mut all: Vec<Question> = Vec::new();
    let mut seen: HashMap<String, PathBuf> = HashMap::new();
    for path in paths {
        let mut questions = read(path)?;
        questions.truncate(limit.unwrap_or(usize::MAX));
        for question in &questions {
            if let Some(earlier) = seen.insert(question.id.clone(), path.clone()) {
                return Err(QuestionError {
                    path: path.clone(),
                    line: None,
                    message: format!(
                        "the id `{}` occurs twice (first in {}); every question needs its own",
                        question.id,
                        earlier.display()
                    ),
                });
            }
        }
        all.append(&mut questions);
    }
    Ok(all)
}

//! The table that is written.

use super::question::Question;
use super::response::Reply;
use std::io;
use std::path::Path;

/// A question to which both models have answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The question.
    pub question: &'a Question,
    /// The small model's answer, with its uncertainty.
    pub slm: Reply,
    /// Whether it is right.
    pub slm_correct: bool,
    /// The large model's answer.
    pub llm: Reply,
    /// Whether it is right.
    pub llm_correct: bool,
}

const COLUMNS: [&str; 20] = [
    "id",
    "task",
    "margin",
    "entropy",
    "perplexity",
    "slm_correct",
    "llm_correct",
    "top_k_mass",
    "slm_prompt_tokens",
    "slm_answer_tokens",
    "slm_prefill_tokens",
    "slm_prefill_ms",
    "slm_decode_ms_per_token",
    "llm_prompt_tokens",
    "llm_answer_tokens",
    "llm_prefill_tokens",
    "llm_prefill_ms",
    "llm_decode_ms_per_token",
    "first_token",
    "slm_reply",
];

fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Text on one line.
pub(super) fn line(text: &str) -> String {
    text.chars()
        .flat_map(|c| match c {
            '\\' => vec!['\\', '\\'],
            c if c.is_control() => c.escape_default().collect(),
            c => vec![c],
        })
        .collect()
}

fn row(record: &Record<'_>) -> Vec<String> {
    let mut row = vec![line(&record.question.id), line(&record.question.task)];
    let u = record.slm.uncertainties;
    row.push(cell(u.map(|u| u.margin)));
    row.push(cell(u.map(|u| u.entropy)));
    row.push(cell(u.map(|u| u.perplexity)));
    row.push(u8::from(record.slm_correct).to_string());
    row.push(u8::from(record.llm_correct).to_string());
    row.push(cell(u.map(|u| u.mass)));
    for reply in [&record.slm, &record.llm] {
        row.push(cell(reply.prompt_tokens));
        row.push(cell(reply.answer_tokens));
        row.push(cell(reply.prefill_tokens));
        row.push(cell(reply.prefill_ms));
        row.push(cell(reply.decode_ms_per_token));
    }
    row.push(line(record.slm.first_token.as_deref().unwrap_or_default()));
    row.push(line(&record.slm.text));
    row.push(line(&record.llm.text));
    row
}

/// The table as text: comment lines that say where it comes from, a header, one
/// row per question.
///
/// # Errors
/// None in practice: the text is built in memory.
pub fn table(provenance: &[String], records: &[Record<'_>]) -> io::Result<String> {
    let mut text = String::new();
    for comment in provenance {
        text += &format!("# {}\n", line(comment));
    }
    let mut writer = csv::WriterBuilder::new()
        // Quotes a field that would be read as a comment.
        .comment(Some(b'#'))
        .from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().chain(["llm_reply"].iter()))?;
    for record in records {
        writer.write_record(row(record))?;
    }
    let bytes = writer.into_inner().map_err(|e| e.into_error())?;
    text += &String::from_utf8(bytes).map_err(io::Error::other)?;
    Ok(text)
}

/// Puts `text` in place of the file in one step: whoever looks sees the old file
/// or the new one, never a part.
///
/// # Errors
/// A folder that cannot be written to, a full disk.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary file is readable by its owner only; a result is not secret.
        let mode = std::fs::metadata(path).map_or(0o644, |m| m.permissions().mode() & 0o777);
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::question::{AnswerKind, Prompt};
    use crate::profile::response::Measured;
    use crate::uncertainty::{Metric, Table};

    #[test]
    fn what_is_written_is_read_whatever_the_texts() {
        let reply = |text: &str, measured| Reply {
            text: text.to_owned(),
            first_token: Some("\n\"".to_owned()),
            uncertainties: measured,
            prompt_tokens: Some(12),
            answer_tokens: None,
            prefill_tokens: None,
            prefill_ms: Some(1.25),
            decode_ms_per_token: None,
        };
        let question = Question {
            id: "#1, \"odd\"\nid".to_owned(),
            task: "t".to_owned(),
            prompt: Prompt::Text(String::new()),
            answers: vec![],
            kind: AnswerKind::Words,
        };
        let measured = Measured {
            margin: 0.1 + 0.2,
            entropy: 0.5,
            perplexity: 1e-9,
            mass: 0.75,
        };
        let record = Record {
            question: &question,
            slm: reply("a, \"b\"\r\nc", Some(measured)),
            slm_correct: true,
            llm: reply("", None),
            llm_correct: false,
        };
        let provenance = ["one\nline".to_owned()];
        let text = table(&provenance, &[record.clone(), record]).unwrap();
        assert_eq!(text.lines().count(), 4, "{text}");
        let Table::Records(records) = Table::parse(&text).unwrap() else {
            panic!("records expected");
        };
        assert_eq!(records.len(), 2);
        assert_eq!(records.uncertainty(Metric::Margin), [0.1 + 0.2; 2]);
        assert_eq!(records.uncertainty(Metric::Perplexity), [1e-9; 2]);
        assert_eq!(
            (records.slm_correct[0], records.llm_correct[0]),
            (true, false)
        );
    }
}

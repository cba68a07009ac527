//! The text format of the bAbI tasks (Weston et al. 2015, arXiv 1502.05698).
//!
//! A line is a number and a statement, or a number and a question, its answer and
//! the numbers of the supporting statements, the three parted by tabs (some copies
//! use `|`). Numbers begin anew with every story.

use super::question::{AnswerKind, Prompt, Question};

/// The questions of a file, or the line of the first fault and what it is. The
/// name of a file without its ending names the task.
pub(super) fn parse(text: &str, name: &str) -> Result<Vec<Question>, (usize, String)> {
    let task = ["_test", "_train", "_valid"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    let mut questions: Vec<Question> = Vec::new();
    let mut story: Vec<&str> = Vec::new();
    let mut last = 0u32;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.trim().is_empty() {
            continue;
        }
        let fault = |message: String| (index + 1, message);
        let Some((number, rest)) = line.trim_start().split_once(' ') else {
            let message = format!("found `{line}`, allowed: a number, a space and a statement");
            return Err(fault(message));
        };
        let number: u32 = number.parse().map_err(|_| {
            fault(format!(
                "found `{number}` at the start, allowed: the number of the line in its story"
            ))
        })?;
        if number <= last {
            story.clear();
        }
        last = number;
        let separator = if rest.contains('\t') { '\t' } else { '|' };
        let mut parts = rest.split(separator).map(str::trim);
        let first = parts.next().unwrap_or_default();
        match parts.next() {
            None => story.push(first),
            Some("") => {
                return Err(fault("found a question without an answer".to_owned()));
            }
            Some(answer) => questions.push(Question {
                id: format!("{name}:{}", index + 1),
                task: task.to_owned(),
                prompt: Prompt::Story {
                    story: story.join("\n"),
                    question: first.to_owned(),
                },
                answers: vec![answer.to_owned()],
                kind: AnswerKind::Words,
            }),
        }
    }
    let kind = kind(&questions);
    for question in &mut questions {
        question.kind = kind;
    }
    Ok(questions)
}

/// A task in which any answer is a list is a task of lists: there, `milk` is only
/// right if nothing else is named. Lists of directions are paths, whose order
/// counts.
fn kind(questions: &[Question]) -> AnswerKind {
    let answers = || questions.iter().map(|q| q.answers[0].as_str());
    if !answers().any(|answer| answer.contains(',')) {
        return AnswerKind::Words;
    }
    let direction = |item: &str| ["n", "s", "e", "w"].contains(&item.trim());
    if answers().all(|answer| answer.split(',').all(direction)) {
        AnswerKind::Sequence
    } else {
        AnswerKind::Set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(question: &Question) -> (&str, &str) {
        match &question.prompt {
            Prompt::Story { story, question } => (story, question),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn stories_questions_and_both_separators() {
        for separator in ["\t", "|"] {
            let text = format!(
                "1 Ann went out.\n2 Bob sat down.\n3 Where is Ann? {separator}garden{separator}1\n\
                 4 Ann came in.\n5 Where is Ann?{separator}hall{separator}1 4\n\
                 1 Bob is tired.\n2 Why did Bob sleep? {separator}tired{separator}1\n"
            );
            let questions = parse(&text, "qa1_x_test").unwrap();
            assert_eq!(questions.len(), 3);
            assert_eq!(
                story(&questions[0]),
                ("Ann went out.\nBob sat down.", "Where is Ann?")
            );
            assert_eq!(
                story(&questions[1]).0,
                "Ann went out.\nBob sat down.\nAnn came in."
            );
            assert_eq!(story(&questions[2]).0, "Bob is tired.");
            assert_eq!(questions[1].answers, ["hall"]);
            assert_eq!(questions[1].id, "qa1_x_test:5");
            assert_eq!(questions[1].task, "qa1_x");
            assert_eq!(questions[1].kind, AnswerKind::Words);
        }
    }

    #[test]
    fn lists_are_sets_and_directions_are_paths() {
        let lists = "1 A.\n2 What?\tmilk\t1\n3 What?\tmilk,ball\t1\n4 What?\tnothing\t1\n";
        assert!(
            parse(lists, "qa8")
                .unwrap()
                .iter()
                .all(|q| q.kind == AnswerKind::Set)
        );
        let paths = "1 A.\n2 How?\ts,e\t1\n1 B.\n2 How?\tn,n\t1\n";
        assert!(
            parse(paths, "qa19")
                .unwrap()
                .iter()
                .all(|q| q.kind == AnswerKind::Sequence)
        );
    }

    #[test]
    fn faults_have_their_line() {
        assert_eq!(parse("1 A.\nx B.\n", "q").unwrap_err().0, 2);
        assert_eq!(parse("1 A.\n\nhello\n", "q").unwrap_err().0, 3);
        assert_eq!(parse("1 Where? \t\t1\n", "q").unwrap_err().0, 1);
    }
}

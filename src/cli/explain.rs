//! `edgelm explain`: what a field of a scenario means.

use super::{Failure, print};
use crate::fault::nearest;
use crate::scenario::Diagnostic;
use crate::scenario::explanation::{self, Explanation, Presence};
use std::fmt::Write;

/// Explain a field of a scenario: its meaning, unit, default and what is allowed
///
/// By its path (users.tx_power_mw), by the end of it (tx_power_mw), or by a kind of value
/// (Rician, Goa). Without a field, lists all of them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The field
    #[arg(conflicts_with = "markdown")]
    field: Option<String>,
    /// Print all fields as a page in Markdown
    #[arg(long)]
    markdown: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let all = explanation::all();
    if args.markdown {
        return print(&markdown(&all));
    }
    let Some(wanted) = &args.field else {
        return print(&list(all.iter()));
    };
    let found = explanation::find(&all, wanted);
    if found.is_empty() {
        return Err(unknown(&all, wanted));
    }
    let pages: Vec<String> = found.iter().map(|field| page(&all, field)).collect();
    print(&pages.join("\n"))
}

/// A field's page.
fn page(all: &[Explanation], field: &Explanation) -> String {
    let mut page = format!("{}\n", field.path);
    for line in &field.meaning {
        let _ = writeln!(page, "    {line}");
    }
    if let Some(value) = &field.value {
        let _ = writeln!(page, "\n    {}: {value}", kind(field.presence));
    }
    let inside = explanation::inside(all, &field.path);
    if !inside.is_empty() {
        let _ = write!(page, "\n{}", list(inside.into_iter()));
    }
    page
}

/// What the value of a field is.
fn kind(presence: Presence) -> &'static str {
    match presence {
        Presence::Default => "Default",
        Presence::Absent => "Absent by default; for example",
        Presence::Chosen => "In fig3",
    }
}

/// All fields as a page of the manual.
fn markdown(fields: &[Explanation]) -> String {
    let mut page = "# The fields of a scenario\n\n`edgelm explain FIELD` says the same of one. \
        `scenarios/fig3.ron` has all of them; a field may be\nleft out unless it says otherwise, \
        and unknown fields are errors.\n"
        .to_owned();
    for field in fields {
        let _ = write!(page, "\n## {}\n\n", field.path);
        for line in &field.meaning {
            let _ = writeln!(page, "{}", line.trim_start());
        }
        if let Some(value) = &field.value {
            let _ = write!(page, "\n{}: `{value}`\n", kind(field.presence));
        }
    }
    page
}

/// A line a field.
fn list<'e>(fields: impl Iterator<Item = &'e Explanation> + Clone) -> String {
    let widest = fields.clone().map(|field| field.path.len()).max();
    let width = widest.unwrap_or(0);
    let mut text = String::new();
    for field in fields {
        let line = format!("{:width$}  {}", field.path, beginning(&field.meaning));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// As much of a meaning as fits a line: its first sentence, or the first words.
fn beginning(meaning: &[String]) -> String {
    const MOST: usize = 80;
    let all = meaning.join(" ");
    let sentence = all
        .split_inclusive(". ")
        .next()
        .unwrap_or_default()
        .trim_end();
    if sentence.chars().count() <= MOST {
        return sentence.to_owned();
    }
    let mut line = String::new();
    for word in sentence.split(' ') {
        if line.chars().count() + word.chars().count() >= MOST {
            break;
        }
        line.push_str(word);
        line.push(' ');
    }
    format!("{}...", line.trim_end())
}

fn unknown(all: &[Explanation], wanted: &str) -> Failure {
    let paths = || all.iter().map(|field| &*field.path);
    let last = |path: &'_ str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let names: Vec<String> = paths().map(last).collect();
    let candidates = paths().chain(names.iter().map(String::as_str));
    let help = match nearest(wanted, candidates) {
        Some(near) => format!("did you mean `{near}`? `edgelm explain` lists all fields"),
        None => "`edgelm explain` lists all fields".to_owned(),
    };
    Diagnostic::new(format!("no field of a scenario is called {wanted}"))
        .help(help)
        .into()
}

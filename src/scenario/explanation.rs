//! What the fields of a scenario mean, from the scenario that edgelm carries as the
//! reference of all: `fig3`, whose comments say so above each.

use super::carried;
use super::syntax::{Kind, Node, parse};
use std::ops::Range;
use std::path::Path;

/// The scenario that has every field.
const REFERENCE: &str = "fig3";

/// A field of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Its path, such as `users.tx_power_mw`.
    pub path: String,
    /// What it means, its unit and what is allowed, in lines.
    pub meaning: Vec<String>,
    /// The value in the reference, as written there, where the field holds no others.
    pub value: Option<String>,
    /// What that value is.
    pub presence: Presence,
}

/// What the value of a field in the reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Its default.
    Default,
    /// An example: the field is absent by default.
    Absent,
    /// What this scenario has chosen.
    Chosen,
}

/// What the reference chooses for itself.
const CHOSEN: [&str; 5] = [
    "title",
    "users.count",
    "policies",
    "sweep.field",
    "sweep.values",
];

/// Every field of a scenario, in the order of the reference.
pub fn all() -> Vec<Explanation> {
    let reference = carried::find(Path::new(REFERENCE));
    let text = reference.map_or("", |carried| carried.text);
    let (fields, absent) = with_all_fields(text);
    let mut all = Vec::new();
    if let Some(root) = parse(&fields) {
        let page = Page {
            text: &fields,
            absent: &absent,
        };
        page.add(&root, "", &mut all);
    }
    all
}

/// The fields that are meant by a path, by its end, or by the kind of value that their
/// comments name, such as `users.tx_power_mw`, `tx_power_mw` and `Rician`; the first is the
/// field itself where the path is a whole one.
pub fn find<'e>(all: &'e [Explanation], wanted: &str) -> Vec<&'e Explanation> {
    let of = |is_meant: &dyn Fn(&Explanation) -> bool| -> Vec<&'e Explanation> {
        all.iter().filter(|field| is_meant(field)).collect()
    };
    let exactly = of(&|field| field.path == wanted);
    if !exactly.is_empty() {
        return exactly;
    }
    let ending = format!(".{wanted}");
    let by_end = of(&|field| field.path.ends_with(&ending));
    if !by_end.is_empty() {
        return by_end;
    }
    let is_kind = wanted.starts_with(|c: char| c.is_ascii_uppercase());
    of(&|field| is_kind && field.meaning.iter().any(|line| has_word(line, wanted)))
}

/// The fields right inside a field.
pub fn inside<'e>(all: &'e [Explanation], path: &str) -> Vec<&'e Explanation> {
    let prefix = format!("{path}.");
    let is_inside = |field: &&Explanation| {
        let behind = field.path.strip_prefix(&prefix);
        behind.is_some_and(|behind| !behind.contains('.'))
    };
    all.iter().filter(is_inside).collect()
}

fn has_word(line: &str, word: &str) -> bool {
    let is_end = |c: char| !(c.is_alphanumeric() || c == '_');
    line.split(is_end).any(|other| other == word)
}

/// The reference with its commented-out fields as fields, and the lines of those.
fn with_all_fields(text: &str) -> (String, Vec<bool>) {
    let mut absent = Vec::new();
    let mut fields = String::with_capacity(text.len());
    for line in text.lines() {
        let behind = line.trim_start().strip_prefix("//");
        // Behind `//` without a space, and what is deeper inside.
        let field = behind.filter(|behind| {
            !behind.is_empty() && (!behind.starts_with(' ') || behind.starts_with("    "))
        });
        absent.push(field.is_some());
        let indent = &line[..line.len() - line.trim_start().len()];
        match field {
            Some(field) => fields.extend([indent, field]),
            None => fields.push_str(line),
        }
        fields.push('\n');
    }
    (fields, absent)
}

struct Page<'t> {
    text: &'t str,
    absent: &'t [bool],
}

impl Page<'_> {
    /// Adds the fields of a node and of those inside them.
    fn add(&self, node: &Node<'_>, path: &str, all: &mut Vec<Explanation>) {
        let Kind::Fields(fields) = &node.kind else {
            return;
        };
        for (name, place, value) in fields {
            let path = match path {
                "" => (*name).to_owned(),
                outer => format!("{outer}.{name}"),
            };
            let has_fields = matches!(value.kind, Kind::Fields(_)) && value.name.is_none();
            all.push(Explanation {
                meaning: self.comment_above(place),
                // `..` stands for what must be given.
                value: (!has_fields)
                    .then(|| self.plain(&value.span))
                    .filter(|value| value != ".."),
                presence: self.presence(&path, self.line_of(place.start)),
                path: path.clone(),
            });
            if has_fields {
                self.add(value, &path, all);
            }
        }
    }

    fn presence(&self, path: &str, line: usize) -> Presence {
        match self.absent[line] {
            true => Presence::Absent,
            false if CHOSEN.contains(&path) => Presence::Chosen,
            false => Presence::Default,
        }
    }

    fn line_of(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count()
    }

    /// The lines of the comment right above a field.
    fn comment_above(&self, place: &Range<usize>) -> Vec<String> {
        let before: Vec<&str> = self.text[..place.start].lines().collect();
        let above = before[..self.line_of(place.start)].iter().rev();
        let comment = above.map_while(|line| line.trim_start().strip_prefix("//"));
        let mut lines: Vec<String> = comment
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned())
            .collect();
        lines.reverse();
        lines
    }

    /// A value without comments, its lines as one.
    fn plain(&self, span: &Range<usize>) -> String {
        let lines = self.text[span.clone()].lines().map(|line| {
            let code = line.split("//").next().unwrap_or_default();
            code.trim()
        });
        let joined = lines.collect::<Vec<_>>().join(" ");
        joined.replace("[ ", "[").replace(", ]", "]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str) -> Explanation {
        let all = all();
        let found = find(&all, path);
        assert_eq!(found.len(), 1, "{path}");
        found[0].clone()
    }

    #[test]
    fn every_field_is_explained() {
        let all = all();
        assert!(all.len() > 80, "{}", all.len());
        let silent = all.iter().filter(|field| field.meaning.is_empty());
        let silent: Vec<&str> = silent.map(|field| &*field.path).collect();
        assert!(silent.is_empty(), "without a comment: {silent:?}");
    }

    #[test]
    fn a_field_is_found_by_its_path_by_its_end_and_by_a_kind_of_value() {
        let power = one("users.tx_power_mw");
        assert_eq!(power.value.as_deref(), Some("200"));
        assert_eq!(power.presence, Presence::Default);
        assert_eq!(power, one("tx_power_mw"));
        assert_eq!(one("users.throttling.after_s").presence, Presence::Absent);
        assert_eq!(one("users.count").presence, Presence::Chosen);
        assert_eq!(one("users.throttling.factor").value.as_deref(), Some("0.6"));
        assert_eq!(one("users").value, None);
        assert_eq!(find(&all(), "placement").len(), 2);
        assert_eq!(one("Rician").path, "channel.fading");
        assert_eq!(one("MinDelay").path, "policies");
        assert!(find(&all(), "power").is_empty());
        let all = all();
        let inside = inside(&all, "run");
        let names: Vec<&str> = inside.iter().map(|field| &*field.path).collect();
        assert_eq!(
            names,
            ["run.duration_s", "run.queries", "run.warm_up", "run.after"]
        );
    }
}

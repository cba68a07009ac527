//! Where things stand in a RON text: a syntax tree with the span of every value,
//! for pointing at a field in an error and for replacing it.
//!
//! The text is assumed to parse as RON (the `ron` crate has read it); what this
//! reader cannot follow it gives up on by returning `None`.

mod reader;

use reader::Reader;
use std::ops::Range;

/// A value and where it stands (byte offsets).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node<'t> {
    pub span: Range<usize>,
    /// The name before a parenthesis, or a bare identifier.
    pub name: Option<&'t str>,
    pub kind: Kind<'t>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'t> {
    /// A number, string, identifier or map: nothing inside is addressed.
    Scalar,
    /// Named fields in parentheses, each with the span of its name.
    Fields(Vec<(&'t str, Range<usize>, Node<'t>)>),
    /// A list in brackets, or values without names in parentheses.
    Items(Vec<Node<'t>>),
}

/// A step of a path: a field's name or an index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step<'p> {
    Field(&'p str),
    Index(usize),
}

/// Splits `users.capacity_gflops.high` or `policies[1].tau` into steps.
pub(super) fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        match name.parse() {
            Ok(index) => steps.push(Step::Index(index)),
            Err(_) if is_name(name) => steps.push(Step::Field(name)),
            Err(_) if name.is_empty() && steps.is_empty() && !rest.is_empty() => {}
            Err(_) => return None,
        }
        while let Some(inner) = rest.strip_prefix('[') {
            let (index, after) = inner.split_once(']')?;
            steps.push(Step::Index(index.parse().ok()?));
            rest = after;
        }
        if !rest.is_empty() {
            return None;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Reads a whole RON text.
pub(super) fn parse(text: &str) -> Option<Node<'_>> {
    Reader::new(text).document()
}

impl<'t> Node<'t> {
    /// The node at a path, or the deepest one on the way that exists, with the
    /// number of steps that led to it.
    pub fn descend(&self, steps: &[Step<'_>]) -> (&Node<'t>, usize) {
        let mut node = self;
        for (taken, step) in steps.iter().enumerate() {
            match node.child(*step) {
                Some(child) => node = child,
                None => return (node, taken),
            }
        }
        (node, steps.len())
    }

    /// Every node that a path names. A field that is asked of a list is asked of
    /// each element, at any depth inside it.
    pub fn find_all(&self, steps: &[Step<'_>]) -> Vec<&Node<'t>> {
        let Some((first, rest)) = steps.split_first() else {
            return vec![self];
        };
        if let Some(child) = self.child(*first) {
            return child.find_all(rest);
        }
        match (&self.kind, first) {
            (Kind::Items(items), Step::Field(_)) => items
                .iter()
                .flat_map(|item| item.find_anywhere(steps))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn find_anywhere(&self, steps: &[Step<'_>]) -> Vec<&Node<'t>> {
        let here = self.find_all(steps);
        if !here.is_empty() {
            return here;
        }
        self.children()
            .flat_map(|child| child.find_anywhere(steps))
            .collect()
    }

    fn child(&self, step: Step<'_>) -> Option<&Node<'t>> {
        match (&self.kind, step) {
            (Kind::Fields(fields), Step::Field(wanted)) => fields
                .iter()
                .find(|(name, ..)| *name == wanted)
                .map(|(.., node)| node),
            (Kind::Items(items), Step::Index(index)) => items.get(index),
            // The struct inside a newtype variant: `Table((share: ..))`.
            (Kind::Items(items), Step::Field(_)) if self.name.is_some() && items.len() == 1 => {
                items[0].child(step)
            }
            _ => None,
        }
    }

    fn children(&self) -> Box<dyn Iterator<Item = &Node<'t>> + '_> {
        match &self.kind {
            Kind::Scalar => Box::new(std::iter::empty()),
            Kind::Fields(fields) => Box::new(fields.iter().map(|(.., node)| node)),
            Kind::Items(items) => Box::new(items.iter()),
        }
    }

    /// The innermost value around a byte of the text, and its path.
    pub fn innermost(&self, at: usize) -> Option<(String, &Node<'t>)> {
        let holds = |node: &Node<'_>| node.span.start <= at && at < node.span.end;
        let (mut node, mut path) = (self, String::new());
        loop {
            let step = match &node.kind {
                Kind::Scalar => None,
                Kind::Fields(fields) => fields
                    .iter()
                    .find(|(.., child)| holds(child))
                    .map(|(name, _, child)| (format!(".{name}"), child)),
                Kind::Items(items) => items
                    .iter()
                    .enumerate()
                    .find(|(_, child)| holds(child))
                    .map(|(index, child)| (format!("[{index}]"), child)),
            };
            let Some((name, child)) = step else {
                let path = path.trim_start_matches('.').to_owned();
                return (!path.is_empty()).then_some((path, node));
            };
            path += &name;
            node = child;
        }
    }

    /// The paths of all numbers below, for suggesting one.
    pub fn numeric_paths(&self, text: &str, prefix: &str, found: &mut Vec<String>) {
        match &self.kind {
            Kind::Scalar => {
                if text[self.span.clone()].parse::<f64>().is_ok() {
                    found.push(prefix.to_owned());
                }
            }
            Kind::Fields(fields) => {
                for (name, _, node) in fields {
                    let dot = if prefix.is_empty() { "" } else { "." };
                    node.numeric_paths(text, &format!("{prefix}{dot}{name}"), found);
                }
            }
            Kind::Items(items) if self.name.is_some() && items.len() == 1 => {
                items[0].numeric_paths(text, prefix, found);
            }
            Kind::Items(items) => {
                for (at, node) in items.iter().enumerate() {
                    node.numeric_paths(text, &format!("{prefix}[{at}]"), found);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"#![enable(implicit_some)]
// A study (with, brackets]
Scenario(
    title: "a \"quoted\" ) title",
    raw: r#"a " b"#,
    users: (count: 30, /* nested /* comment */ : */ capacity_gflops: Uniform(low: 1.0, high: 2.0)),
    policies: [EdgeAll, Goa(tau: 0.6), Random(like: Goa(tau: 0.5))],
    bits: Fixed(1300),
    map: { "a": 1, 'b': (2, 3) },
)"##;

    fn found(path: &str) -> Vec<&'static str> {
        let tree = parse(TEXT).unwrap();
        tree.find_all(&steps(path).unwrap())
            .iter()
            .map(|node| &TEXT[node.span.clone()])
            .collect()
    }

    #[test]
    fn values_are_found_by_their_paths() {
        assert_eq!(found("users.count"), ["30"]);
        assert_eq!(found("users.capacity_gflops.high"), ["2.0"]);
        assert_eq!(found("policies[1].tau"), ["0.6"]);
        assert_eq!(found("policies.tau"), ["0.6", "0.5"]);
        assert_eq!(found("bits"), ["Fixed(1300)"]);
        assert_eq!(found("bits[0]"), ["1300"]);
        assert_eq!(found("raw"), ["r#\"a \" b\"#"]);
        assert!(found("users.cuont").is_empty());
    }

    #[test]
    fn numbers_are_listed_for_suggestions() {
        let mut paths = Vec::new();
        parse(TEXT).unwrap().numeric_paths(TEXT, "", &mut paths);
        assert_eq!(
            paths,
            [
                "users.count",
                "users.capacity_gflops.low",
                "users.capacity_gflops.high",
                "policies[1].tau",
                "policies[2].like.tau",
                "bits"
            ]
        );
    }

    #[test]
    fn characters_of_any_length_are_passed_over() {
        for character in ["'é'", "'\\''", "'\\u{e9}'", "'x'"] {
            let text = format!("(a: {character}, b: 7)");
            let tree = parse(&text).expect(character);
            let found = tree.find_all(&steps("b").unwrap());
            assert_eq!(&text[found[0].span.clone()], "7", "{character}");
        }
        for cut in ["(a: '", "(a: 'é", "(a: '\\", "(a: '\\é", "'"] {
            assert_eq!(parse(cut), None, "{cut}");
        }
    }

    #[test]
    fn what_stands_too_deep_is_not_followed() {
        for open in ["(", "[", "{", "(a:", "A("] {
            assert_eq!(parse(&open.repeat(100_000)), None, "{open}");
        }
        let nested = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(parse(&nested).is_some());
    }

    #[test]
    fn malformed_paths_have_no_steps() {
        for path in ["", ".", "a..b", "a[", "a[x]", "a]"] {
            assert_eq!(steps(path), None, "{path}");
        }
    }
}

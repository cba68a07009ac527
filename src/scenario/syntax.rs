//! Where things stand in a RON text: a syntax tree with the span of every value,
//! for pointing at a field in an error and for replacing it.
//!
//! The text is assumed to parse as RON (the `ron` crate has read it); what this
//! reader cannot follow it gives up on by returning `None`.

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
    let mut reader = Reader { text, at: 0 };
    reader.skip_blank();
    while reader.rest().starts_with("#!") {
        reader.at += reader.rest().find(']')? + 1;
        reader.skip_blank();
    }
    reader.value()
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

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blank(&mut self) {
        loop {
            let trimmed = self.rest().trim_start();
            self.at = self.text.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                self.skip_block_comment();
            } else {
                return;
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0;
        while !self.rest().is_empty() {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_blank();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn identifier(&mut self) -> Option<(&'t str, Range<usize>)> {
        self.skip_blank();
        let rest = self.rest();
        let raw = if rest.starts_with("r#") && !rest.starts_with("r#\"") {
            2
        } else {
            0
        };
        let body = &rest[raw..];
        let length = body
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(body.len());
        let first = body.chars().next()?;
        if length == 0 || !(first.is_alphabetic() || first == '_') {
            return None;
        }
        let span = self.at..self.at + raw + length;
        self.at = span.end;
        Some((&body[..length], span))
    }

    fn value(&mut self) -> Option<Node<'t>> {
        self.skip_blank();
        let start = self.at;
        let rest = self.rest();
        let kind = if let Some(after) = rest.strip_prefix('"') {
            self.at += 1 + string_length(after)?;
            return Some(self.scalar(start, None));
        } else if rest.starts_with("r\"")
            || rest.starts_with("r#") && rest[1..].trim_start_matches('#').starts_with('"')
        {
            let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
            let close = format!("\"{}", "#".repeat(hashes));
            let open = 2 + hashes;
            self.at += open + rest[open..].find(&close)? + close.len();
            return Some(self.scalar(start, None));
        } else if let Some(after) = rest.strip_prefix('\'') {
            let body = if after.starts_with('\\') { 3 } else { 2 };
            self.at += body + rest[body..].find('\'')? + 1;
            return Some(self.scalar(start, None));
        } else if rest.starts_with('[') {
            self.at += 1;
            return self.items(start, None, ']');
        } else if rest.starts_with('{') {
            self.at += 1;
            self.map()?;
            return Some(self.scalar(start, None));
        } else if rest.starts_with('(') {
            self.at += 1;
            return self.parenthesised(start, None);
        } else if let Some((name, _)) = self.identifier() {
            let after_name = self.at;
            if self.take('(') {
                return self.parenthesised(start, Some(name));
            }
            self.at = after_name;
            Some(name)
        } else {
            let length = rest
                .find(|c: char| matches!(c, ',' | ')' | ']' | '}' | ':' | '/') || c.is_whitespace())
                .unwrap_or(rest.len());
            if length == 0 {
                return None;
            }
            self.at += length;
            None
        };
        Some(self.scalar(start, kind))
    }

    fn scalar(&self, start: usize, name: Option<&'t str>) -> Node<'t> {
        Node {
            span: start..self.at,
            name,
            kind: Kind::Scalar,
        }
    }

    fn parenthesised(&mut self, start: usize, name: Option<&'t str>) -> Option<Node<'t>> {
        let inside = self.at;
        let named = self.identifier().is_some() && self.take(':');
        self.at = inside;
        if !named {
            return self.items(start, name, ')');
        }
        let mut fields = Vec::new();
        while !self.take(')') {
            let (field, span) = self.identifier()?;
            if !self.take(':') {
                return None;
            }
            fields.push((field, span, self.value()?));
            if !self.take(',') && !self.rest().starts_with(')') {
                return None;
            }
        }
        Some(Node {
            span: start..self.at,
            name,
            kind: Kind::Fields(fields),
        })
    }

    fn items(&mut self, start: usize, name: Option<&'t str>, close: char) -> Option<Node<'t>> {
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(self.value()?);
            if !self.take(',') && !self.rest().starts_with(close) {
                return None;
            }
        }
        Some(Node {
            span: start..self.at,
            name,
            kind: Kind::Items(items),
        })
    }

    fn map(&mut self) -> Option<()> {
        while !self.take('}') {
            self.value()?;
            if !self.take(':') {
                return None;
            }
            self.value()?;
            if !self.take(',') && !self.rest().starts_with('}') {
                return None;
            }
        }
        Some(())
    }
}

/// The length of a string's body and closing quote, given what follows its opening quote.
fn string_length(body: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
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
    fn malformed_paths_have_no_steps() {
        for path in ["", ".", "a..b", "a[", "a[x]", "a]"] {
            assert_eq!(steps(path), None, "{path}");
        }
    }
}

//! Reads RON into a tree of places. What it cannot follow it gives up on.

use super::{Kind, Node};
use std::ops::Range;

/// How deep values may stand inside each other: as deep as the `ron` crate reads.
const DEEPEST: usize = 128;

pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Values around the one that is read.
    depth: usize,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// The value of the whole text, behind its attributes.
    pub fn document(&mut self) -> Option<Node<'t>> {
        self.skip_blank();
        while self.rest().starts_with("#!") {
            self.at += self.rest().find(']')? + 1;
            self.skip_blank();
        }
        self.value()
    }

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
        if self.depth > DEEPEST {
            return None;
        }
        self.depth += 1;
        let value = self.value_inside();
        self.depth -= 1;
        value
    }

    fn value_inside(&mut self) -> Option<Node<'t>> {
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
            self.at += 1 + character_length(after)?;
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

/// The same of a character's body, which may be a quote itself where it is escaped.
fn character_length(body: &str) -> Option<usize> {
    let mut letters = body.char_indices();
    let (_, first) = letters.next()?;
    if first == '\\' {
        letters.next()?;
    }
    letters.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
}

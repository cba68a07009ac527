//! Fields set from outside the scenario file: `--set`, and the values of a sweep.

use super::Scenario;
use super::diagnostic::Diagnostic;
use super::syntax::{self, Kind, Node, Step};
use super::wording::{message_about, suggestion, written_now};
use crate::fault::nearest;
use ron::error::Error as RonError;
use std::ops::Range;

/// A field set from outside the scenario file.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The field's path, as in [`SweptField::field`](super::SweptField::field).
    pub field: String,
    /// Its value, in RON.
    pub value: String,
    /// Who says so: the command line's option, or the field of the sweep.
    pub source: String,
}

impl Override {
    /// A field set by `--set`, or by a caller who means the same.
    pub fn set(field: &str, value: &str) -> Self {
        Self {
            field: field.to_owned(),
            value: value.to_owned(),
            source: format!("--set {field}={value}"),
        }
    }
}

/// Sets one field, by writing the scenario out and reading it back with the
/// field's text replaced: what RON accepts in a file it accepts here.
pub(super) fn apply(scenario: &Scenario, one: &Override) -> Result<Scenario, Diagnostic> {
    let text = scenario.to_ron();
    let Some(tree) = syntax::parse(&text) else {
        unreachable!("what RON wrote can be read");
    };
    let steps = syntax::steps(&one.field)
        .ok_or_else(|| Diagnostic::new(format!("`{}` is not a field's path", one.field)))?;
    let mut edits: Vec<(Range<usize>, String)> = tree
        .find_all(&steps)
        .into_iter()
        .map(|node| (target(node, &one.value), one.value.clone()))
        .collect();
    if edits.is_empty() {
        let added = addition(&tree, &steps, &one.value)
            .ok_or_else(|| no_such_field(&text, &tree, &one.field))?;
        edits.push(added);
    }
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut changed = text.clone();
    for (span, value) in edits {
        changed.replace_range(span, &value);
    }
    Scenario::from_ron(&changed).map_err(|error| match &error.code {
        // The path itself, not a name inside the value.
        RonError::NoSuchStructField { found, .. } if steps.contains(&Step::Field(found)) => {
            let diagnostic = no_such_field(&text, &tree, &one.field);
            match (written_now(&error.code), suggestion(&error.code)) {
                (Some(help), _) => diagnostic.help(help),
                (None, Some(help)) if diagnostic.help.is_none() => diagnostic.help(help),
                (None, _) => diagnostic,
            }
        }
        code => {
            let diagnostic = Diagnostic::new(format!(
                "{}: {} cannot be its value: {}",
                one.field,
                one.value,
                message_about(code, &one.value)
            ));
            match suggestion(code) {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        }
    })
}

/// A field that is not written out because it is at its default is added to the
/// innermost struct on its way; RON then says whether there is such a field.
fn addition(tree: &Node<'_>, steps: &[Step<'_>], value: &str) -> Option<(Range<usize>, String)> {
    let (parent, taken) = tree.descend(steps);
    let Kind::Fields(fields) = &parent.kind else {
        return None;
    };
    let mut text = value.to_owned();
    for (at, step) in steps[taken..].iter().enumerate().rev() {
        let Step::Field(name) = step else {
            return None;
        };
        text = if at == 0 {
            format!("{name}: {text}, ")
        } else {
            format!("({name}: {text})")
        };
    }
    let first = fields.first().map(|(_, span, _)| span.start)?;
    Some((first..first, text))
}

/// What a new value replaces: the number inside `Fixed(1300)` where a bare number
/// is given, otherwise all of it.
fn target(node: &Node<'_>, value: &str) -> Range<usize> {
    match &node.kind {
        Kind::Items(items)
            if node.name.is_some() && items.len() == 1 && value.parse::<f64>().is_ok() =>
        {
            items[0].span.clone()
        }
        _ => node.span.clone(),
    }
}

fn no_such_field(text: &str, tree: &Node<'_>, field: &str) -> Diagnostic {
    let mut numeric = Vec::new();
    tree.numeric_paths(text, "", &mut numeric);
    let diagnostic = Diagnostic::new(format!("there is no field `{field}`"));
    match nearest(field, numeric.iter().map(String::as_str)) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => diagnostic,
    }
}

/// Whether an override of one path decides the value at another.
pub(super) fn same_field(overridden: &str, field: &str) -> bool {
    let (Some(a), Some(b)) = (syntax::steps(overridden), syntax::steps(field)) else {
        return false;
    };
    let names = |steps: Vec<Step<'_>>| -> Vec<String> {
        steps
            .into_iter()
            .filter_map(|step| match step {
                Step::Field(name) => Some(name.to_owned()),
                Step::Index(_) => None,
            })
            .collect()
    };
    let (a, b) = (names(a), names(b));
    a.starts_with(&b) || b.starts_with(&a) || (a.first() == b.first() && a.last() == b.last())
}

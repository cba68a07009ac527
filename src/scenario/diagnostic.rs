//! Errors in what a person wrote, and doubts about it: where, what was found, what is
//! allowed, and the nearest valid name.

use super::text_place::character_at;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// One thing that is wrong with an input, or doubtful, ready to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// What is wrong, in one line that stands by itself.
    pub message: String,
    /// The field's path, such as `users.count`, where it is known.
    pub field: Option<String>,
    /// Where it stands, for inputs that are files.
    pub place: Option<Box<Place>>,
    /// What may be written instead.
    pub help: Option<String>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// The bytes in question.
    pub span: Range<usize>,
}

impl Place {
    /// Line and column of the span's beginning, both counted from 1.
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = &self.text[..self.in_the_text().start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

impl Place {
    /// The span, moved to whole characters of the text.
    fn in_the_text(&self) -> Range<usize> {
        let start = character_at(&self.text, self.span.start);
        let mut end = self.span.end.clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        start..end
    }
}

impl Diagnostic {
    /// An error that has no place in a file.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            field: None,
            place: None,
            help: None,
        }
    }

    /// The same with help.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same at a place.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    /// The text for a terminal: message, the line of the file with the place
    /// marked, help.
    pub fn render(&self, colour: bool) -> String {
        self.render_as(Level::ERROR, colour)
    }

    /// The same of what is allowed, but doubtful.
    pub fn render_warning(&self, colour: bool) -> String {
        self.render_as(Level::WARNING, colour)
    }

    fn render_as(&self, level: Level<'static>, colour: bool) -> String {
        let title = level.primary_title(&*self.message);
        let mut group = match &self.place {
            None => annotate_snippets::Group::with_title(title),
            Some(place) => title.element(
                Snippet::source(&*place.text)
                    .path(place.file.to_string_lossy().into_owned())
                    .annotation(
                        AnnotationKind::Primary
                            .span(place.in_the_text())
                            .label(self.field.as_deref()),
                    ),
            ),
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(&**help));
        }
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostic {}

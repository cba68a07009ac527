//! Text in the figures' font: how wide it is, and how it is cut or broken to fit.

use super::plot_error::PlotError;
use super::theme::DOTS_PER_PT;
use ab_glyph::{Font, FontRef, GlyphId, PxScale, PxScaleFont, ScaleFont};

const FONT: &[u8] = include_bytes!("font/DejaVuSans.ttf");

/// The font's name.
pub(super) const FAMILY: &str = "DejaVu Sans";

/// Measures text in the figures' font.
pub(super) struct TextMeasure {
    font: FontRef<'static>,
}

impl TextMeasure {
    pub(super) fn new() -> Result<Self, PlotError> {
        Ok(Self {
            font: FontRef::try_from_slice(FONT)?,
        })
    }

    /// The width of a text, in points.
    pub(super) fn width(&self, text: &str, size_pt: f64) -> f64 {
        self.glyphs(text, size_pt).1 / DOTS_PER_PT
    }

    /// The text itself, or as much of its start and end as fits, with an ellipsis
    /// between: policies often differ in their last parameter.
    pub(super) fn fit(&self, text: &str, size_pt: f64, width_pt: f64) -> String {
        if self.width(text, size_pt) <= width_pt {
            return text.to_owned();
        }
        let characters: Vec<char> = text.chars().collect();
        for kept in (0..characters.len()).rev() {
            let (start, end) = (kept.div_ceil(2), characters.len() - kept / 2);
            let (start, end) = (&characters[..start], &characters[end..]);
            let cut: String = start.iter().chain(&['…']).chain(end).collect();
            if self.width(&cut, size_pt) <= width_pt {
                return cut;
            }
        }
        String::new()
    }

    /// Lines of at most the given width, broken between words.
    pub(super) fn wrap(&self, text: &str, size_pt: f64, width_pt: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in phrases(text) {
            if let Some(last) = lines.last_mut() {
                let longer = format!("{last} {word}");
                if self.width(&longer, size_pt) <= width_pt {
                    *last = longer;
                    continue;
                }
            }
            lines.push(self.fit(&word, size_pt, width_pt));
        }
        lines
    }

    pub(super) fn scaled(&self, size_pt: f64) -> PxScaleFont<&FontRef<'static>> {
        let em = self.font.units_per_em().unwrap_or(2048.0);
        let height = self.font.height_unscaled() / em * (size_pt * DOTS_PER_PT) as f32;
        self.font.as_scaled(PxScale::from(height))
    }

    /// Glyphs with their offsets along the line, and the line's length, in dots.
    pub(super) fn glyphs(&self, text: &str, size_pt: f64) -> (Vec<(GlyphId, f64)>, f64) {
        let font = self.scaled(size_pt);
        let (mut at, mut previous) = (0.0, None);
        let mut glyphs = Vec::new();
        for c in text.chars() {
            let glyph = font.glyph_id(c);
            if let Some(previous) = previous {
                at += f64::from(font.kern(previous, glyph));
            }
            glyphs.push((glyph, at));
            at += f64::from(font.h_advance(glyph));
            previous = Some(glyph);
        }
        (glyphs, at)
    }
}

/// Words, those around an equals sign in one piece: "N = 120" stays on one line.
fn phrases(text: &str) -> Vec<String> {
    let mut phrases: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match phrases.last_mut() {
            Some(last) if word == "=" || last.ends_with('=') => {
                last.push(' ');
                last.push_str(word);
            }
            _ => phrases.push(word.to_owned()),
        }
    }
    phrases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_but_not_at_an_equals_sign() {
        let measure = TextMeasure::new().unwrap();
        let width = measure.width("Policies at N", 10.0);
        assert_eq!(
            measure.wrap("Policies at N = 120", 10.0, width),
            ["Policies at", "N = 120"]
        );
    }
}

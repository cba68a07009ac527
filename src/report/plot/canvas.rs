//! A drawing surface in points (1/72 inch), y downwards, that becomes a PNG.
//!
//! Everything is drawn larger than it is stored, and each stored dot is the mean
//! of the drawn ones: plotters fills shapes without smoothing their edges.

use super::theme::{DPI, Marker, Rgb, SUPERSAMPLING, WHITE};
use ab_glyph::{Font, FontRef, GlyphId, PxScale, PxScaleFont, ScaleFont, point};
use plotters::prelude::{BitMapBackend, Color, DrawingBackend, RGBAColor, RGBColor};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

const FONT: &[u8] = include_bytes!("font/DejaVuSans.ttf");

/// Drawn dots in a point.
const DOTS_PER_PT: f64 = (DPI * SUPERSAMPLING) as f64 / 72.0;

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The font that edgelm carries is damaged.
    #[error("the built-in font cannot be read: {0}")]
    Font(#[from] ab_glyph::InvalidFont),
    /// plotters could not draw.
    #[error("{0}")]
    Drawing(String),
    /// The image could not be encoded.
    #[error(transparent)]
    Encoding(#[from] png::EncodingError),
}

/// Where text is put relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// The point is the start of the text.
    Start,
    /// The point is its middle.
    Middle,
    /// The point is its end.
    End,
}

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
        for word in text.split_whitespace() {
            if let Some(last) = lines.last_mut() {
                let longer = format!("{last} {word}");
                if self.width(&longer, size_pt) <= width_pt {
                    *last = longer;
                    continue;
                }
            }
            lines.push(self.fit(word, size_pt, width_pt));
        }
        lines
    }

    fn scaled(&self, size_pt: f64) -> PxScaleFont<&FontRef<'static>> {
        let em = self.font.units_per_em().unwrap_or(2048.0);
        let height = self.font.height_unscaled() / em * (size_pt * DOTS_PER_PT) as f32;
        self.font.as_scaled(PxScale::from(height))
    }

    /// Glyphs with their offsets along the line, and the line's length, in dots.
    fn glyphs(&self, text: &str, size_pt: f64) -> (Vec<(GlyphId, f64)>, f64) {
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

/// The surface. Positions outside it are allowed and leave nothing.
pub struct Canvas {
    width: u32,
    height: u32,
    dots: Vec<u8>,
    text: TextMeasure,
    failure: Option<String>,
}

impl Canvas {
    /// A white surface of the given size in points.
    ///
    /// # Errors
    /// [`PlotError::Font`].
    pub fn new(width_pt: f64, height_pt: f64) -> Result<Self, PlotError> {
        let dots = |pt: f64| (pt / 72.0 * f64::from(DPI)).round().max(1.0) as u32 * SUPERSAMPLING;
        let (width, height) = (dots(width_pt), dots(height_pt));
        Ok(Self {
            width,
            height,
            dots: vec![255; width as usize * height as usize * 3],
            text: TextMeasure::new()?,
            failure: None,
        })
    }

    /// A filled polygon; `opacity` in 0..=1.
    pub fn polygon(&mut self, vertices: &[(f64, f64)], colour: Rgb, opacity: f64) {
        let dots: Vec<(i32, i32)> = vertices.iter().map(|&(x, y)| (dot(x), dot(y))).collect();
        let colour = RGBColor(colour.0, colour.1, colour.2).mix(opacity);
        self.with_backend(|backend| {
            backend
                .fill_polygon(dots, &colour)
                .map_err(|error| error.to_string())
        });
    }

    /// A filled disc.
    pub fn disc(&mut self, centre: (f64, f64), radius: f64, colour: Rgb) {
        // plotters' own circle is drawn to whole dots; a polygon of this many sides
        // is as round and lies where it should.
        let vertices: Vec<(f64, f64)> = (0..32)
            .map(|side| {
                let angle = f64::from(side) / 32.0 * TAU;
                (
                    centre.0 + radius * angle.cos(),
                    centre.1 + radius * angle.sin(),
                )
            })
            .collect();
        self.polygon(&vertices, colour, 1.0);
    }

    /// A straight line with flat ends.
    pub fn segment(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Rgb) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length <= 0.0 {
            return;
        }
        let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
        self.polygon(
            &[
                (from.0 + nx, from.1 + ny),
                (to.0 + nx, to.1 + ny),
                (to.0 - nx, to.1 - ny),
                (from.0 - nx, from.1 - ny),
            ],
            colour,
            1.0,
        );
    }

    /// A line through points, dashed as [`super::theme::Dash`] says.
    pub fn polyline(&mut self, points: &[(f64, f64)], width: f64, colour: Rgb, dash: &[f64]) {
        let (mut part, mut left) = (0, dash.first().copied().unwrap_or(f64::INFINITY));
        for (pair, ends) in points.windows(2).zip(1..) {
            let ((mut x, mut y), to) = (pair[0], pair[1]);
            loop {
                let length = (to.0 - x).hypot(to.1 - y);
                let step = left.min(length);
                let next = if step < length {
                    let share = step / length;
                    (x + (to.0 - x) * share, y + (to.1 - y) * share)
                } else {
                    to
                };
                if part % 2 == 0 {
                    self.segment((x, y), next, width, colour);
                    if step == length && ends < points.len() - 1 {
                        self.disc(to, width / 2.0, colour);
                    }
                }
                (x, y) = next;
                left -= step;
                if left <= 0.0 {
                    part += 1;
                    left = dash[part % dash.len()];
                }
                if step == length {
                    break;
                }
            }
        }
    }

    /// A marker with a thin white rim that sets it off from what lies below.
    pub fn marker(&mut self, centre: (f64, f64), marker: Marker, radius: f64, colour: Rgb) {
        self.shape(centre, marker, radius, 0.4, WHITE);
        self.shape(centre, marker, radius, 0.0, colour);
    }

    /// `radius` is that of the circle of equal area; the shape is drawn `rim` larger.
    fn shape(&mut self, centre: (f64, f64), marker: Marker, radius: f64, rim: f64, colour: Rgb) {
        // A regular polygon's corner lies `rim / cos(half its angle)` further out.
        let mut regular = |sides: u32, radius: f64, turn: f64| {
            let out = radius + rim / (PI / f64::from(sides)).cos();
            let vertices: Vec<(f64, f64)> = (0..sides)
                .map(|side| {
                    let angle = turn + f64::from(side) / f64::from(sides) * TAU;
                    (centre.0 + out * angle.cos(), centre.1 + out * angle.sin())
                })
                .collect();
            self.polygon(&vertices, colour, 1.0);
        };
        match marker {
            Marker::Circle => regular(32, radius, 0.0),
            Marker::Square => regular(4, radius * 1.25, FRAC_PI_2 / 2.0),
            Marker::Diamond => regular(4, radius * 1.35, 0.0),
            Marker::TriangleUp => regular(3, radius * 1.5, -FRAC_PI_2),
            Marker::TriangleDown => regular(3, radius * 1.5, FRAC_PI_2),
            Marker::Plus => self.cross(centre, radius * 1.3, rim, 0.0, colour),
            Marker::Cross => self.cross(centre, radius * 1.3, rim, FRAC_PI_2 / 2.0, colour),
            Marker::Star => {
                let vertices: Vec<(f64, f64)> = (0..10)
                    .map(|corner| {
                        let out = if corner % 2 == 0 {
                            radius * 1.6
                        } else {
                            radius * 0.7
                        };
                        let out = out + rim * if corner % 2 == 0 { 1.8 } else { 1.0 };
                        let angle = f64::from(corner) / 10.0 * TAU - FRAC_PI_2;
                        (centre.0 + out * angle.cos(), centre.1 + out * angle.sin())
                    })
                    .collect();
                self.polygon(&vertices, colour, 1.0);
            }
        }
    }

    fn cross(&mut self, centre: (f64, f64), arm: f64, rim: f64, turn: f64, colour: Rgb) {
        for turn in [turn, turn + FRAC_PI_2] {
            let (dx, dy) = (turn.cos() * (arm + rim), turn.sin() * (arm + rim));
            self.segment(
                (centre.0 - dx, centre.1 - dy),
                (centre.0 + dx, centre.1 + dy),
                arm * 0.55 + 2.0 * rim,
                colour,
            );
        }
    }

    /// Text whose baseline starts, is centred or ends at a point.
    pub fn text(&mut self, at: (f64, f64), align: Align, size_pt: f64, text: &str, colour: Rgb) {
        self.glyphs(at, align, size_pt, text, colour, |along, across| {
            (along, across)
        });
    }

    /// The same, read from below upwards.
    pub fn text_upwards(
        &mut self,
        at: (f64, f64),
        align: Align,
        size_pt: f64,
        text: &str,
        colour: Rgb,
    ) {
        self.glyphs(at, align, size_pt, text, colour, |along, across| {
            (across, -along)
        });
    }

    fn glyphs(
        &mut self,
        at: (f64, f64),
        align: Align,
        size_pt: f64,
        text: &str,
        colour: Rgb,
        turn: fn(i32, i32) -> (i32, i32),
    ) {
        let (glyphs, length) = self.text.glyphs(text, size_pt);
        let shift = match align {
            Align::Start => 0.0,
            Align::Middle => -length / 2.0,
            Align::End => -length,
        };
        let font = self.text.scaled(size_pt);
        let mut covered: Vec<((i32, i32), f32)> = Vec::new();
        for (glyph, offset) in glyphs {
            let glyph =
                glyph.with_scale_and_position(font.scale(), point((offset + shift) as f32, 0.0));
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|x, y, coverage| {
                    let along = corner.x as i32 + x as i32;
                    let across = corner.y as i32 + y as i32;
                    covered.push((turn(along, across), coverage));
                });
            }
        }
        let (x, y) = (dot(at.0), dot(at.1));
        let (width, height) = (self.width as i32, self.height as i32);
        self.with_backend(|backend| {
            for ((dx, dy), coverage) in covered {
                let place = (x + dx, y + dy);
                if (0..width).contains(&place.0) && (0..height).contains(&place.1) {
                    let ink = RGBAColor(colour.0, colour.1, colour.2, f64::from(coverage));
                    backend
                        .draw_pixel(place, ink.to_backend_color())
                        .map_err(|error| error.to_string())?;
                }
            }
            Ok(())
        });
    }

    /// Remembers the first failure, so that drawing reads as drawing.
    fn with_backend(&mut self, draw: impl FnOnce(&mut BitMapBackend<'_>) -> Result<(), String>) {
        let mut backend = BitMapBackend::with_buffer(&mut self.dots, (self.width, self.height));
        if let Err(error) = draw(&mut backend) {
            self.failure.get_or_insert(error);
        }
    }

    /// The picture as a PNG file that says its size in print and nothing else.
    ///
    /// # Errors
    /// [`PlotError`].
    pub fn into_png(self) -> Result<Vec<u8>, PlotError> {
        if let Some(failure) = self.failure {
            return Err(PlotError::Drawing(failure));
        }
        let (width, height) = (self.width / SUPERSAMPLING, self.height / SUPERSAMPLING);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Default);
        encoder.set_filter(png::FilterType::Paeth);
        let per_metre = (f64::from(DPI) / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&shrink(&self.dots, self.width))?;
        writer.finish()?;
        Ok(bytes)
    }
}

/// Points to drawn dots.
fn dot(pt: f64) -> i32 {
    (pt * DOTS_PER_PT).round() as i32
}

/// The mean of each square of drawn dots.
fn shrink(dots: &[u8], width: u32) -> Vec<u8> {
    let side = SUPERSAMPLING as usize;
    let row = width as usize * 3;
    let mut sums = vec![0u16; row / side];
    let mut small = Vec::with_capacity(dots.len() / (side * side));
    for rows in dots.chunks_exact(row * side) {
        sums.fill(0);
        for one in rows.chunks_exact(row) {
            for (sum, square) in sums.chunks_exact_mut(3).zip(one.chunks_exact(3 * side)) {
                for dot in square.chunks_exact(3) {
                    for (channel, value) in sum.iter_mut().zip(dot) {
                        *channel += u16::from(*value);
                    }
                }
            }
        }
        let area = (side * side) as u16;
        small.extend(sums.iter().map(|sum| ((sum + area / 2) / area) as u8));
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_its_size_in_print() {
        let png = Canvas::new(72.0, 36.0).unwrap().into_png().unwrap();
        let reader = png::Decoder::new(&*png).read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (300, 150));
        let dims = reader.info().pixel_dims.unwrap();
        assert_eq!((dims.xppu, dims.yppu), (11811, 11811));
    }

    #[test]
    fn shrinking_is_the_mean() {
        let mut dots = vec![0u8; 6 * 3 * 3];
        // One white dot of nine in the left square, none in the right.
        dots[0..3].fill(255);
        assert_eq!(shrink(&dots, 6), [28, 28, 28, 0, 0, 0]);
    }

    #[test]
    fn nothing_outside_the_surface_matters() {
        let mut canvas = Canvas::new(20.0, 20.0).unwrap();
        canvas.segment((-50.0, -50.0), (90.0, -40.0), 3.0, (0, 0, 0));
        canvas.text((-5.0, 300.0), Align::Start, 9.0, "beyond", (0, 0, 0));
        canvas.marker((1e4, 1e4), Marker::Star, 3.0, (0, 0, 0));
        assert!(canvas.dots.iter().all(|&d| d == 255));
        canvas.into_png().unwrap();
    }

    #[test]
    fn text_has_the_size_it_is_measured_at() {
        let mut canvas = Canvas::new(100.0, 30.0).unwrap();
        let width = canvas.text.width("HHHH", 10.0);
        canvas.text((10.0, 20.0), Align::Start, 10.0, "HHHH", (0, 0, 0));
        let row = canvas.width as usize;
        let inked: Vec<usize> = (0..canvas.dots.len() / 3)
            .filter(|&d| canvas.dots[3 * d] < 128)
            .map(|d| d % row)
            .collect();
        let (first, last) = (inked.iter().min().unwrap(), inked.iter().max().unwrap());
        let drawn = (last - first) as f64 / DOTS_PER_PT;
        assert!((width - 3.0..width).contains(&drawn), "{drawn} of {width}");
        assert_eq!(canvas.text.fit("HHHH", 10.0, width + 0.1), "HHHH");
        assert_eq!(canvas.text.fit("HHHHHH", 10.0, width), "H…H");
    }
}

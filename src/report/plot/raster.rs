//! A drawing as a PNG.
//!
//! Everything is drawn larger than it is stored, and each stored dot is the mean
//! of the drawn ones: plotters fills shapes without smoothing their edges.

use super::canvas::{Align, Canvas, Direction, Shape, Text};
use super::plot_error::PlotError;
use super::text::TextMeasure;
use super::theme::{DOTS_PER_PT, DPI, Rgb, SUPERSAMPLING};
use ab_glyph::{ScaleFont, point};
use plotters::prelude::{BitMapBackend, Color, DrawingBackend, RGBAColor, RGBColor};
use std::f64::consts::TAU;

impl Canvas {
    /// The picture as a PNG file that says its size in print and nothing else.
    ///
    /// # Errors
    /// [`PlotError`].
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        let mut surface = Surface::of(self);
        for shape in &self.shapes {
            surface.draw(self, shape);
        }
        surface.into_png()
    }
}

struct Surface {
    width: u32,
    height: u32,
    dots: Vec<u8>,
    failure: Option<String>,
}

impl Surface {
    /// White, as large as the drawing.
    fn of(canvas: &Canvas) -> Self {
        let dots = |pt: f64| (pt / 72.0 * f64::from(DPI)).round().max(1.0) as u32 * SUPERSAMPLING;
        let (width, height) = (dots(canvas.width_pt), dots(canvas.height_pt));
        Self {
            width,
            height,
            dots: vec![255; width as usize * height as usize * 3],
            failure: None,
        }
    }

    fn draw(&mut self, canvas: &Canvas, shape: &Shape) {
        match shape {
            Shape::Polygon {
                vertices,
                colour,
                opacity,
            } => self.polygon(vertices, *colour, *opacity),
            Shape::Disc {
                centre,
                radius,
                colour,
            } => self.disc(*centre, *radius, *colour),
            Shape::Line {
                points,
                width,
                colour,
                dash,
            } => self.polyline(points, *width, *colour, dash),
            Shape::Text(text) => self.text(&canvas.text, text),
        }
    }

    fn polygon(&mut self, vertices: &[(f64, f64)], colour: Rgb, opacity: f64) {
        let dots: Vec<(i32, i32)> = vertices.iter().map(|&(x, y)| (dot(x), dot(y))).collect();
        let colour = RGBColor(colour.0, colour.1, colour.2).mix(opacity);
        self.with_backend(|backend| {
            backend
                .fill_polygon(dots, &colour)
                .map_err(|error| error.to_string())
        });
    }

    fn disc(&mut self, centre: (f64, f64), radius: f64, colour: Rgb) {
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

    fn segment(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Rgb) {
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

    fn polyline(&mut self, points: &[(f64, f64)], width: f64, colour: Rgb, dash: &[f64]) {
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

    fn text(&mut self, measure: &TextMeasure, text: &Text) {
        let (glyphs, length) = measure.glyphs(&text.text, text.size_pt);
        let shift = match text.align {
            Align::Start => 0.0,
            Align::Middle => -length / 2.0,
            Align::End => -length,
        };
        let font = measure.scaled(text.size_pt);
        let mut covered: Vec<((i32, i32), f32)> = Vec::new();
        for (glyph, offset) in glyphs {
            let glyph =
                glyph.with_scale_and_position(font.scale(), point((offset + shift) as f32, 0.0));
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|x, y, coverage| {
                    let along = corner.x as i32 + x as i32;
                    let across = corner.y as i32 + y as i32;
                    let turned = match text.direction {
                        Direction::Across => (along, across),
                        Direction::Upwards => (across, -along),
                    };
                    covered.push((turned, coverage));
                });
            }
        }
        let (x, y) = (dot(text.at.0), dot(text.at.1));
        let colour = text.colour;
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

    fn into_png(self) -> Result<Vec<u8>, PlotError> {
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
    use super::super::theme::Marker;
    use super::*;

    fn dots_of(canvas: &Canvas) -> (u32, Vec<u8>) {
        let mut surface = Surface::of(canvas);
        canvas
            .shapes
            .iter()
            .for_each(|shape| surface.draw(canvas, shape));
        assert!(surface.failure.is_none());
        (surface.width, surface.dots)
    }

    #[test]
    fn the_file_says_its_size_in_print() {
        let png = Canvas::new(72.0, 36.0).unwrap().png().unwrap();
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
        assert!(dots_of(&canvas).1.iter().all(|&d| d == 255));
        canvas.png().unwrap();
    }

    #[test]
    fn text_has_the_size_it_is_measured_at() {
        let mut canvas = Canvas::new(100.0, 30.0).unwrap();
        let width = canvas.text.width("HHHH", 10.0);
        canvas.text((10.0, 20.0), Align::Start, 10.0, "HHHH", (0, 0, 0));
        let (width_dots, dots) = dots_of(&canvas);
        let row = width_dots as usize;
        let inked: Vec<usize> = (0..dots.len() / 3)
            .filter(|&d| dots[3 * d] < 128)
            .map(|d| d % row)
            .collect();
        let (first, last) = (inked.iter().min().unwrap(), inked.iter().max().unwrap());
        let drawn = (last - first) as f64 / DOTS_PER_PT;
        assert!((width - 3.0..width).contains(&drawn), "{drawn} of {width}");
        assert_eq!(canvas.text.fit("HHHH", 10.0, width + 0.1), "HHHH");
        assert_eq!(canvas.text.fit("HHHHHH", 10.0, width), "H…H");
    }
}

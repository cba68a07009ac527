//! A drawing in points (1/72 inch), y downwards: shapes, one on top of the other, that become
//! a PNG or an SVG.

use super::plot_error::PlotError;
use super::text::TextMeasure;
use super::theme::{Marker, Rgb, WHITE};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

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

/// Which way text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// From left to right.
    Across,
    /// From below upwards.
    Upwards,
}

/// One shape of a drawing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A filled polygon; `opacity` in 0..=1.
    Polygon {
        vertices: Vec<(f64, f64)>,
        colour: Rgb,
        opacity: f64,
    },
    /// A filled disc.
    Disc {
        centre: (f64, f64),
        radius: f64,
        colour: Rgb,
    },
    /// A line through points with flat ends and round corners, dashed as
    /// [`super::theme::Dash`] says.
    Line {
        points: Vec<(f64, f64)>,
        width: f64,
        colour: Rgb,
        dash: Vec<f64>,
    },
    Text(Text),
}

/// Text whose baseline starts, is centred or ends at a point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub at: (f64, f64),
    pub align: Align,
    pub direction: Direction,
    pub size_pt: f64,
    pub text: String,
    pub colour: Rgb,
}

/// The drawing. Positions outside it are allowed and leave nothing.
pub struct Canvas {
    pub(super) width_pt: f64,
    pub(super) height_pt: f64,
    pub(super) shapes: Vec<Shape>,
    pub(super) text: TextMeasure,
}

impl Canvas {
    /// White, of the given size in points.
    ///
    /// # Errors
    /// [`PlotError::Font`].
    pub fn new(width_pt: f64, height_pt: f64) -> Result<Self, PlotError> {
        Ok(Self {
            width_pt,
            height_pt,
            shapes: Vec::new(),
            text: TextMeasure::new()?,
        })
    }

    /// A filled polygon; `opacity` in 0..=1.
    pub fn polygon(&mut self, vertices: &[(f64, f64)], colour: Rgb, opacity: f64) {
        self.shapes.push(Shape::Polygon {
            vertices: vertices.to_vec(),
            colour,
            opacity,
        });
    }

    /// A filled disc.
    pub fn disc(&mut self, centre: (f64, f64), radius: f64, colour: Rgb) {
        self.shapes.push(Shape::Disc {
            centre,
            radius,
            colour,
        });
    }

    /// A straight line with flat ends.
    pub fn segment(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Rgb) {
        self.polyline(&[from, to], width, colour, &[]);
    }

    /// A line through points, dashed as [`super::theme::Dash`] says.
    pub fn polyline(&mut self, points: &[(f64, f64)], width: f64, colour: Rgb, dash: &[f64]) {
        self.shapes.push(Shape::Line {
            points: points.to_vec(),
            width,
            colour,
            dash: dash.to_vec(),
        });
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
            Marker::Circle => self.disc(centre, radius + rim / (PI / 32.0).cos(), colour),
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
        self.write(at, (align, Direction::Across), size_pt, text, colour);
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
        self.write(at, (align, Direction::Upwards), size_pt, text, colour);
    }

    fn write(
        &mut self,
        at: (f64, f64),
        (align, direction): (Align, Direction),
        size_pt: f64,
        text: &str,
        colour: Rgb,
    ) {
        if !text.is_empty() {
            self.shapes.push(Shape::Text(Text {
                at,
                align,
                direction,
                size_pt,
                text: text.to_owned(),
                colour,
            }));
        }
    }
}

//! What is drawn into a figure: lines, markers, error bars, bands and bars, in the
//! axes' coordinates.

use super::axis::{Axis, Scale};
use super::canvas::{Align, Canvas};
use super::figure::{Figure, Layout, rectangle};
use super::plot_error::PlotError;
use super::theme::{self, Style};

/// Greatest shift between series that are set side by side.
const SIDE_STEP_PT: f64 = 2.0;
/// Length of the arrow that stands for an end that is not known.
const ARROW_PT: f64 = 11.0;

/// Draws data, in the axes' coordinates. Values that have no place on an axis
/// (not finite, not positive on a logarithmic one) are left out.
pub struct Plot<'a> {
    figure: &'a Figure,
    layout: &'a Layout,
    canvas: &'a mut Canvas,
    /// To the right, in points.
    shift: f64,
}

impl Figure {
    /// Draws the figure as a PNG; `data` draws what it shows.
    ///
    /// # Errors
    /// [`PlotError`].
    pub fn png(&self, data: impl FnOnce(&mut Plot<'_>)) -> Result<Vec<u8>, PlotError> {
        self.draw(data)?.png()
    }

    /// The same as a drawing, for any format.
    ///
    /// # Errors
    /// [`PlotError`].
    pub fn draw(&self, data: impl FnOnce(&mut Plot<'_>)) -> Result<Canvas, PlotError> {
        let layout = Layout::of(self)?;
        let mut canvas = Canvas::new(theme::WIDTH_PT, layout.end)?;
        layout.draw_above(self, &mut canvas);
        layout.draw_grid(self, &mut canvas);
        data(&mut Plot::new(self, &layout, &mut canvas));
        layout.draw_axes(self, &mut canvas);
        Ok(canvas)
    }
}

impl<'a> Plot<'a> {
    pub(super) fn new(figure: &'a Figure, layout: &'a Layout, canvas: &'a mut Canvas) -> Self {
        Self {
            figure,
            layout,
            canvas,
            shift: 0.0,
        }
    }

    /// A point in the figure; beyond the ends of an axis, its end.
    fn at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (layout, figure) = (self.layout, self.figure);
        Some((
            (layout.x(&figure.x, x)? + self.shift).clamp(layout.left, layout.right),
            layout.y(&figure.y, y)?.clamp(layout.top, layout.bottom),
        ))
    }

    /// Sets what follows a little to the side: series number `series` of `count` at
    /// the places `x`, side by side, so that no interval hides another. The shift
    /// is at most a few points of print and a sixth of the way to the next place.
    pub fn side_by_side(&mut self, series: usize, count: usize, x: &[f64]) {
        self.shift = 0.0;
        let mut places: Vec<f64> = x
            .iter()
            .filter_map(|&x| self.layout.x(&self.figure.x, x))
            .collect();
        places.sort_by(f64::total_cmp);
        let gap = places
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .filter(|gap| *gap > 0.0)
            .fold(f64::INFINITY, f64::min);
        let step = (gap / 3.0 / count.max(1) as f64).min(SIDE_STEP_PT);
        self.shift = (series as f64 - (count as f64 - 1.0) / 2.0) * step;
    }

    fn placed(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let mut placed: Vec<(f64, f64)> = Vec::with_capacity(points.len());
        for (at, &(x, y)) in points.iter().enumerate() {
            let Some(point) = self.at(x, y) else { continue };
            // A curve may have far more points than the paper has dots.
            let near = placed
                .last()
                .is_some_and(|last| (last.0 - point.0).hypot(last.1 - point.1) < 0.1);
            if !near || at + 1 == points.len() {
                placed.push(point);
            }
        }
        placed
    }

    /// A line through points.
    pub fn line(&mut self, points: &[(f64, f64)], style: Style) {
        let placed = self.placed(points);
        self.canvas
            .polyline(&placed, theme::LINE_PT, style.colour, style.dash);
    }

    /// A marker at each point.
    pub fn markers(&mut self, points: &[(f64, f64)], style: Style) {
        for &(x, y) in points {
            if let Some(at) = self.at(x, y) {
                self.canvas
                    .marker(at, style.marker, theme::MARKER_PT, style.colour);
            }
        }
    }

    /// A vertical error bar.
    pub fn error_y(&mut self, x: f64, (low, high): (f64, f64), style: Style) {
        let y_axis = &self.figure.y;
        let (low, high) = (from_end(y_axis, low), from_end(y_axis, high));
        if let (Some(low), Some(high)) = (self.at(x, low), self.at(x, high)) {
            self.canvas
                .segment(low, high, theme::ERROR_BAR_PT, style.colour);
            for end in [low, high] {
                let (a, b) = (
                    (end.0 - theme::CAP_PT, end.1),
                    (end.0 + theme::CAP_PT, end.1),
                );
                self.canvas.segment(a, b, theme::ERROR_BAR_PT, style.colour);
            }
        }
    }

    /// A horizontal error bar; an end that is not known is an arrow.
    pub fn error_x(&mut self, y: f64, x: f64, ends: (Option<f64>, Option<f64>), style: Style) {
        let Some(middle) = self.at(x, y) else { return };
        for (end, away) in [(ends.0, -1.0), (ends.1, 1.0)] {
            match end.and_then(|end| self.at(from_end(&self.figure.x, end), y)) {
                Some(end) => {
                    self.canvas
                        .segment(middle, end, theme::ERROR_BAR_PT, style.colour);
                    let (a, b) = (
                        (end.0, end.1 - theme::CAP_PT),
                        (end.0, end.1 + theme::CAP_PT),
                    );
                    self.canvas.segment(a, b, theme::ERROR_BAR_PT, style.colour);
                }
                None => self.arrow(middle, (away, 0.0), style),
            }
        }
    }

    /// A vertical error bar; an end that is not known is an arrow.
    pub fn error_y_open(&mut self, x: f64, y: f64, ends: (Option<f64>, Option<f64>), style: Style) {
        let Some(middle) = self.at(x, y) else { return };
        for (end, away) in [(ends.0, 1.0), (ends.1, -1.0)] {
            match end {
                Some(end) => self.error_y(x, (y, end), style),
                None => self.arrow(middle, (0.0, away), style),
            }
        }
    }

    /// An arrow of fixed length in a direction along an axis.
    fn arrow(&mut self, from: (f64, f64), (dx, dy): (f64, f64), style: Style) {
        let along = |length: f64| (from.0 + dx * length, from.1 + dy * length);
        let (tip, base) = (along(ARROW_PT), along(ARROW_PT - 4.0));
        self.canvas
            .segment(from, base, theme::ERROR_BAR_PT, style.colour);
        let head = [
            tip,
            (base.0 - 2.0 * dy, base.1 - 2.0 * dx),
            (base.0 + 2.0 * dy, base.1 + 2.0 * dx),
        ];
        self.canvas.polygon(&head, style.colour, 1.0);
    }

    /// A translucent band between two curves: (x, low, high).
    pub fn band(&mut self, points: &[(f64, f64, f64)], style: Style) {
        let lower: Vec<(f64, f64)> = points.iter().map(|p| (p.0, p.1)).collect();
        let upper: Vec<(f64, f64)> = points.iter().map(|p| (p.0, p.2)).collect();
        self.between(&lower, &upper, style);
    }

    /// The same for intervals of x: (y, low, high).
    pub fn band_x(&mut self, points: &[(f64, f64, f64)], style: Style) {
        let lower: Vec<(f64, f64)> = points.iter().map(|p| (p.1, p.0)).collect();
        let upper: Vec<(f64, f64)> = points.iter().map(|p| (p.2, p.0)).collect();
        self.between(&lower, &upper, style);
    }

    fn between(&mut self, lower: &[(f64, f64)], upper: &[(f64, f64)], style: Style) {
        let mut outline = self.placed(lower);
        outline.extend(self.placed(upper).into_iter().rev());
        if outline.len() > 2 {
            self.canvas.polygon(&outline, style.colour, 0.2);
        }
    }

    /// A filled bar between two corners; on a logarithmic axis, from its end.
    pub fn bar(&mut self, x: (f64, f64), y: (f64, f64), style: Style) {
        let (x_axis, y_axis) = (&self.figure.x, &self.figure.y);
        let corners = (
            self.at(from_end(x_axis, x.0), from_end(y_axis, y.0)),
            self.at(from_end(x_axis, x.1), from_end(y_axis, y.1)),
        );
        if let (Some(a), Some(b)) = corners {
            rectangle(self.canvas, a, b, style);
        }
    }

    /// A short text beside a point.
    pub fn annotate(&mut self, x: f64, y: f64, text: &str) {
        if let Some((x, y)) = self.at(x, y) {
            let at = (x + 5.0, y - 4.0);
            self.canvas
                .text(at, Align::Start, theme::TICK_PT, text, theme::INK);
        }
    }
}

/// A value or, where it lies below a logarithmic axis, the end of that.
fn from_end(axis: &Axis, value: f64) -> f64 {
    match axis.scale {
        Scale::Log if !value.is_nan() => value.max(axis.low.min(axis.high)),
        Scale::Log | Scale::Linear => value,
    }
}

#[cfg(test)]
mod tests {
    use super::super::figure::Swatch;
    use super::*;

    fn figure() -> Figure {
        let mut figure = Figure::new(
            Axis::linear_between("x", 0.0, 10.0),
            Axis::log("y", [0.1, 10.0]),
        );
        figure.legend_entry("area", theme::series(0), Swatch::Area);
        figure.legend_entry("line", theme::series(1), Swatch::Line);
        figure
    }

    /// How many dots have exactly this colour.
    fn dots(png: &[u8], colour: theme::Rgb) -> usize {
        let mut reader = png::Decoder::new(png).read_info().unwrap();
        let mut dots = vec![0; reader.output_buffer_size()];
        reader.next_frame(&mut dots).unwrap();
        let wanted = [colour.0, colour.1, colour.2];
        dots.chunks(3).filter(|dot| *dot == wanted).count()
    }

    #[test]
    fn a_bar_covers_its_share_of_the_plot() {
        let figure = figure();
        let style = theme::series(0);
        let empty = dots(&figure.png(|_| {}).unwrap(), style.colour);
        // From below the logarithmic axis to its middle: a quarter of the plot.
        let quarter = figure.png(|plot| plot.bar((0.0, 5.0), (0.0, 1.0), style));
        let whole = figure.png(|plot| plot.bar((-9.0, 99.0), (0.0, 1e9), style));
        let quarter = (dots(&quarter.unwrap(), style.colour) - empty) as f64;
        let whole = (dots(&whole.unwrap(), style.colour) - empty) as f64;
        assert!(
            (quarter / whole - 0.25).abs() < 0.01,
            "{quarter} of {whole}"
        );
    }

    #[test]
    fn a_band_lets_the_grid_through() {
        let figure = figure();
        let style = theme::series(1);
        let band = [(0.0, 0.2, 5.0), (10.0, 0.2, 5.0)];
        let png = figure.png(|plot| plot.band(&band, style)).unwrap();
        // A fifth of (213, 94, 0) on white, give or take a rounding.
        let shades = (245..=248).flat_map(|r| (221..=224).map(move |g| (r, g)));
        let tinted: usize = shades
            .flat_map(|(r, g)| (203..=206).map(move |b| (r, g, b)))
            .map(|shade| dots(&png, shade))
            .sum();
        assert!(tinted > 100_000, "{tinted}");
        assert!(dots(&png, theme::GRID) < dots(&figure.png(|_| {}).unwrap(), theme::GRID));
    }

    #[test]
    fn values_without_a_place_leave_nothing() {
        let figure = figure();
        let style = theme::series(2);
        let nowhere = [(f64::NAN, 1.0), (1.0, 0.0), (2.0, f64::INFINITY)];
        let png = figure.png(|plot| {
            plot.line(&nowhere, style);
            plot.markers(&nowhere, style);
            plot.error_y(3.0, (-1.0, f64::NAN), style);
            plot.error_x(f64::NAN, 3.0, (None, None), style);
            plot.error_y_open(3.0, f64::NAN, (None, None), style);
            plot.band_x(&[(f64::NAN, 1.0, 2.0), (0.0, 1.0, 2.0)], style);
            plot.annotate(f64::NAN, 1.0, "nowhere");
        });
        assert_eq!(png.unwrap(), figure.png(|_| {}).unwrap());
    }
}

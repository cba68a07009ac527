//! A figure: axes with grid and labels, a legend above them, and the data.

use super::axis::{Axis, Scale};
use super::canvas::{Align, Canvas, PlotError, TextMeasure};
use super::theme::{self, Style};

/// What stands for a series in the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swatch {
    /// A line with a marker.
    LineAndMarker,
    /// A line alone.
    Line,
    /// A filled rectangle, for bars and stacks.
    Area,
}

/// Everything around the data.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// A line above everything; may be empty.
    pub title: String,
    /// A remark in the upper right corner of the plot; may be empty.
    pub note: String,
    /// Height of the plotting area, in points.
    pub plot_height_pt: f64,
    legend: Vec<(String, Style, Swatch)>,
}

const SWATCH_PT: f64 = 20.0;
const SWATCH_GAP_PT: f64 = 4.0;
const COLUMN_GAP_PT: f64 = 14.0;
const LEGEND_ROW_PT: f64 = 13.0;
const TITLE_ROW_PT: f64 = 14.0;
const TICK_GAP_PT: f64 = 3.0;
/// Greatest shift between series that are set side by side.
const SIDE_STEP_PT: f64 = 2.0;
/// Height of digits and capitals, as a share of the font's size.
const CAP_HEIGHT: f64 = 0.73;
/// Share of the width that the labels of the vertical axis may take.
const LABEL_SHARE: f64 = 0.5;

impl Figure {
    /// A figure without title, note and legend.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self {
            x,
            y,
            title: String::new(),
            note: String::new(),
            plot_height_pt: theme::PLOT_HEIGHT_PT,
            legend: Vec::new(),
        }
    }

    /// Adds series 0, 1, 2, ... of [`theme::series`] to the legend, with line and
    /// marker.
    pub fn series<S: Into<String>>(&mut self, names: impl IntoIterator<Item = S>) {
        for (at, name) in names.into_iter().enumerate() {
            self.legend_entry(name, theme::series(at), Swatch::LineAndMarker);
        }
    }

    /// Adds one entry to the legend.
    pub fn legend_entry(&mut self, name: impl Into<String>, style: Style, swatch: Swatch) {
        self.legend.push((name.into(), style, swatch));
    }

    /// Draws the figure; `data` draws what it shows.
    ///
    /// # Errors
    /// [`PlotError`].
    pub fn png(&self, data: impl FnOnce(&mut Plot<'_>)) -> Result<Vec<u8>, PlotError> {
        let layout = Layout::of(self)?;
        let mut canvas = Canvas::new(theme::WIDTH_PT, layout.height)?;
        layout.draw_above(self, &mut canvas);
        layout.draw_grid(self, &mut canvas);
        let mut plot = Plot {
            figure: self,
            layout: &layout,
            canvas: &mut canvas,
            shift: 0.0,
        };
        data(&mut plot);
        layout.draw_axes(self, &mut canvas);
        canvas.into_png()
    }
}

/// Where everything goes, in points.
struct Layout {
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    title: Vec<String>,
    legend: Vec<String>,
    legend_columns: usize,
    legend_column_width: f64,
    y_ticks: Vec<String>,
}

impl Layout {
    fn of(figure: &Figure) -> Result<Self, PlotError> {
        let measure = TextMeasure::new()?;
        let width = |text: &str| measure.width(text, theme::TICK_PT);
        let inner = theme::WIDTH_PT - 2.0 * theme::MARGIN_PT;

        let y_ticks: Vec<String> = figure
            .y
            .ticks
            .iter()
            .map(|(_, text)| measure.fit(text, theme::TICK_PT, LABEL_SHARE * inner))
            .collect();
        let widest = y_ticks.iter().map(|text| width(text)).fold(0.0, f64::max);
        let y_label = if figure.y.label.is_empty() {
            0.0
        } else {
            theme::LABEL_PT + 5.0
        };
        let left = theme::MARGIN_PT + y_label + widest + TICK_GAP_PT + theme::TICK_LENGTH_PT;
        // Half of the last label hangs over where its tick is at the very end.
        let overhang = figure.x.ticks.last().map_or(0.0, |(value, text)| {
            let gap = 1.0 - figure.x.place(*value).unwrap_or(0.0);
            width(text) / 2.0 - gap * (inner - left)
        });
        let right = theme::WIDTH_PT - theme::MARGIN_PT - overhang.max(2.0);

        let title = measure.wrap(&figure.title, theme::LABEL_PT, inner);
        let names: Vec<String> = figure
            .legend
            .iter()
            .map(|(name, ..)| {
                let room = inner - SWATCH_PT - SWATCH_GAP_PT;
                measure.fit(name, theme::TICK_PT, room)
            })
            .collect();
        let entry =
            names.iter().map(|name| width(name)).fold(0.0, f64::max) + SWATCH_PT + SWATCH_GAP_PT;
        let fitting = ((inner + COLUMN_GAP_PT) / (entry + COLUMN_GAP_PT)).floor();
        let most = (fitting as usize).clamp(1, names.len().max(1));
        let rows = names.len().div_ceil(most);
        // As few columns as that number of rows needs.
        let legend_columns = names.len().div_ceil(rows.max(1)).max(1);

        let legend_height = rows as f64 * LEGEND_ROW_PT;
        let top = theme::MARGIN_PT
            + title.len() as f64 * TITLE_ROW_PT
            + legend_height
            + if rows + title.len() > 0 { 4.0 } else { 0.0 };
        let bottom = top + figure.plot_height_pt;
        let x_label = if figure.x.label.is_empty() {
            0.0
        } else {
            theme::LABEL_PT + 5.0
        };
        let height = bottom
            + theme::TICK_LENGTH_PT
            + TICK_GAP_PT
            + theme::TICK_PT
            + x_label
            + theme::MARGIN_PT;
        Ok(Self {
            height,
            left,
            right,
            top,
            bottom,
            title,
            legend: names,
            legend_columns,
            legend_column_width: entry + COLUMN_GAP_PT,
            y_ticks,
        })
    }

    fn x(&self, axis: &Axis, value: f64) -> Option<f64> {
        Some(self.left + axis.place(value)? * (self.right - self.left))
    }

    fn y(&self, axis: &Axis, value: f64) -> Option<f64> {
        Some(self.bottom - axis.place(value)? * (self.bottom - self.top))
    }

    fn draw_above(&self, figure: &Figure, canvas: &mut Canvas) {
        let mut y = theme::MARGIN_PT;
        for line in &self.title {
            let at = (theme::WIDTH_PT / 2.0, y + theme::LABEL_PT);
            canvas.text(at, Align::Middle, theme::LABEL_PT, line, theme::INK);
            y += TITLE_ROW_PT;
        }
        let columns = self.legend_columns;
        let whole = columns as f64 * self.legend_column_width - COLUMN_GAP_PT;
        let start = (theme::WIDTH_PT - whole) / 2.0;
        let rows = self.legend.len().div_ceil(columns);
        for (at, (name, (_, style, swatch))) in self.legend.iter().zip(&figure.legend).enumerate() {
            // Down the columns, as lists are read.
            let x = start + (at / rows) as f64 * self.legend_column_width;
            let middle = y + ((at % rows) as f64 + 0.5) * LEGEND_ROW_PT;
            draw_swatch(canvas, (x, middle), *style, *swatch);
            let baseline = middle + CAP_HEIGHT / 2.0 * theme::TICK_PT;
            let text = (x + SWATCH_PT + SWATCH_GAP_PT, baseline);
            canvas.text(text, Align::Start, theme::TICK_PT, name, theme::INK);
        }
    }

    fn draw_grid(&self, figure: &Figure, canvas: &mut Canvas) {
        let mut line = |x: Option<f64>, y: Option<f64>, colour| {
            if let Some(x) = x {
                canvas.segment((x, self.top), (x, self.bottom), theme::GRID_PT, colour);
            }
            if let Some(y) = y {
                canvas.segment((self.left, y), (self.right, y), theme::GRID_PT, colour);
            }
        };
        for &minor in &figure.x.minor_ticks {
            line(self.x(&figure.x, minor), None, theme::MINOR_GRID);
        }
        for &minor in &figure.y.minor_ticks {
            line(None, self.y(&figure.y, minor), theme::MINOR_GRID);
        }
        for (tick, _) in &figure.x.ticks {
            line(self.x(&figure.x, *tick), None, theme::GRID);
        }
        for (tick, _) in &figure.y.ticks {
            line(None, self.y(&figure.y, *tick), theme::GRID);
        }
    }

    fn draw_axes(&self, figure: &Figure, canvas: &mut Canvas) {
        let ink = theme::INK;
        let half = theme::AXIS_PT / 2.0;
        for (from, to) in [
            (
                (self.left, self.top - half),
                (self.left, self.bottom + half),
            ),
            (
                (self.right, self.top - half),
                (self.right, self.bottom + half),
            ),
            (
                (self.left - half, self.bottom),
                (self.right + half, self.bottom),
            ),
            ((self.left - half, self.top), (self.right + half, self.top)),
        ] {
            canvas.segment(from, to, theme::AXIS_PT, ink);
        }
        let cap = CAP_HEIGHT * theme::TICK_PT;
        let below = self.bottom + theme::TICK_LENGTH_PT + TICK_GAP_PT + cap;
        for (tick, text) in &figure.x.ticks {
            let Some(x) = self.x(&figure.x, *tick) else {
                continue;
            };
            let end = (x, self.bottom + theme::TICK_LENGTH_PT);
            canvas.segment((x, self.bottom), end, theme::AXIS_PT, ink);
            canvas.text((x, below), Align::Middle, theme::TICK_PT, text, ink);
        }
        let beside = self.left - theme::TICK_LENGTH_PT - TICK_GAP_PT;
        for ((tick, _), text) in figure.y.ticks.iter().zip(&self.y_ticks) {
            let Some(y) = self.y(&figure.y, *tick) else {
                continue;
            };
            let end = (self.left - theme::TICK_LENGTH_PT, y);
            canvas.segment((self.left, y), end, theme::AXIS_PT, ink);
            let at = (beside, y + cap / 2.0);
            canvas.text(at, Align::End, theme::TICK_PT, text, ink);
        }
        let middle = (
            (self.left + self.right) / 2.0,
            (self.top + self.bottom) / 2.0,
        );
        let baseline = self.height - theme::MARGIN_PT - 2.5;
        canvas.text(
            (middle.0, baseline),
            Align::Middle,
            theme::LABEL_PT,
            &figure.x.label,
            ink,
        );
        let baseline = theme::MARGIN_PT + CAP_HEIGHT * theme::LABEL_PT + 0.5;
        canvas.text_upwards(
            (baseline, middle.1),
            Align::Middle,
            theme::LABEL_PT,
            &figure.y.label,
            ink,
        );
        let corner = (self.right - 5.0, self.top + 5.0 + cap);
        canvas.text(corner, Align::End, theme::TICK_PT, &figure.note, ink);
    }
}

fn draw_swatch(canvas: &mut Canvas, (x, y): (f64, f64), style: Style, swatch: Swatch) {
    match swatch {
        Swatch::LineAndMarker | Swatch::Line => {
            let ends = [(x, y), (x + SWATCH_PT, y)];
            canvas.polyline(&ends, theme::LINE_PT, style.colour, style.dash);
        }
        Swatch::Area => rectangle(canvas, (x + 4.0, y - 3.5), (x + SWATCH_PT, y + 3.5), style),
    }
    if swatch == Swatch::LineAndMarker {
        let middle = (x + SWATCH_PT / 2.0, y);
        canvas.marker(middle, style.marker, theme::MARKER_PT, style.colour);
    }
}

fn rectangle(canvas: &mut Canvas, a: (f64, f64), b: (f64, f64), style: Style) {
    canvas.polygon(&[a, (b.0, a.1), b, (a.0, b.1)], style.colour, 1.0);
}

/// Draws data, in the axes' coordinates. Values that have no place on an axis
/// (not finite, not positive on a logarithmic one) are left out.
pub struct Plot<'a> {
    figure: &'a Figure,
    layout: &'a Layout,
    canvas: &'a mut Canvas,
    /// To the right, in points.
    shift: f64,
}

impl Plot<'_> {
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
            match end.and_then(|end| self.at(end, y)) {
                Some(end) => {
                    self.canvas
                        .segment(middle, end, theme::ERROR_BAR_PT, style.colour);
                    let (a, b) = (
                        (end.0, end.1 - theme::CAP_PT),
                        (end.0, end.1 + theme::CAP_PT),
                    );
                    self.canvas.segment(a, b, theme::ERROR_BAR_PT, style.colour);
                }
                None => self.arrow(middle, away, style),
            }
        }
    }

    fn arrow(&mut self, from: (f64, f64), away: f64, style: Style) {
        let tip = (from.0 + away * 11.0, from.1);
        let base = tip.0 - away * 4.0;
        self.canvas
            .segment(from, (base, tip.1), theme::ERROR_BAR_PT, style.colour);
        let head = [tip, (base, tip.1 - 2.0), (base, tip.1 + 2.0)];
        self.canvas.polygon(&head, style.colour, 1.0);
    }

    /// A translucent band between two curves: (x, low, high).
    pub fn band(&mut self, points: &[(f64, f64, f64)], style: Style) {
        let edge = |which: fn(&(f64, f64, f64)) -> f64| {
            let edge: Vec<(f64, f64)> = points.iter().map(|p| (p.0, which(p))).collect();
            self.placed(&edge)
        };
        let mut outline = edge(|p| p.1);
        outline.extend(edge(|p| p.2).into_iter().rev());
        if outline.len() > 2 {
            self.canvas.polygon(&outline, style.colour, 0.2);
        }
    }

    /// A filled bar between two corners; on a logarithmic axis, from its end.
    pub fn bar(&mut self, x: (f64, f64), y: (f64, f64), style: Style) {
        let from_end = |axis: &Axis, value: f64| match axis.scale {
            Scale::Log => value.max(axis.low.min(axis.high)),
            Scale::Linear => value,
        };
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

#[cfg(test)]
mod tests {
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
            plot.annotate(f64::NAN, 1.0, "nowhere");
        });
        assert_eq!(png.unwrap(), figure.png(|_| {}).unwrap());
    }
}

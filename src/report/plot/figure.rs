//! A figure: axes with grid and labels, a legend above them, and the data.

use super::axis::{Axis, Scale};
use super::canvas::{Align, Canvas};
use super::plot_error::PlotError;
use super::text::TextMeasure;
use super::theme::{self, Style};
use crate::report::DrawnPolicies;

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

    /// Adds policies to the legend, with line and marker.
    pub(super) fn policies(&mut self, policies: &DrawnPolicies) {
        for (name, style) in policies.iter() {
            self.legend_entry(name, style, Swatch::LineAndMarker);
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
}

/// Where everything goes, in points.
pub(super) struct Layout {
    /// The upper end of the figure.
    start: f64,
    /// Its lower end.
    pub end: f64,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    title: Vec<String>,
    legend: Vec<String>,
    legend_columns: usize,
    legend_column_width: f64,
    y_ticks: Vec<String>,
    x_label: String,
}

impl Layout {
    pub fn of(figure: &Figure) -> Result<Self, PlotError> {
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
        let middle = (left + right) / 2.0;
        let room = 2.0 * middle.min(theme::WIDTH_PT - middle) - 2.0 * theme::MARGIN_PT;
        let x_label_height = if figure.x.label.is_empty() {
            0.0
        } else {
            theme::LABEL_PT + 5.0
        };
        let end = bottom
            + theme::TICK_LENGTH_PT
            + TICK_GAP_PT
            + theme::TICK_PT
            + x_label_height
            + theme::MARGIN_PT;
        Ok(Self {
            start: 0.0,
            end,
            left,
            right,
            top,
            bottom,
            title,
            legend: names,
            legend_columns,
            legend_column_width: entry + COLUMN_GAP_PT,
            y_ticks,
            x_label: measure.fit(&figure.x.label, theme::LABEL_PT, room),
        })
    }

    /// Sets the whole figure lower.
    pub fn move_down(&mut self, by: f64) {
        for y in [
            &mut self.start,
            &mut self.end,
            &mut self.top,
            &mut self.bottom,
        ] {
            *y += by;
        }
    }

    pub fn x(&self, axis: &Axis, value: f64) -> Option<f64> {
        Some(self.left + axis.place(value)? * (self.right - self.left))
    }

    pub fn y(&self, axis: &Axis, value: f64) -> Option<f64> {
        Some(self.bottom - axis.place(value)? * (self.bottom - self.top))
    }

    /// Where ticks of the horizontal axis are, and their labels: empty where they would meet
    /// another's. On a logarithmic axis powers of ten come first.
    fn x_labels<'a>(&self, axis: &'a Axis, measure: &TextMeasure) -> Vec<(f64, &'a str)> {
        let placed = axis.ticks.iter();
        let mut labels: Vec<(f64, &str, bool)> = placed
            .filter_map(|(tick, text)| Some((self.x(axis, *tick)?, text.as_str(), false)))
            .collect();
        let half = |text: &str| measure.width(text, theme::TICK_PT) / 2.0;
        let is_power = |text: &str| text.starts_with('1') && axis.scale == Scale::Log;
        for powers in [true, false] {
            for at in 0..labels.len() {
                let (x, text, _) = labels[at];
                let meets = labels.iter().any(|&(other, beside, shown)| {
                    let apart = half(text) + half(beside) + TICK_GAP_PT;
                    shown && (x - other).abs() < apart
                });
                if is_power(text) == powers && !meets {
                    labels[at].2 = true;
                }
            }
        }
        let shown = |(x, text, shown)| (x, if shown { text } else { "" });
        labels.into_iter().map(shown).collect()
    }

    pub fn draw_above(&self, figure: &Figure, canvas: &mut Canvas) {
        let mut y = self.start + theme::MARGIN_PT;
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

    pub fn draw_grid(&self, figure: &Figure, canvas: &mut Canvas) {
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

    pub fn draw_axes(&self, figure: &Figure, canvas: &mut Canvas) {
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
        for (x, text) in self.x_labels(&figure.x, &canvas.text) {
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
        let baseline = self.end - theme::MARGIN_PT - 2.5;
        canvas.text(
            (middle.0, baseline),
            Align::Middle,
            theme::LABEL_PT,
            &self.x_label,
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

pub(super) fn rectangle(canvas: &mut Canvas, a: (f64, f64), b: (f64, f64), style: Style) {
    canvas.polygon(&[a, (b.0, a.1), b, (a.0, b.1)], style.colour, 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_ticks_do_not_meet_and_powers_of_ten_come_first() {
        let figure = Figure::new(
            Axis::log("ms", [20.0, 20_000.0]),
            Axis::linear("", [0.0, 1.0]),
        );
        let measure = TextMeasure::new().unwrap();
        let mut layout = Layout::of(&figure).unwrap();
        let shown = |layout: &Layout| {
            let labels = layout.x_labels(&figure.x, &measure).into_iter();
            let labels = labels.map(|label| label.1).filter(|text| !text.is_empty());
            labels.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(&layout), "20 50 100 200 500 1000 2000 5000 10000");
        // Half as wide.
        layout.left = (layout.left + layout.right) / 2.0;
        assert_eq!(shown(&layout), "20 100 1000 10000");
    }
}

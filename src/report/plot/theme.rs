//! What figures look like: sizes in points (1/72 inch), colours, markers, dashes.

/// Dots per inch of the files.
pub const DPI: u32 = 300;
/// Dots drawn per dot of the file, in each direction; their mean smooths edges.
pub const SUPERSAMPLING: u32 = 3;
/// Dots drawn in a point.
pub(super) const DOTS_PER_PT: f64 = (DPI * SUPERSAMPLING) as f64 / 72.0;

/// Width of a figure: a text column of most paper formats holds it unscaled.
pub const WIDTH_PT: f64 = 360.0;
/// Height of the plotting area.
pub const PLOT_HEIGHT_PT: f64 = 190.0;
/// White around a figure.
pub const MARGIN_PT: f64 = 6.0;

/// Titles and axis labels.
pub const LABEL_PT: f64 = 10.0;
/// Tick labels, legends and notes.
pub const TICK_PT: f64 = 9.0;

/// Lines of series.
pub const LINE_PT: f64 = 1.2;
/// Error bars.
pub const ERROR_BAR_PT: f64 = 0.9;
/// Half the width of an error bar's caps: wider than a marker, so that an interval
/// smaller than the marker still shows.
pub const CAP_PT: f64 = 3.6;
/// Axes and ticks.
pub const AXIS_PT: f64 = 0.7;
/// Grid lines.
pub const GRID_PT: f64 = 0.5;
/// Length of a tick.
pub const TICK_LENGTH_PT: f64 = 3.0;
/// Radius of a circle with a marker's area.
pub const MARKER_PT: f64 = 2.3;

/// A colour: red, green, blue.
pub type Rgb = (u8, u8, u8);

/// Paper.
pub const WHITE: Rgb = (255, 255, 255);
/// Text and axes.
pub const INK: Rgb = (30, 30, 30);
/// Grid lines at labelled ticks.
pub const GRID: Rgb = (222, 222, 222);
/// Grid lines between them.
pub const MINOR_GRID: Rgb = (240, 240, 240);

/// Colours that remain apart for colour-blind readers (Okabe and Ito, "Color
/// Universal Design", 2008); its yellow is left out, too pale on paper.
pub const PALETTE: [Rgb; 7] = [
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (0, 0, 0),
    (230, 159, 0),
    (86, 180, 233),
];

/// The shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square on its side.
    Square,
    /// A triangle that points up.
    TriangleUp,
    /// A square on its corner.
    Diamond,
    /// A triangle that points down.
    TriangleDown,
    /// An upright cross.
    Plus,
    /// A diagonal cross.
    Cross,
    /// A five-pointed star.
    Star,
}

const MARKERS: [Marker; 8] = [
    Marker::Circle,
    Marker::Square,
    Marker::TriangleUp,
    Marker::Diamond,
    Marker::TriangleDown,
    Marker::Plus,
    Marker::Cross,
    Marker::Star,
];

/// Lengths of dash and gap, alternating; nothing is a solid line.
pub type Dash = &'static [f64];

const DASHES: [Dash; 5] = [
    &[],
    &[5.0, 2.0],
    &[1.4, 1.6],
    &[6.0, 1.8, 1.4, 1.8],
    &[9.0, 2.5],
];

/// How one series is drawn, so that it is told apart without colour too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Colour of line, marker, bar and band.
    pub colour: Rgb,
    /// Shape of its markers.
    pub marker: Marker,
    /// Dashes of its line.
    pub dash: Dash,
}

/// The style of the series with this index: 280 different ones.
pub fn series(index: usize) -> Style {
    Style {
        colour: PALETTE[index % PALETTE.len()],
        marker: MARKERS[index % MARKERS.len()],
        dash: DASHES[index % DASHES.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_series_are_told_apart() {
        let styles: Vec<Style> = (0..280).map(series).collect();
        for (at, style) in styles.iter().enumerate() {
            assert!(!styles[..at].contains(style), "{at}");
        }
    }
}

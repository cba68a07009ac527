//! What figures look like: sizes in points (1/72 inch) and colours.

pub use crate::report::series_style::{Dash, Marker, PALETTE, Rgb, Style, series};

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

/// Paper.
pub const WHITE: Rgb = (255, 255, 255);
/// Text and axes.
pub const INK: Rgb = (30, 30, 30);
/// Grid lines at labelled ticks.
pub const GRID: Rgb = (222, 222, 222);
/// Grid lines between them.
pub const MINOR_GRID: Rgb = (240, 240, 240);

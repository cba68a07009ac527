//! Several figures below each other in one picture, their plots of the same width.

use super::canvas::Canvas;
use super::figure::{Figure, Layout};
use super::marks::Plot;
use super::plot_error::PlotError;
use super::theme;

/// Draws the figures from top to bottom; `data` draws what the figure with this
/// index shows.
///
/// # Errors
/// [`PlotError`].
pub(super) fn stacked(
    figures: &[Figure],
    mut data: impl FnMut(usize, &mut Plot<'_>),
) -> Result<Canvas, PlotError> {
    let mut layouts = figures
        .iter()
        .map(Layout::of)
        .collect::<Result<Vec<_>, _>>()?;
    let left = layouts.iter().map(|l| l.left).fold(0.0, f64::max);
    let right = layouts
        .iter()
        .map(|l| l.right)
        .fold(theme::WIDTH_PT, f64::min);
    let mut end = 0.0;
    for layout in &mut layouts {
        (layout.left, layout.right) = (left, right);
        layout.move_down(end);
        end = layout.end;
    }
    let mut canvas = Canvas::new(theme::WIDTH_PT, end)?;
    for (at, (figure, layout)) in figures.iter().zip(&layouts).enumerate() {
        layout.draw_above(figure, &mut canvas);
        layout.draw_grid(figure, &mut canvas);
        data(at, &mut Plot::new(figure, layout, &mut canvas));
        layout.draw_axes(figure, &mut canvas);
    }
    Ok(canvas)
}

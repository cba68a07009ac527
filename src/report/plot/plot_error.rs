//! Why a figure could not be drawn.

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

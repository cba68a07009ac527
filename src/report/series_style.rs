//! How the series of a figure are told apart: by colour, marker and dash.

/// A colour: red, green, blue.
pub type Rgb = (u8, u8, u8);

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

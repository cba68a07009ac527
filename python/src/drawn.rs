//! How figures show policies: under which names, in which colours.

use edgelm::report::DrawnPolicies;
use edgelm::report::series_style::Marker;
use pyo3::prelude::*;

/// Label, colour, marker and dashes of each policy of one figure, as matplotlib takes them.
#[pyfunction]
pub fn drawn(names: Vec<String>) -> Vec<(String, String, &'static str, Vec<f64>)> {
    let policies = DrawnPolicies::of(&names);
    let drawn = policies.iter().map(|(label, style)| {
        let (red, green, blue) = style.colour;
        let marker = match style.marker {
            Marker::Circle => "o",
            Marker::Square => "s",
            Marker::TriangleUp => "^",
            Marker::Diamond => "D",
            Marker::TriangleDown => "v",
            Marker::Plus => "P",
            Marker::Cross => "X",
            Marker::Star => "*",
        };
        let colour = format!("#{red:02x}{green:02x}{blue:02x}");
        (label.to_owned(), colour, marker, style.dash.to_vec())
    });
    drawn.collect()
}

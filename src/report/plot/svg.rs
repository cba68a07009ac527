//! A drawing as an SVG, whose text stays text: searchable, and editable in a paper's figure.

use super::canvas::{Align, Canvas, Direction, Shape, Text};
use super::text::FAMILY;
use super::theme::Rgb;
use std::fmt::Write;

impl Canvas {
    /// The picture as an SVG file, whose text stays text.
    pub fn svg(&self) -> String {
        write(self)
    }
}

/// The picture as an SVG file, in points.
fn write(canvas: &Canvas) -> String {
    let (width, height) = (number(canvas.width_pt), number(canvas.height_pt));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILY}, Verdana, sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for shape in &canvas.shapes {
        // Writing to a string cannot fail.
        let _ = match shape {
            Shape::Polygon {
                vertices,
                colour,
                opacity,
            } => {
                let opacity = match *opacity {
                    1.0 => String::new(),
                    part => format!(" fill-opacity=\"{}\"", number(part)),
                };
                writeln!(
                    svg,
                    "<polygon points=\"{}\" fill=\"{}\"{opacity}/>",
                    points(vertices),
                    hex(*colour)
                )
            }
            Shape::Disc {
                centre,
                radius,
                colour,
            } => writeln!(
                svg,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>",
                number(centre.0),
                number(centre.1),
                number(*radius),
                hex(*colour)
            ),
            Shape::Line {
                points: along,
                width,
                colour,
                dash,
            } => {
                let dashes: Vec<String> = dash.iter().copied().map(number).collect();
                let dashes = match dashes.is_empty() {
                    true => String::new(),
                    false => format!(" stroke-dasharray=\"{}\"", dashes.join(" ")),
                };
                writeln!(
                    svg,
                    "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" \
                     stroke-linejoin=\"round\"{dashes}/>",
                    points(along),
                    hex(*colour),
                    number(*width)
                )
            }
            Shape::Text(text) => writeln!(svg, "{}", element(text, canvas)),
        };
    }
    svg.push_str("</svg>\n");
    svg
}

fn element(text: &Text, canvas: &Canvas) -> String {
    let anchor = match text.align {
        Align::Start => "start",
        Align::Middle => "middle",
        Align::End => "end",
    };
    let (x, y) = (number(text.at.0), number(text.at.1));
    let turned = match text.direction {
        Direction::Across => String::new(),
        Direction::Upwards => format!(" transform=\"rotate(-90 {x} {y})\""),
    };
    // As wide as in the font it was laid out with, whatever font there is.
    let length = number(canvas.text.width(&text.text, text.size_pt));
    format!(
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" text-anchor=\"{anchor}\" \
         textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{turned}>{}</text>",
        number(text.size_pt),
        hex(text.colour),
        escaped(&text.text)
    )
}

fn points(along: &[(f64, f64)]) -> String {
    let pairs = along
        .iter()
        .map(|&(x, y)| format!("{},{}", number(x), number(y)));
    pairs.collect::<Vec<_>>().join(" ")
}

/// To a hundredth of a point.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".to_owned(),
        _ => text.to_owned(),
    }
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_an_element() {
        let mut canvas = Canvas::new(100.0, 50.0).unwrap();
        canvas.polygon(&[(1.0, 2.0), (3.0, 4.0), (5.125, 6.0)], (255, 0, 10), 0.25);
        canvas.disc((10.0, 20.0), 2.5, (0, 0, 0));
        canvas.polyline(&[(0.0, 0.0), (9.0, 9.0)], 1.2, (1, 2, 3), &[5.0, 2.0]);
        canvas.text_upwards(
            (8.0, 40.0),
            Align::Middle,
            9.0,
            "P(x > 1) & \"y\"",
            (0, 0, 0),
        );
        let svg = canvas.svg();
        for expected in [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100pt\" height=\"50pt\"",
            "<polygon points=\"1,2 3,4 5.12,6\" fill=\"#ff000a\" fill-opacity=\"0.25\"/>",
            "<circle cx=\"10\" cy=\"20\" r=\"2.5\" fill=\"#000000\"/>",
            "points=\"0,0 9,9\" fill=\"none\" stroke=\"#010203\" stroke-width=\"1.2\"",
            "stroke-dasharray=\"5 2\"",
            "transform=\"rotate(-90 8 40)\">P(x &gt; 1) &amp; &quot;y&quot;</text>",
        ] {
            assert!(svg.contains(expected), "{expected} in\n{svg}");
        }
    }
}

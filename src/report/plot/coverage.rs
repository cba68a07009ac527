//! Maps of coverage: squares in a colour, servers and users on top.

use super::theme::{self, Marker, Rgb, Style};
use super::{Axis, Canvas, Figure, PlotError, Swatch};
use crate::world::World;
use crate::world::coverage::{Coverage, Place};

/// What the squares' colours say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Shown {
    /// SINR.
    Sinr,
    /// Rate.
    Rate,
    /// The serving server.
    Server,
}

/// Room for the labels beside the plotting area, in points.
const LABELS_PT: f64 = 60.0;

/// The tallest plotting area, in points.
const TALLEST_PT: f64 = 600.0;

/// From low to high, apart in lightness too (viridis, matplotlib's default map).
const LEVELS: [Rgb; 6] = [
    (68, 1, 84),
    (65, 68, 135),
    (42, 120, 142),
    (34, 168, 132),
    (122, 209, 81),
    (253, 231, 37),
];

const SINR_DB: [f64; 5] = [-20.0, -10.0, 0.0, 10.0, 20.0];
const RATES_MBPS: [f64; 5] = [0.1, 1.0, 10.0, 100.0, 1000.0];

/// Servers that the legend names; more are told apart by their places.
const NAMED: usize = 8;

const SERVER: Style = Style {
    colour: (200, 0, 0),
    marker: Marker::TriangleUp,
    dash: &[],
};
const USER: Style = Style {
    colour: (20, 20, 20),
    marker: Marker::Circle,
    dash: &[],
};

pub(in crate::report) fn draw(
    title: &str,
    world: &World<'_>,
    coverage: &Coverage,
    shown: Shown,
) -> Result<Canvas, PlotError> {
    let area = &world.model().area;
    let mut figure = Figure::new(
        Axis::linear_between("x (m)", 0.0, area.width_m),
        Axis::linear_between("y (m)", 0.0, area.height_m),
    );
    let height_pt = (theme::WIDTH_PT - LABELS_PT) * area.height_m / area.width_m;
    figure.plot_height_pt = height_pt.clamp(40.0, TALLEST_PT);
    figure.title = match (shown, title) {
        (Shown::Sinr, "") => "SINR (dB)".to_owned(),
        (Shown::Rate, "") => "Rate (Mbit/s)".to_owned(),
        (Shown::Server, "") => "Serving server".to_owned(),
        (Shown::Sinr, _) => format!("{title}: SINR (dB)"),
        (Shown::Rate, _) => format!("{title}: rate (Mbit/s)"),
        (Shown::Server, _) => format!("{title}: serving server"),
    };
    for (name, colour) in legend(world, shown) {
        figure.legend_entry(name, area_style(colour), Swatch::Area);
    }
    let (half_x, half_y) = (0.5 * coverage.square_m.0, 0.5 * coverage.square_m.1);
    figure.draw(|plot| {
        for place in &coverage.places {
            let (x, y) = (place.position.0, place.position.1);
            plot.bar(
                (x - half_x, x + half_x),
                (y - half_y, y + half_y),
                area_style(colour(place, shown)),
            );
        }
        let users = world.users().iter().map(|user| user.position);
        let users: Vec<(f64, f64)> = users.map(|at| (at.0, at.1)).collect();
        plot.markers(&users, USER);
        let sites = world.sites().iter().map(|site| site.position);
        let sites: Vec<(f64, f64)> = sites.map(|at| (at.0, at.1)).collect();
        plot.markers(&sites, SERVER);
        if sites.len() <= NAMED {
            for (server, (x, y)) in sites.iter().enumerate() {
                plot.annotate(*x, *y, &server.to_string());
            }
        }
    })
}

fn area_style(colour: Rgb) -> Style {
    Style { colour, ..SERVER }
}

/// Which of the levels a value is on.
fn level(value: f64, limits: &[f64; 5]) -> Rgb {
    LEVELS[limits.iter().filter(|limit| value >= **limit).count()]
}

fn colour(place: &Place, shown: Shown) -> Rgb {
    match shown {
        Shown::Sinr => level(place.sinr_db, &SINR_DB),
        Shown::Rate => level(place.rate.0 * 1e-6, &RATES_MBPS),
        Shown::Server => of_server(place.server),
    }
}

/// Paler than series, so that users and servers show.
fn of_server(server: usize) -> Rgb {
    let (r, g, b) = theme::PALETTE[server % theme::PALETTE.len()];
    let pale = |channel: u8| 255 - (255 - channel) / 2;
    (pale(r), pale(g), pale(b))
}

fn legend(world: &World<'_>, shown: Shown) -> Vec<(String, Rgb)> {
    let of_levels = |limits: &[f64; 5]| {
        let first = (format!("below {}", limits[0]), LEVELS[0]);
        let others = limits
            .iter()
            .zip(&LEVELS[1..])
            .map(|(limit, colour)| (format!("from {limit}"), *colour));
        std::iter::once(first).chain(others).collect()
    };
    match shown {
        Shown::Sinr => of_levels(&SINR_DB),
        Shown::Rate => of_levels(&RATES_MBPS),
        Shown::Server if world.sites().len() > NAMED => Vec::new(),
        Shown::Server => (0..world.sites().len())
            .map(|server| (format!("server {server}"), of_server(server)))
            .collect(),
    }
}

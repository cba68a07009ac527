//! Which servers are within a user's reach: all, or in a city under an interference
//! tolerance those near the server nearest to it.

use super::geometry::Point;
use super::{Site, User, WorldModel};
use crate::city::Neighbourhoods;
use crate::units::Metres;
use rstar::RTree;
use rstar::primitives::GeomWithData;

/// Who is near whom in a drawn city, and the server nearest to each user;
/// nothing where every sum is to be exact.
pub(super) fn find(
    model: &WorldModel,
    users: &[User],
    sites: &[Site],
) -> Option<(Neighbourhoods, Vec<u32>)> {
    if model.interference_tolerance <= 0.0 {
        return None;
    }
    let tree = RTree::bulk_load(
        sites
            .iter()
            .enumerate()
            .map(|(j, site)| GeomWithData::new(coordinates(site.position), j as u32))
            .collect(),
    );
    let nearest: Vec<u32> = users
        .iter()
        .filter_map(|user| tree.nearest_neighbor(coordinates(user.position)))
        .map(|server| server.data)
        .collect();
    // A user may be nearer to a far server than the server nearest to it is.
    let widest = users
        .iter()
        .zip(&nearest)
        .map(|(user, server)| user.position.distance(sites[*server as usize].position).0)
        .fold(0.0, f64::max);
    let radius = near_radius(model) + widest;
    let near: Vec<Vec<u32>> = sites
        .iter()
        .map(|site| {
            let within = tree.locate_within_distance(coordinates(site.position), radius * radius);
            let mut near: Vec<u32> = within.map(|server| server.data).collect();
            near.sort_unstable();
            near
        })
        .collect();
    let tolerance = model.interference_tolerance;
    let far_gain = |nearest: usize, server: usize| {
        let apart = sites[nearest].position.distance(sites[server].position);
        model.channel.expected_gain(apart)
    };
    let neighbourhoods = Neighbourhoods::new(tolerance, &near, far_gain);
    Some((neighbourhoods, nearest))
}

fn coordinates(point: Point) -> [f64; 2] {
    [point.0, point.1]
}

/// The distance beyond which links are far, by bisection: gains fall with distance.
fn near_radius(model: &WorldModel) -> f64 {
    let limit = Neighbourhoods::far_gain_limit(
        model.interference_tolerance,
        model.cells.noise.0,
        model.users.tx_power.0,
        model.channel.relative_variance(),
    );
    let is_far = |distance: f64| model.channel.expected_gain(Metres(distance)) <= limit;
    let (mut near, mut far) = (0.0, model.area.width_m.hypot(model.area.height_m));
    if !is_far(far) {
        return far;
    }
    while far - near > 1e-3 * far {
        let middle = 0.5 * (near + far);
        if is_far(middle) {
            far = middle;
        } else {
            near = middle;
        }
    }
    far
}

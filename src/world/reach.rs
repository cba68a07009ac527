//! Which servers are within a user's reach: all, or in a city under an interference
//! tolerance those near its home.

use super::geometry::{Placement, Point};
use super::{Server, User, WorldModel};
use crate::physics::neighbourhood::Neighbourhoods;
use crate::units::Metres;
use rstar::RTree;
use rstar::primitives::GeomWithData;
use std::collections::HashMap;

/// About so many servers make a zone: the more, the less closely the far field's changes
/// are bounded, the fewer, the longer that takes.
const SERVERS_IN_A_ZONE: f64 = 9.0;

/// Who is near whom in a drawn city, and each user's home, the server nearest to it;
/// nothing where every sum is to be exact.
pub(super) fn find(
    model: &WorldModel,
    users: &[User],
    servers: &[Server],
) -> Option<(Neighbourhoods, Vec<u32>)> {
    if model.interference_tolerance <= 0.0 {
        return None;
    }
    let tree = RTree::bulk_load(
        servers
            .iter()
            .enumerate()
            .map(|(j, server)| GeomWithData::new(coordinates(server.position), j as u32))
            .collect(),
    );
    let homes: Vec<u32> = users
        .iter()
        .filter_map(|user| tree.nearest_neighbor(coordinates(user.position)))
        .map(|server| server.data)
        .collect();
    // A user may be nearer to a far server than its home is.
    let widest = users
        .iter()
        .zip(&homes)
        .map(|(user, home)| user.position.distance(servers[*home as usize].position).0)
        .fold(0.0, f64::max);
    let radius = near_radius(model) + widest;
    let near: Vec<Vec<u32>> = servers
        .iter()
        .map(|server| {
            let within = tree.locate_within_distance(coordinates(server.position), radius * radius);
            let mut near: Vec<u32> = within.map(|server| server.data).collect();
            near.sort_unstable();
            near
        })
        .collect();
    let tolerance = model.interference_tolerance;
    let row = match model.servers.placement {
        Placement::Grid { columns, .. } | Placement::Hexagonal { columns, .. } => Some(columns),
        Placement::Uniform | Placement::Listed(_) => None,
    };
    let zones = zones(model, servers);
    let far_gain = |home: usize, server: usize| {
        let apart = servers[home].position.distance(servers[server].position);
        model.channel.expected_gain(apart)
    };
    let neighbourhoods = Neighbourhoods::new(tolerance, &near, zones, row, far_gain);
    Some((neighbourhoods, homes))
}

/// The zone of each server, in the order they are met: squares of the area.
fn zones(model: &WorldModel, servers: &[Server]) -> Vec<u32> {
    let area_m2 = model.area.width_m * model.area.height_m;
    let side = (area_m2 * SERVERS_IN_A_ZONE / servers.len() as f64).sqrt();
    let mut met: HashMap<(i64, i64), u32> = HashMap::new();
    let zone = |server: &Server| {
        let Point(x, y) = server.position;
        let next = met.len() as u32;
        *met.entry(((x / side) as i64, (y / side) as i64))
            .or_insert(next)
    };
    servers.iter().map(zone).collect()
}

fn coordinates(point: Point) -> [f64; 2] {
    [point.0, point.1]
}

/// The distance beyond which links are far, by bisection: gains fall with distance.
fn near_radius(model: &WorldModel) -> f64 {
    let limit = Neighbourhoods::far_gain_limit(
        model.interference_tolerance,
        model.noise.0,
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
